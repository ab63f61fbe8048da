"""Confusion: as which classes a model finds the voxels of each class.

A model that was quickly trained on patches and is asked about others of them tells which classes look alike
there: what it cannot tell apart in synthetic patches it will not in real sections.
"""

from collections.abc import Sequence

import numpy as np

from synthem.patch import Patch
from synthem.scores.counts import Bools


class Confusion:
    """Counts, patch by patch, what share of each class's voxels is found as each class.

    Classes are no alternatives: a voxel may be found as several, or as none, and the shares of a class need
    not add up to one.

    Parameters
    ----------
    classes : sequence of str
        Of the model, in the order of its channels.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._both = np.zeros((len(classes), len(classes)), np.int64)
        self._all = np.zeros(len(classes), np.int64)

    def add(self, patch: Patch, found: Bools) -> None:
        """Count one labelled patch, and what the model finds in it, bool (class, z, y, x).

        Sections without labels of a class do not count for it.
        """
        truth, known = patch.labels_of(self.classes), np.asarray(patch.labelled_of(self.classes), bool)
        truth = truth & known.reshape(*known.shape, *[1] * (truth.ndim - known.ndim))
        for k in range(len(self.classes)):
            here = found[:, truth[k]]
            self._both[k] += here.sum(1)
            self._all[k] += here.shape[1]

    def shares(self) -> dict[str, dict[str, float | None]]:
        """Return for each class, by name, the share of its voxels found as each; None where it has none."""
        return {
            name: {
                other: float(self._both[k, j] / self._all[k]) if self._all[k] else None
                for j, other in enumerate(self.classes)
            }
            for k, name in enumerate(self.classes)
        }
