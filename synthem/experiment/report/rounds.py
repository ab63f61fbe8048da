"""What each round of synthetic patches was asked for, what it held, and how the validation went after it."""

from collections.abc import Iterator, Sequence
from html import escape

from synthem.experiment.allocation import LEAST, MOST
from synthem.experiment.arms import IN_ROUNDS
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.gains import short
from synthem.experiment.report.charts import mark
from synthem.experiment.report.html_tables import plain_table
from synthem.experiment.results import Run, label_of

_WHAT = {
    "uniform": "are those of `balance`",
    "inverse": "follow 1 / share of each class in the real sections that train",
    "adaptive": "follow 1 − validation Dice of each class after the round before; first those of `balance`",
}
ABOUT = (
    "Of each class: the budget of the round, in brackets what its new patches to train on hold, both in "
    "per cent of voxels, and the validation Dice after the round."
)


def about_rounds(config: ExperimentConfig) -> list[str]:
    """Say how the arms whose synthetic patches come in rounds were trained; nothing where there are none."""
    lines = [
        f"The arm `{arm}` is `mixed` with its patches in {config.synthetic.rounds} rounds of equal steps, "
        f"{config.synthetic.count} together, each round in its own world; budgets {_WHAT[IN_ROUNDS[arm]]}."
        for arm in config.arms
        if arm in IN_ROUNDS
    ]
    bounds = f"Budgets of a round are {LEAST:g} to {MOST:g} times those of `balance`, and sum to the same."
    return [*lines, bounds] if lines else []


def rounds_table(runs: Sequence[Run]) -> str:
    """Make the table of all rounds for a page; "" where there are none."""
    lines = list(_lines(runs))
    if not lines:
        return ""
    rows = [
        f'<tr><th scope="row">{mark(run.arm)} {run.arm}</th>'
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for run, cells in lines
    ]
    return plain_table("Rounds of synthetic patches", ["arm", *map(escape, _heads(runs))], rows)


def markdown_rounds(runs: Sequence[Run]) -> str:
    """Make the same table in Markdown; "" where there are none."""
    lines = list(_lines(runs))
    if not lines:
        return ""
    heads = ["arm", *_heads(runs)]
    rows = [heads, ["---", *["---:"] * (len(heads) - 1)], *([run.arm, *cells] for run, cells in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _classes(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for one in run.rounds for name in one["budgets"]))


def _heads(runs: Sequence[Run]) -> list[str]:
    return ["classes", "budget", "real sections", "seed", "round", "to step", "patches",
            *map(label_of, _classes(runs)), "mean Dice"]  # fmt: skip


def _lines(runs: Sequence[Run]) -> Iterator[tuple[Run, list[str]]]:
    classes = _classes(runs)
    for run in runs:
        real = "–" if run.real_sections is None else str(run.real_sections)
        for k, one in enumerate(run.rounds):
            held = [
                f"{100 * one['budgets'][name]:.2g} ({100 * one['reached'][name]:.2g}), "
                f"{_dice(one['dice'].get(name))}"
                for name in classes
            ]
            where = [str(run.class_set), run.budget, real, str(run.seed), str(k + 1)]
            yield run, [*where, str(one["until"]), str(one["patches"]), *held, _dice(one["dice"].get("mean"))]


def _dice(value: float | None) -> str:
    return "–" if value is None else short(value, ".2f")
