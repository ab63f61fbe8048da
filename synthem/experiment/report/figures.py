"""Pictures of an experiment: learning curves, scores side by side, and overlays of test regions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch as Swatch

from synthem.experiment.arms import NO_REAL_LABEL, Arm
from synthem.experiment.gains import GainRow
from synthem.experiment.report.regions import Region
from synthem.experiment.results import Run
from synthem.labels import colour_of
from synthem.view.overlay import overlay

ARM_COLOURS: dict[Arm, str] = {
    "real": "#4d4d4d",
    "augmented": "#9c02fc",
    "synthetic": "#2b7bba",
    "mixed": "#d95f02",
    "mixed-uniform": "#8b2506",
    "mixed-inverse": "#4e0604",
    "mixed-adaptive": "#56066b",
    "pretrained": "#b8578f",
    "self-trained": "#4204a8",
    "adapted": "#1f9e50",
    "pasted": "#1a0026",
}
"""Far enough apart for people who see no red, no green or no blue; marks and lines differ as well."""

ARM_STYLES: dict[Arm, str] = {
    "real": "-",
    "augmented": "-.",
    "synthetic": "--",
    "mixed": "-",
    "mixed-uniform": "--",
    "mixed-inverse": ":",
    "mixed-adaptive": "-",
    "pretrained": "-.",
    "self-trained": "--",
    "adapted": ":",
    "pasted": "--",
}


def draw_curves(runs: Sequence[Run], path: Path) -> None:
    """Draw the validation Dice by step: a panel a class, a line an arm and seed."""
    names = [*runs[0].scores, "mean"]
    first = {run.arm: run for run in reversed(runs)}
    columns = min(4, len(names))
    lines = -(-len(names) // columns)
    figure = Figure(figsize=(3.2 * columns, 2.6 * lines + 0.5), layout="constrained")
    panels = np.ravel(figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False))
    for panel, name in zip(panels, names, strict=False):
        for run in runs:
            _draw_curve(panel, run, name, label=chosen_by(run.arm) if run is first[run.arm] else None)
        panel.set_title(name.replace("_", " "), fontsize=10)
        panel.set_ylim(-0.02, 1.02)
        panel.grid(alpha=0.3)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    figure.supxlabel("training step", fontsize=10)
    figure.supylabel("Dice on the validation crops", fontsize=10)
    handles, labels = panels[len(names) - 1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=110)


def chosen_by(arm: Arm) -> str:
    """Say on what the curve of an arm is measured."""
    return f"{arm} (on held-out {'synthetic' if arm in NO_REAL_LABEL else 'real'} crops)"


def _draw_curve(panel: Axes, run: Run, name: str, label: str | None) -> None:
    steps = [row["step"] or 0.0 for row in run.curves]
    values = np.array([row[name] for row in run.curves], np.float64)
    panel.plot(
        steps, values, ARM_STYLES[run.arm], color=ARM_COLOURS[run.arm], marker=".", label=label, lw=1.2
    )


def draw_scores(rows: Sequence[GainRow], path: Path) -> None:
    """Draw the test Dice of each class as bars, an arm beside the other; no bar where it is undefined."""
    arms = list(rows[0].score)
    figure = Figure(figsize=(1.3 * len(rows) + 2, 3.4), layout="constrained")
    panel = figure.subplots()
    width = 0.8 / len(arms)
    for k, arm in enumerate(arms):
        at = np.arange(len(rows)) + (k - (len(arms) - 1) / 2) * width
        mean = np.array([row.score[arm].mean for row in rows])
        std = np.nan_to_num([row.score[arm].std for row in rows])
        bars = panel.bar(at, np.nan_to_num(mean), width, yerr=std if std.any() else None, label=arm)
        for bar, value in zip(bars, mean, strict=True):
            bar.set_color(ARM_COLOURS[arm])
            text = "–" if np.isnan(value) else f"{value:.2f}"
            panel.annotate(
                text, (bar.get_x() + width / 2, bar.get_height()), ha="center", va="bottom", fontsize=7
            )
    panel.set_xticks(range(len(rows)), [row.label for row in rows])
    panel.set_ylim(0, 1.05)
    panel.set_ylabel("Dice on the test sections")
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="upper right", frameon=False, ncols=len(arms))
    figure.savefig(path, dpi=110)


def draw_regions(regions: Sequence[Region], classes: Sequence[str], path: Path) -> None:
    """Draw test regions, one a row: the section, then the truth and what each arm found, laid over it."""
    heads = list(regions[0].masks)
    figure = Figure(figsize=(2.6 * (len(heads) + 1), 2.75 * len(regions) + 0.6), layout="constrained")
    panels = figure.subplots(len(regions), len(heads) + 1, squeeze=False)
    for line, region in zip(panels, regions, strict=True):
        line[0].imshow(region.image, cmap="gray", vmin=0, vmax=255)
        line[0].set_ylabel(region.title, fontsize=8)
        for panel, head in zip(line[1:], heads, strict=True):
            panel.imshow(overlay(region.image, region.masks[head], classes))
    for panel, head in zip(panels[0], ["section", *heads], strict=True):
        panel.set_title(head, fontsize=10)
    for panel in panels.flat:
        panel.set_xticks([])
        panel.set_yticks([])
    swatches = [Swatch(color=_unit(colour_of(c)), label=c.replace("_", " ")) for c in classes]
    figure.legend(handles=swatches, loc="outside lower center", ncols=len(classes), frameon=False)
    figure.savefig(path, dpi=110)


def _unit(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    red, green, blue = (part / 255 for part in colour)
    return red, green, blue
