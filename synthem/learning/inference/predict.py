"""Inference on sections and volumes, by a sliding window with overlap; on any part of them, bit for bit."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapes.core.errors import InputError
from synthem.learning.inference.blocks import blocks
from synthem.learning.inference.seen import Seen, seen_array
from synthem.learning.inference.sliding import Read, SlidingWindow
from synthem.learning.network.model_file import Model
from synthem.learning.network.unet import normalise


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
        Windows that are labelled at once, at most.
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
        self._mirrors: list[tuple[int, ...]] = [(), (-1,), (-2,), (-1, -2)] if flips else [()]
        self._silent = [k for k, name in enumerate(model.classes) if name not in model.learned]
        self._sliding = SlidingWindow(self._label, self.window, overlap, batch, self.device)

    def probabilities(self, image: npt.NDArray[np.uint8] | Seen) -> npt.NDArray[np.float32]:
        """Label an image uint8 (z, y, x): float32 (class, z, y, x), 0–1, classes as in ``model.classes``.

        A 2D network labels each section on its own. What is ``Seen`` is labelled in its own voxels.

        Raises
        ------
        InputError
            Where memory is short.
        """
        seen = image if isinstance(image, Seen) else seen_array(image)
        out = np.empty((len(self.model.classes), *seen.own), np.float32)
        for (z, y, x), found in blocks(self.slabs, self.window, seen):
            _, dz, dy, dx = found.shape
            out[:, z : z + dz, y : y + dy, x : x + dx] = found
        return out

    def masks(self, image: npt.NDArray[np.uint8] | Seen, threshold: float = 0.5) -> npt.NDArray[np.bool_]:
        """Label an image as ``probabilities`` does: bool (class, z, y, x), probability above the threshold.

        A class that the model never learned is nowhere. Raises InputError where memory is short.
        """
        seen = image if isinstance(image, Seen) else seen_array(image)
        out = np.empty((len(self.model.classes), *seen.own), np.bool_)
        for (z, y, x), found in self.mask_blocks(seen, threshold):
            _, dz, dy, dx = found.shape
            out[:, z : z + dz, y : y + dy, x : x + dx] = found
        return out

    def mask_blocks(
        self, seen: Seen, threshold: float
    ) -> Iterator[tuple[tuple[int, int, int], npt.NDArray[np.bool_]]]:
        """Label a volume block by block: the first voxel (z, y, x) of each, and masks as ``masks`` has."""
        for start, found in blocks(self.slabs, self.window, seen):
            yield start, self.above(found, threshold)

    def above(self, probabilities: npt.NDArray[np.float32], threshold: float) -> npt.NDArray[np.bool_]:
        """Return where probabilities (class, ...) are above a threshold, and of a class that was learned."""
        masks: npt.NDArray[np.bool_] = probabilities > threshold
        masks[self._silent] = False
        return masks

    def slabs(
        self, read: Read, shape: tuple[int, ...], part: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Yield probabilities of a section or volume as slabs: see ``SlidingWindow.slabs``."""
        try:
            for first, logits in self._sliding.slabs(read, shape, part):
                yield first, _sigmoid(logits)
        except RuntimeError as error:
            if "alloc" not in str(error) and "out of memory" not in str(error):
                raise
            size = " × ".join(map(str, shape))
            raise InputError(f"memory is short: an image of {size} voxels cannot be labelled in it") from None

    def _label(self, windows: Tensor) -> Tensor:
        normal = normalise(windows)
        turned = [self.net(normal.flip(axes)).flip(axes) for axes in self._mirrors]
        return torch.stack(turned).mean(0)


def _sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return probabilities, in place; unlike torch's, the same bits wherever a value stands in an array."""
    with np.errstate(over="ignore"):
        np.exp(np.negative(logits, out=logits), out=logits)
    logits += 1
    return np.reciprocal(logits, out=logits)
