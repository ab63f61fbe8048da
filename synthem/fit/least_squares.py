"""Least squares on all parameters of the microscope at once: near the answer the figures are smooth in them.

Every candidate shows the same windows, so differences between two candidates are those of the parameters.
That makes a Jacobian of one evaluation a parameter worth its price: what a derivative-free search needs
thousands of evaluations for is done in a few steps; that search then polishes what is not smooth.
"""

from contextlib import suppress

import numpy as np
from scipy.optimize import least_squares

from synthem.fit.budget import Clock, TimeIsUpError
from synthem.fit.parameters import Space, Vector
from synthem.fit.regression import Learned
from synthem.fit.renderer import Renderer
from synthem.measure.statistics.distance import SOFT, Features, Target, soft_cost

STEP = 0.02
"""Difference of a parameter, in parts of its range, for the Jacobian."""
BATCH = 4
HOLD = 0.6
"""Residual of a parameter that is one standard deviation of its doubt away from what was learned."""


class Objective:
    """Residuals of a candidate: its figures against the target, and its distance from what was learned.

    Anatomy stays as it was learned, for all windows show the same scenes; ``free`` are the other parameters.
    """

    def __init__(self, space: Space, target: Target, renderer: Renderer, learned: Learned) -> None:
        self.space, self.target, self.renderer, self.learned = space, target, renderer, learned
        self.free = np.flatnonzero(~space.anatomy)
        self._hold = HOLD / np.maximum(learned.doubt[self.free], 1e-3)

    def whole(self, part: Vector) -> Vector:
        """Return the vector of all parameters with these of the microscope."""
        unit = self.learned.unit.copy()
        unit[self.free] = part
        return unit

    def residuals(self, parts: list[Vector]) -> list[Features]:
        """Return the residuals of some microscopes, given in 0 … 1."""
        features = self.renderer.features([self.space.preset(self.whole(part)) for part in parts])
        learned = self.learned.unit[self.free]
        return [
            np.concatenate([self.target.residuals(one), self._hold * (part - learned)])
            for one, part in zip(features, parts, strict=True)
        ]

    def costs(self, parts: list[Vector]) -> list[float]:
        """Return the costs of some microscopes."""
        return [soft_cost(one) for one in self.residuals(parts)]


def descend(objective: Objective, clock: Clock, steps: int, share: float = 1.0) -> None:
    """Offer the clock what some steps of least squares find, as far as a share of the budget reaches."""

    def value(at: Vector) -> Features:
        clock.check(share)
        one = objective.residuals([at])[0]
        clock.offer(objective.whole(at), soft_cost(one))
        return one

    def jacobian(at: Vector) -> Features:
        base = objective.residuals([at])[0]
        columns = np.empty((len(base), len(at)))
        for some in np.array_split(np.arange(len(at)), max(1, len(at) // BATCH)):
            clock.check(share)
            moved, signs = [], []
            for k in some:
                signs.append(STEP if at[k] < 0.5 else -STEP)
                moved.append(at.copy())
                moved[-1][k] += signs[-1]
            for k, by, one in zip(some, signs, objective.residuals(moved), strict=True):
                columns[:, k] = (one - base) / by
        return columns

    begin = np.clip(objective.learned.unit[objective.free], 1e-6, 1 - 1e-6)
    with suppress(TimeIsUpError):
        least_squares(
            value, begin, jacobian, bounds=(0.0, 1.0), loss="soft_l1", f_scale=SOFT, max_nfev=steps,
            ftol=1e-3, xtol=1e-3,
        )  # fmt: skip
