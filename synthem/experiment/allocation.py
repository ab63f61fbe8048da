"""How the budgets of classes are set, where synthetic patches come in rounds.

Each class c of the base balance has a budget b_c, and a need n_c that an allocation says:

- ``uniform``: the same for all;
- ``inverse``: 1 / f_c, its share of the labelled voxels of the real sections that train. What they never
  hold, or hold but stray pixels of, counts as ``STRAY_SHARE`` of them;
- ``adaptive``: 1 − its validation Dice after the round before; the first round is uniform. A class of which
  the validation says nothing, as it holds none or the network has no such class, has the mean need of the
  others.

Its budget in the round is b_c · min(max(t n_c, ¼), 4), with the one t by which all budgets sum to what the
base balance sums to. So nothing is starved, no class takes all, and every allocation spends the same.
"""

import math
from collections.abc import Mapping, Sequence

from shapes.core.errors import InputError
from synthem.experiment.arms import IN_ROUNDS, Allocation, Arm
from synthem.learning.crops.held_classes import STRAY_SHARE, held_pixels
from synthem.patch import Patch

LEAST, MOST = 0.25, 4.0
"""A budget is within these factors of that of the base balance."""

NO_NEED = 1e-9
"""A need is at least this share of the greatest one, so that some t makes any total."""


def check_balance(arm: Arm, balance: Mapping[str, float]) -> None:
    """Raise InputError where there is nothing that an arm could allocate, or too much of it."""
    least = 1 if IN_ROUNDS[arm] == "uniform" else 2
    if len(balance) < least:
        names = "a class" if least == 1 else "two classes or more"
        raise InputError(f"synthetic.balance: the arm {arm} sets budgets of classes; give {names}")
    if (total := sum(balance.values())) >= 1:
        raise InputError(
            f"synthetic.balance: the arm {arm} shares one total out, which must be below 1, not {total:.3g}"
        )


def budgets(base: Mapping[str, float], needs: Mapping[str, float]) -> dict[str, float]:
    """Return the budget of each class: in proportion to its need, within bounds, and of the same total.

    Parameters
    ----------
    base : mapping of str to float
        The base balance: wanted shares of voxels.
    needs : mapping of str to float
        At least 0; NaN, or left out, where nothing is known.
    """
    known = [n for name in base if not math.isnan(n := needs.get(name, math.nan))]
    usual = sum(known) / len(known) if known else 1.0
    full = {name: usual if math.isnan(n := needs.get(name, math.nan)) else n for name in base}
    most = max(full.values())
    if len(set(full.values())) == 1 or most <= 0:
        return dict(base)
    full = {name: max(n / most, NO_NEED) for name, n in full.items()}
    total = sum(base.values())

    def spent(log_t: float) -> dict[str, float]:
        return {b: base[b] * min(max(math.exp(log_t) * full[b], LEAST), MOST) for b in base}

    low, high = math.log(LEAST), math.log(MOST / NO_NEED)  # all at the least, all at the most
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(spent(middle).values()) < total else (low, middle)
    return spent(high)


def needs_of(
    allocation: Allocation,
    base: Mapping[str, float],
    real: Sequence[Patch],
    dice: Mapping[str, float] | None,
) -> dict[str, float]:
    """Return the need of each class; ``dice`` is that after the round before, if any."""
    if allocation == "uniform" or (allocation == "adaptive" and dice is None):
        return dict.fromkeys(base, 1.0)
    if allocation == "adaptive" and dice is not None:
        return {name: 1 - dice.get(name, math.nan) for name in base}
    held, labelled = held_pixels(real, list(base))
    return {
        name: 1 / max(int(n) / max(int(of), 1), STRAY_SHARE)
        for name, n, of in zip(base, held, labelled, strict=True)
    }
