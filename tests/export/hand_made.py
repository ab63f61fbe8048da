"""Small labelled patches without any tissue: stripes of each class, nowhere symmetric."""

import numpy as np

from shapes import Grid
from synthem.labels import CLASSES, channel
from synthem.patch import Patch


def patch(
    index: int,
    shape: tuple[int, int, int] = (1, 32, 48),
    known: tuple[bool, ...] = (True,) * 6,
    blank: tuple[int, ...] = (),
    overlap: int = 0,
) -> Patch:
    """A patch at a place of its own; ``overlap`` columns of its vesicles are membrane too."""
    rng = np.random.default_rng(index)
    labels = np.zeros((len(CLASSES), *shape), bool)
    for k, cls in enumerate(("membrane", "psd", "vesicle", "sheath")):
        labels[channel(cls), :, 4 * k : 4 * k + 3, k : 20 + index] = True
    labels[channel("mitochondrion"), :, 18:28, 5:40] = True
    labels[channel("mito_boundary"), :, 18:20, 5:40] = True
    labels[channel("membrane"), :, 8:11, 2 : 2 + overlap] = True
    labels[[k for k, is_known in enumerate(known) if not is_known]] = False
    labels[:, list(blank)] = False
    image = rng.integers(0, 256, shape).astype(np.uint8)
    ids = labels[0].astype(np.int32) * (index + 1)
    return Patch(
        image, labels, Grid(shape, (40.0, 8.0, 4.0), (0.0, 8e4 * index, 0.0)), known, f"case {index}",
        instances={"mitochondrion": ids}, unlabelled=blank,
    )  # fmt: skip


FLAT = [patch(k) for k in range(6)]
SOLID = [patch(k, (16, 32, 48), blank=(2,) if k == 1 else ()) for k in range(4)]
