"""The command that trains one network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthem.cli.console import say, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Files
from synthem.cli.shared import Balance, Split, VoxelNm
from synthem.cli.streamed import Streamed
from synthem.cli.told import tell_unlearned, told
from synthem.cli.training import Added, Training

if TYPE_CHECKING:
    from synthem.learning.crops.stream_crops import StreamCrops
    from synthem.learning.training.trainer import FinishedTraining
    from synthem.patch import Patch

training_alone = typer.Typer()


@training_alone.command()
@grouped
def train(
    data: Annotated[
        Path,
        typer.Argument(
            help="A generated dataset, real EM with labels, or with --stream a preset.",
            metavar="DATA",
        ),
    ],
    out: Annotated[Path, typer.Argument(help="A new or empty folder, or one to go on with.", metavar="OUT")],
    added: Added,
    training: Training,
    streamed: Streamed,
    files: Files,
    split: Split = None,
    voxel_nm: VoxelNm = None,
    balance: Balance = "",
    rare: Annotated[
        str,
        typer.Option(
            help="How often a crop of DATA begins with a pixel of a class; in place of --balance.",
            metavar="CLASS=SHARE,…",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Train a U-Net to label images: on real sections with masks, on synthetic patches, or on both.

    With --add, a share of the crops comes from a second source, such as
    synthetic patches beside real sections; with --add-stream they are rendered
    meanwhile, each once. A part of DATA is held out, and the model that is best
    on it is kept as OUT/model.pt. Stopped at any moment, the same command goes
    on where it was.

    Example: synthem train REAL model --add synthetic --fraction 0.3
    """
    from synthem.cli.options import parse_balance, parse_by_class, parse_voxel_nm
    from synthem.learning.training import single_model
    from synthem.learning.training.trainer import check_folder

    check_folder(out)  # before anything is said of the data
    size = parse_voxel_nm(voxel_nm) if voxel_nm else None
    given = {"--add": added.add, "--split": split, "--balance": balance, "--rare": rare}
    streamed.check(given)
    settings = streamed.settings(training.settings())
    if streamed.stream:
        _said(
            single_model.train_on_stream(
                settings, streamed.crops(str(data), settings, size), out, progress=True
            ),
            out,
        )
        return
    how = files.how(training.values).deep(settings.network.dims)
    patches = told(single_model.open_half(data, split, "train", size, how))
    extra: Sequence[Patch] | StreamCrops
    if streamed.add_stream:
        added.check_alone()
        extra = streamed.crops(streamed.add_stream, settings, patches[0].grid.voxel_nm)
    else:
        extra = told(added.patches(size, replace(how, labels=None)))
    fit = single_model.train(
        settings,
        patches,
        out,
        extra=extra,
        fraction=added.share,
        extra_weights=added.weights,
        balance=parse_balance(balance),
        rare=parse_by_class(rare, "--rare", "psd=0.3") if rare else None,
        absent=added.absent.value if added.absent else None,
        progress=True,
        say=warn,
    )
    _said(fit, out)


def _said(fit: "FinishedTraining", out: Path) -> None:
    """Tell what a training came to."""
    card = fit.model.card
    scores = ", ".join(f"{name} {v:.3f}" for name, v in card.validation_dice.items() if v is not None)
    tell_unlearned(fit.model)
    warn(f"{fit.waited:.0%} of the time of training went by in waiting for data")
    say(f"{out / 'model.pt'}: the model of step {card.step}; validation Dice: {scores or 'none'}")
