"""The table of an experiment: in Markdown in the form of the paper's table 2, on a terminal a row an arm."""

from collections.abc import Mapping, Sequence
from itertools import chain

from rich.table import Table

from synthem.experiment.gains import Gain, GainRow, comparisons, short
from synthem.experiment.results import MeanStd, Run
from synthem.scores.dice import Scores

CAPTION = (
    "gain over real with its 95 % interval; ?: no difference shown; 1: no interval, too few places hold it"
)


def gains_table(runs: Sequence[Run], title: str = "") -> Table:
    """Make the table of Dice and gains for a terminal, of one comparison."""
    (comparison,) = comparisons(runs)
    out = Table(title=title or f"Dice on the test sections: {comparison.title}", caption=CAPTION)
    for head in ("class", "support, voxels", "arm", "Dice", "gain"):
        out.add_column(head, justify="left" if head in ("class", "arm") else "right", no_wrap=True)
    for row in comparison.rows:
        for k, arm in enumerate(comparison.arms):
            name = ["", ""] if k else [row.label, f"{row.support:,}"]
            gain = _marked(row.gain[arm]) if arm in row.gain else ""
            out.add_row(*name, arm, score(row.score[arm]), gain, end_section=arm == comparison.arms[-1])
    return out


def score(value: MeanStd) -> str:
    """Write a score, ``.731 ± .012``; a dash where it is undefined."""
    text = short(value.mean)
    return text if value.std != value.std else f"{text} ± {short(value.std)}"


def _marked(gain: Gain) -> str:
    marks = {"no difference shown": " ?", "no interval": " 1"}
    return f"{gain}{marks.get(gain.verdict, '  ')}"


def score_rows(scores: Scores) -> Table:
    """Make the table of one model's scores for a terminal."""
    out = Table(title="Scores, of the counts of all sections together")
    for head in ("class", "Dice", "Jaccard", "support, voxels", "found, voxels"):
        out.add_column(head, justify="left" if head == "class" else "right", no_wrap=True)
    for name, row in scores.items():
        values = ["–" if row[key] is None else f"{row[key]:.3f}" for key in ("dice", "jaccard")]
        out.add_row(name.replace("_", " "), *values, f"{row['support']:,}", f"{row['predicted']:,}")
    return out


def confusion_rows(shares: Mapping[str, Mapping[str, float | None]]) -> Table:
    """Make the table of what share of each class's voxels is found as each class."""
    out = Table(title="Of each class's voxels, the share found as …")
    for head in ("class", *shares):
        out.add_column(head.replace("_", " "), justify="left" if head == "class" else "right", no_wrap=True)
    for name, row in shares.items():
        out.add_row(name.replace("_", " "), *("–" if s is None else f"{s:.2f}" for s in row.values()))
    return out


def markdown_table(rows: Sequence[GainRow]) -> str:
    """Make a Markdown table of one comparison."""
    pairs = ([arm, f"gain of {arm}"] if arm in rows[0].gain else [arm] for arm in rows[0].score)
    heads = ["class", "support, voxels", *chain.from_iterable(pairs)]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: GainRow) -> list[str]:
    pairs = (
        [score(s), said(row.gain[arm])] if arm in row.gain else [score(s)] for arm, s in row.score.items()
    )
    return [row.label, f"{row.support:,}", *chain.from_iterable(pairs)]


def said(gain: Gain) -> str:
    """Write a gain and, where it shows no difference or has no interval, that."""
    remark = {"no difference shown": ", no difference shown", "no interval": ", no interval"}
    return f"{gain}{remark.get(gain.verdict, '')}"
