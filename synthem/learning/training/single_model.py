"""One U-Net, from the command line: its data, and its training."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapes.core.errors import InputError
from synthem.data.memory import check_room
from synthem.data.open import open_data
from synthem.data.real.reading import PLAIN, Reading
from synthem.data.splits import half_of
from synthem.learning.config import TrainConfig
from synthem.learning.crops.balance import balance_weights
from synthem.learning.crops.crops import CropSource, MixedCrops, RareSource, UniformCrops
from synthem.learning.crops.held_classes import (
    Absent,
    absence_notes,
    blank_dice,
    learned_classes,
    spared_weights,
    without_absent,
)
from synthem.learning.crops.hold_out import hold_out
from synthem.learning.crops.rare_crops import RareCrops
from synthem.learning.crops.stream_crops import StreamCrops
from synthem.learning.identity import identity_of_data
from synthem.patch import Patch, classes_of, shares_of

if TYPE_CHECKING:
    from synthem.learning.training.trainer import FinishedTraining

VALIDATED = 32
"""A training on a stream alone is validated on so many patches of its own."""


def open_half(
    path: Path,
    split: str | None,
    half: str,
    voxel_nm: tuple[float, float, float] | None,
    how: Reading = PLAIN,
) -> Sequence[Patch]:
    """Open a generated dataset, or a folder of real EM, of which a split may choose the sections.

    Parameters
    ----------
    path : Path
    split : str or None
        A split in the folder's ``splits.yaml``, of which ``half``, ``"train"`` or ``"test"``, is taken unless
        it names one, as in ``NAME:test``.
    voxel_nm : tuple of float or None
        Voxel size of real EM (z, y, x); what it tells, or 5 nm, if None. A generated dataset knows its own.
    how : Reading
        How real EM is read.
    """
    names = half_of(path, split, half) if split else None
    return open_data(path, names, voxel_nm, how)


def train(
    config: TrainConfig,
    data: Sequence[Patch],
    out: str | Path,
    *,
    extra: "Sequence[Patch] | StreamCrops" = (),
    fraction: float | Sequence[float] = 0.3,
    extra_weights: dict[str, float] | None = None,
    balance: dict[str, float] | None = None,
    rare: dict[str, float] | None = None,
    absent: Absent | None = None,
    validation_share: float = 0.2,
    progress: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> "FinishedTraining":
    """Train a model, or go on where an earlier call was stopped.

    Parameters
    ----------
    config : TrainConfig
        Where it names no classes, those of ``data`` and ``extra`` are learned.
    data : sequence of Patch
        Some are held out to choose the best model by: see ``synthem.learning.crops.hold_out``.
    out : str or Path
        Folder for ``model.pt``, ``curves.csv``, ``last.ckpt`` and ``identity.json``.
    extra : sequence of Patch or StreamCrops
        More to train on, such as synthetic patches beside real sections; or patches that are rendered
        meanwhile.
    fraction : float or sequence of float
        The share of ``extra`` in the crops, over the training's progress: see
        ``synthem.learning.crops.share``.
    extra_weights : dict of str to float, optional
        λ by class of the crops of ``extra``, 1 where left out. None spares what ``data`` teaches: see
        ``synthem.learning.crops.held_classes.spared_weights``.
    balance : dict of str to float, optional
        Wanted shares of pixels by class: patches of ``data`` are weighed to meet them.
    rare : dict of str to float, optional
        How often a crop of ``data`` begins with a pixel of a class; the rest of them lie anywhere. In place
        of ``balance``.
    absent : {"unlabelled", "silent"}, optional
        What it means where one source is labelled for a class and holds none: nothing, or that it is not
        there. None is ``"silent"`` where both sources train on from a model, and ``"unlabelled"`` elsewhere:
        see ``synthem.learning.crops.held_classes``.
    say : callable
        Is told what a person should know of the data, a sentence each.

    Raises
    ------
    InputError
        Where the folder holds a training on other data, or one that any other argument makes another; or two
        sources differ in voxel size, or there is no labelled voxel to learn from.
    """
    from synthem.learning.training.trainer import check_folder, fit

    check_folder(Path(out))
    share = (float(fraction),) if isinstance(fraction, int | float) else tuple(fraction)
    stream = extra if isinstance(extra, StreamCrops) else None
    extra = extra.patches if isinstance(extra, StreamCrops) else extra
    config = config.for_classes(classes_of(data, stream or extra))
    for patches in (data, extra):
        if len(patches):
            voxels = len(patches) * math.prod(patches[0].grid.shape)
            check_room(
                voxels * (1 + len(classes_of(patches))), f"training: holding {len(patches)} patches in memory"
            )
    kept, held = hold_out(list(map(_slim, data)), validation_share, config.patch_vx)
    added = list(map(_slim, extra))
    if added or config.init is not None:
        # another source, or the network that it starts from, may know a class that one source never holds
        taken = absent or ("silent" if added and config.init is not None else "unlabelled")
        meaning = {"unlabelled": "it counts as unlabelled there", "silent": "it counts as not there"}[taken]
        of_added = absence_notes(added, "data that are added") if added and not stream else []
        of_added += [
            f"{name}: no patch of the stream holds any" for name in (stream.absent if stream else ())
        ]
        for note in (*absence_notes(kept, "data"), *of_added):
            say(f"{note}; {meaning}")
        if taken == "unlabelled":
            kept, added = without_absent(kept), without_absent(added) if added and not stream else added
            stream = stream.without_absent() if stream else None
    blank = blank_dice(held, learned_classes([*kept, *added], config.classes))
    if balance and rare:
        raise InputError("training: balance and rare both say which crops are drawn; give one of them")
    weights = None
    if balance:
        balanced = balance_weights(shares_of(kept), balance, classes=classes_of(kept))
        weights = balanced.weights
        for sentence in balanced.shortfalls:
            say(f"balance: {sentence}")
    of: dict[str, Any] = {"data": identity_of_data(kept), "balance": balance or {}}
    source: CropSource = UniformCrops(kept, config.patch_vx, weights)
    if rare:
        crops = RareCrops(kept, config.patch_vx, rare)
        for name in crops.missing:
            say(f"rare: {name} is in none of the data to train on; its crops lie anywhere")
        source = RareSource(kept, crops)
        of |= {"rare": rare}
    if added:
        if added[0].grid.voxel_nm != kept[0].grid.voxel_nm:
            sizes = f"{kept[0].grid.voxel_nm} and {added[0].grid.voxel_nm}"
            raise InputError(f"training: the two sources have different voxel sizes, {sizes} nm")
        weigh = spared_weights(kept) if extra_weights is None else extra_weights
        source = MixedCrops(source, stream or UniformCrops(added, config.patch_vx), share, weigh)
        of |= {
            "added data": stream.identity() if stream else identity_of_data(added),
            "fraction": share[0] if len(share) == 1 else list(share),
        }
        of |= {"weights of added data": weigh}
        of |= {"steps of its fraction": config.steps} if len(share) > 1 else {}
    if blank:
        say(blank)
    return fit(config, source, held, Path(out), of=of, progress="training" if progress else None)


def train_on_stream(
    config: TrainConfig, stream: StreamCrops, out: str | Path, *, progress: bool = False
) -> "FinishedTraining":
    """Train a model on patches that are rendered meanwhile, and on nothing else; or go on with it.

    Parameters
    ----------
    config : TrainConfig
        What the stream was made for.
    stream : StreamCrops
        The best model is chosen by ``VALIDATED`` patches that training never meets.
    out : str or Path
        As of ``train``.

    Raises
    ------
    InputError
        Where the folder holds another training.
    """
    from synthem.learning.training.trainer import check_folder, fit

    check_folder(Path(out))
    config = config.for_classes(stream.classes)
    of = {"stream": stream.identity()}
    held = stream.held(VALIDATED)
    return fit(config, stream, held, Path(out), of=of, progress="training" if progress else None)


def _slim(patch: Patch) -> Patch:
    """Drop what training does not need: datasets are held in memory."""
    return replace(patch, clean=None, instances={}, trace=None)
