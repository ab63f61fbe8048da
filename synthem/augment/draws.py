"""Numbers of one augmentation, each by its name: none depends on which others are drawn."""

from functools import cache

import numpy as np

from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, stream_key, uniform


class Draws:
    """The draws of a seed.

    Parameters
    ----------
    seed : int
        The same seed gives the same number of a name, always.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._key = stream_key(seed, "augment")

    def share(self, name: str) -> float:
        """Return a number, uniform from 0 to 1."""
        return float(uniform(self._of(name), 0))

    def happens(self, name: str, chance: float) -> bool:
        """Tell whether something of a chance is done."""
        return self.share(f"{name}/chance") < chance

    def of(self, spread: Spread, name: str) -> float:
        """Return a value of a spread."""
        key = self._of(name)
        return float(draw(spread.row(), uniform(key, 0), normal(key, 1)))

    def sign(self, name: str) -> float:
        """Return 1 or -1."""
        return 1.0 if self.share(f"{name}/sign") < 0.5 else -1.0

    def _of(self, name: str) -> np.uint64:
        return np.uint64(mix(self._key, _number(name)))


@cache
def _number(name: str) -> np.uint64:
    return stream_key(0, name)
