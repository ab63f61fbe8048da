"""Options of the patches that are rendered while a network learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.cli.options import parse_balance
from synthem.cli.shared import processors

if TYPE_CHECKING:
    from synthem.learning.config import TrainConfig
    from synthem.learning.crops.stream_crops import StreamCrops


@dataclass(frozen=True)
class Streamed:
    """What is rendered while a network learns, and by how many processes."""

    stream: Annotated[
        bool, typer.Option("--stream", help="DATA is a preset: patches of it are rendered meanwhile.")
    ] = False
    add_stream: Annotated[
        str | None,
        typer.Option(
            help="Mix in patches of a preset that are rendered meanwhile, in place of --add.",
            metavar="PRESET",
            show_default=False,
        ),
    ] = None
    stream_balance: Annotated[
        str,
        typer.Option(
            help="Wanted shares of voxels in what is rendered.", metavar="CLASS=SHARE,…", show_default=False
        ),
    ] = ""
    stream_randomise: Annotated[
        float,
        typer.Option(
            help="Draw the microscope of each rendered patch up to FACTOR times wider.", metavar="FACTOR"
        ),
    ] = 1.0
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes that make crops; one a processor where patches are rendered.",
            min=0,
            show_default=False,
        ),
    ] = None

    def check(self, others: Mapping[str, object]) -> None:
        """Raise InputError where options do not go together; ``others`` are of stored data."""
        if self.stream and self.add_stream:
            raise InputError("train: --stream trains on a preset alone, --add-stream beside DATA; give one")
        if not self.stream and not self.add_stream:
            for option, own in (
                ("--stream-balance", self.stream_balance),
                ("--stream-randomise", self.stream_randomise != 1.0),
            ):
                if own:
                    raise InputError(f"train: {option} is of patches that --stream or --add-stream render")
        for option, given in others.items():
            if self.stream and given:
                raise InputError(f"train: {option} is of stored data, and with --stream there are none")

    def settings(self, config: "TrainConfig") -> "TrainConfig":
        """Return the settings of a training with the number of workers that was asked for, or is of use."""
        if self.workers is None and (config.workers or not (self.stream or self.add_stream)):
            return config
        return config.model_copy(update={"workers": processors() if self.workers is None else self.workers})

    def crops(self, preset: str, config: "TrainConfig", size: Triple | None) -> "StreamCrops":
        """Return the source of crops that renders a preset, of a voxel size if not its own.

        Where the training names classes, its patches are labelled for these.
        """
        from synthem.learning.crops.stream_crops import StreamCrops
        from synthem.preset.preset import covering

        return StreamCrops(
            covering(preset, config.classes if "classes" in config.model_fields_set else ()),
            config,
            voxel_nm=size,
            balance=parse_balance(self.stream_balance),
            randomise=self.stream_randomise,
        )
