"""Depths: where an organelle needs the distance to the membrane farther in than the membrane itself."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Depths(NamedTuple):
    """Where the distance to the membrane matters farther in than the membrane itself.

    In neurite ``owners[i]``, within ``radii_nm[i]`` of ``centres_nm[i]``, it matters up to ``depths_nm[i]``.
    """

    owners: npt.NDArray[np.int32]
    centres_nm: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    depths_nm: npt.NDArray[np.float64]

    @classmethod
    def nowhere(cls) -> "Depths":
        """Return none."""
        return cls(np.empty(0, np.int32), np.empty((0, 3)), np.empty(0), np.empty(0))

    @classmethod
    def joined(cls, parts: "list[Depths]") -> "Depths":
        """Return all of several."""
        owners, centres, radii, depths = zip(
            *((p.owners, p.centres_nm, p.radii_nm, p.depths_nm) for p in [cls.nowhere(), *parts]), strict=True
        )
        return cls(*(np.concatenate(column) for column in (owners, centres, radii, depths)))
