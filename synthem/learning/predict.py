"""Inference on whole sections and volumes, by a sliding window with overlap."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from monai.inferers.inferer import SlidingWindowInferer
from torch import Tensor

from shapes.core.errors import InputError
from synthem.learning.model_file import Model
from synthem.learning.unet import normalise

STRIP_PX = 2**22
"""A section of more pixels is labelled in strips of about so many, or of two rows of windows where these are
larger; each pixel is blended from the windows that it would be blended from in the whole section."""


class Predictor:
    """Applies a model to images of any size; what is smaller than a window is continued by its mirror image.

    Parameters
    ----------
    model : Model
    overlap : float
        Share of a window's edge that neighbours have in common, 0 to below 1; their logits are blended by a
        Gaussian.
    device : str, optional
        ``"cpu"``, ``"cuda"``, ``"mps"``; left out, a GPU where there is one.
    batch : int
        Windows that are labelled at once.
    flips : bool
        Label each window and its mirror images too, and take the mean of their logits: four times the work.
    """

    def __init__(
        self,
        model: Model,
        *,
        overlap: float = 0.25,
        device: str | None = None,
        batch: int = 4,
        flips: bool = False,
    ) -> None:
        if not 0 <= overlap < 1:
            raise InputError(f"overlap must be at least 0 and below 1, not {overlap}")
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model = model
        self.net = model.net.to(self.device).eval()
        config = model.card.config
        self.dims = config.network.dims
        self.window = config.patch_vx[3 - self.dims :]
        self.overlap = overlap
        self._mirrors: list[tuple[int, ...]] = [(), (-1,), (-2,), (-1, -2)] if flips else [()]
        self._silent = [k for k, name in enumerate(model.classes) if name not in model.learned]
        self.inferer = SlidingWindowInferer(
            self.window,
            sw_batch_size=batch,
            overlap=overlap,
            mode="gaussian",
            padding_mode="replicate",
            device="cpu",
            sw_device=self.device,
        )

    def probabilities(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Label an image uint8 (z, y, x): float32 (class, z, y, x), 0–1, classes as in ``model.classes``.

        A 2D network labels each section on its own.

        Raises
        ------
        InputError
            Where memory is short.
        """
        out = np.empty((len(self.model.classes), *image.shape), np.float32)
        for z, rows, found in self._parts(image):
            out[:, z, rows] = found
        return out

    def masks(self, image: npt.NDArray[np.uint8], threshold: float = 0.5) -> npt.NDArray[np.bool_]:
        """Label an image uint8 (z, y, x): bool (class, z, y, x), probability above the threshold.

        A class that the model never learned is nowhere. Raises InputError where memory is short.
        """
        out = np.empty((len(self.model.classes), *image.shape), np.bool_)
        for z, rows, found in self._parts(image):
            out[:, z, rows] = found > threshold
        out[self._silent] = False
        return out

    @torch.inference_mode()
    def _parts(
        self, image: npt.NDArray[np.uint8]
    ) -> Iterator[tuple[slice | int, slice, npt.NDArray[np.float32]]]:
        """Yield probabilities part by part: sections, rows, and float32 (class, [z,] y, x)."""
        try:
            if self.dims == 3:
                yield slice(None), slice(None), self._label(image)
                return
            for z, section in enumerate(image):
                for first, last, inner in strips(section.shape, self.window[0], self.overlap, STRIP_PX):
                    found = self._label(_padded(section[first:last], self.window))
                    top = (found.shape[1] - (last - first)) // 2
                    left = (found.shape[2] - section.shape[1]) // 2
                    rows = slice(inner.start - first + top, inner.stop - first + top)
                    yield z, inner, found[:, rows, left : left + section.shape[1]]
        except RuntimeError as error:
            if "alloc" not in str(error) and "out of memory" not in str(error):
                raise
            size = " × ".join(map(str, image.shape))
            raise InputError(f"memory is short: an image of {size} voxels cannot be labelled in it") from None

    def _label(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        voxels = torch.from_numpy(np.ascontiguousarray(image).astype(np.float32))
        logits = self.inferer(voxels[None, None], self._window)[0]
        out: npt.NDArray[np.float32] = torch.sigmoid(logits.float()).numpy()
        return out

    def _window(self, windows: Tensor) -> Tensor:
        normal = normalise(windows)
        turned = [self.net(normal.flip(axes)).flip(axes) for axes in self._mirrors]
        return torch.stack(turned).mean(0)


def strips(shape: tuple[int, ...], edge: int, overlap: float, most: int) -> Iterator[tuple[int, int, slice]]:
    """Cut a section (y, x) into strips: first and last row of each, and the rows that it decides on.

    A strip is made of whole rows of the windows, ``edge`` pixels high, that a sliding window has in the whole
    section; it decides on the rows that no other window reaches into.
    """
    height, width = shape
    step = max(1, int(edge * (1 - overlap)))
    starts = [*range(0, max(height - edge, 0), step), max(height - edge, 0)]
    more = max(1, int(most / width - edge) // step)
    done = 0
    while done < height:
        first = next(k for k, start in enumerate(starts) if start + edge > done)
        reach = sum(start <= done for start in starts)  # a strip decides on one row of windows at least
        end = min(max(first + more, reach), len(starts) - 1)
        until = height if end == len(starts) - 1 else starts[end + 1]
        yield starts[first], min(starts[end] + edge, height), slice(done, until)
        done = until


def _padded(section: npt.NDArray[np.uint8], window: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Continue a section that is smaller than a window by its mirror image, over and over, on both sides."""
    short = [max(0, edge - size) for size, edge in zip(section.shape, window, strict=True)]
    return np.pad(section, [(n // 2, n - n // 2) for n in short], mode="reflect")
