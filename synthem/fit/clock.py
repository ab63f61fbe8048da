"""When to stop, and the best so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from synthem.fit.parameters import Vector


class TimeIsUpError(Exception):
    """The budget is spent; what is best so far stands."""


@dataclass
class Clock:
    """Keeps the time and the best vector.

    Attributes
    ----------
    seconds : float
        The budget.
    tick : callable
        Told how far the work is, and of how much.
    best, cost : array, float
        The best vector in 0 … 1 so far, and its cost.
    history : list of (float, float)
        Seconds since the beginning and cost, at every improvement.
    """

    seconds: float
    tick: Callable[[int, int], None] = lambda done, of: None
    best: Vector | None = None
    cost: float = np.inf
    begun: float = field(default_factory=time.monotonic)
    history: list[tuple[float, float]] = field(default_factory=list)

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begun

    def check(self, share: float = 1.0) -> None:
        """Raise where a share of the budget is spent."""
        self.tick(min(1000, int(1000 * self.spent / self.seconds)), 1000)
        if self.spent > share * self.seconds:
            raise TimeIsUpError

    def begin(self, unit: Vector) -> None:
        """Keep a vector whose cost is not known yet, in place of none."""
        self.best = unit.copy()

    def offer(self, unit: Vector, cost: float) -> None:
        """Keep a vector where it is the best so far."""
        if cost < self.cost:
            self.best, self.cost = unit.copy(), cost
            self.history.append((round(self.spent, 1), round(cost, 5)))
