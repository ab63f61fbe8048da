"""Which patches choose the best model, held out of those that train it."""

from collections.abc import Sequence

import numpy as np

from shapes.core.errors import InputError
from synthem.patch import Patch


def hold_out(
    patches: Sequence[Patch], share: float, crop_vx: tuple[int, int, int]
) -> tuple[list[Patch], list[Patch]]:
    """Hold out a block at the far end: the last patches, or the far end of the only one.

    Neighbouring sections are near copies of each other, so patches drawn at random would be known already.

    Raises
    ------
    InputError
        Where there is no patch, or the only one is too small to be cut.
    """
    if len(patches) == 0:
        raise InputError("training: there is no patch to train on")
    if len(patches) > 1:
        held = min(len(patches) - 1, max(1, round(share * len(patches))))
        return list(patches[:-held]), list(patches[-held:])
    shape = patches[0].grid.shape
    room = [n - 2 * c for n, c in zip(shape, crop_vx, strict=True)]
    axis = int(np.argmax(room))
    if room[axis] < 0:
        raise InputError(
            f"training: the only patch, {shape}, is too small to hold out a validation part of {crop_vx}"
        )
    cut = min(max(round(shape[axis] * (1 - share)), crop_vx[axis]), shape[axis] - crop_vx[axis])
    return [_part(patches[0], axis, 0, cut)], [_part(patches[0], axis, cut, shape[axis])]


def _part(patch: Patch, axis: int, start: int, stop: int) -> Patch:
    corner, shape = [0, 0, 0], list(patch.grid.shape)
    corner[axis], shape[axis] = start, stop - start
    return patch.part((corner[0], corner[1], corner[2]), (shape[0], shape[1], shape[2]))
