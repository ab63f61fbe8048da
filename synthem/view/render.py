"""The surfaces of objects in a volume as a picture: lit, shaded, and coloured object by object."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.view.camera import FINE, VIEW, Camera, Floats

Picture = npt.NDArray[np.uint8]
"""RGB, uint8 (y, x, 3)."""
TO_LIGHT = (-0.45, -0.6, -0.66)
"""Where the light is, seen by the viewer: (right, down, away)."""
BACKGROUND = 255
_HOLLOW_NM = 40.0  # hollows narrower than this are dark


@dataclass(frozen=True, eq=False)
class Body:
    """Objects of one kind.

    Attributes
    ----------
    ids : int (z, y, x)
        Object ids, 0 where there is none; each object gets its own shade.
    colour : tuple of int
        RGB, 0–255.
    clear : bool
        Whether one sees through it.
    """

    ids: npt.NDArray[np.integer[Any]]
    colour: tuple[int, int, int]
    clear: bool = False


def render(
    bodies: Sequence[Body],
    voxel_nm: Triple,
    size_px: tuple[int, int],
    pixel_nm: float,
    view: tuple[float, float] = VIEW,
    frame: bool = True,
) -> Picture:
    """Draw the surfaces of objects, without perspective: a length is as long near as far.

    Parameters
    ----------
    bodies : sequence of Body
        At least one, all of one shape; where two lie in one voxel, the later one counts.
    voxel_nm : tuple of float
        Edges of a voxel, (z, y, x).
    size_px : tuple of int
        Height and width of the picture; the middle of the volume is in its middle.
    pixel_nm : float
        Edge of a pixel.
    view : tuple of float
        Degrees turned to the side and raised above; (0, 0) looks along z.
    frame : bool
        Whether to draw the edges of the volume.

    Raises
    ------
    InputError
        Where bodies are missing or of unequal shape.
    """
    if len({body.ids.shape for body in bodies}) != 1 or bodies[0].ids.ndim != 3:
        raise InputError("surface: bodies must be there and hold ids of one shape (z, y, x)")
    camera = Camera(bodies[0].ids.shape, voxel_nm, size_px, pixel_nm, view)
    solid, colours = _gather([body for body in bodies if not body.clear], camera.shape)
    depth, index, normal = camera.first_hits(solid)
    picture = _shade(camera, depth, colours[index], normal)
    del solid
    if frame:
        _draw_frame(camera, picture, depth)
    if any(body.clear for body in bodies):
        ids, colours = _gather([body for body in bodies if body.clear], camera.shape)
        film, passed = camera.film(ids, colours, depth)
        picture = film + passed[..., None] * picture
    h, w = size_px
    out: Picture = picture.reshape(h, FINE, w, FINE, 3).mean((1, 3)).round().clip(0, 255).astype(np.uint8)
    return out


def _gather(bodies: Sequence[Body], shape: tuple[int, ...]) -> tuple[npt.NDArray[np.int32], Floats]:
    """Return the objects of all bodies numbered from 1, and a colour for each number, 0 too."""
    ids = np.zeros(shape, np.int32)
    colours = [np.full((1, 3), float(BACKGROUND))]
    count = 0
    for body in bodies:
        there = body.ids != 0
        names, numbers = np.unique(body.ids[there], return_inverse=True)
        ids[there] = numbers.reshape(-1) + count + 1
        count += len(names)
        # golden-ratio steps: neighbouring ids differ most
        shade = 0.82 + 0.36 * ((names.astype(np.float64) * 0.6180339887) % 1)
        tint = 0.9 + 0.2 * ((names[:, None] * np.array([0.7548776662, 0.5698402910, 0.4142135624])) % 1)
        colours.append(np.clip(np.array(body.colour) * shade[:, None] * tint, 0, 255))
    return ids, np.concatenate(colours)


def _shade(camera: Camera, depth: Floats, colour: Floats, normal: npt.NDArray[np.float32]) -> Floats:
    """Return the light of solid surfaces: dark in hollows and at outlines, pale far off."""
    hit = np.isfinite(depth)
    towards = np.array(TO_LIGHT) / np.linalg.norm(TO_LIGHT)
    light = towards @ camera.axes
    half = (towards - [0, 0, 1]) / np.linalg.norm(towards - [0, 0, 1]) @ camera.axes
    lit = 0.42 + 0.62 * np.clip(normal @ light, 0, None)
    shine = 60 * np.clip(normal @ half, 0, None) ** 30
    solid = np.where(hit, depth, 0)
    around = _mean_around(solid, hit, _HOLLOW_NM / camera.fine_nm / 2)
    hollow = np.clip((solid - around) / _HOLLOW_NM, 0, 1)
    before = cv2.erode(np.where(hit, depth, 2 * camera.half_nm), np.ones((3, 3), np.uint8))
    behind = cv2.dilate(np.where(hit, depth, 4 * camera.half_nm), np.ones((3, 3), np.uint8))
    edge = np.clip((behind - before) / camera.fine_nm / 12 - 0.5, 0, 1)
    lit *= (1 - 0.5 * hollow) * (1 - 0.45 * edge)
    low, high = (solid[hit].min(), solid[hit].max()) if hit.any() else (0.0, 1.0)
    haze = 0.3 * (solid - low) / max(high - low, 1e-6)
    out: Floats = np.where(
        hit[..., None],
        np.minimum(colour * lit[..., None] + shine[..., None], 255) * (1 - haze[..., None])
        + BACKGROUND * haze[..., None],
        float(BACKGROUND),
    )
    return out


def _mean_around(depth: Floats, hit: npt.NDArray[np.bool_], sigma_px: float) -> Floats:
    """Return the mean depth of what is hit around each pixel."""
    coarse = max(1, int(sigma_px / 4))  # a wide kernel takes long, and needs no fine pixels
    size = tuple(max(1, n // coarse) for n in depth.shape[::-1])
    depths, hits = (
        cv2.GaussianBlur(cv2.resize(a, size, interpolation=cv2.INTER_AREA), (0, 0), sigma_px / coarse)
        for a in (depth, hit.astype(np.float64))
    )
    mean: Floats = cv2.resize(depths / np.maximum(hits, 1e-6), depth.shape[::-1]).astype(np.float64)
    return mean


def _draw_frame(camera: Camera, picture: Floats, depth: Floats) -> None:
    """Draw the edges of the volume into a picture, where nothing stands before them."""
    right, down, away = camera.axes
    count = 2 * int(camera.size_nm.max() / camera.fine_nm) + 2
    for axis in range(3):
        for corner in range(4):
            along = np.empty((count, 3))
            one, two = (a for a in range(3) if a != axis)
            along[:, axis] = np.linspace(0, 1, count)
            along[:, one], along[:, two] = corner // 2, corner % 2
            if (away[one] > 0) != along[0, one] and (away[two] > 0) != along[0, two]:
                continue  # it would run across what stands in the volume
            place = along * camera.size_nm - camera.size_nm / 2
            y = np.floor(place @ down / camera.fine_nm + camera.rows / 2).astype(int)
            x = np.floor(place @ right / camera.fine_nm + camera.columns / 2).astype(int)
            far = place @ away + camera.half_nm
            for dy in range(FINE):
                for dx in range(FINE):
                    inside = (
                        (y + dy >= 0) & (y + dy < camera.rows) & (x + dx >= 0) & (x + dx < camera.columns)
                    )
                    yy, xx = y[inside] + dy, x[inside] + dx
                    seen = far[inside] < depth[yy, xx]
                    picture[yy[seen], xx[seen]] = 170.0
