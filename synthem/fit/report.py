"""What a fit leaves behind: the preset, and a folder that says what was matched and what was not."""

import json
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.data.files import is_vacant
from synthem.fit.anatomy_choice import ALIKE
from synthem.fit.masks import comments_of_masks
from synthem.fit.parameters import get, pruned
from synthem.fit.preset_text import comments_of, preset_text, was
from synthem.fit.run import FittedPreset, patches_of
from synthem.measure.statistics import NAMES, groups_of
from synthem.view.sheet import Panel, save, sheet

COLUMNS = 4
LARGEST_TILE = 256
UNMATCHED = 1.0
"""A figure whose median is off by more than this many standard deviations over windows is not matched."""


def write_preset(fit: FittedPreset, path: Path, images: str) -> None:
    """Write the fitted preset, aside and then renamed; every fitted value has a comment."""
    sections = len(dict.fromkeys(fit.windows.sections))
    start, count = fit.before.name, f"{sections} section{'s' * (sections != 1)}"
    if fit.tissue != start:
        start = f"{start} with the tissue of {fit.tissue}"
    tissue = fit.space.start
    after = fit.after.model_copy(
        update={
            "title": f"{tissue.title.split(', fitted to')[0]}, fitted to {count}",
            "source": f"Fitted by synthem fit to {count}; all that has no comment is as in {start}: "
            f"{tissue.source}".strip(),
        }
    )
    comments = comments_of(fit.space, fit.origin, fit.after, "from the images")
    comments |= comments_of_masks(fit.mended, fit.origin, was)
    head = (
        f"Fitted to {images} from {start} ({fit.evaluations} candidates)"
        + (", interrupted" if fit.interrupted else "")
        + f"; misfit {fit.cost_before:.3g} before, {fit.cost_after:.3g} after, on windows not searched on."
    )
    write_whole(path, preset_text(after, comments, head).encode())


def check_outputs(path: Path, report: Path | None) -> None:
    """Refuse, before any work, what could not be written at the end."""
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"{path}: a preset is a YAML file; give it a name that ends in .yaml")
    if path.exists():
        raise InputError(f"{path}: exists already; give the name of a new file")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if report is not None and not is_vacant(report):
        raise InputError(f"{report}: exists already and is no empty folder; give the name of a new one")


def write_report(fit: FittedPreset, folder: Path, seed: int = 0) -> None:
    """Write ``report.md``, ``report.json`` and ``patches.png`` into a new or empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, values = statistics_rows(fit), value_rows(fit)
    save(_sheet(fit, seed), folder / "patches.png")
    told: dict[str, Any] = {
        "misfit": {"before": fit.cost_before, "after": fit.cost_after},
        "evaluations": fit.evaluations,
        "tissues": [
            {"name": one.name}
            | {
                stage: getattr(one, stage) if isfinite(getattr(one, stage)) else None
                for stage in ("screened", "short", "cost")
            }
            for one in fit.tried
        ],
        "interrupted": fit.interrupted,
        "notes": fit.notes,
        "history": fit.history,
        "values": [{"name": name, "before": old, "after": new} for name, old, new in values],
        "statistics": rows,
        "before": pruned(fit.before.model_dump(mode="json")),
        "after": pruned(fit.after.model_dump(mode="json")),
    }
    write_whole(folder / "report.json", (json.dumps(told, indent=1) + "\n").encode())
    write_whole(folder / "report.md", _markdown(fit, rows, values).encode())


def statistics_rows(fit: FittedPreset) -> list[dict[str, Any]]:
    """Return every statistic: medians of real, start and fitted windows, and by how much each is off."""
    shifts = fit.target.shift(fit.was), fit.target.shift(fit.now)
    medians = fit.target.quantiles[2], np.median(fit.was, 0), np.median(fit.now, 0)
    return [
        {
            "group": group,
            "name": name,
            "real": float(medians[0][k]),
            "before": float(medians[1][k]),
            "after": float(medians[2][k]),
            "off_before": float(shifts[0][k]),
            "off_after": float(shifts[1][k]),
        }
        for k, (group, name) in enumerate(zip(groups_of(), NAMES, strict=True))
    ]  # fmt: skip


def value_rows(fit: FittedPreset) -> list[tuple[str, str, str]]:
    """Return what was fitted, with its value before and after."""
    start = pruned(fit.space.start.model_dump())
    rows = [(f"{one.path} (masks)", _text(get(start, one.path)), _text(one.new)) for one in fit.mended]
    pairs = [fit.space.values_of(preset) for preset in (fit.space.start, fit.after)]
    taken = {one.path for one in fit.mended}
    for knob, old, new in zip(fit.space.knobs, *pairs, strict=True):
        if not taken.issuperset(p for p in knob.paths if get(fit.before.model_dump(), p) is not None):
            rows.append((knob.name, f"{old:.3g}", f"{new:.3g}"))
    return rows


def _markdown(fit: FittedPreset, rows: list[dict[str, Any]], values: list[tuple[str, str, str]]) -> str:
    off = [row for row in rows if abs(row["off_after"]) > UNMATCHED]
    off.sort(key=lambda row: -abs(row["off_after"]))
    matched = [sum(abs(row[key]) <= UNMATCHED for row in rows) for key in ("off_before", "off_after")]
    groups = dict.fromkeys(groups_of())
    lines = [
        f"# {fit.space.start.title}, fitted",
        "",
        f"{len(fit.windows.images)} windows of {fit.windows.images.shape[1]}² pixels from "
        f"{len(dict.fromkeys(fit.windows.sections))} sections; {fit.evaluations} candidates.",
        *(f"Note: {note}." for note in fit.notes),
        "",
        "![real, start, fitted](patches.png)",
        "",
        "Rows: real, start, fitted. All figures are of windows that the search did not see.",
        "",
        "| | start | fitted |",
        "| --- | ---: | ---: |",
        f"| misfit | {fit.cost_before:.3g} | {fit.cost_after:.3g} |",
        f"| figures within one standard deviation, of {len(rows)} | {matched[0]} | {matched[1]} |",
        *(
            f"| {group}: median distance, sd | {_typical(rows, group, 'off_before'):.2f} | "
            f"{_typical(rows, group, 'off_after'):.2f} |"
            for group in groups
        ),
        "",
        "## Tissues that were tried",
        "",
        "| tissue | misfit after rules of thumb | after a short fit | after a fit in earnest |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {one.name} | "
            + " | ".join(
                f"{cost:.3g}" if isfinite(cost) else "" for cost in (one.screened, one.short, one.cost)
            )
            + " |"
            for one in fit.tried
        ),
        "",
        f"The first was taken. Of those within {ALIKE - 1:.0%} of the least misfit it is that whose preset "
        "has voxels most like the images'.",
        "",
        "## What could not be matched",
        "",
        *(_table(off) if off else [f"Nothing is off by more than {UNMATCHED:g} standard deviation."]),
        "",
        "## Values",
        "",
        f"| | start, with the tissue of {fit.tissue} | fitted |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {old} | {new} |" for name, old, new in values),
        "",
        "## All statistics",
        "",
        *_table(rows),
        "",
    ]
    return "\n".join(lines)


def _table(rows: list[dict[str, Any]]) -> list[str]:
    return [
        "| figure | real | start | fitted | off before, sd | off after, sd |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {row['group']}: {row['name']} | {row['real']:.4g} | {row['before']:.4g} | "
            f"{row['after']:.4g} | {row['off_before']:+.2f} | {row['off_after']:+.2f} |"
            for row in rows
        ),
    ]


def _typical(rows: list[dict[str, Any]], group: str, key: str) -> float:
    return float(np.median([abs(row[key]) for row in rows if row["group"] == group]))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number:.4g}" for key, number in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _sheet(fit: FittedPreset, seed: int) -> Any:
    """Return real windows over patches of the start over fitted ones."""
    edge = min(LARGEST_TILE, fit.windows.images.shape[1])
    images = fit.windows.images
    chosen = images[
        np.linspace(0, len(images) - 1, min(COLUMNS, len(images))).round().astype(int), :edge, :edge
    ]
    rows = [chosen] + [patches_of(preset, edge, len(chosen), seed) for preset in (fit.before, fit.after)]
    return sheet([[Panel(np.repeat(image[..., None], 3, axis=2), "") for image in row] for row in rows])
