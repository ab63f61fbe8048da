"""When to stop, and the best so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

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
    shares : bool
        Whether stages end when their share of the budget is spent: where not, only the whole counts, and the
        answer is the same on any machine that has the time.
    best, cost : array, float
        The best vector in 0 … 1 so far, and its cost.
    history : list of (float, float)
        Seconds since the beginning and cost, at every improvement.
    """

    seconds: float
    tick: Callable[[int, int], None] = lambda done, of: None
    shares: bool = True
    best: Vector | None = None
    cost: float = np.inf
    begun: float = field(default_factory=time.monotonic)
    history: list[tuple[float, float]] = field(default_factory=list)

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begun

    def over(self, share: float = 1.0) -> bool:
        """Tell whether a share of the budget is spent."""
        self.tick(min(1000, int(1000 * self.spent / self.seconds)), 1000)
        return self.spent > (share if self.shares else 1.0) * self.seconds

    def check(self, share: float = 1.0) -> None:
        """Raise where a share of the budget is spent."""
        if self.over(share):
            raise TimeIsUpError

    def anew(self) -> "Clock":
        """Return a clock of the same time that has no best vector yet."""
        return replace(self, best=None, cost=np.inf, history=[])

    def offer(self, unit: Vector, cost: float) -> None:
        """Keep a vector where it is the best so far."""
        if cost < self.cost:
            self.best, self.cost = unit.copy(), cost
            self.history.append((round(self.spent, 1), round(cost, 5)))
