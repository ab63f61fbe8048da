"""Dice against context: how well a class is found where the network sees a window of one size alone."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from synthem.explain.places import window_around
from synthem.learning.network.unet import normalise
from synthem.patch import Patch
from synthem.scores.counts import Counts, count

BATCH_VOXELS = 2**18
"""Windows that are labelled at once hold at most so many voxels, or are one."""
ENOUGH = 0.95
"""A class needs the context with which it reaches so much of its best Dice."""


def windows_of(window: Sequence[int], step: int) -> list[tuple[int, ...]]:
    """Return windows of rising size up to twice the one that a network was trained on.

    Each is larger by a half or so, its edges multiples of ``step``, by which a network divides them; an edge
    of one voxel stays.
    """
    sizes: dict[tuple[int, ...], None] = {}
    for power in np.arange(-8, 1.01, 0.5):
        sizes[tuple(1 if n == 1 else max(step, round(n * 2.0**power / step) * step) for n in window)] = None
    return list(sizes)


def dice_with(
    net: nn.Module,
    channels: Sequence[int],
    names: Sequence[str],
    data: Sequence[Patch],
    window: Sequence[int],
    *,
    dims: int,
    threshold: float = 0.5,
    tick: Callable[[], None] = lambda: None,
) -> Counts:
    """Count what is found where every voxel is labelled from the middle half of a window.

    Parameters
    ----------
    net : torch.nn.Module
        Ready for inference.
    channels, names : sequences
        Channels of the network's output, and the classes that they are.
    data : sequence of Patch
    window : (z, y, x)
        Voxels. Each gets a grey level of its own mean and deviation, as in training.
    dims : int
        2 or 3: of the network.
    """
    total = Counts.zero(len(names))
    for patch in data:
        tick()
        found = np.zeros((len(names), *patch.grid.shape), np.bool_)
        for corners, part in _labelled(net, channels, patch.image, window, dims, threshold):
            for corner, labels in zip(corners, part, strict=True):
                inside = [slice(c, c + n) for c, n in zip(corner, labels.shape[1:], strict=True)]
                cut = [min(s.stop, size) - s.start for s, size in zip(inside, patch.grid.shape, strict=True)]
                found[(slice(None), *inside)] = labels[(slice(None), *(slice(0, n) for n in cut))]
        total += count(patch.judged(found), patch.labels_of(names), patch.labelled_of(names))
    return total


def _labelled(
    net: nn.Module,
    channels: Sequence[int],
    image: npt.NDArray[np.uint8],
    window: Sequence[int],
    dims: int,
    threshold: float,
) -> Iterator[tuple[list[tuple[int, ...]], npt.NDArray[np.bool_]]]:
    """Yield the first voxels of middle parts, and what is found there, (windows, class, z, y, x)."""
    kept = [max(1, n // 2) for n in window]
    logit = float(np.log(threshold / (1 - threshold))) if 0 < threshold < 1 else np.inf * (threshold - 0.5)
    places = list(product(*(range(0, size, n) for size, n in zip(image.shape, kept, strict=True))))
    together = max(1, BATCH_VOXELS // int(np.prod(window)))
    device = next(net.parameters()).device
    middle = tuple(slice(n // 2 - k // 2, n // 2 - k // 2 + k) for n, k in zip(window, kept, strict=True))
    for first in range(0, len(places), together):
        some = places[first : first + together]
        cuts = [
            window_around(image, [p + k // 2 for p, k in zip(place, kept, strict=True)], window)
            for place in some
        ]
        batch = torch.from_numpy(np.stack(cuts)[:, None]).to(device)
        if dims == 2:
            batch = batch[:, :, 0]
        with torch.inference_mode():
            logits = net(normalise(batch))[:, list(channels)].float().cpu().numpy()
        logits = logits[:, :, None] if dims == 2 else logits
        yield some, logits[(slice(None), slice(None), *middle)] > logit


def enough(sizes_nm: Sequence[float], dice: Sequence[float | None], part: float = ENOUGH) -> float | None:
    """Return the smallest context whose Dice, and that of all larger ones, is ``part`` of the best.

    None where no context finds anything, or the class is not there.
    """
    known = [value for value in dice if value is not None]
    if not known or max(known) == 0:
        return None
    need = part * max(known)
    least = None
    for size, value in zip(reversed(sizes_nm), reversed(dice), strict=True):
        if value is None or value < need:
            break
        least = size
    return least
