"""The one command of a person with images and a deadline, from the images to masks and a report."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synthem import __version__
from synthem.data.atomic import write_whole
from synthem.learning.identity import Parts, identity_of_data
from synthem.measure.census import Census, census
from synthem.preset.preset import load_preset
from synthem.segment.bars import Bars, no_bar
from synthem.segment.budget import Budget, measure
from synthem.segment.commands import script, steps
from synthem.segment.found import Found
from synthem.segment.job import START, Checked, Job, check
from synthem.segment.ledger import CHOICES, Ledger, check_folder, claimed
from synthem.segment.make_model import MOST_BATCH, crop_of, settle
from synthem.segment.page import Page, html
from synthem.segment.picture import overlay_sheet
from synthem.view.sheet import save
from synthem.world import WORLD_VERSION

if TYPE_CHECKING:
    from synthem.learning.network.model_file import Model

MASKS, OVERLAY, CENSUS, REPORT, COMMANDS = "masks", "overlay.png", "census.json", "report.html", "commands.sh"
THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a run left.

    Attributes
    ----------
    masks : list of Path
    census : Census
    report : Path
    """

    masks: list[Path]
    census: Census
    report: Path


def segment(
    job: Job,
    out: str | Path,
    *,
    workers: int = 1,
    bars: Bars = no_bar,
    say: Callable[[str], None] = lambda text: None,
) -> Segmentation:
    """Label images; where it is asked for, with a network that was adapted to them first.

    What an earlier run in the folder did is not done again: the preset, patches, a training up to its last
    validation, and each image's masks.

    Parameters
    ----------
    job : Job
        What is asked for.
    out : str or Path
        A new or empty folder, or one to go on with.
    workers : int
        Processes that render patches.
    bars : callable
        Makes a progress bar of a title.
    say : callable
        Is told what a person should know, a sentence each.

    Raises
    ------
    InputError
        Where anything of the job cannot be used, the folder holds anything else, or time is too short.
    """
    begun, out = time.monotonic(), Path(out)
    check_folder(out)
    checked = check(job)
    patch_vx = crop_of(checked)
    budget: Budget | None = None
    if job.trains and Ledger(out / CHOICES).get("steps") is None:
        batch = min(MOST_BATCH, checked.model.card.config.batch)
        budget = measure(checked, patch_vx, batch, workers, begun)
        budget.require("--masks" if job.adapt is None else "--adapt")
    with claimed(out, identity(checked)) as ledger:
        for sentence in checked.notes:
            say(sentence)

        def note(sentence: str) -> None:
            ledger.note(sentence)
            say(sentence)

        model = checked.model
        if job.trains:
            ledger.put(crop=list(patch_vx))
            model = settle(checked, budget, ledger, patch_vx, workers, out, bars, note)
        masks = label_all(checked, model, out, bars)
        return finish(checked, ledger, out, masks, bars)


def identity(checked: Checked) -> Parts:
    """Return what decides the result, but for what the clock settles."""
    from synthem.learning.network.start import weights_hash

    job = checked.job
    parts: dict[str, object] = {
        "images": checked.images.digest,
        "voxel_nm": list(checked.voxel_nm),
        "greys turned": checked.prepared.inverted,
        "model": weights_hash(checked.model),
        "seed": job.seed,
    }
    if job.trains:
        preset = "fitted" if job.fits else load_preset(job.preset or START).model_dump(mode="json")
        parts |= {"minutes": job.minutes, "adapt": job.adapt is not None, "preset": preset}
        parts |= {"masks": None if checked.real is None else identity_of_data(checked.real)}
        parts |= {"world_version": WORLD_VERSION}
    return parts


def label_all(checked: Checked, model: "Model", out: Path, bars: Bars) -> list[Path]:
    """Write the masks of every image, but for those that are there."""
    from synthem.learning.inference.label_images import check_images, label
    from synthem.learning.inference.predict import Predictor

    check_images(model, checked.prepared)
    written: list[Path] = []
    with bars("images") as tick:
        predictor = Predictor(model, flips=True)
        for one in label(predictor, checked.prepared, out / MASKS, THRESHOLD):
            written += one.masks
            tick(one.file + 1, len(checked.images))
    return written


def finish(checked: Checked, ledger: Ledger, out: Path, masks: list[Path], bars: Bars) -> Segmentation:
    """Count what was found, draw it, and write the report."""
    deep = checked.model.card.config.network.dims == 3
    found = Found(checked.images, out / MASKS, checked.classes, checked.voxel_nm, deep)
    with bars("counting") as tick:
        counts = census(found, tick)
    write_whole(out / CENSUS, (counts.model_dump_json(indent=1) + "\n").encode())
    save(overlay_sheet(found), out / OVERLAY)
    write_whole(out / COMMANDS, script(checked, ledger, out).encode())
    own = " × ".join(f"{edge:g}" for edge in checked.voxel_nm)
    page = Page(
        title=f"Segmentation of {checked.job.images.name}",
        done=what_was_done(checked, ledger),
        warnings=[*checked.notes, *(ledger.get("notes") or [])],
        picture=(out / OVERLAY).read_bytes(),
        census=counts,
        commands="\n".join(steps(checked, ledger, out)),
        small_print=f"synthem {__version__}; voxels of {own} nm; images {checked.images.digest[:16]}. "
        f"`sh {COMMANDS} FOLDER` runs the commands above, FOLDER being $out.",
    )
    write_whole(out / REPORT, html(page).encode())
    return Segmentation(masks, counts, out / REPORT)


def what_was_done(checked: Checked, ledger: Ledger) -> list[str]:
    """Say in a few sentences how the masks came to be."""
    job, images = checked.job, checked.images
    sections = sum(shape[0] for shape in images.shapes)
    said = [
        f"{sections} section{'s' * (sections != 1)} in {len(images)} file{'s' * (len(images) != 1)} were "
        f"labelled: {', '.join(checked.classes)}"
    ]
    if not job.trains:
        said.append(f"The model is {job.model}, as it is; each section is the mean over its mirror images")
        return said
    fitted = (
        f"a preset that was fitted to the images in {ledger.get('fit minutes'):g} minutes"
        if job.fits
        else (f"the preset {job.preset or START}")
    )
    patches = f"{ledger.get('patches')} synthetic patches of {fitted}"
    real = "" if checked.real is None else f"{len(checked.real)} real sections with masks and "
    said.append(
        f"The model {job.model} was trained on, for {ledger.get('steps')} steps, with {real}{patches}"
    )
    said.append("Each section is the mean over its mirror images")
    return said
