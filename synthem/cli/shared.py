"""Groups of options that several commands take, and what they come to."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.cli.options import parse_voxel_nm

if TYPE_CHECKING:
    from synthem.learning.network.model_file import Model
    from synthem.preset.preset import Preset

VoxelNm = Annotated[
    str | None, typer.Option(help="Voxel size in nanometres, z,y,x.", metavar="Z,Y,X", show_default=False)
]
Balance = Annotated[
    str, typer.Option(help="Wanted shares of voxels.", metavar="CLASS=SHARE,…", show_default=False)
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="What patches are labelled for, in place of the preset's own classes.",
        metavar="CLASS,…",
        show_default=False,
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        help="A split in its splits.yaml: of it the half that is meant for this, or the one named.",
        metavar="NAME[:train|:test]",
        show_default=False,
    ),
]
Workers = Annotated[int | None, typer.Option(help="Processes; by default one a processor.", min=1)]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Do it on the workers of a Dask scheduler, at tcp://HOST:PORT, or on new ones here: local.",
        metavar="ADDRESS",
        show_default=False,
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Option(help="Names or globs of the sections to take; may be repeated.", show_default=False),
]
PresetName = Annotated[
    str,
    typer.Argument(
        help="A preset's name, or the path of a preset's YAML file.",
        metavar="PRESET",
        autocompletion=lambda: _preset_names(),
    ),
]
Seed = Annotated[int, typer.Option(help="Which world; the same seed gives the same pictures.")]


@dataclass(frozen=True)
class Varied:
    """How far each patch's microscope varies, and whether its anatomy does."""

    randomise: Annotated[
        float,
        typer.Option(
            help="Draw each patch's greys, blur, noise and contrast up to FACTOR times wider.",
            metavar="FACTOR",
        ),
    ] = 1.0
    randomise_anatomy: Annotated[
        bool,
        typer.Option("--randomise-anatomy", help="With --randomise: sizes of neurites and organelles too."),
    ] = False

    def check(self) -> None:
        """Raise InputError where the factor is out of range, or the anatomy is to vary by none."""
        from synthem.preset.randomise import check_factor

        check_factor(self.randomise)
        if self.randomise_anatomy and self.randomise == 1.0:
            raise InputError("--randomise-anatomy varies by the factor of --randomise; give one above 1")


@dataclass(frozen=True)
class Sections:
    """Which sections of a folder of real EM, and their voxel size."""

    split: Split = None
    names: Names = None
    voxel_nm: VoxelNm = None

    def chosen(self, folder: Path) -> list[str] | None:
        """Return the names of the sections that are chosen, None where all are."""
        from synthem.data.splits import half_of

        if self.split and self.names:
            raise InputError("--split and --names both choose sections; give one of them")
        return half_of(folder, self.split) if self.split else self.names

    @property
    def size(self) -> Triple | None:
        """The voxel size, None where none is given."""
        return parse_voxel_nm(self.voxel_nm) if self.voxel_nm else None


@dataclass(frozen=True)
class Against:
    """Other data to compare with."""

    against: Annotated[
        Path | None, typer.Option(help="Other data, such as real EM, to compare with figure by figure.")
    ] = None
    against_names: Names = None
    against_split: Split = None

    def chosen(self) -> list[str] | None:
        """Return the names of its sections, None where all are; InputError where options do not fit."""
        from synthem.data.splits import half_of

        if self.against is None and (self.against_names or self.against_split):
            raise InputError("census: --against-names and --against-split need --against, to say of what")
        if self.against_names and self.against_split:
            raise InputError("--against-names and --against-split both choose sections; give one of them")
        if self.against is not None and self.against_split:
            return half_of(self.against, self.against_split)
        return self.against_names


class Invert(StrEnum):
    """Whether greys are turned; as ``synthem.learning.inference.prepare`` has it."""

    auto = "auto"
    yes = "yes"
    no = "no"


def labelled_for(preset: str, classes: str | None) -> "Preset":
    """Return a preset, labelled for the classes that are named; those that its tissue lacks are told."""
    from synthem.cli.console import warn
    from synthem.cli.options import parse_names
    from synthem.labels import known_classes
    from synthem.preset.anatomy import lacks
    from synthem.preset.preset import load_preset, with_classes

    if classes is None:
        return load_preset(preset)
    names = parse_names(classes, known_classes())
    chosen = with_classes(preset, names)
    if missing := [name for name in names if lacks(chosen.anatomy, name)]:
        warn(f"the tissue of {chosen.name} has none of {', '.join(missing)}: labelled, and nowhere")
    return chosen


def check_workers(scheduler: str | None, workers: int | None) -> None:
    """Raise InputError where a number of workers is given for a scheduler that has its own."""
    if scheduler not in (None, "local") and workers is not None:
        raise InputError(f"--workers: those of {scheduler} do the work, as many as there are; leave it out")


def new_file(path: Path | None) -> None:
    """Raise InputError where a file that is to be written exists, or has no folder to lie in."""
    if path and path.exists():
        raise InputError(f"{path}: exists already; give the name of a new file")
    if path and not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")


def empty_folder(path: Path) -> None:
    """Raise InputError where a folder that is to be written holds anything, or is a file."""
    if path.is_dir() and any(path.iterdir()):
        raise InputError(f"{path}: is not empty; give a new or empty folder")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; give a new or empty folder")


def size_of(voxel_nm: str | None, images: Path, model: "Model") -> Triple | None:
    """Return the voxel size of images to label, None where it is taken to be the model's, which is said."""
    from synthem.cli.console import warn
    from synthem.data.open import is_generated, open_data

    if voxel_nm:
        return parse_voxel_nm(voxel_nm)
    if is_generated(images):
        return open_data(images)[0].grid.voxel_nm
    if told := told_voxel(images):
        return told
    if images.exists():
        own = " × ".join(f"{edge:g}" for edge in model.card.voxel_nm)
        warn(f"{images}: taken to have voxels of {own} nm, as the model's; --voxel-nm says which they have")
    return None


def told_voxel(images: Path) -> Triple | None:
    """Return the voxel size that files of images tell, the same in all; None where they do not."""
    from synthem.data.real.images import open_images_of

    sizes = {volume.voxel_nm for volume in open_images_of(images).values()}
    told = sizes.pop()
    if sizes or told is None:
        return None
    z, y, x = told
    return (x if z is None else z, y, x)


def processors() -> int:
    """Return the number of processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _preset_names() -> list[str]:
    from synthem.preset.preset import preset_names

    return preset_names()
