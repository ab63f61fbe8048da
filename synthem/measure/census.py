"""What is in patches, real or synthetic: the share of each class, its objects, their sizes and greys."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.labels import CLASSES
from synthem.measure.components import Components, Quantiles, find_components, profile_widths, quantiles_of
from synthem.measure.profiles import Profiles, ProfileTally
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


class Census(Frozen):
    """Counts of a set of patches; ``model_dump_json`` and ``model_validate_json`` take it to JSON and back.

    Attributes
    ----------
    dimensions : int
        2 for single sections, 3 for volumes.
    patches, voxels : int
        How many there are.
    shape : tuple of int or None
        Size of every patch (z, y, x); None where they differ.
    voxel_nm : tuple of float or None
        Voxel size of every patch (z, y, x); None where they differ.
    classes : dict of str to ClassCensus
        In the order of ``synthem.CLASSES``.
    cytoplasm : Grey or None
        Voxels of none of the labelled classes; None unless membranes are labelled. The more classes are, the
        less is left that is none.
    profiles : Profiles
        Neurites in section, boutons and synapses.
    patch_shares : list of list
        Share of each class in each patch; None where it is not labelled.
    """

    dimensions: int
    patches: int
    voxels: int
    shape: tuple[int, int, int] | None
    voxel_nm: tuple[float, float, float] | None
    classes: dict[str, ClassCensus]
    cytoplasm: Grey | None
    profiles: Profiles
    patch_shares: list[list[float | None]]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Share of each class in each patch as float64 (patches, 6); NaN where it is not labelled."""
        return np.array(self.patch_shares, np.float64)

    def table(self) -> Table:
        """Return the census as a table for the terminal."""
        unit, power = ("px", "µm²") if self.dimensions == 2 else ("vx", "µm³")
        table = Table(
            "class", "share", "in", "objects", f"per {power}", f"size, {unit}", "width, nm", "aspect", "grey"
        )
        for name, row in self.classes.items():
            if row.share is None:
                table.add_row(name, "not labelled")
                continue
            table.add_row(
                name,
                f"{100 * row.share:.3g} %",
                f"{row.holding} of {row.labelled}",
                str(row.objects),
                "–" if row.density is None else f"{row.density:.3g}",
                _spread(row.size_vx),
                _spread(row.width_nm),
                "–" if row.aspect is None else f"{row.aspect.median:.2g}",
                _grey(row.grey),
            )
        table.add_row("cytoplasm", *[""] * 7, _grey(self.cytoplasm))
        table.title = f"{self.patches} patches, {self.voxels / 1e6:.3g} million {unit}"
        table.caption = "size, width: median (10th–90th percentile); grey: mean ± standard deviation"
        return table


def census(
    patches: Sequence[Patch],
    tick: Callable[[int, int], None] = lambda done, of: None,
    window: tuple[int, int, int] | None = None,
    classes: Sequence[bool] | None = None,
) -> Census:
    """Count what is in some patches, one after the other; none of them is kept.

    Parameters
    ----------
    patches : sequence of Patch
        Single sections or volumes, not a mixture.
    tick : callable
        Told how many patches were counted, and of how many.
    window : tuple of int, optional
        Cut each patch into windows of this shape (z, y, x) first, and count these as the patches.
    classes : sequence of 6 bool, optional
        Which classes to count; what is of any other is taken as if nobody had labelled it. Cytoplasm is then
        counted where all of these are labelled. All that each patch has, if None.

    Raises
    ------
    InputError
        Where there are no patches, sections and volumes are mixed, or a patch is smaller than the window.
    """
    tallies = [_Tally() for _ in CLASSES]
    background, profiles = _Moments(), ProfileTally()
    shares: list[list[float | None]] = []
    grids: set[tuple[tuple[int, int, int], tuple[float, float, float]]] = set()
    voxels = 0
    for patch in _counted(patches, tick, window, classes):
        voxels += patch.image.size
        grids.add((patch.grid.shape, patch.grid.voxel_nm))
        profiles.add(patch)
        labelled = patch.labelled
        for tally, mask, known in zip(tallies, patch.labels, labelled, strict=True):
            if known.any():
                tally.add(patch, mask, float(known.mean()))
        shares.append(
            [float(m[k].mean()) if k.any() else None for m, k in zip(patch.labels, labelled, strict=True)]
        )
        wanted = labelled[list(patch.known)]
        if patch.known[CLASSES.index("membrane")] and patch.known == tuple(classes or patch.known):
            whole = wanted.all(0)
            background.add(patch.image[whole][~patch.labels[list(patch.known)][:, whole].any(0)])
    if not shares:
        raise InputError("census: there are no patches to count")
    dimension, *more = {2 if shape[0] == 1 else 3 for shape, _ in grids}
    if more:
        raise InputError("census: single sections and volumes cannot be counted together")
    shapes, voxel_sizes = {shape for shape, _ in grids}, {voxel for _, voxel in grids}
    return Census(
        dimensions=dimension,
        patches=len(shares),
        voxels=voxels,
        shape=shapes.pop() if len(shapes) == 1 else None,
        voxel_nm=voxel_sizes.pop() if len(voxel_sizes) == 1 else None,
        classes={name: tally.result(dimension) for name, tally in zip(CLASSES, tallies, strict=True)},
        cytoplasm=background.result(),
        profiles=profiles.result(),
        patch_shares=shares,
    )


def _counted(
    patches: Sequence[Patch],
    tick: Callable[[int, int], None],
    window: tuple[int, int, int] | None,
    classes: Sequence[bool] | None,
) -> Iterator[Patch]:
    for done, patch in enumerate(patches, 1):
        if classes is not None:
            known = tuple(a and b for a, b in zip(patch.known, classes, strict=True))
            labels = patch.labels & np.array(known)[:, None, None, None]
            patch = replace(patch, known=known, labels=labels)
        yield from patch.windows(window) if window else (patch,)
        tick(done, len(patches))


class _Moments:
    """Count, sum and sum of squares of grey levels."""

    def __init__(self) -> None:
        self.sums = np.zeros(3)

    def add(self, values: npt.NDArray[np.uint8]) -> None:
        counts = np.bincount(values, minlength=256)
        levels = np.arange(256.0)
        self.sums += counts.sum(), counts @ levels, counts @ levels**2

    def result(self) -> Grey | None:
        count, first, second = self.sums
        if count == 0:
            return None
        mean = first / count
        return Grey(mean=float(mean), std=float(np.sqrt(max(0.0, second / count - mean**2))))


class _Tally:
    """What has been counted of one class."""

    def __init__(self) -> None:
        self.labelled = self.holding = self.inside = self.voxels = self.objects = 0
        self.extent_um = 0.0
        self.grey = _Moments()
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


def _spread(value: Quantiles | None) -> str:
    return "–" if value is None else f"{value.median:.0f} ({value.p10:.0f}–{value.p90:.0f})"


def _grey(value: Grey | None) -> str:
    return "–" if value is None else f"{value.mean:.0f} ± {value.std:.0f}"
