"""Options of a training: its settings, and a second source of crops."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.cli.options import parse_by_class, parse_names, parse_shape, parse_share, parse_voxel_nm
from synthem.cli.real_files import told_apart

if TYPE_CHECKING:
    from synthem.data.real.reading import Reading
    from synthem.learning.config import TrainConfig
    from synthem.patch import Patch


class AbsentClass(StrEnum):
    """What the absence of a class means; as ``synthem.learning.crops.held_classes`` has it."""

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
        from synthem.learning.training.single_model import open_half

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
            help="Classes to learn, by default those of the data; or what values of label maps are: "
            "1=mitochondrion.",
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
    augment: Annotated[
        str | None,
        typer.Option(
            help="Augment all crops by the microscope too: microscope, or microscope=STRENGTH.",
            metavar="microscope[=STRENGTH]",
            show_default=False,
        ),
    ] = None
    config: Annotated[Path | None, typer.Option(help="A YAML file of training settings.")] = None

    @property
    def values(self) -> str | None:
        """What values of label maps are."""
        return told_apart(self.classes)[0]

    def settings(self) -> "TrainConfig":
        """Return all settings; InputError where one is not understood."""
        from synthem.labels import known_classes
        from synthem.learning.config import TrainConfig
        from synthem.preset.yaml_file import parse, read_yaml

        settings: dict[str, Any] = read_yaml(self.config) if self.config else {}
        if names := told_apart(self.classes)[1]:
            settings["classes"] = parse_names(names, known_classes())
        if self.patch is not None:
            settings["patch_vx"] = parse_shape(self.patch)
        if self.width is not None:
            w = self.width
            network = settings.get("network")
            features = {"features": (w, w, 2 * w, 4 * w, 8 * w, w)}
            settings["network"] = {**(network if isinstance(network, dict) else {}), **features}
        if self.augment is not None:
            settings["augment"] = _augmented(settings.get("augment"), self.augment)
        given = {"steps": self.steps, "seed": self.seed, "init": self.init}
        settings |= {k: v for k, v in given.items() if v is not None}
        return parse(TrainConfig, settings, str(self.config or "training"))


def _augmented(before: Any, text: str) -> dict[str, Any]:
    """Return the block of augmentation with the microscope in it, of the strength that an option gives."""
    name, sign, value = (part.strip() for part in text.partition("="))
    if name != "microscope":
        raise InputError(f"--augment: write microscope or microscope=STRENGTH, not {text!r}")
    block = before if isinstance(before, dict) else {}
    own = block.get("microscope")
    own = own if isinstance(own, dict) else {}
    if sign:
        try:
            own = {**own, "strength": float(value)}
        except ValueError:
            raise InputError(f"--augment: write a number after microscope=, not {value!r}") from None
    return {**block, "microscope": own}
