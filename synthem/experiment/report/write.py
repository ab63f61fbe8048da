"""The report of an experiment: HTML and Markdown for people, JSON for programs, and pictures."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synthem.data.atomic import write_json, write_whole
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.gains import GainRow, Metric, comparisons, table
from synthem.experiment.mark import MARK, hash_of, identity_of_experiment
from synthem.experiment.report.figures import draw_curves, draw_regions, draw_scores
from synthem.experiment.report.page import PAGE, Told, page
from synthem.experiment.report.regions import telling_regions, what_they_show
from synthem.experiment.report.rounds import ABOUT, markdown_rounds
from synthem.experiment.report.tables import markdown_table
from synthem.experiment.results import Run
from synthem.experiment.seen import seen_sections
from synthem.preset.preset import load_preset

REPORT = "report.md"
METRICS: tuple[Metric, ...] = ("dice", "jaccard")


def write_report(
    config: ExperimentConfig, data: Data, runs: Sequence[Run], out: Path, *, notice: str = ""
) -> Path:
    """Write ``report.html``, ``report.md``, ``report.json`` and the pictures in ``figures/``.

    Parameters
    ----------
    config : ExperimentConfig
    data : Data
        The test sections are shown in the overlays.
    runs : sequence of Run
    out : Path
        The experiment's folder.
    notice : str
        A sentence to put on top, for example that no real tissue is in it.

    Returns
    -------
    Path
        Of ``report.html``, which stands alone.
    """
    from synthem.learning.training.trainer import versions

    told = Told(
        config, data, comparisons(runs), runs, load_preset(config.synthetic.preset), versions(),
        hash_of(identity_of_experiment(config, data)), notice,
    )  # fmt: skip
    (out / "figures").mkdir(exist_ok=True)
    regions = {c.stem: telling_regions(config, data, c.runs, out) for c in told.comparisons}
    for c in told.comparisons:
        draw_scores(c.rows, out / "figures" / f"scores-{c.stem}.png")
        draw_curves(c.runs, out / "figures" / f"curves-{c.stem}.png")
        draw_regions(regions[c.stem], config.sets[c.class_set], out / "figures" / f"regions-{c.stem}.png")
    write_whole(out / REPORT, _markdown(told).encode())
    write_json(out / "report.json", _plain(told))
    write_whole(out / PAGE, page(told, regions).encode())
    return out / PAGE


def _markdown(told: Told) -> str:
    notes = [*told.method, *(f"**Note:** {note.rstrip('.')}." for note in told.data.notes)]
    parts = [
        f"# {told.config.title}",
        *([f"**{told.notice}**"] if told.notice else []),
        told.headline,
        "\n".join(f"- {line}" for line in notes),
    ]
    for c in told.comparisons:
        parts += [
            f"## {c.title}",
            "Dice on the test sections, and its gain over the arm `real`"
            + (" (mean ± standard deviation over seeds)." if len(told.config.seeds) > 1 else "."),
            markdown_table(c.rows),
            f"![Dice by class and arm](figures/scores-{c.stem}.png)",
            "Jaccard:",
            markdown_table(table(c.runs, "jaccard")),
            f"![Learning curves](figures/curves-{c.stem}.png)",
            f"{what_they_show(c.runs)}:",
            f"![Regions](figures/regions-{c.stem}.png)",
        ]
    if rounds := markdown_rounds(told.runs):
        parts += ["## Synthetic patches in rounds", ABOUT, rounds]
    used = ", ".join(f"{name} {value}" for name, value in told.versions.items())
    end = (
        f"Experiment {told.identity[:16]} (its parts are in `{MARK}`, its settings in `report.json`); {used}."
    )
    return "\n\n".join([*parts, "## Runs", _timing(told.runs), end]) + "\n"


def _timing(runs: Sequence[Run]) -> str:
    lines = [
        "| arm | classes | budget | real sections | seed | best at step | of | seconds |",
        "| --- |" + " ---: |" * 7,
    ]
    for r in runs:
        real = "–" if r.real_sections is None else r.real_sections
        cells = (r.arm, r.class_set, r.budget, real, r.seed, r.best_step, r.steps, f"{r.seconds:.0f}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _plain(told: Told) -> dict[str, Any]:
    """Return everything as plain values; counts by block stay in the runs' own files."""
    config, data, preset = told.config, told.data, told.preset
    return {
        "title": config.title,
        "headline": told.headline,
        "notice": told.notice,
        "hash": told.identity,
        "config": config.model_dump(mode="json"),
        "versions": told.versions,
        "notes": list(data.notes),
        "preset": {
            "name": preset.name,
            "tuned_on": list(preset.tuned_on),
            "test_sections_seen": seen_sections(preset, [p.name for p in data.test]),
        },
        "sections": {
            "train": [p.name for p in data.train],
            "validation": [p.name for p in data.validation],
            "test": [p.name for p in data.test],
            "synthetic": len(data.synthetic),
            "synthetic_validation": len(data.synthetic_validation),
        },
        "tables": [
            {
                "class_set": c.class_set,
                "budget": c.budget,
                "real_sections": c.real_sections,
                "metric": metric,
                "rows": [_plain_row(row) for row in table(c.runs, metric)],
            }
            for c in told.comparisons
            for metric in METRICS
        ],
        "runs": [{k: v for k, v in run.to_json().items() if k != "blocks"} for run in told.runs],
    }


def _plain_row(row: GainRow) -> dict[str, object]:
    def numbers(value: object) -> dict[str, object]:
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in vars(value).items()}

    return {
        "class": row.name,
        "support": row.support,
        "score": {arm: numbers(value) for arm, value in row.score.items()},
        "gain": {arm: {**numbers(value), "verdict": value.verdict} for arm, value in row.gain.items()},
    }
