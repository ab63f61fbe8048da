"""The preset of the patches: fitted to the images, or as it was named, with membranes as dark as theirs."""

import re
from collections.abc import Callable
from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.preset.preset import load_preset
from synthem.preset.shipped import presets_folder
from synthem.segment.bars import Bars
from synthem.segment.job import START, Checked

PRESET = "preset.yaml"

_BRIGHT = re.compile(r"(\binvert: )true\b")


def make_preset(
    checked: Checked, minutes: float, workers: int, out: Path, bars: Bars, say: Callable[[str], None]
) -> None:
    """Write the preset of the patches, fitted or as it was named; its membranes are dark, as the images' are.

    Raises
    ------
    KeyboardInterrupt
        Where the fit was stopped: half a fit is none.
    """
    from synthem.fit.report import write_preset
    from synthem.fit.run import fit_preset

    job, path = checked.job, out / PRESET
    if path.exists():
        return
    if not job.fits:
        write_whole(path, darkened(preset_file(job.preset or START).read_text(encoding="utf-8")).encode())
    else:
        with bars("fitting a preset") as tick:
            found = fit_preset(
                job.images,
                START,
                masks=masks_for_fit(checked),
                voxel_nm=checked.voxel_nm,
                minutes=minutes,
                seed=job.seed,
                workers=workers,
                tick=tick,
                tell=lambda text: None,
            )
        if found.interrupted:
            raise KeyboardInterrupt
        aside = path.with_name("fitted.part.yaml")
        aside.unlink(missing_ok=True)
        write_preset(found, aside, job.images.name)
        write_whole(path, darkened(aside.read_text(encoding="utf-8")).encode())
        aside.unlink()
        say(
            f"a preset with the tissue of {found.tissue} was fitted to the images: misfit "
            f"{found.cost_before:.3g} before, {found.cost_after:.3g} after"
        )
    if load_preset(path).microscope.tone.invert:
        path.unlink()
        raise InputError(f"preset {job.preset}: shows membranes bright; give one that shows them dark")


def masks_for_fit(checked: Checked) -> Path | None:
    """Return the folder of masks that a fit may count on: none where its greys are the other way round."""
    return None if checked.prepared.inverted else checked.job.masks


def preset_file(name: str) -> Path:
    """Return the file of a preset that ``load_preset`` takes."""
    path = Path(name)
    return path if path.is_file() else presets_folder() / f"{load_preset(name).name}.yaml"


def darkened(text: str) -> str:
    """Return a preset's YAML with dark membranes: images are turned before they are labelled."""
    return _BRIGHT.sub(r"\g<1>false", text)
