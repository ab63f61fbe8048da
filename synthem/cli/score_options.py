"""Options of what is scored, and what the commands that score print and write."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shapes.core.errors import InputError
from synthem.cli.console import say, show, warn

if TYPE_CHECKING:
    from synthem.scores.case import Case
    from synthem.scores.families.base import Lengths
    from synthem.scores.values import Family

Scores = Annotated[
    str | None,
    typer.Option(
        help="Which scores: pixels, surfaces, partitions, instances, detection, morphology, errors; or all.",
        metavar="all|NAME,…",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Scored:
    """What is scored, and where it is written."""

    scores: Scores = None
    tolerance_nm: Annotated[
        float | None,
        typer.Option(help="Outlines that are no farther apart agree; 10 by default.", show_default=False),
    ] = None
    distance_nm: Annotated[
        str | None,
        typer.Option(
            help="Objects of a class are found within this distance; psd=100,vesicle=20 by default.",
            metavar="CLASS=NM,…",
            show_default=False,
        ),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(help="Write scores, tables, plots and maps of errors into this new folder."),
    ] = None

    def check(self) -> None:
        """Raise InputError where options are of scores that nobody asked for."""
        given = {"--tolerance-nm": self.tolerance_nm, "--distance-nm": self.distance_nm, "--out": self.out}
        if self.scores is None and (of := [name for name, value in given.items() if value is not None]):
            raise InputError(f"{of[0]} is of the scores that --scores names; give --scores all, or some")

    @property
    def lengths(self) -> "Lengths":
        """The lengths that scores depend on; InputError where they cannot be understood."""
        from synthem.cli.options import parse_by_class
        from synthem.scores.families.base import Lengths

        own = Lengths()
        within = own.distance_nm | parse_by_class(self.distance_nm or "", "distance", "psd=100,vesicle=20")
        tolerance = own.tolerance_nm if self.tolerance_nm is None else self.tolerance_nm
        for name, value in (
            ("--tolerance-nm", tolerance),
            *((f"--distance-nm of {c}", d) for c, d in within.items()),
        ):
            if not 0 < value < float("inf"):
                raise InputError(f"{name} must be above 0 nm, not {value:g}")
        return Lengths(tolerance_nm=tolerance, distance_nm=within)


class ScoreBook:
    """Scores cases as they come, and tells them at the end.

    Parameters
    ----------
    scored : Scored
        Of which ``scores`` names families.

    Raises
    ------
    InputError
        Where a family is unknown, a length no length, or the folder to write holds anything.
    """

    def __init__(self, scored: Scored) -> None:
        from synthem.data.files import is_vacant
        from synthem.scores.score import Scoring, family_names

        self.families = family_names((scored.scores or "").split(","))
        self._scoring = Scoring(self.families, scored.lengths)
        self._out = scored.out
        if self._out and not is_vacant(self._out):
            raise InputError(f"{self._out}: is there already; give a new or empty folder")
        self._open, self._writing = ExitStack(), False

    def __enter__(self) -> "ScoreBook":
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def add(self, case: "Case") -> None:
        """Score a case, and write its maps of errors."""
        from synthem.scores.write import write_maps

        self._scoring.add(case)
        if self._out and "errors" in self.families:
            write_maps(self._held(self._out), case)

    def tell(self) -> None:
        """Print a table a family, and write what is to be written."""
        from synthem.scores.write import write_sheet

        sheet = self._scoring.sheet()
        for own in sheet.families.values():
            _print(own)
        if self._out:
            write_sheet(self._held(self._out), sheet)
            say(f"{self._out}: scores.json, scores.md, tables and pictures")

    def _held(self, out: Path) -> Path:
        """Return the folder to write, made and held against other writers from the first time on."""
        from synthem.data.atomic import locked

        if not self._writing:
            out.mkdir(parents=True, exist_ok=True)
            self._open.enter_context(locked(out))
            self._writing = True
        return out


def _print(family: "Family") -> None:
    from rich.table import Table

    from synthem.scores.tables import below, grid

    heads, rows = grid(family)
    if not rows:
        warn(f"{family.title}: nothing to score")
        return
    out = Table(title=family.title)
    for k, head in enumerate(heads):
        out.add_column(head, justify="right" if k else "left")
    for row in rows:
        out.add_row(*row)
    show(out)
    for line in below(family):
        say(f"  {line}")
