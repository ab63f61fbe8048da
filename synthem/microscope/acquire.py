"""Acquire: the stages of the microscope one after the other, each of which can be looked at alone."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from shapes.grid import Grid
from synthem.microscope.beam import beam, beam_kernels
from synthem.microscope.detector import detector
from synthem.microscope.section import section
from synthem.microscope.stain import stain
from synthem.microscope.tone import tone
from synthem.preset import Microscope
from synthem.scene import Scene


def halo_vx(params: Microscope, voxel_nm: tuple[float, float, float]) -> tuple[int, int, int]:
    """Return how many voxels around a window the beam mixes into it, (z, y, x)."""
    wy, wx = beam_kernels(params.beam, voxel_nm)
    return 0, len(wy) // 2, len(wx) // 2


def stages(scene: Scene, grid: Grid, params: Microscope) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Yield the name of each stage and the image after it, float32 in grey levels.

    Parameters
    ----------
    scene : Scene
        Geometry on ``grid`` padded by ``halo_vx``, with its sections split into sheets.
    grid : Grid
        The window that is wanted; every image has its shape but the first, which shows the scene's own sheets
        and rim.
    params : Microscope
        The stages' parameters.
    """
    image = stain(scene, params.stain)
    yield "stain", image
    _, hy, hx = halo_vx(params, grid.voxel_nm)
    image = section(image, params.section, scene.seed, grid.start_vx[0])
    inner = (slice(None), slice(hy, hy + grid.shape[1]), slice(hx, hx + grid.shape[2]))
    yield "section", np.ascontiguousarray(image[inner])
    image = np.ascontiguousarray(beam(image, params.beam, grid.voxel_nm)[inner])
    yield "beam", image
    image = detector(image, params.detector, scene.seed, grid.start_vx)
    yield "detector", image
    yield "tone", tone(image, params.tone)


def to_uint8(image: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Round grey levels to bytes; what lies outside 0–255 saturates."""
    levels = np.rint(image)
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)
