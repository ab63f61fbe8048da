"""Weights for patches that reach wanted class shares at the least loss of diversity.

Of all weightings whose mean class shares are the targets, the one nearest to uniform (least
Kullback–Leibler divergence, that is, greatest entropy) is ``w ∝ exp(λ·shares)``, with one λ a target
class: a convex problem in as many unknowns as there are targets. A small quadratic slack keeps it
solvable where a target cannot be reached; the slack is widened until enough patches keep a say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from shapes.core.errors import InputError
from synthem.labels import CLASSES, channels, check_class

SLACKS = np.geomspace(1.0, 1e-9, 19)
"""Slack of the targets, from loose to exact; each solution starts from the one before."""

TOLERANCE = 0.02
"""A target counts as reached within this fraction of itself."""


@dataclass(frozen=True, eq=False)
class Balance:
    """Weights of patches, and what they bring about.

    Attributes
    ----------
    weights : float64 (n,)
        How often to draw each patch; not negative, and they sum to one.
    targets : mapping of str to float
        The class shares that were asked for.
    natural : mapping of str to float
        Shares of the same classes with uniform weights.
    reached : mapping of str to float
        Shares of the same classes with these weights.
    shortfalls : tuple of str
        A sentence for each target that was not reached, with the reason.
    """

    weights: npt.NDArray[np.float64]
    targets: Mapping[str, float]
    natural: Mapping[str, float]
    reached: Mapping[str, float]
    shortfalls: tuple[str, ...]

    @property
    def effective_size(self) -> float:
        """Number of equally weighted patches that would be as diverse: 1 / Σ w² (Kish)."""
        return float(1 / np.square(self.weights).sum())


def balance_weights(
    shares: npt.ArrayLike,
    targets: Mapping[str, float],
    *,
    min_effective: float = 0.1,
    classes: Sequence[str] = CLASSES,
) -> Balance:
    """Weigh patches so that their mean class shares are the targets, as nearly uniform as that allows.

    Parameters
    ----------
    shares : array of float (n, class)
        Share of each class in each patch, in the order of ``classes``; NaN where a class is not
        labelled, which counts as holding none of it.
    targets : mapping of str to float
        Wanted share of pixels by class, between 0 and 1; classes that are not named are left as they come.
    min_effective : float
        The effective sample size never falls below this fraction of the patches: a target that would need
        so few of them is approached only that far.
    classes : sequence of str
        What the columns are.

    Raises
    ------
    InputError
        Where shares are not (n, class) numbers from 0 to 1, there are none, or a target is not between 0
        and 1.
    UnknownNameError
        Where a target names no class.
    """
    values = np.asarray(shares, np.float64)
    if values.ndim != 2 or values.shape[1] != len(classes) or len(values) == 0:
        raise InputError(f"balance: shares must be of shape (patches, {len(classes)}), not {values.shape}")
    values = np.where(np.isnan(values), 0.0, values)
    if values.min() < 0 or values.max() > 1:
        raise InputError("balance: shares of pixels must lie between 0 and 1")
    check_targets(targets)
    if not 0 < min_effective <= 1:
        raise InputError(f"balance: min_effective must lie in (0, 1], not {min_effective}")
    names = list(targets)
    wanted = np.array([targets[name] for name in names])
    held = values[:, channels(names, classes)]
    held_at_all = held.max(0, initial=0) > 0
    least = min_effective * len(values)
    weights = _solve(held[:, held_at_all] / wanted[held_at_all] - 1, least)
    at_floor = 1 / np.square(weights).sum() < 1.05 * least
    reached = weights @ held
    shortfalls = tuple(
        _reason(name, float(want), float(got), held[:, k], least if at_floor else None)
        for k, (name, want, got) in enumerate(zip(names, wanted, reached, strict=True))
        if abs(got - want) > TOLERANCE * want
    )
    natural = dict(zip(names, map(float, held.mean(0)), strict=True))
    return Balance(
        weights, dict(targets), natural, dict(zip(names, map(float, reached), strict=True)), shortfalls
    )


def check_targets(targets: Mapping[str, float]) -> None:
    """Raise InputError where a target is not between 0 and 1, UnknownNameError where it names no class."""
    for name, share in targets.items():
        check_class(name)
        if not 0 < share < 1:
            raise InputError(f"balance: the share of {name} must lie between 0 and 1, not {share}")


def _solve(excess: npt.NDArray[np.float64], least: float) -> npt.NDArray[np.float64]:
    """Weights for ``weights @ excess ≈ 0`` with an effective size of at least ``least``."""
    count, dimensions = excess.shape
    weights = np.full(count, 1 / count)
    tilt = np.zeros(dimensions)
    if dimensions == 0:
        return weights
    loose = SLACKS[0]
    for slack in SLACKS:
        tilt, candidate = _tilt(excess, float(slack), tilt)
        if 1 / np.square(candidate).sum() < least:
            break
        loose, weights = slack, candidate
    else:
        return weights
    tight = slack
    for _ in range(12):  # as near to the target as the effective size allows
        middle = float(np.sqrt(loose * tight))
        candidate = _tilt(excess, middle, tilt)[1]
        if 1 / np.square(candidate).sum() < least:
            tight = middle
        else:
            loose, weights = middle, candidate
    return weights


def _tilt(
    excess: npt.NDArray[np.float64], slack: float, start: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Minimise the dual ``log mean exp(excess·λ) + slack·|λ|²/2``; returns λ and the weights."""

    def weigh(tilt: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        power = excess @ tilt
        top = power.max()
        raw = np.exp(power - top)
        return float(top + np.log(raw.mean())), raw / raw.sum()

    def value(tilt: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        log_mean, weights = weigh(tilt)
        return log_mean + slack * float(tilt @ tilt) / 2, weights @ excess + slack * tilt

    def curvature(tilt: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        weights = weigh(tilt)[1]
        centred = excess - weights @ excess
        return (centred * weights[:, None]).T @ centred + slack * np.eye(len(tilt))

    result = minimize(value, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-10})
    return result.x, weigh(result.x)[1]


def _reason(name: str, want: float, got: float, held: npt.NDArray[np.float64], floor: float | None) -> str:
    """Why a target was missed, in words."""
    reached = f"{name}: reached {got:.3g} of {want:.3g}: "
    if held.max() == 0:
        return reached + f"none of the {len(held)} patches holds any"
    if held.max() < want:
        return reached + f"even the richest of the {len(held)} patches holds only {held.max():.3g}"
    if held.min() > want:
        return reached + f"even the poorest of the {len(held)} patches holds {held.min():.3g}"
    if floor is not None:
        return (
            reached + f"nearer, and fewer than {floor:.3g} of the {len(held)} patches would carry the weight"
        )
    return reached + "no weighting of these patches meets all targets at once"
