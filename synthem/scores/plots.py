"""Pictures of scores: limits of agreement, and precision over recall."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthem.labels import colour_of
from synthem.scores.agreement import limits_of_agreement
from synthem.scores.values import Undefined

INK = "#333333"


def bland_altman(pairs: Sequence[Mapping[str, Any]]) -> bytes | None:
    """Draw found − true over their mean, a panel a measure: PNG; None where there are no pairs.

    Parameters
    ----------
    pairs : sequence of mapping
        With ``measure``, ``true`` and ``found``, as in the table ``pairs`` of the family ``morphology``.
    """
    measures = list(dict.fromkeys(pair["measure"] for pair in pairs))
    if not measures:
        return None
    columns = min(3, len(measures))
    figure, panels = _panels(len(measures), columns)
    for axes, measure in zip(panels, measures, strict=False):
        true, found = (
            np.array([pair[k] for pair in pairs if pair["measure"] == measure], float)
            for k in ("true", "found")
        )
        mean, differ = (true + found) / 2, found - true
        axes.scatter(mean, differ, s=12, color="#2a6fbb", alpha=0.5, linewidths=0)
        agreement = limits_of_agreement(true, found)
        for value, style in ((agreement.low, "--"), (agreement.bias, "-"), (agreement.high, "--")):
            if not isinstance(value, Undefined):
                axes.axhline(value, color="#b5322b", linestyle=style, linewidth=1)
                axes.annotate(
                    f"{value:+.3g}", (1, value), xycoords=("axes fraction", "data"), xytext=(3, 0),
                    textcoords="offset points", va="center", fontsize=7, color="#b5322b",
                    annotation_clip=False,
                )  # fmt: skip
        axes.axhline(0, color=INK, linewidth=0.5)
        axes.set_title(f"{measure}  (n = {len(true)})", fontsize=9)
        axes.set_xlabel("mean of found and true", fontsize=8)
        axes.set_ylabel("found − true", fontsize=8)
    return _png(figure)


def precision_recall(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> bytes | None:
    """Draw precision over recall, a line a class: PNG; None where no class has a curve."""
    held = {cls: line for cls, line in curves.items() if line}
    if not held:
        return None
    figure, (axes,) = _panels(1, 1, (5.2, 4.4))
    for cls, line in held.items():
        colour = "#" + "".join(f"{int(0.85 * c):02x}" for c in colour_of(cls))
        recall, precision = ([0.0, *(p[k] for p in line)] for k in ("recall", "precision"))
        precision[0] = precision[1]
        axes.step(recall, precision, where="pre", color=colour, label=cls.replace("_", " "), linewidth=1.5)
        half = next((p for p in reversed(line) if p["threshold"] > 0.5), None)
        if half:
            axes.plot(half["recall"], half["precision"], "o", color=colour, markersize=5)
    axes.set_xlim(0, 1.01)
    axes.set_ylim(0, 1.01)
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    axes.set_title("dots: threshold .5", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="lower left")
    return _png(figure)


def _panels(number: int, columns: int, size: tuple[float, float] = (3.6, 2.8)) -> tuple[Figure, list[Axes]]:
    rows = -(-number // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), dpi=130, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    panels = list(grid.ravel())
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    for axes in panels[number:]:
        axes.set_axis_off()
    return figure, panels


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
