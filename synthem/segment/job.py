"""What `segment` is asked for, checked before any work."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.images import Images, open_images
from synthem.data.open import is_generated, warnings_of
from synthem.data.real.folder import RealFolder
from synthem.data.real.layouts import read_folder
from synthem.data.real.reading import PLAIN, Reading
from synthem.labels import CLASSES, in_order
from synthem.learning.inference.prepare import Invert, Prepared, prepare, wanted_voxel
from synthem.preset.preset import load_preset

if TYPE_CHECKING:
    from synthem.learning.network.model_file import Model

START = "epfl"
"""The preset that a fit begins with, and that patches are of where none is fitted or named."""
MINUTES = 10.0
"""What masks get where no other time is asked for."""
FIT_PX = 64
"""A preset is fitted to sections of at least so many pixels a side."""


@dataclass(frozen=True)
class Job:
    """What is asked for.

    Attributes
    ----------
    images : Path
        A picture, a stack, or a folder of them.
    voxel_nm : tuple of float or None
        Their voxel size (z, y, x); the model's, if None.
    model : str
        A shipped model's name, or a ``model.pt``.
    adapt : float or None
        Minutes for all of it, of which a preset and training get a share; none of either, if None.
    masks : Path or None
        A folder of real EM with masks, to train on.
    preset : str or None
        Of the synthetic patches; fitted to the images if None, or ``START`` where no time is given for that.
    seed : int
    invert : {"auto", "yes", "no"}
        Whether the images' greys are turned, so that membranes are dark.
    how : Reading
        How the sections with masks are read.
    """

    images: Path
    voxel_nm: Triple | None = None
    model: str = "generalist"
    adapt: float | None = None
    masks: Path | None = None
    preset: str | None = None
    seed: int = 0
    invert: Invert = "auto"
    how: Reading = PLAIN

    @property
    def trains(self) -> bool:
        """Whether a network is trained at all."""
        return self.adapt is not None or self.masks is not None

    @property
    def fits(self) -> bool:
        """Whether a preset is fitted to the images."""
        return self.adapt is not None and self.preset is None

    @property
    def minutes(self) -> float:
        """Minutes that all of it may take, where a network is trained."""
        return MINUTES if self.adapt is None else self.adapt


@dataclass(frozen=True, eq=False)
class Checked:
    """A job whose parts have been opened.

    Attributes
    ----------
    job : Job
    model : Model
        To begin with.
    voxel_nm : tuple of float
        Of the images.
    work_nm : tuple of float
        At which they are labelled, and patches are made.
    prepared : Prepared
        The images as they are labelled.
    real : RealFolder or None
        The sections with masks.
    notes : tuple of str
        What a person should know, a sentence each.
    """

    job: Job
    model: "Model"
    voxel_nm: Triple
    work_nm: Triple
    prepared: Prepared
    real: RealFolder | None
    notes: tuple[str, ...]

    @property
    def images(self) -> Images:
        """The images as they are on disk."""
        return self.prepared.images

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that masks are written of."""
        learned = self.model.classes if self.job.trains else self.model.learned
        return in_order(learned)


def check(job: Job) -> Checked:
    """Open what a job names.

    Raises
    ------
    InputError
        Where anything of it cannot be used.
    """
    from synthem.learning.network.model_file import load_model

    if job.adapt is not None and not (job.adapt > 0 and math.isfinite(job.adapt)):
        raise InputError(f"--adapt: minutes must be a number above 0, not {job.adapt:g}")
    if not 0 <= job.seed < 2**31:
        raise InputError(f"--seed: must lie between 0 and {2**31 - 1}, not {job.seed}")
    if job.preset is not None:
        if not job.trains:
            raise InputError("--preset is of the patches that --adapt and --masks train on; give one of them")
        load_preset(job.preset)
    model = load_model(job.model)
    flat = model.card.config.network.dims == 2
    own = job.voxel_nm or model.card.voxel_nm
    # what is trained on sections with masks sees these as they are; the model alone wants its own pixels
    work = own if job.masks is not None else wanted_voxel(model.card, own, str(job.images))
    images = open_images(job.images)
    card = model.card.model_copy(update={"voxel_nm": work})
    prepared = prepare(card, images, own, job.invert, str(job.images))
    notes = list(prepared.notes)
    if job.voxel_nm is None:
        taken = " × ".join(f"{edge:g}" for edge in own)
        notes.insert(0, f"{job.images}: taken to have voxels of {taken} nm, as the model's: see --voxel-nm")
    if missing := [name for name in CLASSES if name not in model.learned]:
        notes.append(f"the model does not know {', '.join(missing)}: no masks are written of these")
    if job.fits and min(min(shape[1:]) for shape in images.shapes) < FIT_PX:
        raise InputError(
            f"{job.images}: a preset can be fitted to sections of {FIT_PX} × {FIT_PX} pixels and more, and "
            "one is smaller; name a preset with --preset"
        )
    real = None
    if job.masks is not None:
        if not flat:
            raise InputError("--masks: single sections cannot train a 3D network; give a 2D model")
        real = _real(job.masks, own, model, job)
        notes += warnings_of(real)
        unknown = [name for name in real.masks if name not in model.classes]
        if unknown:
            notes.append(
                f"{job.masks}: masks of {', '.join(unknown)} are not used, for the model has no such class"
            )
    return Checked(job, model, own, work, prepared, real, tuple(dict.fromkeys(notes)))


def _real(folder: Path, voxel_nm: Triple, model: "Model", job: Job) -> RealFolder:
    """Open the sections with masks; InputError where they cannot train the model."""
    if is_generated(folder):
        raise InputError(f"--masks: {folder} is a generated dataset, and real sections are wanted")
    real = read_folder(folder, voxel_nm=voxel_nm, how=job.how)
    if not set(real.masks) & set(model.classes):
        held = ", ".join(real.masks) or "none"
        raise InputError(
            f"--masks: {folder} and the model have no class in common: masks of {held}, and a model of "
            f"{', '.join(model.classes)}"
        )
    if job.invert == "auto":
        card = model.card.model_copy(update={"voxel_nm": voxel_nm})
        sections = open_images(folder)
        if prepare(card, sections, voxel_nm, "auto", str(folder)).inverted:
            raise InputError(
                f"--masks: membranes are bright in {folder}, and patches show them dark: turn the greys of "
                "its slices (255 − grey), or give --invert no"
            )
    return real
