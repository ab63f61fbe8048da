"""Least squares on all parameters at once: near the answer the figures are smooth in them.

Every candidate shows the same windows, so differences between two candidates are those of the parameters.
That makes a Jacobian of one evaluation a parameter worth its price: what a derivative-free search needs
thousands of evaluations for is done in a few steps; that search then polishes what is not smooth.
"""

from contextlib import suppress

import numpy as np
from scipy.optimize import least_squares, lsq_linear

from synthem.fit.bench import Bench
from synthem.fit.clock import Clock, TimeIsUpError
from synthem.fit.parameters import Space, Vector
from synthem.statistics.distance import SOFT, Features, Target, soft_cost

STEP = 0.02
"""Difference of a parameter, in parts of its range, for the Jacobian …"""
ANATOMY_STEP = 0.04
"""… and of one of anatomy, where objects appear and vanish."""

SCALES = (0.67, 0.8, 0.9, 1.11, 1.25, 1.5)
"""Factors on the neurites that are tried between two descents …"""
STRIDE = 0.2
"""… and by how much of its range all else may move with them."""


class Objective:
    """Residuals of a candidate: its figures against the target, and its distance from where it began."""

    def __init__(self, space: Space, target: Target, bench: Bench, origin: Vector) -> None:
        self.space, self.target, self.bench, self.origin = space, target, bench, origin

    def residuals(self, units: list[Vector]) -> list[Features]:
        """Return the residuals of some candidates, given in 0 … 1."""
        features = self.bench.features([self.space.preset(unit) for unit in units])
        return [
            np.concatenate([self.target.residuals(one), self.space.hold * (unit - self.origin)])
            for one, unit in zip(features, units, strict=True)
        ]

    def costs(self, units: list[Vector]) -> list[float]:
        """Return the costs of some candidates."""
        return [soft_cost(one) for one in self.residuals(units)]


def rescale(objective: Objective, unit: Vector, slopes: Features, clock: Clock) -> Vector:
    """Return the vector with the scale of the neurites that suits it best.

    A descent can settle at a wrong scale, where all else has made up for it. So at each of some scales all
    else is moved as the slopes of the last descent say, and only then are they compared.
    """
    space = objective.space
    if "scale of neurites" not in [knob.name for knob in space.knobs] or not slopes.size:
        return unit
    at, tried = space.index("scale of neurites"), []
    rest = np.arange(len(unit)) != at
    for factor in SCALES:
        values = space.from_unit(unit)
        values[at] *= factor
        tried.append(space.to_unit(values))
    with suppress(TimeIsUpError):
        clock.check()
        for candidate, one in zip(tried, objective.residuals(tried), strict=True):
            clock.offer(candidate, soft_cost(one))
            weight = (1.0 + (one / SOFT) ** 2) ** -0.25  # what is far off counts linearly, as in the cost
            low, high = (np.clip(bound - candidate[rest], -STRIDE, STRIDE) for bound in (0.0, 1.0))
            step = lsq_linear(weight[:, None] * slopes[:, rest], -weight * one, (low - 1e-9, high + 1e-9)).x
            candidate[rest] = np.clip(candidate[rest] + step, 0.0, 1.0)
        clock.check()
        for candidate, cost in zip(tried, objective.costs(tried), strict=True):
            clock.offer(candidate, cost)
    return unit if clock.best is None else clock.best


def descend(
    objective: Objective, unit: Vector, clock: Clock, steps: int, share: float = 1.0
) -> tuple[Vector, Features]:
    """Return the vector after some steps of least squares, or as far as a share of the budget reaches.

    Returns the last slopes of all residuals too, (residuals, parameters); empty where there was no time.
    """
    slopes = np.zeros((0, 0))
    anatomy = objective.space.anatomy
    # anatomy last, so that scenes are built once each
    order = np.argsort(anatomy, kind="stable")

    def value(at: Vector) -> Features:
        clock.check(share)
        one = objective.residuals([at])[0]
        clock.offer(at, soft_cost(one))
        return one

    def jacobian(at: Vector) -> Features:
        base = objective.residuals([at])[0]
        columns = np.empty((len(base), len(at)))
        for block in (order[~anatomy[order]], order[anatomy[order]]):
            for some in np.array_split(block, max(1, len(block) // 4)):
                clock.check(share)
                moved, signs = [], []
                for k in some:
                    sign = 1.0 if at[k] < 0.5 else -1.0
                    moved.append(at.copy())
                    signs.append(sign * (ANATOMY_STEP if anatomy[k] else STEP))
                    moved[-1][k] += signs[-1]
                for k, by, one in zip(some, signs, objective.residuals(moved), strict=True):
                    columns[:, k] = (one - base) / by
        nonlocal slopes
        slopes = columns
        return columns

    with suppress(TimeIsUpError):
        least_squares(
            value, np.clip(unit, 1e-6, 1 - 1e-6), jacobian, bounds=(0.0, 1.0), loss="soft_l1",
            f_scale=SOFT, max_nfev=steps, ftol=1e-3, xtol=1e-3,
        )  # fmt: skip
    return (unit if clock.best is None else clock.best), slopes
