"""CMA-ES: the derivative-free search that refines what least squares found.

Candidates differ in the microscope alone and all look at the same scenes, so many of them are cheap.
"""

from contextlib import suppress

import numpy as np
from cmaes import CMA

from synthem.fit.budget import Clock, TimeIsUpError
from synthem.fit.least_squares import Objective
from synthem.fit.parameters import Vector

WIDTH = 0.04
"""Standard deviation of the first generation, in parts of each parameter's range."""


def search(objective: Objective, unit: Vector, clock: Clock, rounds: int | None, seed: int) -> None:
    """Offer the clock what some rounds find, a generation each, or as many as there is time for."""
    own, done = _cma(unit[objective.free], seed), 0
    with suppress(TimeIsUpError):
        while rounds is None or done < rounds:
            clock.check()
            if own.should_stop():
                best = unit if clock.best is None else clock.best
                own = _cma(best[objective.free], seed + done)
            asked = [own.ask() for _ in range(own.population_size)]
            costs = objective.costs(asked)
            own.tell(list(zip(asked, costs, strict=True)))
            k = int(np.argmin(costs))
            clock.offer(objective.whole(asked[k]), costs[k])
            done += 1


def _cma(mean: Vector, seed: int) -> CMA:
    bounds = np.stack([np.zeros(len(mean)), np.ones(len(mean))], axis=1)
    return CMA(mean=np.clip(mean, 0.001, 0.999), sigma=WIDTH, bounds=bounds, seed=seed % 2**32)
