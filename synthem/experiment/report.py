"""The report of an experiment: Markdown for people, JSON for programs, and pictures."""

import math
from collections.abc import Sequence
from pathlib import Path

from synthem.data.atomic import write_json
from synthem.experiment.config import CLASS_SETS, Arm, ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.figures import draw_curves, draw_regions, draw_scores
from synthem.experiment.mark import MARK, hash_of, identity_of_experiment
from synthem.experiment.regions import worst_and_best
from synthem.experiment.results import GainRow, MeanStd, Run, groups, table
from synthem.experiment.seen import seen_sections, what_it_saw
from synthem.experiment.tables import markdown_table
from synthem.preset.preset import Preset, load_preset

REPORT = "report.md"


def write_report(
    config: ExperimentConfig, data: Data, runs: Sequence[Run], out: Path, *, notice: str = ""
) -> Path:
    """Write ``report.md``, ``report.json`` and the pictures in ``figures/``; returns the path of the first.

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
    """
    from synthem.learning.trainer import versions

    preset = load_preset(config.synthetic.preset)
    identity = hash_of(identity_of_experiment(config, data))
    (out / "figures").mkdir(exist_ok=True)
    parts = [f"# {config.title}", *([f"**{notice}**"] if notice else []), _method(config, data, preset)]
    for (class_set, budget), group in groups(runs).items():
        rows = table(group)
        stem = f"{class_set}-classes-{budget.replace(' ', '-')}"
        draw_scores(rows, out / "figures" / f"scores-{stem}.png")
        draw_curves(group, out / "figures" / f"curves-{stem}.png")
        regions = worst_and_best(config, data, group, out)
        draw_regions(regions, CLASS_SETS[class_set], out / "figures" / f"regions-{stem}.png")
        parts += [
            f"## {class_set} {'classes' if class_set > 1 else 'class'}, {budget}",
            "Dice on the test sections, and its gain over the arm `real`"
            + (" (mean ± standard deviation over seeds)." if len(config.seeds) > 1 else "."),
            markdown_table(rows),
            f"![Dice by class and arm](figures/scores-{stem}.png)",
            "Jaccard:",
            markdown_table(table(group, "jaccard")),
            f"![Learning curves](figures/curves-{stem}.png)",
            f"The worst and the best test regions of the arm `{group[-1].arm}`:",
            f"![Regions](figures/regions-{stem}.png)",
        ]
    parts += ["## Runs", _timing(runs), _small_print(identity, versions())]
    (out / REPORT).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    write_json(
        out / "report.json",
        {
            "title": config.title,
            "notice": notice,
            "hash": identity,
            "config": config.model_dump(mode="json"),
            "versions": versions(),
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
                {"class_set": c, "budget": b, "metric": metric, "rows": _plain(table(group, metric))}
                for (c, b), group in groups(runs).items()
                for metric in ("dice", "jaccard")
            ],
            "runs": [run.to_json() for run in runs],
        },
    )
    return out / REPORT


def _plain(rows: Sequence[GainRow]) -> list[dict[str, object]]:
    def numbers(spreads: dict[Arm, MeanStd]) -> dict[str, dict[str, float | None]]:
        return {
            arm: {k: None if math.isnan(v) else v for k, v in vars(spread).items()}
            for arm, spread in spreads.items()
        }

    return [
        {"class": r.name, "support": r.support, "score": numbers(r.score), "gain": numbers(r.gain)}
        for r in rows
    ]


def _method(config: ExperimentConfig, data: Data, preset: Preset) -> str:
    training, synthetic = config.training, config.synthetic
    size = " × ".join(map(str, training.patch_vx))
    lines = [
        f"{len(data.train)} training sections, {len(data.validation)} held out at their far end to choose "
        f"the best model by, and {len(data.test)} test sections, which are scored once, at the end.",
        f"{len(data.synthetic)} synthetic patches of preset `{synthetic.preset}` to train on, and "
        f"{len(data.synthetic_validation)} more, by which the arm `synthetic` chooses its model: it sees no "
        "real label.",
        what_it_saw(preset),
        f"Arms: {', '.join(config.arms)}; all with the same network, initial weights and steps. Crops of "
        f"{size} voxels, {training.batch} a step; {training.optimiser}, rate {training.lr:g}, "
        f"{training.schedule.replace('_', ' ')}.",
        f"In the arm `mixed`, a class that one of the sources never holds, but for a few stray pixels, is "
        f"{config.absent} in its crops.",
        "Dice = 2 TP / (2 TP + FP + FN) of the counts of all test sections together. A dash is a class that "
        "neither truth nor prediction holds; support is the number of its voxels in the truth. The mean is "
        "over the classes that the truth holds.",
        *(f"**Note:** {note}." for note in data.notes),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _timing(runs: Sequence[Run]) -> str:
    lines = ["| arm | classes | budget | seed | best at step | of | seconds |", "| --- |" + " ---: |" * 6]
    for r in runs:
        cells = (r.arm, r.class_set, r.budget, r.seed, r.best_step, r.steps, f"{r.seconds:.0f}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _small_print(identity: str, versions: dict[str, str]) -> str:
    used = ", ".join(f"{name} {value}" for name, value in versions.items())
    return f"Experiment {identity[:16]} (its parts are in `{MARK}`, its settings in `report.json`); {used}."
