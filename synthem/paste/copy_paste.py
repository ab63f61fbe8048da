"""The plain baseline: objects cut from real sections, set elsewhere at places fit for drawn ones.

An object is taken with a soft rim, without the noise of its own section, turned as its new place asks.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shapes.core.streams import uniform
from synthem.paste.grey import Cover, Greys, Image
from synthem.paste.profiles import Mask, Profiles
from synthem.paste.things import Thing, sub

_RIM_VX, _FEATHER_VX = 3, 1.5
_HALF_VX = 48
_LEAST_PX = {"psd": 150, "vesicle": 30, "mitochondrion": 400}


class _Cut(NamedTuple):
    """An object of a real section: grey over its surroundings, mask, and the angle of its long axis."""

    grey: Image
    masks: dict[str, Mask]
    angle: float
    pixels: int


def copied(
    section: Profiles, greys: Greys, things: Sequence[Thing], donors: Iterable[Profiles]
) -> tuple[Cover, dict[str, Mask], list[Thing]]:
    """Return what copies of real objects add to a section, their masks, and the things that found a copy.

    Parameters
    ----------
    section, greys
        The section, and its greys.
    things : sequence of Thing
        Where, and of which kind.
    donors : iterable of Profiles
        Sections that objects are cut from.
    """
    names = ("mitochondrion", "mito_boundary", "psd", "vesicle", "sheath")
    shape = section.ids.shape
    cover, paint = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    new = {name: np.zeros(shape, np.bool_) for name in names}
    stock: dict[str, list[_Cut]] = {name: [] for name in _LEAST_PX}
    for donor in donors:
        donor_greys = Greys.of(donor)
        for name in stock:
            stock[name] += _cuts(donor, donor_greys, name)
    level = np.median(greys.smooth[greys.cytoplasm]) if greys.cytoplasm.any() else greys.smooth.mean()
    found: list[Thing] = []
    for thing in things:
        spots = [(thing.kind, np.array(thing.place_nm), _angle(thing), sub(thing.key, 900))]
        spots += [
            ("vesicle", at[1:], 0.0, sub(thing.key, int(k)))
            for at, k in zip(thing.balls.centres_nm, thing.balls.ids, strict=True)
        ]
        if thing.kind == "vesicle":
            spots = spots[1:]
        for name, place, angle, here in spots:
            fit = _fitting(stock[name], thing, section, name)
            if fit:
                found.append(thing)
                cut = fit[int(uniform(here, 0) * len(fit))]
                _set(cut, place, angle, section, float(level), cover, paint, new)
    return Cover(cover, paint), new, [thing for thing in things if thing in found]


def _fitting(stock: list[_Cut], thing: Thing, section: Profiles, name: str) -> list[_Cut]:
    """Return objects of a size that has room at a place: densities no longer than those drawn there."""
    if name == "vesicle":
        return stock
    pixel = math.sqrt(section.voxel_nm[1] * section.voxel_nm[2])
    if name == "psd":
        return [c for c in stock if _length(c.masks[name]) * pixel <= 1.25 * thing.size_nm] or stock[:1]
    area = 0.0
    if thing.rod is not None:
        area = 2.2 * float(thing.rod[:5, 3].mean()) * thing.size_nm / pixel**2
    return [c for c in stock if c.pixels <= area]


def _cuts(donor: Profiles, greys: Greys, name: str) -> list[_Cut]:
    """Return the objects of one class that lie whole in a section, and neither too small nor too large."""
    objects, many = ndimage.label(donor.masks[name])
    level = float(np.median(greys.smooth[greys.cytoplasm])) if greys.cytoplasm.any() else 0.0
    out = []
    for number, box in enumerate(ndimage.find_objects(objects, many), 1):
        own = objects[box] == number
        height, width = own.shape
        y, x = (int((s.start + s.stop) // 2) for s in box)
        if own.sum() < _LEAST_PX[name] or max(height, width) > 2 * (_HALF_VX - 8):
            continue
        if min(y, x) < _HALF_VX or y + _HALF_VX > objects.shape[0] or x + _HALF_VX > objects.shape[1]:
            continue
        window = (slice(y - _HALF_VX, y + _HALF_VX), slice(x - _HALF_VX, x + _HALF_VX))
        masks = {name: objects[window] == number}
        if name == "vesicle" and (own.sum() > 140 or own.mean() < 0.6):
            continue
        if name == "mitochondrion":
            masks["mito_boundary"] = donor.masks["mito_boundary"][window] & masks[name]
        out.append(
            _Cut(greys.smooth[window] - level, masks, _axis(donor, masks[name], window, name), int(own.sum()))
        )
    return out


def _axis(donor: Profiles, mask: Mask, window: tuple[slice, slice], name: str) -> float:
    """Return the angle of an object's long axis; of a density, of its normal, from the bouton's side."""
    y, x = np.nonzero(mask)
    off = np.stack([y, x], 1) - [y.mean(), x.mean()]
    along = np.linalg.svd(off, full_matrices=False)[2][0]
    if name != "psd":
        return math.atan2(along[0], along[1])
    normal = np.array([along[1], -along[0]])
    vy, vx = np.nonzero(donor.masks["vesicle"][window])
    if len(vy) and (np.stack([vy - y.mean(), vx - x.mean()], 1) @ normal).mean() > 0:
        normal = -normal
    return math.atan2(normal[0], normal[1])


def _angle(thing: Thing) -> float:
    if thing.density is not None:
        return math.atan2(thing.density.normal[1], thing.density.normal[2])
    if thing.rod is not None:
        run = thing.rod[4, 1:3] - thing.rod[0, 1:3]
        return math.atan2(run[0], run[1])
    return 0.0


def _length(mask: Mask) -> float:
    y, x = np.nonzero(mask)
    return float(4.0 * np.sqrt(np.linalg.eigvalsh(np.cov(np.stack([y, x])))[-1]))


def _set(
    cut: _Cut, place_nm: npt.NDArray[np.float64], angle: float, section: Profiles, level: float,
    cover: Image, paint: Image, new: dict[str, Mask],
) -> None:  # fmt: skip
    """Lay an object over what is there, turned, with its mask; what juts out of the section is cut."""
    turn = math.degrees(cut.angle - angle) if len(cut.masks) > 1 or "vesicle" not in cut.masks else 0.0
    shape = section.ids.shape
    y, x = (float(p / v - 0.5) for p, v in zip(place_nm, section.voxel_nm[1:], strict=True))
    main = next(iter(cut.masks.values()))
    my, mx = (float(v.mean()) for v in np.nonzero(main))
    matrix = cv2.getRotationMatrix2D((mx, my), turn, 1.0)
    matrix[:, 2] += np.array([x - mx, y - my])

    def moved(values: npt.NDArray[np.floating]) -> Image:
        return np.asarray(
            cv2.warpAffine(values.astype(np.float32), matrix, shape[::-1], flags=cv2.INTER_LINEAR)
        )

    wide = ndimage.binary_dilation(main, iterations=_RIM_VX)
    soft = moved(ndimage.gaussian_filter(wide.astype(np.float32), _FEATHER_VX))
    grey = moved(cut.grey) + level
    np.copyto(paint, (1.0 - soft) * paint + soft * grey)
    np.copyto(cover, 1.0 - (1.0 - cover) * (1.0 - soft))
    for name, mask in cut.masks.items():
        new[name] |= moved(mask.astype(np.float32)) > 0.5
