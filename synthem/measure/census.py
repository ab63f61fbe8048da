"""What is in patches, real or synthetic: the share of each class, its objects, their sizes and greys."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from rich.table import Table

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.labels import CELLS
from synthem.measure.class_census import ClassCensus, ClassTally, Grey, Moments
from synthem.measure.components import Quantiles
from synthem.measure.profiles import Profiles, ProfileTally
from synthem.patch import Patch, classes_of


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
        In the order of the patches' channels.
    cytoplasm : Grey or None
        Voxels of none of the labelled classes but kinds of cells; None unless membranes are labelled. The
        more classes are, the less is left that is none.
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
        """Share of each class in each patch as float64 (patches, class); NaN where it is not labelled."""
        return np.array(self.patch_shares, np.float64)

    def over(self, names: Sequence[str]) -> "Census":
        """Return the census with these classes; one that it has not is labelled nowhere."""
        row = {name: k for k, name in enumerate(self.classes)}
        shares = [[own[row[name]] if name in row else None for name in names] for own in self.patch_shares]
        none = ClassTally().result(self.dimensions)
        classes = {name: self.classes.get(name, none) for name in names}
        return self.model_copy(update={"classes": classes, "patch_shares": shares})

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
    classes: Sequence[str] | None = None,
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
    classes : sequence of str, optional
        Which classes to count; what is of any other is taken as if nobody had labelled it. Cytoplasm is then
        counted where all of these are labelled. All that each patch has, if None.

    Raises
    ------
    InputError
        Where there are no patches, sections and volumes are mixed, or a patch is smaller than the window.
    """
    names = classes_of(patches)
    tallies = [ClassTally() for _ in names]
    background, profiles = Moments(), ProfileTally()
    shares: list[list[float | None]] = []
    grids: set[tuple[tuple[int, int, int], tuple[float, float, float]]] = set()
    voxels = 0
    for patch in _counted(patches, names, tick, window, classes):
        voxels += patch.image.size
        judged = 1.0 if patch.ignored is None else 1.0 - float(patch.ignored.mean())
        grids.add((patch.grid.shape, patch.grid.voxel_nm))
        profiles.add(patch)
        labelled = patch.labelled
        for tally, mask, known in zip(tallies, patch.labels, labelled, strict=True):
            if known.any():
                tally.add(patch, mask, float(known.mean()) * judged)
        shares.append(
            [
                float(m[k].mean()) / max(judged, 1e-9) if k.any() else None
                for m, k in zip(patch.labels, labelled, strict=True)
            ]
        )
        known = {name for name in names if patch.knows(name)}
        if "membrane" in known and known == set(known if classes is None else classes) & set(names):
            whole = patch.labelled_of(sorted(known)).all(0)
            other = patch.labels_of(sorted(known.difference(CELLS)))[:, whole].any(0)
            if patch.ignored is not None:
                other |= patch.ignored[whole]
            background.add(patch.image[whole][~other])
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
        classes={name: tally.result(dimension) for name, tally in zip(names, tallies, strict=True)},
        cytoplasm=background.result(),
        profiles=profiles.result(),
        patch_shares=shares,
    )


def _counted(
    patches: Sequence[Patch],
    names: Sequence[str],
    tick: Callable[[int, int], None],
    window: tuple[int, int, int] | None,
    classes: Sequence[str] | None,
) -> Iterator[Patch]:
    for done, patch in enumerate(patches, 1):
        patch = patch.of(names)
        if classes is not None:
            known = tuple(k and name in classes for name, k in zip(names, patch.known, strict=True))
            labels = patch.labels & np.array(known)[:, None, None, None]
            patch = replace(patch, known=known, labels=labels)
        yield from patch.windows(window) if window else (patch,)
        tick(done, len(patches))


def _spread(value: Quantiles | None) -> str:
    return "–" if value is None else f"{value.median:.0f} ({value.p10:.0f}–{value.p90:.0f})"


def _grey(value: Grey | None) -> str:
    return "–" if value is None else f"{value.mean:.0f} ± {value.std:.0f}"
