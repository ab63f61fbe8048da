"""Labels laid in colour over an image, or on black."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synthem.labels import colour_of, exclusive


def overlay(
    image: npt.NDArray[np.uint8], labels: npt.NDArray[np.bool_], classes: Sequence[str], opacity: float = 0.5
) -> npt.NDArray[np.uint8]:
    """Lay the classes in their colours over a section.

    Parameters
    ----------
    image : uint8 (y, x)
    labels : bool (class, y, x)
    classes : sequence of str
        Names of the channels.

    Returns
    -------
    uint8 (y, x, 3)
    """
    out = np.repeat(image[..., None].astype(np.float32), 3, axis=2)
    paint = out.copy()
    for name in exclusive(classes):
        paint[labels[list(classes).index(name)]] = colour_of(name)
    return ((1 - opacity) * out + opacity * paint).round().astype(np.uint8)


def label_map(labels: npt.NDArray[np.bool_], classes: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return the classes of a section in their colours on black: uint8 (y, x, 3) of bool (class, y, x)."""
    return overlay(np.zeros(labels.shape[1:], np.uint8), labels, classes, opacity=1)
