"""The commands that do step by step what `segment` did."""

import shlex
from pathlib import Path
from typing import Any

from shapes.core.grid import Triple
from synthem.preset.preset import load_preset
from synthem.segment.job import START, Checked
from synthem.segment.ledger import Ledger
from synthem.segment.make_model import MODEL, SETTINGS, TRAINING, rare_classes
from synthem.segment.make_patches import PATCHES, budgets
from synthem.segment.make_preset import PRESET, masks_for_fit

HEAD = """#!/bin/sh
# What `synthem segment` did, step by step: `sh commands.sh FOLDER`, with the name of a new folder.
"""
BY_THE_CLOCK = (
    "# A fit ends by the clock, so another may say something else; the preset that was used is beside this.\n"
)


def script(checked: Checked, ledger: Ledger, out: Path) -> str:
    """Return a shell script; its argument is the folder to write into."""
    lines = steps(checked, ledger, out)
    clock = BY_THE_CLOCK if checked.job.fits else ""
    return (
        HEAD
        + clock
        + 'set -e\nout=${1:?give the name of a new folder}\nmkdir "$out"\n'
        + "\n".join(lines)
        + "\n"
    )


def steps(checked: Checked, ledger: Ledger, out: Path) -> list[str]:
    """Return the commands, a line each; ``$out`` is the folder that they write into."""
    job, own, work = checked.job, _voxel(checked.voxel_nm), _voxel(checked.work_nm)
    images, model = (
        _path(job.images),
        shlex.quote(job.model if not Path(job.model).exists() else _full(job.model)),
    )
    label = ["--voxel-nm", own, "--invert", "yes" if checked.prepared.inverted else "no", "--flips"]
    if not job.trains:
        return [_line("predict", model, images, '"$out/masks"', *label)]
    lines = []
    if job.fits:
        masks = masks_for_fit(checked)
        more = ["--masks", _path(masks)] if masks else []
        minutes = ["--minutes", f"{ledger.get('fit minutes'):g}", "--seed", str(job.seed)]
        lines.append(
            _line(
                "fit", images, "--from", START, "-o", f'"$out/{PRESET}"', "--voxel-nm", own, *minutes, *more
            )
        )
        if checked.prepared.inverted:  # patches are as the images are when they have been turned
            lines.append(f"sed -i.bright 's/invert: true/invert: false/' \"$out/{PRESET}\"")
    else:
        lines.append(f'cp {_path(out / PRESET)} "$out/{PRESET}"')
    z, y, x = ledger.get("crop")
    shape = f"{y},{x}" if z == 1 else f"{z},{y},{x}"
    size = [
        "--count",
        str(ledger.get("patches")),
        "--shape",
        shape,
        "--voxel-nm",
        work,
        "--seed",
        str(job.seed),
    ]
    classes = checked.model.classes
    if shares := budgets(checked, load_preset(out / PRESET)):
        size += ["--balance", _by_class(shares)]
    lines.append(_line("generate", f'"$out/{PRESET}"', f'"$out/{PATCHES}"', *size))
    how = ["--init", model, "--config", _path(out / SETTINGS)]
    if job.masks is None:
        lines.append(_line("train", f'"$out/{PATCHES}"', f'"$out/{TRAINING}"', *how))
    else:
        real = [_path(job.masks), f'"$out/{TRAINING}"', "--add", f'"$out/{PATCHES}"', "--voxel-nm", own]
        for option in ("classes", "labels", "channel"):
            if (said := getattr(job.how, option)) is not None:
                real += [f"--{option}", shlex.quote(str(said))]
        if rare := rare_classes(classes):
            real += ["--rare", _by_class(rare)]
        lines.append(_line("train", *real, *how))
    lines.append(_line("predict", f'"$out/{TRAINING}/{MODEL}"', images, '"$out/masks"', *label))
    return lines


def _line(*parts: Any) -> str:
    return " ".join(["synthem", *parts])


def _by_class(numbers: dict[str, float]) -> str:
    return ",".join(f"{name}={number:g}" for name, number in numbers.items())


def _voxel(voxel_nm: Triple) -> str:
    return ",".join(map(repr, voxel_nm))


def _path(path: Path) -> str:
    return shlex.quote(_full(path))


def _full(path: Path | str) -> str:
    return str(Path(path).resolve())
