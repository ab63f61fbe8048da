"""Greys of any kind brought to 8 bits: one channel, and one stretch for all images that belong together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.volume import Array, Plane

STRETCH = (0.1, 99.9)
"""Percentiles of 16-bit or real-valued greys that become 0 and 255."""
SAMPLED_PX = 2**22
"""Percentiles are taken of about so many pixels, evenly spread."""
SAMPLED_SECTIONS = 32
ALIKE, LUMINANCE = "three equal channels were read as one", "colours were turned into luminance"
"""What is said of colours."""


def one_channel(where: object, plane: Array, notes: dict[str, None]) -> Array:
    """Return a plane of one channel; colours become luminance (Rec. 601), and that is noted.

    Raises
    ------
    InputError
        Where it is neither grey nor RGB.
    """
    if plane.ndim == 3 and plane.shape[2] in (2, 4):
        plane = plane[..., : plane.shape[2] - 1]  # transparency
    if plane.ndim == 3 and plane.shape[2] == 3:
        alike = bool((np.ptp(plane, axis=2) == 0).all())
        if not alike and plane.dtype.name in ("uint8", "uint16", "float32"):
            plane = cv2.cvtColor(np.ascontiguousarray(plane), cv2.COLOR_RGB2GRAY)
        elif not alike:
            plane = (plane @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
        else:
            plane = plane[..., 0]
        notes[ALIKE if alike else LUMINANCE] = None
    if plane.ndim == 3 and plane.shape[2] == 1:
        plane = plane[..., 0]
    if plane.ndim == 2 and plane.dtype == np.bool_:
        plane = plane * np.uint8(255)
    if plane.ndim != 2 or plane.dtype.kind not in "uif":
        raise InputError(
            f"{where}: a grey or RGB section is wanted, not {plane.dtype.name} of shape {plane.shape}"
        )
    return plane


@dataclass(frozen=True)
class Greys:
    """How greys become 8 bits: those that become 0 and 255; None where they are of 8 bits."""

    low: float | None = None
    high: float = 255.0

    def bytes(self, plane: Array) -> npt.NDArray[np.uint8]:
        """Return greys of 8 bits, of any shape."""
        if self.low is None:
            return np.ascontiguousarray(plane, np.uint8)
        grey = (plane.astype(np.float32) - self.low) * (255.0 / (self.high - self.low))
        levels: npt.NDArray[np.uint8] = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
        return levels

    def note(self) -> list[str]:
        """Say what is done, in a sentence or none."""
        if self.low is None or (self.low, self.high) == (0, 255):
            return []
        return [f"greys {self.low:g} to {self.high:g} were stretched to 0–255, over all images together"]


def greys_of(root: object, samples: Sequence[Array]) -> Greys:
    """Return the greys that are stretched, from samples of them: all of one kind, of more than 8 bits.

    Whole numbers that stay within 0–255 and use most of that are greys of 8 bits in a wider file.

    Raises
    ------
    InputError
        Where a grey is NaN or infinite, or nearly all are the same.
    """
    values = np.concatenate([sample.reshape(-1).astype(np.float32) for sample in samples])
    if not np.isfinite(values).all():
        raise InputError(f"{root}: NaN or infinite greys; fill these pixels or cut them away")
    whole = all(sample.dtype.kind in "ui" for sample in samples)
    if whole and values.min() >= 0 and 127 < values.max() <= 255:
        return Greys(0.0, 255.0)
    low, high = np.percentile(values, STRETCH).tolist()
    if low == high:
        raise InputError(f"{root}: nearly every pixel has the same grey, {low:g}")
    return Greys(low, high)


def sampled_greys(root: object, planes: Sequence[Plane]) -> Greys:
    """Return how the greys of sections become 8 bits, from some of them, evenly spread.

    Raises
    ------
    InputError
        Where they are of several kinds, or as ``greys_of`` has it.
    """
    kinds = {plane.volume.dtype.name: plane for plane in reversed(planes)}
    kinds.pop("bool", None)
    if len(kinds) > 1:
        (first, one), (other, two), *_ = sorted(kinds.items())
        raise InputError(
            f"{root}: the greys are of several kinds, {first} in {one} and {other} in {two}; "
            "convert them to one"
        )
    if set(kinds) <= {"uint8"}:
        return Greys()
    few = np.unique(np.linspace(0, len(planes) - 1, min(SAMPLED_SECTIONS, len(planes))).round().astype(int))
    return greys_of(root, list(_samples([planes[k] for k in few])))


def _samples(planes: Sequence[Plane]) -> Iterable[Array]:
    for plane in planes:
        grey = one_channel(plane, plane.read(), {}).reshape(-1)
        yield grey[:: max(1, grey.size * len(planes) // SAMPLED_PX)]
