"""Which patches choose the best model, held out of those that train it.

Sections that lie over one another are near copies, so a stack gives up a block at its far end. Windows that
are scattered over a world come in an order that says how they were found, plain first, rare last: of
those, places are drawn at random, so that both sides hold alike.
"""

from collections.abc import Sequence

import numpy as np

from shapes.core.errors import InputError
from synthem.data.places import held_out
from synthem.patch import Patch, shares_of


def hold_out(
    patches: Sequence[Patch], share: float, crop_vx: tuple[int, int, int]
) -> tuple[list[Patch], list[Patch]]:
    """Hold out some places of many, or a block at the far end of one.

    Patches are at one place where they have the same first row and column: the sections of a stack, and real
    sections, which all lie at the origin. If there is only one place, the last patches are held out, or the
    far end of a single patch. Of several, whole places are, drawn at random until they hold about ``share``
    of the patches; in what order the patches come makes no difference.

    Parameters
    ----------
    patches : sequence of Patch
    share : float
        About how many of the patches are held out, 0–1; at least one is, and at least one is not.
    crop_vx : tuple of int
        Size of a crop (z, y, x): a single patch is cut so that either part holds one.

    Returns
    -------
    kept, held : list of Patch
        Each in the order in which they came.

    Raises
    ------
    InputError
        Where there is no patch, or the only one is too small to be cut.
    """
    if len(patches) == 0:
        raise InputError("training: there is no patch to train on")
    if len(patches) > 1:
        places = [patch.grid.origin_nm[1:] for patch in patches]
        out = held_out(places, shares_of(patches), share)
        return (
            [patch for patch, held in zip(patches, out, strict=True) if not held],
            [patch for patch, held in zip(patches, out, strict=True) if held],
        )
    shape = patches[0].grid.shape
    room = [n - 2 * c for n, c in zip(shape, crop_vx, strict=True)]
    axis = int(np.argmax(room))
    if room[axis] < 0:
        raise InputError(
            f"training: the only patch, {shape}, is too small to hold out a validation part of {crop_vx}: "
            "give more patches, or a crop of half its size (`--patch`, in a file `patch_vx`)"
        )
    cut = min(max(round(shape[axis] * (1 - share)), crop_vx[axis]), shape[axis] - crop_vx[axis])
    return [_part(patches[0], axis, 0, cut)], [_part(patches[0], axis, cut, shape[axis])]


def _part(patch: Patch, axis: int, start: int, stop: int) -> Patch:
    corner, shape = [0, 0, 0], list(patch.grid.shape)
    corner[axis], shape[axis] = start, stop - start
    return patch.part((corner[0], corner[1], corner[2]), (shape[0], shape[1], shape[2]))
