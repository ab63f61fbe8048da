"""Charts of the HTML report as inline SVG, in the page's own colours, so that they suit light and dark."""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

from synthem.experiment.arms import Arm
from synthem.experiment.gains import Comparison, Gain, short
from synthem.experiment.report.figures import chosen_by
from synthem.experiment.results import MeanStd, Run

MARKS: dict[Arm, str] = {
    "real": "M-4-4H4V4H-4Z",
    "augmented": "M0 5.4L5.4-4.2H-5.4Z",
    "synthetic": "M0-4.8A4.8 4.8 0 1 1-.01-4.8Z",
    "mixed": "M0-5.8L5.8 0 0 5.8-5.8 0Z",
    "mixed-uniform": "M-5.6-2.2H5.6V2.2H-5.6Z",
    "mixed-inverse": "M-2.2-5.6H2.2V5.6H-2.2Z",
    "mixed-adaptive": "M-5-5L0-1.8 5-5 1.8 0 5 5 0 1.8-5 5-1.8 0Z",
    "pretrained": "M0-5.4L5.4 4.2H-5.4Z",
    "self-trained": "M-5.4-4.2H5.4L-5.4 4.2H5.4Z",
    "adapted": "M-1.8-5.4H1.8V-1.8H5.4V1.8H1.8V5.4H-1.8V1.8H-5.4V-1.8H-1.8Z",
    "pasted": "M0 5.4L5.4-4.2H-5.4Z",
}
"""The mark of each arm, around the origin, so that they differ without colour."""

DASHES: dict[Arm, str] = {
    "real": "",
    "augmented": "9 3",
    "synthetic": "5 3",
    "mixed": "",
    "mixed-uniform": "3 2",
    "mixed-inverse": "1.5 1.5",
    "mixed-adaptive": "12 2",
    "pretrained": "7 2 1.5 2",
    "self-trained": "7 2 1.5 2 1.5 2",
    "adapted": "1.5 3",
    "pasted": "4 2 4 5",
}

Points = Sequence[tuple[float, float]]


def mark(arm: Arm) -> str:
    """Return the small sign of an arm that stands beside its name."""
    return (
        f'<svg class="mark {arm}" viewBox="-6 -6 12 12" width="12" height="12" aria-hidden="true">'
        f'<path d="{MARKS[arm]}"/></svg>'
    )


def key_of_arms(arms: Iterable[Arm], *, validated: bool = False) -> str:
    """Return the key of lines and marks; ``validated`` says on what the curve of each arm is measured."""
    items = []
    for arm in arms:
        line = (
            f'<svg class="mark {arm}" viewBox="0 -6 34 12" width="34" height="12" aria-hidden="true">'
            f'<path class="line" stroke-dasharray="{DASHES[arm]}" d="M0 0H34"/>'
            f'<path transform="translate(17)" d="{MARKS[arm]}"/></svg>'
        )
        items.append(f"<li>{line} {chosen_by(arm) if validated else arm}</li>")
    return f'<ul class="key">{"".join(items)}</ul>'


def _svg(width: float, height: float, label: str, body: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        f"{body}</svg>"
    )


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(words)}</text>'


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values between two ends, at most so many."""
    span = max(high - low, 1e-9)
    step = next(
        s for s in (b * 10.0**e for e in range(-6, 9) for b in (1, 2, 5)) if math.floor(span / s) + 1 <= most
    )
    return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def gain_plot(c: Comparison) -> str:
    """Draw the gain of each arm in each class as a dot with its interval, about a line at nought."""
    arms = [arm for arm in c.arms if arm in c.rows[0].gain]
    held = [row.gain[arm] for row in c.rows for arm in arms if row.gain[arm].verdict != "undefined"]
    if not held:
        return ""
    ends = [v for g in held for v in (g.mean, g.low, g.high) if not math.isnan(v)]
    low, high = min([*ends, 0.0]), max([*ends, 0.0])
    pad = max(0.06 * (high - low), 0.01)
    low, high = low - pad, high + pad
    left, width, top, row_height = 104.0, 390.0, 8.0, max(34.0, 13.0 * len(arms) + 12)
    bottom = top + row_height * len(c.rows)

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (width - left - 10)

    parts = []
    for value in ticks(low, high):
        zero = abs(value) < 1e-9
        parts.append(f'<path class="{"zero" if zero else "rule"}" d="M{x(value):.1f} {top}V{bottom:.1f}"/>')
        parts.append(_text(x(value), bottom + 16, "0" if zero else short(value, "+.2g"), "tick middle"))
    for k, row in enumerate(c.rows):
        middle = top + (k + 0.5) * row_height
        if row.name == "mean":
            parts.append(f'<path class="divide" d="M0 {top + k * row_height:.1f}H{width}"/>')
        parts.append(
            _text(left - 12, middle + 4, row.label, "name end strong" if row.name == "mean" else "name end")
        )
        for j, arm in enumerate(arms):
            y = middle + (j - (len(arms) - 1) / 2) * 13
            if row.gain[arm].verdict == "undefined":
                parts.append(_text(x(0), y + 4, "–", "tick middle"))
                continue
            parts.append(_dot(row.gain[arm], arm, row.label, y, x))
    parts.append(_text(left + (width - left - 10) / 2, bottom + 34, "gain in Dice over real", "tick middle"))
    label = f"Gain in Dice over real by class and arm, with 95 % intervals, as in the table: {c.title}"
    key = "".join(f"<li>{mark(arm)} {arm}</li>" for arm in arms)
    chart = _svg(width, bottom + 42, label, "".join(parts))
    return f'<figure class="dots"><ul class="key">{key}</ul>{chart}</figure>'


def _dot(gain: Gain, arm: Arm, name: str, y: float, x: Callable[[float], float]) -> str:
    whisker = ""
    if not math.isnan(gain.low):
        whisker = f'<path class="line" d="M{x(gain.low):.1f} {y:.1f}H{x(gain.high):.1f}"/>'
    hollow = "" if gain.verdict in ("gain", "loss") else " hollow"
    title = f"{name}, {arm}: {gain}" + ("" if not hollow else f", {gain.verdict}")
    return (
        f'<g class="{arm}{hollow}"><title>{escape(title)}</title>{whisker}'
        f'<path class="dot" transform="translate({x(gain.mean):.1f} {y:.1f})" d="{MARKS[arm]}"/></g>'
    )


def curve_panels(c: Comparison) -> str:
    """Draw the validation Dice by step: a panel a class, a line a run."""
    last = max((row["step"] or 0.0 for run in c.runs for row in run.curves), default=0.0)
    if not last:
        return ""
    panels = []
    for row in c.rows:
        lines = [(run.arm, _curve(run, row.name)) for run in c.runs]
        panels.append(_panel(row.label, lines, [(v, f"{v:g}") for v in ticks(0, last, 5)], (0, last), "step"))
    return f'<div class="panels">{"".join(panels)}</div>'


def _curve(run: Run, name: str) -> Points:
    return [(row["step"] or 0.0, math.nan if (v := row[name]) is None else v) for row in run.curves]


def sections_panels(comparisons: Sequence[Comparison]) -> str:
    """Draw the test Dice by number of labelled real sections, where there are several: a panel a class."""
    kinds = dict.fromkeys((c.class_set, c.budget) for c in comparisons)
    parts = []
    for class_set, budget in kinds:
        of = [c for c in comparisons if (c.class_set, c.budget) == (class_set, budget) and c.real_sections]
        if len(of) < 2:
            continue
        of.sort(key=lambda c: c.real_sections or 0)
        arms = of[-1].arms
        counts = [float(c.real_sections or 0) for c in of]
        at = [(math.log2(n), f"{n:g}") for n in counts]
        span = (at[0][0] - 0.15, at[-1][0] + 0.15)
        panels = []
        for k, row in enumerate(of[0].rows):
            scores = [
                (
                    arm,
                    [
                        (a, c.rows[k].score.get(arm, MeanStd(math.nan, math.nan)))
                        for (a, _), c in zip(at, of, strict=True)
                    ],
                )
                for arm in arms
            ]
            lines = [(arm, [(a, s.mean) for a, s in points]) for arm, points in scores]
            bars = [(arm, [(a, s) for a, s in points if not math.isnan(s.std)]) for arm, points in scores]
            panels.append(_panel(row.label, lines, at, span, "real sections", bars=bars, dots=True))
        title = f"{class_set} {'classes' if class_set > 1 else 'class'}, {budget}"
        parts.append(
            f'<h3>{escape(title)}</h3>{key_of_arms(arms)}<div class="panels">{"".join(panels)}</div>'
        )
    return "".join(parts)


def _panel(
    name: str,
    lines: Sequence[tuple[Arm, Points]],
    at: Sequence[tuple[float, str]],
    span: tuple[float, float],
    axis: str,
    *,
    bars: Sequence[tuple[Arm, Sequence[tuple[float, MeanStd]]]] = (),
    dots: bool = False,
) -> str:
    """Draw one small chart of Dice, 0–1, with a line an arm, or several."""
    left, right, top, bottom = 26.0, 212.0, 8.0, 138.0

    def x(value: float) -> float:
        return left + (value - span[0]) / (span[1] - span[0]) * (right - left)

    def y(value: float) -> float:
        return bottom - value * (bottom - top)

    parts = []
    for value in (0, 0.5, 1):
        parts.append(f'<path class="rule" d="M{left} {y(value):.1f}H{right}"/>')
        parts.append(
            _text(left - 5, y(value) + 4, short(value, ".1f") if value == 0.5 else f"{value}", "tick end")
        )
    parts += [_text(x(value), bottom + 15, words, "tick middle") for value, words in at]
    for arm, pairs in bars:
        ends = [
            f"M{x(a):.1f} {y(max(s.mean - s.std, 0)):.1f}V{y(min(s.mean + s.std, 1)):.1f}" for a, s in pairs
        ]
        parts.append(f'<g class="{arm}"><path class="line" d="{"".join(ends)}"/></g>' if ends else "")
    for arm, points in lines:
        held = [(x(a), y(v)) for a, v in points if not math.isnan(v)]
        path = _joined([(x(a), y(v)) for a, v in points])
        shown = held if dots or len(held) == 1 else []
        signs = "".join(
            f'<path class="dot" transform="translate({a:.1f} {b:.1f}) scale(.75)" d="{MARKS[arm]}"/>'
            for a, b in shown
        )
        parts.append(
            f'<g class="{arm}"><path class="line" stroke-dasharray="{DASHES[arm]}" d="{path}"/>{signs}</g>'
        )
    if not any(not math.isnan(v) for _, points in lines for _, v in points):
        parts.append(_text((left + right) / 2, y(0.5) - 6, "nowhere in the truth", "tick middle"))
    label = f"{name}: Dice by {axis}"
    return f"<figure><figcaption>{escape(name)}</figcaption>{_svg(222, 158, label, ''.join(parts))}</figure>"


def _joined(points: Points) -> str:
    """Return a path through points, broken where one is NaN."""
    out, pen = [], "M"
    for a, b in points:
        if math.isnan(b):
            pen = "M"
            continue
        out.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L"
    return "".join(out)
