"""All that one studio holds from its start on: preset, real sections, what was built, what is under way."""

import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.real.images import open_images_of
from synthem.data.real.reading import PLAIN, Reading
from synthem.preset.preset import Preset, load_preset
from synthem.studio.blind import BlindTests
from synthem.studio.compare import Real
from synthem.studio.counts import Counts
from synthem.studio.errors import RefusedError
from synthem.studio.jobs import Job
from synthem.studio.latest import Lane
from synthem.studio.pictures import Tissues
from synthem.studio.real import RealSections
from synthem.studio.surface import Surfaces


@dataclass(eq=False)
class Studio:
    """What one start of the studio holds.

    Attributes
    ----------
    start : str
        How the preset was named.
    base : Preset
        The preset as it was saved.
    sections : RealSections or None
        The real sections.
    how : Reading
        How they are read.
    out : Path
        Where files are written to, and nowhere else.
    chosen : tuple of str
        The words of a command line that choose among the sections.
    token : str
        What every request must bring.
    """

    start: str
    base: Preset
    sections: RealSections | None
    how: Reading
    out: Path
    chosen: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    pictures: Lane = field(default_factory=Lane)
    tissues: Tissues = field(default_factory=Tissues)
    compared: Tissues = field(default_factory=Tissues)
    surfaces: Surfaces = field(default_factory=Surfaces)
    blind: BlindTests = field(default_factory=BlindTests)
    fit: Job = field(default_factory=lambda: Job("fit"))
    generate: Job = field(default_factory=lambda: Job("data set"))

    def __post_init__(self) -> None:
        self.figures = Lane(before=self.pictures)

    @cached_property
    def real(self) -> Real:
        """The figures of the real windows, taken when they are first asked for."""
        return Real(self.known.windows.images)

    @cached_property
    def counts(self) -> Counts:
        """The census of the real sections."""
        return Counts(self.known)

    @property
    def known(self) -> RealSections:
        """The real sections; RefusedError where there are none."""
        if self.sections is None:
            raise RefusedError(422, "there are no real sections: start the studio with --images DIR")
        return self.sections

    @property
    def tuned_on(self) -> tuple[str, ...]:
        """The sections that a preset was tuned on that was changed here: what learns from it skips these."""
        seen = self.sections.seen if self.sections is not None else []
        return tuple(dict.fromkeys([*self.base.tuned_on, *seen]))

    def first_changes(self) -> dict[str, list[float]]:
        """Return what is changed from the beginning: voxels like those of the real sections."""
        if self.sections is None or self.sections.voxel_nm == self.base.voxel_nm:
            return {}
        return {"voxel_nm": list(self.sections.voxel_nm)}

    def new_path(self, name: str) -> Path:
        """Return where a new file or folder is written; RefusedError where one is there."""
        path = self.out / name
        if path.parent != self.out or path.exists():
            raise RefusedError(409, f"{name}: exists already in {self.out}; give another name")
        return path

    def end(self) -> None:
        """End what is under way."""
        for job in (self.fit, self.generate):
            job.end()


def open_studio(
    preset: str | Path = "epfl",
    images: Path | None = None,
    voxel_nm: Triple | None = None,
    out: Path = Path(),
    how: Reading = PLAIN,
    names: list[str] | None = None,
    chosen: tuple[str, ...] = (),
) -> Studio:
    """Return a studio of a preset and real sections; nothing is served yet.

    Parameters
    ----------
    preset : str or Path
        A name or a YAML file.
    images : Path, optional
        Real sections, with or without masks.
    voxel_nm : tuple of float, optional
        Their voxel size; what the files tell, or the preset's, if None.
    out : Path
        A folder that presets, data sets and raters' files are written to.
    how : Reading
        How the sections are read.
    names : list of str, optional
        Names or globs of the sections to take; all if None.
    chosen : tuple of str
        The words of a command line that say the same.

    Raises
    ------
    InputError
        Where the preset, the images or the folder cannot be used.
    """
    base = load_preset(preset)
    if not out.is_dir():
        raise InputError(f"{out}: there is no such folder to write to")
    sections = None
    if images is not None:
        sections = RealSections(images, voxel_nm or told_nm(images, how) or base.voxel_nm, how, names)
    elif voxel_nm is not None or names is not None:
        raise InputError("--voxel-nm, --names and --split are of real sections: give --images, too")
    return Studio(str(preset), base, sections, how, out.absolute(), chosen)


def told_nm(images: Path, how: Reading) -> Triple | None:
    """Return the voxel size that files of images tell, the same in all; None where they do not."""
    try:
        sizes = {volume.voxel_nm for volume in open_images_of(images, None, how).values()}
    except InputError:
        return None  # of a layout in which images and labels share a file, its reader tells
    told = sizes.pop()
    if sizes or told is None:
        return None
    z, y, x = told
    return (x if z is None else z, y, x)
