"""Two sets of patches side by side: how far the figures of a synthetic one lie from those of a real one."""

from collections.abc import Iterator

import numpy as np
from rich.table import Table

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.labels import CELLS, united
from synthem.measure.census import Census
from synthem.measure.components import Quantiles, quantiles_of
from synthem.measure.profiles import BOUTON

OFF = 0.2
"""A figure is marked where it is off by more than this share."""


class ComparedFigure(Frozen):
    """One figure of both sets.

    Attributes
    ----------
    group : str
        The structure it tells of.
    name : str
        What it is, with its unit.
    ours, real : float or None
        Median over objects, or one figure of the whole set; None where there is nothing to measure.
    ours_spread, real_spread : Quantiles or None
        Median and percentiles, where there are several values.
    labelled : bool
        Whether its classes are labelled in both sets.
    """

    group: str
    name: str
    ours: float | None
    real: float | None
    ours_spread: Quantiles | None = None
    real_spread: Quantiles | None = None
    labelled: bool = True

    @property
    def ratio(self) -> float | None:
        """Ours over real; None where either is missing or the real one is nought."""
        return self.ours / self.real if self.ours is not None and self.real else None

    @property
    def mark(self) -> str:
        """``"high"`` or ``"low"`` where the figure is off by more than a fifth, else nothing."""
        if self.ratio is None or abs(self.ratio - 1) <= OFF:
            return ""
        return "high" if self.ratio > 1 else "low"


class Comparison(Frozen):
    """Both censuses and their figures side by side; ``model_dump_json`` takes it to JSON.

    Attributes
    ----------
    ours, real : Census
        Of either set.
    rows : list of ComparedFigure
        The figures.
    """

    ours: Census
    real: Census
    rows: list[ComparedFigure]

    def table(self) -> Table:
        """Return the figures and their ratios as a table for the terminal."""
        table = Table(title=f"{self.ours.patches} patches against {self.real.patches}")
        for head in ("", "ours", "real", "ratio", "off"):
            table.add_column(head, justify="right" if head == "ratio" else "left", no_wrap=True)
        group = ""
        for row in self.rows:
            if row.group != group:
                group = row.group
                table.add_section()
                table.add_row(group, _objects(self.ours, group), _objects(self.real, group), style="bold")
            cells = [_cell(row.ours, row.ours_spread), _cell(row.real, row.real_spread)]
            ratio = "–" if row.ratio is None else _ratio(row.ratio)
            known = cells if row.labelled else ["not labelled"] * 2
            table.add_row(f"  {row.name}", *known, ratio, row.mark)
        table.caption = f"{_windows(self.ours, self.real)} {CAPTION}"
        return table


CAPTION = (
    "Median (10th–90th percentile) and the ratio of medians; shares, numbers and greys are of all pixels or "
    "objects together, shares with percentiles over patches. Counted from masks alone; whole objects stand "
    "for those that edges cut, so what is larger than a window is not among them. n: objects, cut ones too. "
    f"Off: by more than {100 * OFF:.0f} %."
)


def compare(ours: Census, real: Census) -> Comparison:
    """Put the figures of two sets side by side, and mark what is not labelled in both.

    The grey of cytoplasm is compared only where the same classes were counted in both: see ``census``.

    Raises
    ------
    InputError
        Where one has single sections and the other volumes, or their voxels differ in size.
    """
    if ours.dimensions != real.dimensions:
        raise InputError("census: single sections and volumes cannot be compared; cut both alike")
    edges = [_edges(ours), _edges(real)]
    if edges[0] != edges[1]:
        raise InputError(f"census: voxels of {edges[0]} cannot be compared with voxels of {edges[1]}")
    names = united(ours.classes, real.classes)
    ours, real = ours.over(names), real.over(names)
    alike = all((ours.classes[n].share is None) == (real.classes[n].share is None) for n in names)
    rows: list[ComparedFigure] = []
    for (group, name, needs, mine), (*_, theirs) in zip(_figures(ours), _figures(real), strict=True):
        known = all(n in c.classes and c.classes[n].share is not None for c in (ours, real) for n in needs)
        known = known and (alike or name != "cytoplasm")
        values = [_value(figure) for figure in (mine, theirs)] if known else [(None, None)] * 2
        (a, a_spread), (b, b_spread) = values
        rows.append(
            ComparedFigure(
                group=group,
                name=name,
                ours=a,
                real=b,
                ours_spread=a_spread,
                real_spread=b_spread,
                labelled=known,
            )
        )
    return Comparison(ours=ours, real=real, rows=rows)


NEURITES, BOUTONS = "neurite profiles", f"boutons ({BOUTON} vesicles or more)"
Measured = float | Quantiles | tuple[float | None, Quantiles | None] | None


def _figures(census: Census) -> Iterator[tuple[str, str, tuple[str, ...], Measured]]:
    """Each figure with its group, its name and the classes that must be labelled."""
    unit, power = ("px", "µm²") if census.dimensions == 2 else ("vx", "µm³")
    for i, (name, row) in enumerate(census.classes.items()):
        shares = 100 * census.shares[:, i]
        pooled = None if row.share is None else 100 * row.share
        yield "share of pixels, %", name, (name,), (pooled, quantiles_of(shares[~np.isnan(shares)]))
    cells = census.profiles
    for text, value in (
        ("per µm²", cells.density),
        ("area, px", cells.size_vx),
        ("area, nm²", cells.size_nm),
        ("solidity", cells.solidity),
        ("aspect", cells.aspect),
        ("neighbours", cells.neighbours),
        ("share of area in profiles that edges cut", cells.cut),
    ):
        yield NEURITES, text, ("membrane",), value
    wanted = {
        "mitochondrion": ("density", "size", "aspect", "minor"),
        "mito_boundary": ("width",),
        "membrane": ("width",),
        "psd": ("density", "size", "aspect", "width"),
        "vesicle": ("density", "size", "diameter"),
        "sheath": ("width",),
    }
    for name, row in census.classes.items():
        measured: dict[str, tuple[str, Measured]] = {
            "density": (f"per {power}", row.density),
            "size": (f"size, {unit}", row.size_vx),
            "aspect": ("aspect", row.aspect),
            "minor": ("minor axis, nm", row.minor_nm),
            "diameter": ("diameter, nm", row.diameter_nm),
            "width": ("width, nm", row.width_nm),
        }
        for key in wanted.get(name, () if name in CELLS else ("density", "size", "width")):
            yield name, measured[key][0], (name,), measured[key][1]
        if name == "psd":
            yield name, "vesicles within 300 nm", ("psd", "vesicle"), cells.psd_vesicles
            yield name, "to the nearest vesicle, nm", ("psd", "vesicle"), cells.psd_gap_nm
    for text, value in (
        ("vesicles in one, as areas of 40 nm", cells.bouton_vesicles),
        ("share that vesicles cover", cells.bouton_cover),
        ("share of vesicles outside", cells.loose),
    ):
        yield BOUTONS, text, ("membrane", "vesicle"), value
    greys = {"cytoplasm": census.cytoplasm} | {name: row.grey for name, row in census.classes.items()}
    for group, part in (("grey, mean", "mean"), ("grey, standard deviation", "std")):
        for name, grey in greys.items():
            needs = (name,) if name in census.classes else ("membrane",)
            yield group, name, needs, None if grey is None else float(getattr(grey, part))


def _objects(census: Census, group: str) -> str:
    """How many objects the figures of a group come from."""
    counts = {name: row.objects for name, row in census.classes.items()}
    counts |= {NEURITES: census.profiles.profiles, BOUTONS: census.profiles.boutons}
    return f"n = {counts[group]:,}" if group in counts else ""


def _value(figure: Measured) -> tuple[float | None, Quantiles | None]:
    if isinstance(figure, Quantiles):
        return figure.median, figure
    return figure if isinstance(figure, tuple) else (figure, None)


def _cell(value: float | None, spread: Quantiles | None) -> str:
    if value is None:
        return "–"
    return _short(value) + (f" ({_short(spread.p10)}–{_short(spread.p90)})" if spread else "")


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else _short(value)


def _edges(census: Census) -> str:
    if census.voxel_nm is None:
        return "several sizes"
    z, y, x = census.voxel_nm
    return " × ".join(f"{edge:g}" for edge in ((y, x) if census.dimensions == 2 else (z, y, x))) + " nm"


def _windows(ours: Census, real: Census) -> str:
    if ours.shape and ours.shape == real.shape:
        size = " × ".join(map(str, ours.shape[1 if ours.shape[0] == 1 else 0 :]))
        return f"Both sets in windows of {size}, without overlap."
    return "The windows differ in size, so figures that edges touch are not quite comparable."
