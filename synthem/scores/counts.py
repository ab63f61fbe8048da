"""True and false positives and false negatives per class, pooled by adding."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Voxels per class: true positives, false positives, false negatives; each int64 (class,).

    Counts of several images are pooled by ``+``; the scores are divided once, at the end.
    """

    tp: Integers
    fp: Integers
    fn: Integers

    @classmethod
    def zero(cls, classes: int) -> "Counts":
        """Return counts of nothing."""
        return cls(*(np.zeros(classes, np.int64) for _ in range(3)))

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def support(self) -> Integers:
        """Voxels of each class in the truth."""
        return self.tp + self.fn

    @property
    def predicted(self) -> Integers:
        """Voxels of each class in the prediction."""
        return self.tp + self.fp


def count(prediction: Bools, truth: Bools, known: npt.ArrayLike | None = None) -> Counts:
    """Compare one prediction with its truth.

    Parameters
    ----------
    prediction, truth : bool (class, ...)
    known : bool (class,) or (class, z)
        A class that is not labelled, or not in some sections, counts nothing there. All are, if left out.

    Returns
    -------
    Counts

    Raises
    ------
    InputError
        Where the two differ in shape.
    """
    if prediction.shape != truth.shape:
        raise InputError(
            f"scores: prediction and truth must have the same shape, not {prediction.shape} and {truth.shape}"
        )
    axes = tuple(range(1, truth.ndim))
    if known is not None:
        use = np.asarray(known, bool)
        use = use.reshape(*use.shape, *[1] * (truth.ndim - use.ndim))
        prediction, truth = prediction & use, truth & use
    tp, p, t = (a.sum(axis=axes, dtype=np.int64) for a in (prediction & truth, prediction, truth))
    return Counts(tp, p - tp, t - tp)
