"""The table of an experiment, in the form of the paper's table 2: a row a class, columns of arms, gains."""

from collections.abc import Sequence
from itertools import chain

from rich.table import Table

from synthem.experiment.results import GainRow, Run, table
from synthem.learning.dice import Scores


def gains_table(runs: Sequence[Run], title: str = "") -> Table:
    """Make the table of Dice and gains for a terminal, one class set and budget."""
    rows = table(runs)
    out = Table(title=title or f"Dice on the test sections: {runs[0].class_set} classes, {runs[0].budget}")
    for head in _heads(rows):
        out.add_column(head, justify="left" if head == "class" else "right", no_wrap=True)
    for row in rows:
        out.add_row(*_cells(row), style="bold" if row.name == "mean" else None)
    return out


def score_rows(scores: Scores) -> Table:
    """Make the table of one model's scores for a terminal."""
    out = Table(title="Scores, of the counts of all sections together")
    for head in ("class", "Dice", "Jaccard", "support, voxels", "found, voxels"):
        out.add_column(head, justify="left" if head == "class" else "right", no_wrap=True)
    for name, row in scores.items():
        values = ["–" if row[key] is None else f"{row[key]:.3f}" for key in ("dice", "jaccard")]
        out.add_row(name.replace("_", " "), *values, f"{row['support']:,}", f"{row['predicted']:,}")
    return out


def _heads(rows: Sequence[GainRow]) -> list[str]:
    pairs = ([arm, f"gain of {arm}"] if arm in rows[0].gain else [arm] for arm in rows[0].score)
    return ["class", "support, voxels", *chain.from_iterable(pairs)]


def _cells(row: GainRow) -> list[str]:
    pairs = (
        [f"{s:.3f}", f"{row.gain[arm]:+.3f}"] if arm in row.gain else [f"{s:.3f}"]
        for arm, s in row.score.items()
    )
    return [row.name.replace("_", " "), f"{row.support:,}", *chain.from_iterable(pairs)]


def markdown_table(rows: Sequence[GainRow]) -> str:
    """Make a Markdown table of one class set and budget."""
    heads = _heads(rows)
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
