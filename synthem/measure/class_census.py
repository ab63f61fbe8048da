"""What is in patches of one class: its share, its objects, their sizes and greys."""

from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.frozen import Frozen
from synthem.measure.components import Components, Quantiles, find_components, profile_widths, quantiles_of
from synthem.patch import Patch

WIDTH_STEP_NM = 0.5
WHOLE = 0.2
"""Sizes are given only where whole objects hold more than this share of a class: a mesh has no size."""


class Grey(Frozen):
    """Mean and standard deviation of grey levels."""

    mean: float
    std: float


class ClassCensus(Frozen):
    """One class. A figure is None where there is nothing to measure, ``share`` where nothing is labelled.

    Attributes
    ----------
    labelled : int
        Patches in which the class is labelled at all.
    holding : int
        Patches that hold some of it.
    share : float or None
        Share of the voxels of the labelled patches.
    objects : int
        Connected components, cut ones and all.
    density : float or None
        Components per µm² of section, or per µm³ of volume, corrected for those that the edges cut.
    size_vx, size_nm, diameter_nm, minor_nm, aspect : Quantiles or None
        Of whole objects, where these are not a small part of the class: area or volume in voxels and in
        nm² or nm³, diameter of the disc or ball of that size, shortest axis, longest axis over shortest.
    width_nm : Quantiles or None
        Local width along the middle lines of the profiles in each section.
    grey : Grey or None
        Of all voxels of the class.
    """

    labelled: int
    holding: int
    share: float | None
    objects: int
    density: float | None
    size_vx: Quantiles | None
    size_nm: Quantiles | None
    diameter_nm: Quantiles | None
    minor_nm: Quantiles | None
    aspect: Quantiles | None
    width_nm: Quantiles | None
    grey: Grey | None


class Moments:
    """Count, sum and sum of squares of grey levels."""

    def __init__(self) -> None:
        self.sums = np.zeros(3)

    def add(self, values: npt.NDArray[np.uint8]) -> None:
        """Count more grey levels."""
        counts = np.bincount(values, minlength=256)
        levels = np.arange(256.0)
        self.sums += counts.sum(), counts @ levels, counts @ levels**2

    def result(self) -> Grey | None:
        """Return their mean and deviation, None where there are none."""
        count, first, second = self.sums
        if count == 0:
            return None
        mean = first / count
        return Grey(mean=float(mean), std=float(np.sqrt(max(0.0, second / count - mean**2))))


class ClassTally:
    """What has been counted of one class."""

    def __init__(self) -> None:
        self.labelled = self.holding = self.inside = self.voxels = self.objects = 0
        self.extent_um = 0.0
        self.grey = Moments()
        self.measured: list[tuple[Components, float]] = []
        self.widths = np.zeros(0)

    def add(self, patch: Patch, mask: npt.NDArray[np.bool_], share: float) -> None:
        """Count a patch, a share of whose sections is labelled; the others' mask is empty."""
        dz, dy, dx = patch.grid.voxel_nm
        cell_nm = dy * dx if mask.shape[0] == 1 else dz * dy * dx
        self.labelled += 1
        voxels = round(mask.size * share)
        self.voxels += voxels
        self.extent_um += voxels * cell_nm / (1e6 if mask.shape[0] == 1 else 1e9)
        inside = int(mask.sum())
        if not inside:
            return
        self.holding += 1
        self.inside += inside
        self.grey.add(patch.image[mask])
        found = find_components(mask, patch.grid.voxel_nm)
        self.objects += found.count
        self.measured.append((found, cell_nm))
        counts = np.bincount((profile_widths(mask, patch.grid.voxel_nm) / WIDTH_STEP_NM).astype(np.int64))
        if len(counts) > len(self.widths):
            self.widths = np.pad(self.widths, (0, len(counts) - len(self.widths)))
        self.widths[: len(counts)] += counts

    def result(self, dimension: int) -> ClassCensus:
        """Return the figures of all that was counted, in 2 or 3 dimensions."""
        figures: dict[str, Any] = dict.fromkeys(
            ("size_vx", "size_nm", "diameter_nm", "minor_nm", "aspect", "density")
        )
        if self.labelled:
            figures["density"] = 0.0
        objects = [found for found, _ in self.measured]
        weight = np.concatenate([o.weight for o in objects]) if objects else np.zeros(0)
        size = np.concatenate([o.voxels for o in objects]) if objects else np.zeros(0)
        if len(weight):
            figures["density"] = float(weight.sum() / self.extent_um)
        if size.sum() > WHOLE * self.inside:
            size_nm = np.concatenate([o.voxels * cell for o, cell in self.measured])
            diameter = np.sqrt(4 / np.pi * size_nm) if dimension == 2 else np.cbrt(6 / np.pi * size_nm)
            values = {
                "size_vx": size,
                "size_nm": size_nm,
                "diameter_nm": diameter,
                "minor_nm": np.concatenate([o.minor_nm for o in objects]),
                "aspect": np.concatenate([o.aspect for o in objects]),
            }
            figures |= {key: quantiles_of(value, weight) for key, value in values.items()}
        width = None
        if self.widths.any():
            width = quantiles_of((np.arange(self.widths.size) + 0.5) * WIDTH_STEP_NM, self.widths)
        return ClassCensus(
            labelled=self.labelled,
            holding=self.holding,
            share=self.inside / self.voxels if self.labelled else None,
            objects=self.objects,
            width_nm=width,
            grey=self.grey.result(),
            **figures,
        )
