"""Limits of agreement between what was measured and what is true."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthem.scores.values import Undefined, Value

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How two measurements of the same things agree (Bland & Altman 1986, 1999).

    Attributes
    ----------
    number : int
        Pairs.
    true, found : float or Undefined
        Means.
    bias : float or Undefined
        Mean of found − true.
    sd : float or Undefined
        Standard deviation of the differences, n − 1 in its divisor.
    low, high : float or Undefined
        Bias − and + 1.96 SD: 95 % of the differences lie between, if they are normal.
    """

    number: int
    true: Value
    found: Value
    bias: Value
    sd: Value
    low: Value
    high: Value


def limits_of_agreement(true: Floats, found: Floats) -> Agreement:
    """Compare pairs of measurements, float64 (n,) each."""
    number = len(true)
    if not number:
        none = Undefined("nothing to compare")
        return Agreement(0, *(none,) * 6)
    differences = found - true
    bias, means = float(differences.mean()), (float(true.mean()), float(found.mean()))
    if number < 2:
        one = Undefined("one pair alone has no spread")
        return Agreement(1, *means, bias, one, one, one)
    sd = float(differences.std(ddof=1))
    return Agreement(number, *means, bias, sd, bias - 1.96 * sd, bias + 1.96 * sd)
