"""CMA-ES: the derivative-free search that polishes the rest.

Candidates differ in the microscope alone and all look at the same scenes, so many of them are cheap.
"""

from contextlib import suppress

import numpy as np
from cmaes import CMA

from synthem.fit.clock import Clock, TimeIsUpError
from synthem.fit.descend import Objective
from synthem.fit.parameters import Vector

WIDTH = 0.04
"""Standard deviation of the first generation, in parts of each parameter's range."""


def search(objective: Objective, unit: Vector, clock: Clock, rounds: int | None, seed: int) -> Vector:
    """Return the best vector after some rounds, a generation each, or when the time is up."""
    best = unit.copy()
    own, done = _cma(best, seed), 0
    with suppress(TimeIsUpError):
        while rounds is None or done < rounds:
            clock.check()
            if own.should_stop():
                own = _cma(best, seed + done)
            asked = [own.ask() for _ in range(own.population_size)]
            costs = objective.costs(asked)
            own.tell(list(zip(asked, costs, strict=True)))
            k = int(np.argmin(costs))
            clock.offer(asked[k], costs[k])
            best = best if clock.best is None else clock.best
            done += 1
    return best


def _cma(mean: Vector, seed: int) -> CMA:
    bounds = np.stack([np.zeros(len(mean)), np.ones(len(mean))], axis=1)
    return CMA(mean=np.clip(mean, 0.001, 0.999), sigma=WIDTH, bounds=bounds, seed=seed % 2**32)
