"""What a section has already: noise, sharpness, range of greys; each is measured when it is asked for."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from synthem.microscope.beam import beam
from synthem.preset.microscope import Beam

Image = npt.NDArray[np.float32]
SMOOTH_VX = 2.0
"""What a Gaussian of this size leaves over is noise, as ``synthem.measure.statistics.noise`` has it."""
MOST_SECTIONS = 4
"""So many sections of a stack are looked at, evenly spread."""
TILE_VX = 96
"""Noise and sharpness are measured in tiles of at most this edge: one in the middle of a section, or four
evenly spread over one that has room for them."""
EDGE_VX = 11
"""Across so many voxels an edge goes from dark to bright."""
DARK, BRIGHT = 40.0, 215.0
"""The usual range of greys, in which defects have their strengths; the 1st and 99th percentile of a section
stand for it."""
LEAST_RANGE = 8.0
"""Grey levels: a section of less contrast is taken to have so much."""
SHARPEST_VX = 0.5
"""Nothing is sharper than its voxels."""


class Greys(NamedTuple):
    """The range of greys of a section: its 1st percentile, median and 99th percentile."""

    low: float
    middle: float
    high: float

    @property
    def unit(self) -> float:
        """How many of its grey levels one usual grey level is."""
        return (self.high - self.low) / (BRIGHT - DARK)

    def usual(self, image: Image) -> Image:
        """Return greys of the section on the usual scale."""
        return (image - np.float32(self.low)) * np.float32(1 / self.unit) + np.float32(DARK)

    def own(self, image: Image) -> Image:
        """Return usual greys on the scale of the section."""
        return (image - np.float32(DARK)) * np.float32(self.unit) + np.float32(self.low)

    def own_level(self, grey: float) -> float:
        """Return one usual grey on the scale of the section."""
        return (grey - DARK) * self.unit + self.low


class _Flat(NamedTuple):
    rest: Image
    """What is left of a section when all that is smooth is taken away."""
    where: Image
    """Its flatter half: 1 there, else 0."""


@dataclass(frozen=True, eq=False)
class Own:
    """The figures of a section, or of a stack.

    Attributes
    ----------
    image : float32 (z, y, x)
        Grey levels 0–255.
    """

    image: Image

    @cached_property
    def _planes(self) -> list[Image]:
        count = len(self.image)
        chosen = np.linspace(0, count - 1, min(count, MOST_SECTIONS)).round().astype(int)
        return [np.ascontiguousarray(self.image[z]) for z in chosen]

    @cached_property
    def _tiles(self) -> list[Image]:
        return [
            np.ascontiguousarray(plane[rows, columns])
            for plane in self._planes
            for rows in _spans(plane.shape[0], min(plane.shape))
            for columns in _spans(plane.shape[1], min(plane.shape))
        ]

    @cached_property
    def greys(self) -> Greys:
        """The range of greys, from every fourth voxel along y and x."""
        some = np.concatenate([plane[::4, ::4].ravel() for plane in self._planes])
        at = [int(share * (some.size - 1)) for share in (0.01, 0.5, 0.99)]
        low, middle, high = np.partition(some, at)[at].tolist()
        if (lack := LEAST_RANGE - (high - low)) > 0:
            low, high = low - lack / 2, high + lack / 2
        return Greys(low, middle, high)

    @cached_property
    def _flat(self) -> list[_Flat]:
        parts = []
        for plane in self._tiles:
            smooth = np.asarray(cv2.GaussianBlur(plane, (0, 0), SMOOTH_VX), np.float32)
            slope = _slope(smooth)
            flat = slope <= np.median(slope[::4, ::4])
            parts.append(_Flat(plane - smooth, flat.astype(np.float32)))
        return parts

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the noise in the flatter half, in grey levels."""
        return _deviation(self._flat)

    def noise_after(self, spread: Beam, voxel_nm: tuple[float, float, float]) -> float:
        """Return what a blur would leave of the noise, in grey levels."""
        blurred = [flat._replace(rest=beam(flat.rest[None], spread, voxel_nm)[0]) for flat in self._flat]
        return _deviation(blurred)

    @cached_property
    def sigma_vx(self) -> float:
        """Width of the point spread, as the steepest edges tell it: a Gaussian's, in voxels along x.

        An edge of height h that a Gaussian of width σ spreads is h / (σ √2π) steep.
        """
        around = np.ones((EDGE_VX, EDGE_VX), np.uint8)
        found = []
        for plane in self._tiles:
            soft = np.asarray(cv2.GaussianBlur(plane, (0, 0), 1.0), np.float32)
            slope = _slope(soft)
            steep = slope >= max(float(np.percentile(slope[::4, ::4], 98)), 1e-6)
            height = (cv2.dilate(soft, around) - cv2.erode(soft, around))[steep]
            if height.size:
                found.append(float(np.median(height / np.sqrt(slope[steep]))) / math.sqrt(2 * math.pi))
        wide = float(np.mean(found)) if found else 0.0
        return math.sqrt(max(wide * wide - 1.0, SHARPEST_VX**2))


def _spans(count: int, shorter: int) -> list[slice]:
    """Return where tiles lie along an axis."""
    edge = min(count, TILE_VX)
    middles = (0.5,) if shorter < 3 * TILE_VX else (0.25, 0.75)
    return [slice(first, first + edge) for first in (int(share * count - edge / 2) for share in middles)]


def _slope(plane: Image) -> Image:
    """Return the square of the slope, per voxel."""
    dx = cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    dy = cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    out: Image = dx * dx + dy * dy
    return out


def _deviation(parts: list[_Flat]) -> float:
    square = count = 0.0
    for flat in parts:
        there = (flat.rest * flat.where).ravel()
        square += float(np.dot(there, there))
        count += float(np.count_nonzero(flat.where))
    return math.sqrt(square / max(1.0, count))
