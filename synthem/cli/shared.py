"""Groups of options that several commands take, and what they come to."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.cli.options import parse_by_class, parse_names, parse_shape, parse_share, parse_voxel_nm

if TYPE_CHECKING:
    from synthem.data.real.reading import Reading
    from synthem.learning.config import TrainConfig
    from synthem.learning.model_file import Model
    from synthem.patch import Patch

VoxelNm = Annotated[
    str | None, typer.Option(help="Voxel size in nanometres, z,y,x.", metavar="Z,Y,X", show_default=False)
]
Balance = Annotated[
    str, typer.Option(help="Wanted shares of voxels.", metavar="CLASS=SHARE,…", show_default=False)
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


LabelsAt = Annotated[
    str | None,
    typer.Option(
        help="Where the labels of real EM are, if not beside it: a file, a folder, an array in a file.",
        metavar="PATH",
        show_default=False,
    ),
]
Channel = Annotated[
    int | None, typer.Option(help="Which channel is EM, of files with several.", min=0, show_default=False)
]
Volumes = Annotated[
    bool, typer.Option("--volumes", help="Take stacks of real EM as volumes, not as sections.")
]
Values = Annotated[
    str | None,
    typer.Option(
        help="What values of a label map are: 1=mitochondrion,255=ignore; or instances=CLASS.",
        metavar="VALUE=CLASS,…",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Beside:
    """How real EM is read that is looked at."""

    channel: Channel = None
    classes: Values = None

    @property
    def how(self) -> "Reading":
        """How files are read; InputError where it cannot be understood."""
        return reading(self.classes, channel=self.channel)


@dataclass(frozen=True)
class Labelled:
    """How real EM with labels is read."""

    labels: LabelsAt = None
    channel: Channel = None
    classes: Values = None

    @property
    def how(self) -> "Reading":
        """How files are read; InputError where it cannot be understood."""
        return reading(self.classes, self.labels, self.channel)


@dataclass(frozen=True)
class Stacked(Labelled):
    """The same, and whether stacks are volumes."""

    volumes: Volumes = False

    @property
    def how(self) -> "Reading":
        """How files are read; InputError where it cannot be understood."""
        return reading(self.classes, self.labels, self.channel, self.volumes)


@dataclass(frozen=True)
class Files:
    """The same, where another option says what values of label maps are."""

    labels: LabelsAt = None
    channel: Channel = None
    volumes: Volumes = False

    def how(self, classes: str | None) -> "Reading":
        """Return how files are read, given what values of label maps are."""
        return reading(classes, self.labels, self.channel, self.volumes)


def reading(
    classes: str | None = None, labels: str | None = None, channel: int | None = None, volumes: bool = False
) -> "Reading":
    """Return how files are read; InputError, before any is opened, where values cannot be understood."""
    from synthem.data.real.reading import Reading

    how = Reading(classes, labels, channel, volumes)
    how.check()
    return how


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
    """Whether greys are turned; as ``synthem.learning.prepare`` has it."""

    auto = "auto"
    yes = "yes"
    no = "no"


class AbsentClass(StrEnum):
    """What the absence of a class means; as ``synthem.learning.held_classes`` has it."""

    unlabelled = "unlabelled"
    silent = "silent"


@dataclass(frozen=True)
class Added:
    """A second source of training crops."""

    add: Annotated[
        Path | None, typer.Option(help="More data to mix in, such as synthetic patches.", show_default=False)
    ] = None
    fraction: Annotated[
        str | None,
        typer.Option(
            help="Share of crops from what --add names, 0.3 by default; or several, from first to last step.",
            metavar="SHARE,…",
            show_default=False,
        ),
    ] = None
    add_weights: Annotated[
        str | None,
        typer.Option(
            help="Weights of classes in crops of what --add names; by default 0.1 where DATA holds them.",
            metavar="CLASS=WEIGHT,…",
            show_default=False,
        ),
    ] = None
    add_voxel_nm: Annotated[
        str | None,
        typer.Option(help="Voxel size of real EM that --add names, if another.", metavar="Z,Y,X"),
    ] = None
    absent: Annotated[
        AbsentClass | None,
        typer.Option(
            help="What it means that DATA or --add is labelled for a class and holds none: nothing, or that "
            "it is not there; silent by default with --init and --add.",
            show_default=False,
        ),
    ] = None

    @property
    def share(self) -> tuple[float, ...]:
        """The share of crops from here, over the training's progress."""
        return parse_share(self.fraction) if self.fraction else (0.3,)

    @property
    def weights(self) -> dict[str, float] | None:
        """What classes weigh in crops from here."""
        return parse_by_class(self.add_weights, "--add-weights", "membrane=0.3") if self.add_weights else None

    def check_alone(self) -> None:
        """Raise InputError where stored data are given besides a stream, or what is of them."""
        for option, value in {"--add": self.add, "--add-voxel-nm": self.add_voxel_nm}.items():
            if value is not None:
                raise InputError(f"train: {option} and --add-stream are two sources to mix in; give one")

    def patches(self, size: Triple | None, how: "Reading") -> "Sequence[Patch]":
        """Open what is added, none where nothing is; ``size`` is that of the first source, if given.

        Labels of real EM are looked for beside it, and label maps have the same values.
        """
        from synthem.data.open import is_generated
        from synthem.learning.single_model import open_half

        if self.add is None:
            given: dict[str, object] = {"--fraction": self.fraction, "--add-weights": self.add_weights}
            for option, value in {**given, "--add-voxel-nm": self.add_voxel_nm}.items():
                if value is not None:
                    raise InputError(f"train: {option} is of the data that --add names; give --add too")
            return ()
        own = parse_voxel_nm(self.add_voxel_nm) if self.add_voxel_nm else size
        if is_generated(self.add):
            return open_half(self.add, None, "train", None)
        return open_half(self.add, None, "train", own, how)


@dataclass(frozen=True)
class Training:
    """Settings of a training; what is given here goes before what the file says."""

    classes: Annotated[
        str | None,
        typer.Option(
            help="Classes to learn, all six by default; or what values of label maps are: 1=mitochondrion.",
            metavar="[VALUE=]CLASS,…",
            show_default=False,
        ),
    ] = None
    steps: Annotated[int | None, typer.Option(help="Training steps.", min=1)] = None
    seed: Annotated[int | None, typer.Option(help="Seed of weights and crops.", min=0)] = None
    patch: Annotated[
        str | None,
        typer.Option(
            help="Size of a crop: 256,256 by default; smaller for small sections.", metavar="[Z,]Y,X"
        ),
    ] = None
    width: Annotated[
        int | None,
        typer.Option(help="Size of the network, channels of its top level: 32 by default.", min=1),
    ] = None
    init: Annotated[
        str | None,
        typer.Option(help="Start from a model: a shipped one's name, or a model.pt.", metavar="MODEL"),
    ] = None
    config: Annotated[Path | None, typer.Option(help="A YAML file of training settings.")] = None

    @property
    def values(self) -> str | None:
        """What values of label maps are."""
        return self._parts(True)

    def _parts(self, values: bool) -> str | None:
        if self.classes is None:
            return None
        parts = [part for part in self.classes.split(",") if ("=" in part) == values]
        return ",".join(parts) or (None if values or "=" in self.classes else self.classes)

    def settings(self) -> "TrainConfig":
        """Return all settings; InputError where one is not understood."""
        from synthem.labels import CLASSES
        from synthem.learning.config import TrainConfig
        from synthem.preset.yaml_file import parse, read_yaml

        settings: dict[str, Any] = read_yaml(self.config) if self.config else {}
        if names := self._parts(False):
            settings["classes"] = parse_names(names, CLASSES)
        if self.patch is not None:
            settings["patch_vx"] = parse_shape(self.patch)
        if self.width is not None:
            w = self.width
            network = settings.get("network")
            features = {"features": (w, w, 2 * w, 4 * w, 8 * w, w)}
            settings["network"] = {**(network if isinstance(network, dict) else {}), **features}
        given = {"steps": self.steps, "seed": self.seed, "init": self.init}
        settings |= {k: v for k, v in given.items() if v is not None}
        return parse(TrainConfig, settings, str(self.config or "training"))


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
