"""Which patches are held out, by where they lie and what they hold: see ``learning.crops.hold_out``."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt

Place = tuple[float, float]
"""First row and column of a patch, in nanometres."""

DRAWS = 100
"""Of so many random choices of places, the one is taken whose class shares are most like those of the rest:
where a few windows hold all of a rare class, one draw alone easily misses them."""


def held_out(places: Sequence[Place], shares: npt.NDArray[np.float64], share: float) -> list[bool]:
    """Tell of two or more patches which are held out, at least one and never all.

    Parameters
    ----------
    places : sequence of tuple
        Where each patch lies. If all are at one place, as the sections of a stack, the last are held out; if
        not, whole places are.
    shares : float64 (n, class)
        The share of each class in each patch.
    share : float
        About how many of the patches are held out, 0–1.
    """
    wanted = round(share * len(places))
    if len(set(places)) > 1:
        out = _drawn(places, shares, wanted)
        return [place in out for place in places]
    last = min(len(places) - 1, max(1, wanted))
    return [k >= len(places) - last for k in range(len(places))]


def _drawn(places: Sequence[Place], shares: npt.NDArray[np.float64], wanted: int) -> set[Place]:
    """Draw places, never all, that hold about as many patches as wanted, and class shares as the rest."""
    order = sorted(set(places), key=lambda place: sha256(repr(place).encode()).digest())
    number = {place: k for k, place in enumerate(order)}
    at = [number[place] for place in places]
    count = np.bincount(at)
    share = np.zeros((len(order), shares.shape[1]))
    np.add.at(share, at, shares)
    common = np.maximum(share.sum(0) / len(places), 1e-9)
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
