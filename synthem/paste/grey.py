"""Greys from the surroundings: what is set in is painted before blur and noise, and takes both from the section.

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

from shapes.core.spread import Spread
from synthem.microscope.beam import beam
from synthem.microscope.stain import stain
from synthem.paste.drawing import without_membranes
from synthem.paste.profiles import Profiles
from synthem.preset.microscope import Stain
from synthem.preset.preset import Preset
from synthem.scene.scene import Scene

Image = npt.NDArray[np.float32]

SMOOTH_VX = 2.0
"""What a Gaussian of this size takes away of a section counts as noise, as in ``measure.statistics.noise``."""
TOUCHED = 2e-3
"""Where a cover stays below, and what it adds below as much of a grey level, pixels stay as they are."""
_BINS, _FEWEST = 12, 400
_DEEP_NM = 30.0  # below the membrane's middle there is cytoplasm
_AROUND_NM = 700.0  # over so much the brightness of the tissue is followed
_UPRIGHT = 10.0  # a percentile
_SOFT_VX, _MOST_OFF = 1.5, 30.0
_STEP = 40.0


@dataclass(frozen=True, eq=False)
class Cover:
    """What things add to a section, float32 (y, x): their cover, 0 … 1, and cover times grey, on its scale."""

    cover: Image
    paint: Image

    @property
    def touched(self) -> npt.NDArray[np.bool_]:
        """Where the section changes."""
        return (self.cover > TOUCHED) | (np.abs(self.paint) > 255 * TOUCHED)


@dataclass(frozen=True, eq=False)
class Greys:
    """The greys of a real section: without noise, the noise, and how that depends on grey."""

    section: Profiles

    @cached_property
    def image(self) -> Image:
        """The section as float32."""
        return self.section.image.astype(np.float32)

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

    def tones(self, preset: Preset, scene: Scene) -> tuple[float, Image]:
        """Return gain and offset that take the preset's greys to the section's.

        Membranes of the preset, on the section's own masks and through the beam, and cytoplasm fall on those of
        the section; the offset, (y, x), follows its brightness.
        """
        shown = self._through(preset, stain(scene, _flat(preset, 0.0)))
        ours = _cytoplasm(preset)
        wall = self.section.masks["membrane"] & (self.section.partition.depth_nm[0] < 8.0)
        free = self.cytoplasm
        if wall.sum() < 50 or free.sum() < 50:
            return 1.0, np.zeros_like(self.image)
        pale = float(np.median(self.smooth[free]))
        # upright membranes, right under their outline: the darkest tenth; of pale ones the palest
        smoothed = ndimage.gaussian_filter(shown, SMOOTH_VX, mode="nearest")
        ends = np.percentile(self.smooth[wall], (_UPRIGHT, 100 - _UPRIGHT))
        dark = float(ends[0] if np.median(self.smooth[wall]) < pale else ends[1])
        theirs = float(np.percentile(smoothed[wall], _UPRIGHT))
        # where membranes are pale and cells dark it is negative
        gain = float(np.clip((pale - dark) / max(1.0, ours - theirs), -5.0, 5.0))
        sigma = [_AROUND_NM / size for size in self.section.voxel_nm[1:]]
        weight = ndimage.gaussian_filter(free.astype(np.float32), sigma, mode="nearest")
        local = ndimage.gaussian_filter(np.where(free, self.smooth - pale, 0), sigma, mode="nearest")
        drift = local / np.maximum(weight, 0.02)
        return gain, (pale - gain * ours + drift).astype(np.float32)

    def cover(self, scene: Scene, bare: Scene, preset: Preset) -> Cover:
        """Return what the things of a scene add to the section.

        The stain is linear in the grey that it is laid over, so two greys tell cover and paint apart.
        ``bare`` is the same scene without any thing.
        """
        gain, offset = self.tones(preset, bare)
        full, empty = without_membranes(scene), without_membranes(bare)
        one, two = (_flat(preset, step) for step in (0.0, _STEP))
        first, second = stain(full, one), stain(full, two)
        under, over = stain(empty, one), stain(empty, two)
        left = (second - first) / np.where(np.abs(over - under) < 1.0, _STEP, over - under)
        cover = np.clip(1.0 - left, 0.0, 1.0)
        paint = first - (1.0 - cover) * under
        spread = [self._through(preset, part.astype(np.float32)) for part in (cover, paint)]
        return Cover(spread[0], gain * spread[1] + spread[0] * offset)

    def composed(self, layer: Cover, new: Mapping[str, npt.NDArray[np.bool_]]) -> npt.NDArray[np.uint8]:
        """Return the section with a cover laid over it; pixels that it does not touch are the same.

        Parameters
        ----------
        layer : Cover
        new : mapping of str to bool (y, x)
            Masks of what is set in, by class. Where the section shows enough of a class itself, what is new of
            it is made as dark on the average as that is.
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

    def _through(self, preset: Preset, sheets: Image) -> Image:
        """Return the mean of the sheets of a section, as the preset's beam shows it, (y, x)."""
        thick = sheets.mean(axis=0, keepdims=True, dtype=np.float32)
        out: Image = beam(thick, preset.microscope.beam, self.section.voxel_nm)[0]
        return out


def _cytoplasm(preset: Preset) -> float:
    return preset.microscope.stain.cytoplasm.typical() - 0.5 * preset.microscope.stain.axon_darker


def _flat(preset: Preset, above: float) -> Stain:
    """Return the preset's stain with one even grey in all cells, that of its cytoplasm and so much more."""
    grey = _cytoplasm(preset) + above
    even = Spread(min=grey, max=grey)
    update = {"cytoplasm": even, "glia": even, "glia_process": even, "axon_darker": 0.0, "blotch": 0.0}
    return preset.microscope.stain.model_copy(update={**update, "patchiness": 0.0})
