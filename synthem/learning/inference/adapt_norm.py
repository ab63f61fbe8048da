"""Batch-norm statistics taken anew on images without labels, so that a network meets greys that it knows.

Li et al. (2016), "Revisiting batch normalization for practical domain adaptation": the weights stay, and what
each batch norm takes for mean and deviation is measured on the images to label.
"""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from shapes.core.errors import InputError
from synthem.learning.inference.prepare import Prepared, places
from synthem.learning.inference.seen import Index
from synthem.learning.network.model_file import Model, ModelCard
from synthem.learning.network.unet import normalise

MOST_WINDOWS = 64
BATCH = 8
MOST_PARTS = 32
"""Statistics of images on disk are taken from windows of so many parts of them at most."""
PART_VX = (64, 1024, 1024)
"""A part has so many voxels (z, y, x), or those of a window; of a 2D network one section."""


def adapt_norm(model: Model, images: Sequence[npt.NDArray[np.uint8]], *, seed: int = 0) -> Model:
    """Return a copy of the model whose batch-norm statistics are those of the images.

    Parameters
    ----------
    model : Model
        A network without batch norm comes back as it is.
    images : sequence of uint8 (z, y, x)
        Of the model's voxel size. From these, windows of the size that it was trained on are drawn.
    seed : int
        Of the draw.

    Raises
    ------
    InputError
        Where there is no image.
    """
    if not len(images):
        raise InputError("batch-norm statistics: there is no image to take them from")
    net = deepcopy(model.net)
    norms = [part for part in net.modules() if isinstance(part, nn.BatchNorm2d | nn.BatchNorm3d)]
    for part in norms:
        part.reset_running_stats()
        part.momentum = None  # a plain mean over the batches
        part.train()
    window = model.card.config.patch_vx
    rng = np.random.default_rng(seed)
    windows = [_window(images[int(rng.integers(len(images)))], window, rng) for _ in range(MOST_WINDOWS)]
    flat = model.card.config.network.dims == 2
    with torch.inference_mode():
        for first in range(0, len(windows), BATCH):
            batch = torch.from_numpy(np.stack(windows[first : first + BATCH]).astype(np.float32))
            net(normalise(batch if flat else batch[:, None]))
    return Model(net.eval(), model.card)


def parts_for_norm(
    card: ModelCard, prepared: Prepared, groups: Sequence[Sequence[int]]
) -> list[npt.NDArray[np.uint8]]:
    """Return what statistics are taken from: some parts of all images, spread evenly, uint8 (z, y, x).

    Parameters
    ----------
    card : ModelCard
    prepared : Prepared
    groups : sequence of sequence of int
        Which files are one volume.
    """
    window = card.config.patch_vx
    volumes = [prepared.seen(group) for group in groups]
    at = []
    for seen in volumes:
        z, y, x = (min(n, max(edge, most)) for n, edge, most in zip(seen.shape, window, PART_VX, strict=True))
        box: Index = (z if card.config.network.dims == 3 else 1, y, x)
        at += [(seen, start, box) for start in places(seen.shape, box, MOST_PARTS)]
    chosen = np.unique(np.linspace(0, len(at) - 1, min(len(at), MOST_PARTS)).round().astype(int))
    return [seen.box(start, box) for seen, start, box in (at[k] for k in chosen)]


def _window(
    image: npt.NDArray[np.uint8], shape: tuple[int, int, int], rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Cut a window, its mirror image continued where the image is smaller."""
    short = [(0, max(0, edge - size)) for size, edge in zip(image.shape, shape, strict=True)]
    whole = np.pad(image, short, mode="symmetric")
    corner = [int(rng.integers(size - edge + 1)) for size, edge in zip(whole.shape, shape, strict=True)]
    return whole[tuple(slice(c, c + n) for c, n in zip(corner, shape, strict=True))]
