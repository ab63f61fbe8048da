"""A sliding window that rolls over an image of any size and holds one row of windows at a time.

Windows lie as MONAI's ``SlidingWindowInferer`` lays them, and are blended as there, by a Gaussian; what is
done is given away as soon as no further window reaches it. A part of an image is the same bits as in the
whole: each value is blended from the same windows in the same order, and the network is always given as many
at once, for how many there are decides how a processor adds up.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import torch
from monai.data.utils import compute_importance_map
from torch import Tensor

Values = npt.NDArray[np.float32]
Read = Callable[[Sequence[int], Sequence[int]], npt.NDArray[np.uint8]]
"""Reads a box of an image, given its first voxel and its shape."""


class SlidingWindow:
    """Applies a network to windows of an image, and blends what it finds.

    Parameters
    ----------
    label : callable
        Gives logits (n, class, ...) of windows (n, 1, ...).
    window : tuple of int
        In two or three dimensions; where an image is smaller it is continued by its mirror image.
    overlap : float
        Share of a window's edge that neighbours have in common, 0 to below 1.
    batch : int
        Windows at once, at most.
    device : torch.device
        Where ``label`` wants them.
    """

    def __init__(
        self,
        label: Callable[[Tensor], Tensor],
        window: tuple[int, ...],
        overlap: float,
        batch: int,
        device: torch.device,
    ) -> None:
        self.label, self.window, self.overlap = label, window, overlap
        self.batch, self.device = batch, device
        weight = compute_importance_map(window, mode="gaussian", sigma_scale=0.125, device="cpu")
        self._weight: Values = weight.numpy().astype(np.float32)

    def slabs(
        self, read: Read, shape: tuple[int, ...], part: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, Values]]:
        """Yield logits float32 (class, ...) from above, as slabs along the first axis that lie side by side.

        Parameters
        ----------
        read : callable
        shape : tuple of int
            Of the whole image.
        part : sequence of (first, behind the last)
            What is wanted of all axes but the first.

        Yields
        ------
        First index along the first axis, and the logits, in memory that the next slab is written to.
        """
        short = [max(0, edge - size) for edge, size in zip(self.window, shape, strict=True)]
        pad = [(n // 2, n - n // 2) for n in short]
        every = [_starts(size, edge, self.overlap) for size, edge in zip(shape, self.window, strict=True)]
        edges = self.window[1:]
        rest = [
            [s for s in starts if s < high and s + edge > low] if size >= edge else starts
            for starts, (low, high), size, edge in zip(every[1:], part, shape[1:], edges, strict=True)
        ]
        base = [starts[0] for starts in rest]
        extent = [starts[-1] + edge - starts[0] for starts, edge in zip(rest, edges, strict=True)]
        inner = tuple(
            slice(low + before - first, high + before - first)
            for (low, high), (before, _), first in zip(part, pad[1:], base, strict=True)
        )
        corners = [
            tuple(s - first for s, first in zip(corner, base, strict=True)) for corner in product(*rest)
        ]
        together = self._together(int(np.prod([len(starts) for starts in every[1:]])))
        depth, total, ready = self.window[0], np.zeros(0, np.float32), np.zeros(0, np.float32)
        weight = np.zeros((depth, *extent), np.float32)
        for k, first in enumerate(every[0]):
            sizes = [min(n, size) for n, size in zip((depth, *extent), shape, strict=True)]
            greys = read((first, *base), sizes)
            greys = np.pad(greys, pad, mode="reflect") if any(short) else greys
            for corner, logits in self._windows(greys, corners, together):
                if not total.size:
                    total = np.zeros((len(logits), depth, *extent), np.float32)
                cut = (slice(None), *(slice(c, c + n) for c, n in zip(corner, edges, strict=True)))
                logits *= self._weight
                total[(slice(None), *cut)] += logits
                weight[cut] += self._weight
            done = (every[0][k + 1] - first) if k + 1 < len(every[0]) else depth
            rows = slice(pad[0][0], depth - pad[0][1]) if short[0] else slice(0, done)
            sums = total[(slice(None), rows, *inner)]
            if not ready.size:
                ready = np.empty(total[(slice(None), slice(None), *inner)].size, np.float32)
            found = ready[: sums.size].reshape(sums.shape)
            yield first, np.divide(sums, weight[(rows, *inner)], out=found)
            for held in (*total, weight):
                held[: depth - done] = held[done:].copy()
                held[depth - done :] = 0

    def _together(self, windows: int) -> int:
        """Return how many windows of a row go to the network at once: a row's in parts that are alike."""
        return -(-windows // -(-windows // self.batch))

    def _windows(
        self, greys: npt.NDArray[np.uint8], corners: Sequence[tuple[int, ...]], together: int
    ) -> Iterator[tuple[tuple[int, ...], Values]]:
        for k in range(0, len(corners), together):
            some = corners[k : k + together]
            cuts = [
                greys[(slice(None), *(slice(c, c + n) for c, n in zip(corner, self.window[1:], strict=True)))]
                for corner in some
            ]
            cuts += cuts[-1:] * (together - len(some))
            batch = torch.from_numpy(np.stack(cuts)[:, None].astype(np.float32)).to(self.device)
            with torch.inference_mode():
                logits = self.label(batch).float().cpu().numpy()
            yield from zip(some, logits, strict=False)


def _starts(size: int, edge: int, overlap: float) -> list[int]:
    """Return where windows begin along an axis; the last one ends with it."""
    step, last = max(1, int(edge * (1 - overlap))), max(size - edge, 0)
    return [*range(0, last, step), last]
