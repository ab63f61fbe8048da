"""How two partitions of space into objects agree: Rand, V-Rand, V-Info, variation of information.

All of them are sums over the contingency table, which says how many voxels are of object *i* in the truth and
of object *j* in what was found. It is counted slab by slab and holds only pairs that occur.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthem.scores.slabs import slabs
from synthem.scores.values import Undefined, Value, Values

Ids = npt.NDArray[np.integer[Any]]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Contingency:
    """Voxels by true and found object; 0 is no object.

    Attributes
    ----------
    true, found, voxels : int64 (pair,)
        Pairs that occur, each once, in order; and how many voxels each has.
    """

    true: Integers
    found: Integers
    voxels: Integers


def contingency(true: Ids, found: Ids, skipped: npt.NDArray[np.bool_] | None = None) -> Contingency:
    """Count which objects lie over which.

    Parameters
    ----------
    true, found : int (z, y, x)
        Ids, 0 where there is no object.
    skipped : bool (z, y, x), optional
        Voxels that nobody judges.
    """
    keys: list[Integers] = []
    counts: list[Integers] = []
    for part in slabs(true.shape, 2**22):
        # runs of one pair along x are counted as one: sorting them is quick
        pair = (true[part].astype(np.int64) << 32 | found[part].astype(np.int64)).ravel()
        if skipped is not None:
            pair = pair[~skipped[part].ravel()]
        if len(pair):
            starts = np.flatnonzero(np.append(True, pair[1:] != pair[:-1]))
            key, count = _gathered(pair[starts], np.diff(np.append(starts, len(pair))))
            keys.append(key)
            counts.append(count)
    if not keys:
        return Contingency(*(np.zeros(0, np.int64) for _ in range(3)))
    key, count = _gathered(np.concatenate(keys), np.concatenate(counts))
    return Contingency(key >> 32, key & 0xFFFFFFFF, count)


def _gathered(keys: Integers, counts: Integers) -> tuple[Integers, Integers]:
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return keys[starts], np.add.reduceat(counts, starts)


def partition_scores(table: Contingency) -> Values:
    """Return how well the found objects are the true ones, over the voxels of the true objects alone.

    With n_ij the voxels of true object i in found object j, t_i = Σ_j n_ij, s_j = Σ_i n_ij, N = Σ n_ij;
    voxels that are of no true object are left out, as in ISBI 2012 (foreground restriction); a voxel of no
    found object is one of its own.

    ========================  ============================================================================
    ``rand_index``            share of pairs of voxels that are together in both or apart in both (1971)
    ``rand_error``            1 − that
    ``adapted_rand_error``    1 − 2 PR / (P + R), precision and recall of pairs that are together: as
                              ``skimage.metrics.adapted_rand_error``
    ``v_rand_split``          Σ n_ij² / Σ t_i²: falls with splits (Arganda-Carreras et al. 2015)
    ``v_rand_merge``          Σ n_ij² / Σ s_j²: falls with merges
    ``v_rand``                Σ n_ij² / (½ Σ s_j² + ½ Σ t_i²)
    ``v_info_split, _merge``  I(S; T) / H(S), and I(S; T) / H(T): information that is shared (the same)
    ``v_info``                I(S; T) / (½ H(S) + ½ H(T))
    ``vi_split, vi_merge``    H(S | T) and H(T | S), bits: what splits and merges cost (Meilă 2007)
    ``vi``                    their sum, the variation of information
    ========================  ============================================================================
    """
    use = table.true > 0
    n = table.voxels[use].astype(np.float64)
    total = n.sum()
    if not total:
        return {name: Undefined("there is no object in the truth") for name in NAMES}
    lone = table.found[use] == 0
    t = np.bincount(np.unique(table.true[use], return_inverse=True)[1], n)
    s = np.bincount(np.unique(table.found[use][~lone], return_inverse=True)[1], n[~lone])
    ones = n[lone].sum()  # so many found objects of one voxel each
    nn, tt, ss = (n[~lone] ** 2).sum() + ones, (t**2).sum(), (s**2).sum() + ones
    pairs = total * (total - 1)
    rand: Value = Undefined("there is but one voxel") if not pairs else (pairs + 2 * nn - tt - ss) / pairs
    together = (nn - total) / (0.5 * (tt - total) + 0.5 * (ss - total)) if tt + ss > 2 * total else 1.0
    log_one = ones / total * np.log2(total)  # their share of an entropy
    h_t = -float((t / total * np.log2(t / total)).sum())
    h_s = -float((s / total * np.log2(s / total)).sum()) + log_one
    h_both = -float((n[~lone] / total * np.log2(n[~lone] / total)).sum()) + log_one
    shared = max(h_s + h_t - h_both, 0.0)
    one = "there is but one object"
    values: Values = {
        "rand_index": rand,
        "rand_error": rand if isinstance(rand, Undefined) else 1 - rand,
        "adapted_rand_error": 1 - together,
        "v_rand": nn / (0.5 * ss + 0.5 * tt),
        "v_rand_split": nn / tt,
        "v_rand_merge": nn / ss,
        "v_info": 2 * shared / (h_s + h_t) if h_s + h_t > 0 else Undefined(one),
        "v_info_split": shared / h_s if h_s > 0 else Undefined(f"{one} that was found"),
        "v_info_merge": shared / h_t if h_t > 0 else Undefined(f"{one} in the truth"),
        "vi": max(2 * h_both - h_s - h_t, 0.0),
        "vi_split": max(h_both - h_t, 0.0),
        "vi_merge": max(h_both - h_s, 0.0),
    }
    return {name: value if isinstance(value, Undefined) else float(value) for name, value in values.items()}


NAMES = (
    "rand_index", "rand_error", "adapted_rand_error", "v_rand", "v_rand_split", "v_rand_merge",
    "v_info", "v_info_split", "v_info_merge", "vi", "vi_split", "vi_merge",
)  # fmt: skip
