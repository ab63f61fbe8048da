"""The report as one HTML file that stands alone: no script, no network, no other file."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from synthem.experiment.arms import Arm
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.gains import LEAST_COLUMNS, Comparison
from synthem.experiment.report.charts import curve_panels, gain_plot, key_of_arms, sections_panels
from synthem.experiment.report.figures import ARM_COLOURS
from synthem.experiment.report.headline import foremost, headline, outcome
from synthem.experiment.report.html_tables import (
    confusion_tables,
    gains_rows,
    overview,
    rich_text,
    runs_rows,
    settings_text,
    training_set_rows,
)
from synthem.experiment.report.looks import about_looks
from synthem.experiment.report.method import about_intervals, count_labelled, method
from synthem.experiment.report.overlays import pictures
from synthem.experiment.report.regions import Region, what_they_show
from synthem.experiment.report.rounds import ABOUT, rounds_table
from synthem.experiment.report.training_sets import training_sets
from synthem.experiment.results import Run
from synthem.preset.preset import Preset

PAGE = "report.html"
TEMPLATE = Path(__file__).with_name("page.html.template")

MOST_PICTURES = 2_700_000
"""Bytes of pictures in the page; what is beyond them is in ``figures/`` alone, and the page says so."""

DARK: dict[Arm, str] = {
    "real": "#f0f0f0",
    "augmented": "#8c1efe",
    "synthetic": "#5a9fe0",
    "mixed": "#ff9147",
    "mixed-uniform": "#ba431f",
    "mixed-inverse": "#845d52",
    "mixed-adaptive": "#b0ff99",
    "pretrained": "#c95fa0",
    "self-trained": "#6860d9",
    "adapted": "#35c79a",
    "pasted": "#fed100",
}
"""The arms' colours on black."""


@dataclass(frozen=True)
class Told:
    """What a report tells."""

    config: ExperimentConfig
    data: Data
    comparisons: Sequence[Comparison]
    runs: Sequence[Run]
    preset: Preset
    versions: Mapping[str, str]
    identity: str
    notice: str = ""

    @property
    def headline(self) -> str:
        """What came out, in a sentence."""
        return headline(self.comparisons, count_labelled(self.data))

    @property
    def method(self) -> list[str]:
        """How it was done."""
        return [
            *method(self.config, self.data, self.preset),
            *about_looks(self.runs),
            *about_intervals(self.comparisons),
        ]


def page(told: Told, regions: Mapping[str, Sequence[Region]]) -> str:
    """Return the whole page; ``regions`` are those of each comparison, by its stem."""
    several = len(told.comparisons) > 1

    def head(c: Comparison) -> str:
        return f"<h3>{escape(c.title)}</h3>" if several else ""

    first, _, rest = told.headline.partition(". ")
    all_of = told.comparisons
    sections = {
        "gains": (
            "Gains",
            (overview(all_of) if several else "") + "".join(map(_gains, all_of)),
            _about_gains(told),
        ),
        "sections": (
            "Dice by number of real sections",
            sections_panels(all_of),
            "Dice on the test sections; bars are a standard deviation over seeds to either side. Arms that "
            "see no real label are level.",
        ),
        "curves": (
            "Learning curves",
            "".join(head(c) + key_of_arms(c.arms, validated=True) + curve_panels(c) for c in all_of),
            "Dice on held-out crops by training step, a line a run. The model of the best mean is the one "
            "that is tested.",
        ),
        "rounds": ("Synthetic patches in rounds", rounds_table(told.runs), ABOUT),
        "confusion": (
            "What is taken for what",
            "".join(head(c) + body for c in all_of if (body := confusion_tables(c))),
            "Of the voxels of each true class (rows), how many in a hundred are found as which (columns). A "
            "voxel that is found as several counts for the one on top; mitochondrion is its inside where its "
            "boundary is a class of its own. A row without figures is a class that the truth does not hold.",
        ),
        "regions": ("Where it gains, and where it loses", _regions(told, regions, head), ""),
        "sets": (
            "Training sets",
            _sets(told),
            "Objects are counted with a correction for those that the edges cut.",
        ),
        "method": ("How it was done", _method(told), ""),
        "runs": ("Runs", runs_rows(told.runs), ""),
    }
    held = {key: part for key, part in sections.items() if part[1]}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(told.config.title),
        light=_variables(ARM_COLOURS),
        dark=_variables(DARK),
        marks=" ".join(f".{arm} {{ color: var(--{arm}); }}" for arm in DARK),
        notice=f'<p class="notice" role="note">{escape(told.notice)}</p>' if told.notice else "",
        headline=_unbroken(first.removesuffix(".") + "."),
        lead=f'<p class="lead">{_unbroken(rest)}</p>' if rest else "",
        outcomes=_outcomes(told),
        nav="".join(f'<li><a href="#{key}">{title}</a></li>' for key, (title, _, _) in held.items()),
        sections="".join(_section(key, *part) for key, part in held.items()),
        footer=f"Experiment {told.identity[:16]}; "
        + escape(", ".join(f"{name} {value}" for name, value in told.versions.items())),
    )


def _section(key: str, title: str, body: str, caption: str) -> str:
    below = f'<p class="caption">{caption}</p>' if caption else ""
    return f'<section aria-labelledby="{key}"><h2 id="{key}">{title}</h2>{body}{below}</section>'


def _unbroken(text: str) -> str:
    """Escape a text, and keep each interval on one line with what it is of."""
    return escape(re.sub(r"(\S+) \[(\S+), (\S+)\]", "\\1\u00a0[\\2,\u00a0\\3]", text))


def _variables(colours: Mapping[Arm, str]) -> str:
    return " ".join(f"--{arm}: {colour};" for arm, colour in colours.items())


def _outcomes(told: Told) -> str:
    """List what came out for the arms that the headline does not speak of."""
    most = foremost(told.comparisons)
    arms = [arm for arm in most.arms if arm not in ("real", most.spoken)] if "real" in most.arms else []
    lines = [_unbroken(outcome(most, arm, count_labelled(told.data))) for arm in arms]
    return f'<ul class="outcomes">{"".join(f"<li>{line}</li>" for line in lines)}</ul>' if lines else ""


def _gains(c: Comparison) -> str:
    return f'<h3>{escape(c.title)}</h3><div class="beside">{gains_rows(c)}{gain_plot(c)}</div>'


def _about_gains(told: Told) -> str:
    several = ", mean ± standard deviation over seeds" if len(told.config.seeds) > 1 else ""
    text = f"Dice on {len(told.data.test)} test sections{several}"
    end = " A dash is a class that neither truth nor prediction holds."
    if all("real" not in c.arms for c in told.comparisons):
        return f"{text}.{end}"
    return (
        f"{text}, and below it the gain over <code>real</code> with its 95 % interval.{end} Hollow marks "
        f"show no difference, or no interval: fewer than {LEAST_COLUMNS} columns of tissue hold the class."
    )


def _regions(told: Told, regions: Mapping[str, Sequence[Region]], head: Callable[[Comparison], str]) -> str:
    parts, left = [], MOST_PICTURES
    for c in told.comparisons:
        shown = pictures(regions[c.stem], told.config.sets[c.class_set], c.stem)
        if len(shown) <= left:
            left -= len(shown)
        else:
            shown = f"<p>They are in <code>figures/regions-{c.stem}.png</code>: the page is full.</p>"
        parts.append(f"{head(c)}<p>{rich_text(what_they_show(c.runs))}.</p>{shown}")
    return "".join(parts)


def _sets(told: Told) -> str:
    classes = told.config.sets[max(c.class_set for c in told.comparisons)]
    return training_set_rows(training_sets(told.data, classes))


def _method(told: Told) -> str:
    notes = "".join(f"<li>{escape(note.rstrip('.'))}.</li>" for note in told.data.notes)
    lines = "".join(f"<li>{rich_text(line)}</li>" for line in told.method)
    return (
        (f'<div class="notes" role="note"><h3>Notes</h3><ul>{notes}</ul></div>' if notes else "")
        + f"<ul>{lines}</ul><details><summary>All settings</summary>"
        f'<pre tabindex="0">{escape(settings_text(told.config))}</pre></details>'
    )
