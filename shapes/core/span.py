"""How far objects reach along z, and where: what is to be known for cutting one anywhere over its extent."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Span:
    """The lowest and the highest ball of each object, in tissue space, and its id.

    ``low`` and ``high`` (n, 4) are centres (z, y, x) and radii in nm, ``ids`` (n,). A section meets an object
    only between the lower end of the one and the upper end of the other, and there it shows it in between.
    """

    low: Numbers
    high: Numbers
    ids: npt.NDArray[np.int32]

    @classmethod
    def of(cls, balls: Numbers, ids: npt.NDArray[np.int32]) -> "Span":
        """Return the span of objects made of balls (n, m, 4); those of radius 0 are none."""
        there, rows = balls[:, :, 3] > 0, np.arange(len(balls))
        low = np.where(there, balls[:, :, 0] - balls[:, :, 3], np.inf).argmin(1)
        high = np.where(there, balls[:, :, 0] + balls[:, :, 3], -np.inf).argmax(1)
        return cls(balls[rows, low], balls[rows, high], ids)

    @classmethod
    def joined(cls, parts: Iterable["Span"]) -> "Span":
        """Return the spans of all parts, one after the other."""
        lows, highs, ids = zip(*((p.low, p.high, p.ids) for p in parts), strict=True)
        return cls(np.concatenate(lows), np.concatenate(highs), np.concatenate(ids))
