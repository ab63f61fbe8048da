"""Tables of the HTML report: gains, confusion between classes, training sets, runs."""

import re
from collections.abc import Sequence
from html import escape

import numpy as np
import yaml

from synthem.experiment.arms import Arm
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.confusion import NONE
from synthem.experiment.gains import Comparison, Gain, GainRow
from synthem.experiment.report.charts import mark
from synthem.experiment.report.tables import score
from synthem.experiment.report.training_sets import ClassInSet, TrainingSet
from synthem.experiment.results import ARMS, Run, label_of


def rich_text(text: str) -> str:
    """Return Markdown's ``code`` and **strong** as HTML, all else escaped."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)


def plain_table(caption: str, heads: Sequence[str], rows: Sequence[str], style: str = "") -> str:
    """Return a table that is scrolled by keys too where it is too wide; heads and rows are HTML."""
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="{style}"><caption class="unseen">{escape(caption)}</caption>'
        f"<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def gains_rows(c: Comparison) -> str:
    """Make the table of Dice, and below each the gain with its interval."""
    heads = ["class", "support,<br>voxels", *(f"{mark(arm)} {arm}" for arm in c.arms)]
    rows = [
        f'<tr{" class=mean" if row.name == "mean" else ""}><th scope="row">{escape(row.label)}</th>'
        f"<td>{row.support:,}</td>{''.join(_score(row, arm) for arm in c.arms)}</tr>"
        for row in c.rows
    ]
    return plain_table(f"Dice and gains: {c.title}", heads, rows, "gains")


def _score(row: GainRow, arm: Arm) -> str:
    gain = f"<br>{_gain(row.gain[arm])}" if arm in row.gain else ""
    return f"<td>{score(row.score[arm])}{gain}</td>"


def _gain(gain: Gain) -> str:
    style = gain.verdict.replace(" ", "-")
    remarked = gain.verdict in ("no difference shown", "no interval")
    below = f'<br><small class="remark">{gain.verdict}</small>' if remarked else ""
    return "" if gain.verdict == "undefined" else f'<small class="{style}">{gain}</small>{below}'


def overview(comparisons: Sequence[Comparison]) -> str:
    """Make the table of the mean Dice and its gain, a row a comparison."""
    arms = [arm for arm in ARMS if any(arm in c.arms for c in comparisons)]
    rows = [
        f'<tr><th scope="row">{escape(c.title)}</th>'
        f"{''.join(_score(c.rows[-1], arm) if arm in c.arms else '<td></td>' for arm in arms)}</tr>"
        for c in comparisons
    ]
    heads = ["mean Dice over classes", *(f"{mark(arm)} {arm}" for arm in arms)]
    return plain_table("Mean Dice and gains of all comparisons", heads, rows, "gains all")


def confusion_tables(c: Comparison) -> str:
    """Make a heat map for ``real`` and for the foremost arm, of the voxels of all seeds."""
    arms = [arm for arm in dict.fromkeys(("real", c.spoken)) if arm in c.arms]
    tables = []
    for arm in arms:
        counts = [run.confusion for run in c.runs if run.arm == arm and run.confusion]
        if counts:
            tables.append(_confusion(arm, np.sum(counts, axis=0), list(c.runs[0].scores)))
    return f'<div class="grid">{"".join(tables)}</div>' if tables else ""


def _confusion(
    arm: Arm, counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]], classes: Sequence[str]
) -> str:
    names = [label_of(name) for name in (*classes, NONE)]
    total = counts.sum(1)
    rows = []
    for k, name in enumerate(names):
        cells = []
        for j in range(len(names)):
            share = counts[k, j] / total[k] if total[k] else 0.0
            text = (
                ""
                if not total[k]
                else f"{100 * share:.0f}"
                if share >= 0.005 or not counts[k, j]
                else "&lt;1"
            )
            right = " class=right" if j == k else ""
            cells.append(f'<td{right} style="--share:{share:.3f}">{text}</td>')
        rows.append(f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>')
    heads = ["true ↓ found →", *(f"<span>{name}</span>" for name in names)]
    table = plain_table(f"Confusion of the arm {arm}, per cent of each true class", heads, rows, "heat")
    return f"<figure><figcaption>{mark(arm)} {arm}</figcaption>{table}</figure>"


def training_set_rows(sets: Sequence[TrainingSet]) -> str:
    """Make the table of what is in each training set."""
    if not sets:
        return ""
    heads = ["class", *(f"{s.name}:<br>share of voxels" for s in sets)]
    heads += [
        *(f"{s.name}:<br>patches with it" for s in sets),
        *(f"{s.name}:<br>objects per µm²" for s in sets),
    ]
    rows = []
    for name in sets[0].classes:
        held = [s.classes[name] for s in sets]
        cells = [
            *map(_share, held),
            *(f"{h.holding} of {s.patches}" for h, s in zip(held, sets, strict=True)),
        ]
        cells += ["–" if h.density is None else _two_figures(h.density) for h in held]
        label = escape(label_of(name))
        rows.append(f'<tr><th scope="row">{label}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>')
    return plain_table("What the training sets hold", heads, rows)


def _share(held: ClassInSet) -> str:
    if held.share is None:
        return "not labelled"
    return "none" if not held.share else f"{_two_figures(100 * held.share)} %"


def _two_figures(value: float) -> str:
    return f"{value:#.2g}".rstrip(".") if value else "0"


def runs_rows(runs: Sequence[Run]) -> str:
    """Make the table of runs, with their timings."""
    heads = ["arm", "classes", "budget", "real sections", "seed", "best step", "of", "minutes"]
    rows = []
    for r in runs:
        real = "–" if r.real_sections is None else str(r.real_sections)
        steps = (f"{r.best_step:,}", f"{r.steps:,}", f"{r.seconds / 60:.1f}")
        cells = (r.class_set, escape(r.budget), real, r.seed, *steps)
        tds = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{mark(r.arm)} {r.arm}</th>{tds}</tr>')
    return plain_table("Runs", heads, rows)


def settings_text(config: ExperimentConfig) -> str:
    """Return all settings as YAML."""
    text: str = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    return text
