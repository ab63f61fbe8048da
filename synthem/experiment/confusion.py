"""Which class is taken for which."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synthem.labels import exclusive
from synthem.scores.counts import Bools

NONE = "none"


def confusion(
    found: Bools, truth: Bools, known: npt.NDArray[np.bool_], classes: Sequence[str]
) -> npt.NDArray[np.int64]:
    """Count voxels by true class (rows) and found class (columns); the last of each is none of them.

    A voxel is of one class: of several, the one that lies on top in ``synthem.labels.EXCLUSIVE_ORDER``. So a
    mitochondrion is its inside where its boundary is a class of its own.

    Parameters
    ----------
    found, truth : bool (class, z, y, x)
    known : bool (class, z)
        A class that is not labelled is taken as neither there nor found; sections with no labelled class are
        left out.
    classes : sequence of str

    Returns
    -------
    int64 (class + 1, class + 1)
    """
    size = len(classes) + 1
    use = known.any(0)
    true, ours = (_codes((masks & known[..., None, None])[:, use], classes) for masks in (truth, found))
    return np.bincount(true.astype(np.int64) * size + ours, minlength=size**2).reshape(size, size)


def _codes(masks: Bools, classes: Sequence[str]) -> npt.NDArray[np.uint8]:
    out = np.full(masks.shape[1:], len(classes), np.uint8)
    for name in exclusive(classes):
        out[masks[list(classes).index(name)]] = list(classes).index(name)
    return out.ravel()
