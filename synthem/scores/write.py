"""Scores in a folder: JSON, tables, plots, and maps of errors."""

import json
import re
from pathlib import Path

import cv2
import numpy as np

from synthem.data.atomic import write_json, write_whole
from synthem.data.files import folder_of
from synthem.data.png_file import png_bytes
from synthem.scores.case import Case
from synthem.scores.error_places import error_map
from synthem.scores.families.base import judged
from synthem.scores.plots import bland_altman, precision_recall
from synthem.scores.score import Sheet
from synthem.scores.tables import csv, markdown
from synthem.scores.values import Family

MAPS = "errors"
"""Folder of the maps of errors: in it one for each class, and in that a PNG for each section."""


def write_maps(out: Path, case: Case) -> list[Path]:
    """Write a map of errors of each class and section; sections of a volume have their number in the name."""
    written = []
    stem = re.sub(r"[^\w.\-]+", "_", case.name) or "section"
    for cls in judged(case):
        found, true = case.masks(cls)
        skipped = case.skipped(cls)
        folder = out / MAPS / folder_of(cls)
        folder.mkdir(parents=True, exist_ok=True)
        for z in range(len(true)):
            image = None if case.image is None else case.image[z]
            shown = error_map(image, found[z], true[z], None if skipped is None else skipped[z])
            path = folder / (f"{stem}.png" if case.flat else f"{stem}_z{z:04d}.png")
            write_whole(path, png_bytes(np.ascontiguousarray(cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))))
            written.append(path)
    return written


def write_sheet(out: Path, sheet: Sheet) -> list[Path]:
    """Write ``scores.json``, ``scores.md``, a CSV a family and a table, and plots that there are data for.

    Parameters
    ----------
    out : Path
        A folder; what it holds of these names is replaced.
    """
    out.mkdir(parents=True, exist_ok=True)
    files: dict[str, bytes] = {}
    text = "\n".join(markdown(own) for own in sheet.families.values())
    files["scores.md"] = f"# Scores of {len(sheet.cases)} sections or volumes\n\n{text}".encode()
    for name, own in sheet.families.items():
        files[f"{name}.csv"] = _scores_csv(own).encode()
        for title, rows in own.tables.items():
            if rows:
                table = csv(list(rows[0]), [list(row.values()) for row in rows])
                files[f"{name}_{title.replace(' ', '_')}.csv"] = table.encode()
        pictures = {
            "bland_altman.png": bland_altman(own.tables.get("pairs", [])),
            "precision_recall.png": precision_recall(
                {title[6:]: rows for title, rows in own.tables.items() if title.startswith("curve ")}
            ),
        }
        files |= {file: data for file, data in pictures.items() if data}
    for file, data in files.items():
        write_whole(out / file, data)
    write_json(out / "scores.json", json.loads(sheet.model_dump_json()))
    return [out / "scores.json", *(out / file for file in files)]


def _scores_csv(own: Family) -> str:
    """One score a row: what it is of, its name, value, unit, and why there is none."""
    rows = [
        [of, name, value, own.units.get(name), own.why.get(of, {}).get(name)]
        for of, row in own.scores.items()
        for name, value in row.items()
    ]
    return csv(["of", "score", "value", "unit", "why"], rows)
