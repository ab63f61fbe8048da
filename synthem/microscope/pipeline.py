"""The stages of the microscope one after the other, each of which can be looked at alone.

What hides the tissue hides it from the beam: ``cover`` comes before ``beam`` and ``detector``, so that in a
lost section, or under dust, not even the noise tells what is there. ``recording`` comes after them.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from shapes.core.grid import Grid
from synthem.microscope.beam import beam, reach_vx
from synthem.microscope.defects.apply import covered, recorded
from synthem.microscope.detector import detector, noiseless
from synthem.microscope.section import section
from synthem.microscope.stain import stain
from synthem.microscope.texture import texture
from synthem.microscope.tone import tone
from synthem.microscope.view import View
from synthem.preset.microscope import Microscope
from synthem.scene.scene import Scene


def halo_vx(params: Microscope, voxel_nm: tuple[float, float, float]) -> tuple[int, int, int]:
    """Return how many voxels around a window the beam mixes into it, (z, y, x)."""
    return 0, *reach_vx(params.beam, voxel_nm)


def stages(scene: Scene, view: View, params: Microscope) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Yield the name of each stage and the image after it, float32 in grey levels.

    Parameters
    ----------
    scene : Scene
        Geometry on ``view.scene_grid``.
    view : View
        What is looked at: the window that is wanted, padded by ``halo_vx``. Every image has the wanted shape
        but the first, which shows the scene's own sheets and rim.
    params : Microscope
        The stages' parameters.
    """
    image = stain(scene, params.stain)
    yield "stain", image
    padded, seed = view.window, scene.seed
    _, hy, hx = halo_vx(params, padded.voxel_nm)
    grid = padded.padded((0, -hy, -hx))
    inner = (slice(None), slice(hy, hy + grid.shape[1]), slice(hx, hx + grid.shape[2]))
    if not view.plain:
        image = image[view.sheets.ravel()]
    image = section(image, params.section, seed, grid.start_vx[0], view.thickness)
    if params.section.grain > 0:
        image = texture(image, params.section, seed, _in_sections(view, grid))
    behind = params.defects.crack.grey if params.defects.crack else 0.0
    image = view.between(image, behind)
    yield "section", np.ascontiguousarray(image[inner])
    image = covered(image, params.defects, seed, padded)
    yield "cover", np.ascontiguousarray(image[inner])
    image = np.ascontiguousarray(beam(image, params.beam, grid.voxel_nm, seed, padded.start_vx)[inner])
    yield "beam", image
    image = detector(image, params.detector, seed, grid.start_vx, grid.voxel_nm)
    yield "detector", image
    image = recorded(image, params.defects, seed, grid)
    yield "recording", image
    yield "tone", tone(image, params.tone)


def _in_sections(view: View, grid: Grid) -> Grid:
    """Return where the sections of a view lie that its scene covers, rim included."""
    _, y, x = view.scene_grid.origin_nm
    return Grid((grid.shape[0], *view.scene_grid.shape[1:]), grid.voxel_nm, (grid.origin_nm[0], y, x))


def clean(section: npt.NDArray[np.float32], params: Microscope) -> npt.NDArray[np.float32]:
    """Return sections before beam, noise and defects on the grey scale of the image: the pair for denoising.

    Parameters
    ----------
    section : float32 (z, y, x)
        After the stage ``section``.
    params : Microscope
        Its detector's gain and saturation are applied, without noise, and the tone curve.
    """
    return tone(noiseless(section, params.detector), params.tone)


def to_uint8(image: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Round grey levels to bytes; what lies outside 0–255 saturates."""
    levels = np.rint(image)
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)
