"""Greys from the surroundings: what is set in takes blur, noise and brightness from the section.

With S the section's grey without noise and R what is left, a thing of cover c and grey g, both blurred as the
beam blurs, gives S' = (1 − c) S + c g; the image is then S' + R σ(S') / σ(S), where σ is how strong the
section's own noise is at a grey. So real noise stays where it is, and no edge shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from synthem.paste.profiles import Profiles

Image = npt.NDArray[np.float32]

SMOOTH_VX = 2.0
"""What a Gaussian of this size takes away counts as noise, as in ``synthem.measure.statistics.noise``."""
TOUCHED = 2e-3
"""Where a cover stays below, and what it adds below as much of a grey level, pixels stay as they are."""
_BINS, _FEWEST = 12, 400
_DEEP_NM = 30.0  # below the membrane's middle there is cytoplasm
_AROUND_NM = 700.0  # over so much the brightness of the tissue is followed
_MIDDLE_NM, _UPRIGHT, _FEW = 8.0, 10.0, 50
_SOFT_VX, _MOST_OFF = 1.5, 30.0


@dataclass(frozen=True, eq=False)
class Cover:
    """What things add to a section, float32 (y, x): their cover, 0 … 1, and cover times grey."""

    cover: Image
    paint: Image

    @property
    def touched(self) -> npt.NDArray[np.bool_]:
        """Where the section changes."""
        return (self.cover > TOUCHED) | (np.abs(self.paint) > 255 * TOUCHED)


@dataclass(frozen=True, eq=False)
class Greys:
    """The greys of a section, float32 (y, x): without noise, the noise, and how that depends on grey."""

    section: Profiles
    image: Image

    @classmethod
    def of(cls, section: Profiles) -> "Greys":
        """Return the greys of a section as it is stored."""
        return cls(section, section.image.astype(np.float32))

    @cached_property
    def smooth(self) -> Image:
        """Its grey without noise."""
        out: Image = ndimage.gaussian_filter(self.image, SMOOTH_VX, mode="nearest")
        return out

    @cached_property
    def cytoplasm(self) -> npt.NDArray[np.bool_]:
        """Pixels of cells, off membranes, in which nothing is labelled."""
        section = self.section
        clear = section.off(section.taken) > 15.0
        free: npt.NDArray[np.bool_] = (section.ids > 0) & (section.partition.depth_nm[0] > _DEEP_NM) & clear
        return free

    @cached_property
    def paleness(self) -> Image:
        """Grey without noise over the median of the cytoplasm of the pixel's profile; 0 where it has none."""
        section = self.section
        out = np.zeros_like(self.smooth)
        ids = np.where(self.cytoplasm, section.ids, 0)
        present = np.unique(ids[ids > 0])
        if len(present):
            medians = np.zeros(section.count + 1, np.float32)
            known = np.zeros(section.count + 1, np.bool_)
            medians[present] = ndimage.median(self.smooth, ids, present)
            known[present] = True
            out = np.where(known[section.ids], self.smooth - medians[section.ids], 0).astype(np.float32)
        return out

    @cached_property
    def noise(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Greys, and the deviation of the noise at each, from where the section is flat."""
        slope = np.hypot(*np.gradient(self.smooth))
        flat = slope <= np.median(slope)
        grey, rest = self.smooth[flat], (self.image - self.smooth)[flat]
        edges = np.quantile(grey, np.linspace(0, 1, _BINS + 1))
        which = np.clip(np.searchsorted(edges, grey, side="right") - 1, 0, _BINS - 1)
        count = np.bincount(which, minlength=_BINS)
        good = count >= min(_FEWEST, max(1, grey.size // (2 * _BINS)))
        at = np.bincount(which, grey, _BINS)[good] / count[good]
        variance = np.bincount(which, rest.astype(np.float64) ** 2, _BINS)[good] / count[good]
        return at, np.sqrt(variance) + 1e-3

    def sigma(self, grey: Image) -> Image:
        """Return the deviation of the section's noise at greys."""
        return np.interp(grey, *self.noise).astype(np.float32)

    @cached_property
    def levels(self) -> tuple[float, float] | None:
        """Grey of the cytoplasm, and of upright membranes; None where there is too little of either.

        The former is a median. Oblique membranes are faint and outlines are off by a pixel, so the latter
        is the tenth percentile along the middle of the outlines, from the side on which membranes lie.
        """
        wall = self.section.masks["membrane"] & (self.section.partition.depth_nm[0] < _MIDDLE_NM)
        if min(np.count_nonzero(wall), np.count_nonzero(self.cytoplasm)) < _FEW:
            return None
        pale, greys = float(np.median(self.smooth[self.cytoplasm])), self.smooth[wall]
        upright = _UPRIGHT if np.median(greys) < pale else 100 - _UPRIGHT
        return pale, float(np.percentile(greys, upright))

    @cached_property
    def drift(self) -> Image:
        """By how much the cytoplasm around each pixel is paler than that of the whole section."""
        free = self.cytoplasm
        if not free.any():
            return np.zeros_like(self.smooth)
        off = np.where(free, self.smooth - np.median(self.smooth[free]), 0)
        sigma = [_AROUND_NM / size for size in self.section.voxel_nm[1:]]
        weight = ndimage.gaussian_filter(free.astype(np.float32), sigma, mode="nearest")
        local = ndimage.gaussian_filter(off.astype(np.float32), sigma, mode="nearest")
        out: Image = local / np.maximum(weight, np.float32(0.02))
        return out

    def composed(self, layer: Cover, new: Mapping[str, npt.NDArray[np.bool_]]) -> npt.NDArray[np.uint8]:
        """Return the section with a cover laid over it; pixels that it does not touch are the same.

        Parameters
        ----------
        layer : Cover
        new : mapping of str to bool (y, x)
            Masks of what is set in, by class. Where the section shows enough of a class itself, what is
            new of it is made as dark on the average as that is.
        """
        grey = (1.0 - layer.cover) * self.smooth + layer.paint
        touched = layer.touched
        for name, mask in new.items():
            real = self.section.masks[name]
            if mask.any() and real.sum() >= _FEWEST:
                off = float(self.smooth[real].mean() - grey[mask].mean())
                soft = ndimage.gaussian_filter(mask.astype(np.float32), _SOFT_VX, truncate=3.0)
                grey += np.float32(np.clip(off, -_MOST_OFF, _MOST_OFF)) * soft
                touched |= soft > TOUCHED
        rest = (self.image - self.smooth) * (self.sigma(grey) / self.sigma(self.smooth))
        out = np.clip(np.rint(grey + rest), 0, 255).astype(np.uint8)
        return np.where(touched, out, self.section.image)
