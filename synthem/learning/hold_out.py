"""Which patches choose the best model, held out of those that train it.

Sections that lie over one another are near copies, so a stack gives up a block at its far end. Windows that
are scattered over a world come in an order that says how they were found, plain first, rare last: of
those, places are drawn at random, so that both sides hold alike.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from shapes.core.errors import InputError
from synthem.labels import CLASSES
from synthem.patch import Patch

Place = tuple[float, float]

DRAWS = 100
"""Of so many random choices of places, the one is taken whose class shares are most like those of the rest:
where a few windows hold all of a rare class, one draw alone easily misses them."""


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
    places = [patch.grid.origin_nm[1:] for patch in patches]
    if len(set(places)) > 1:
        out = _drawn(patches, places, round(share * len(patches)))
        return (
            [patch for patch, place in zip(patches, places, strict=True) if place not in out],
            [patch for patch, place in zip(patches, places, strict=True) if place in out],
        )
    if len(patches) > 1:
        held = min(len(patches) - 1, max(1, round(share * len(patches))))
        return list(patches[:-held]), list(patches[-held:])
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


def _drawn(patches: Sequence[Patch], places: Sequence[Place], wanted: int) -> set[Place]:
    """Draw places, never all, that hold about as many patches as wanted, and class shares as the rest."""
    order = sorted(set(places), key=lambda place: sha256(repr(place).encode()).digest())
    number = {place: k for k, place in enumerate(order)}
    at = [number[place] for place in places]
    count = np.bincount(at)
    share = np.zeros((len(order), len(CLASSES)))
    np.add.at(share, at, [patch.labels.reshape(len(CLASSES), -1).mean(1) for patch in patches])
    common = np.maximum(share.sum(0) / len(patches), 1e-9)
    rng = np.random.default_rng(0)
    least, best = np.inf, order[:1]
    for _ in range(DRAWS):
        turn = rng.permutation(len(order))
        fits = int((np.cumsum(count[turn]) - count[turn] / 2 <= wanted).sum())
        out, rest = np.split(turn, [min(max(fits, 1), len(order) - 1)])
        apart = share[out].sum(0) / count[out].sum() - share[rest].sum(0) / count[rest].sum()
        if (off := float(np.abs(apart / common).sum())) < least:
            least, best = off, [order[k] for k in out]
    return set(best)


def _part(patch: Patch, axis: int, start: int, stop: int) -> Patch:
    corner, shape = [0, 0, 0], list(patch.grid.shape)
    corner[axis], shape[axis] = start, stop - start
    return patch.part((corner[0], corner[1], corner[2]), (shape[0], shape[1], shape[2]))
