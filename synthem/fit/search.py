"""CMA-ES: the derivative-free search that polishes the rest, microscope and anatomy in turn.

Candidates of the microscope all look at the same scenes, so many of them are cheap; after some generations of
these comes one of anatomy, whose candidates need scenes of their own.
"""

from contextlib import suppress

import numpy as np
from cmaes import CMA

from synthem.fit.clock import Clock, TimeIsUpError
from synthem.fit.descend import Objective
from synthem.fit.parameters import Vector

WIDTH = 0.04
"""Standard deviation of the first generation, in parts of each parameter's range."""
TURNS = 3
"""Generations of the microscope for each of anatomy."""


def search(objective: Objective, unit: Vector, clock: Clock, rounds: int | None, seed: int) -> Vector:
    """Return the best vector after some rounds, or when the time is up.

    A round is three generations of the microscope's parameters and one of anatomy's.
    """
    best = unit.copy()
    anatomy = objective.space.anatomy
    blocks = [np.flatnonzero(~anatomy)] * TURNS + [np.flatnonzero(anatomy)]
    blocks = [block for block in blocks if len(block) > 1]  # CMA-ES wants at least two
    searches: dict[bytes, CMA] = {}
    done = 0
    with suppress(TimeIsUpError):
        while blocks and (rounds is None or done < rounds):
            for block in blocks:
                clock.check()
                own = searches.get(block.tobytes())
                if own is None or own.should_stop():
                    own = searches[block.tobytes()] = _cma(best[block], seed + done)
                asked = [own.ask() for _ in range(own.population_size)]
                candidates = []
                for part in asked:
                    candidates.append(best.copy())
                    candidates[-1][block] = part
                costs = objective.costs(candidates)
                own.tell(list(zip(asked, costs, strict=True)))
                k = int(np.argmin(costs))
                clock.offer(candidates[k], costs[k])
                best = best if clock.best is None else clock.best
            done += 1
    return best


def _cma(mean: Vector, seed: int) -> CMA:
    bounds = np.stack([np.zeros(len(mean)), np.ones(len(mean))], axis=1)
    return CMA(mean=np.clip(mean, 0.001, 0.999), sigma=WIDTH, bounds=bounds, seed=seed % 2**32)
