"""Arrays resampled axis by axis, so that a part of the result is the same bits as in the whole.

Each value of the result is a weighted sum of a few neighbours, added up in one order wherever a part is cut.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Span = tuple[int, int]
"""First index, and the one behind the last."""

CUBIC = -0.75
"""Slope of the cubic curves: as OpenCV has it."""


@dataclass(frozen=True, eq=False)
class Axis:
    """How an axis becomes one of another length: see ``axis``.

    Attributes
    ----------
    index : integers (n, taps)
        The neighbours of each value.
    weight : float32 (n, taps)
        Their weights; 0 where there are fewer.
    """

    index: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]

    def span(self, part: Span) -> Span:
        """Return which values a part of the result is made of."""
        used = self.index[part[0] : part[1]]
        return int(used.min()), int(used.max()) + 1

    def ready(self, until: int) -> int:
        """Return how many values of the result are made of the first ``until`` ones alone."""
        return int(np.searchsorted(self.index.max(1), until))

    def apply(
        self, values: npt.NDArray[np.float32], along: int, part: Span, first: int
    ) -> npt.NDArray[np.float32]:
        """Make a part of the result.

        Parameters
        ----------
        values : float32
            Its axis ``along`` begins at value ``first`` of the whole, and holds the part's span.
        """
        index, weight = self.index[part[0] : part[1]] - first, self.weight[part[0] : part[1]]
        shape = [1] * values.ndim
        shape[along] = -1
        out = np.take(values, index[:, 0], along) * weight[:, 0].reshape(shape)
        for tap in range(1, index.shape[1]):
            more = np.take(values, index[:, tap], along)
            more *= weight[:, tap].reshape(shape)
            out += more
        return out


@lru_cache(maxsize=64)
def axis(size: int, wanted: int, how: Literal["grey", "linear"]) -> Axis | None:
    """Return how ``size`` values become ``wanted`` ones of the same extent; None where they are as many.

    Greys are meant where they become fewer, each over its own extent, and cubic curves where they become
    more; ``"linear"`` runs straight between neighbours. At the ends the last value goes on.
    """
    if size == wanted:
        return None
    step = size / wanted
    if how == "grey" and step > 1:
        edge = np.arange(wanted)[:, None] * step
        low = np.floor(edge)
        at = low + np.arange(int(np.ceil(step)) + 1)
        weight = np.clip(np.minimum(at + 1, edge + step) - np.maximum(at, edge), 0, None)
        weight /= weight.sum(1, keepdims=True)
    else:
        middle = (np.arange(wanted) + 0.5)[:, None] * step - 0.5
        at = np.floor(middle) + (np.arange(-1, 3) if how == "grey" else np.arange(2))
        far = np.abs(at - middle)
        a = CUBIC
        near = ((a + 2) * far - (a + 3)) * far**2 + 1
        beyond = ((far - 5) * far + 8) * far * a - 4 * a
        weight = np.where(far <= 1, near, beyond) if how == "grey" else 1 - far
    index = np.clip(at, 0, size - 1).astype(np.int64)
    return Axis(index, weight.astype(np.float32))
