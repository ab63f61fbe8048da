"""Inference on whole sections and volumes, by a sliding window with overlap."""

import numpy as np
import numpy.typing as npt
import torch
from monai.inferers.inferer import SlidingWindowInferer
from torch import Tensor

from shapes.core.errors import InputError
from synthem.learning.model_file import Model
from synthem.learning.unet import normalise


class Predictor:
    """Applies a model to images of any size.

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
    """

    def __init__(
        self, model: Model, *, overlap: float = 0.25, device: str | None = None, batch: int = 4
    ) -> None:
        if not 0 <= overlap < 1:
            raise InputError(f"overlap must be at least 0 and below 1, not {overlap}")
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model = model
        self.net = model.net.to(self.device).eval()
        config = model.card.config
        self.dims = config.network.dims
        self.inferer = SlidingWindowInferer(
            config.patch_vx[3 - self.dims :],
            sw_batch_size=batch,
            overlap=overlap,
            mode="gaussian",
            padding_mode="reflect" if self.dims == 2 else "replicate",
            device="cpu",
            sw_device=self.device,
        )

    @torch.inference_mode()
    def probabilities(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Label an image uint8 (z, y, x): float32 (class, z, y, x), 0–1, classes as in ``model.classes``.

        A 2D network labels each section on its own.
        """
        voxels = torch.from_numpy(image.astype(np.float32))
        if self.dims == 3:
            logits = self.inferer(voxels[None, None], self._window)[0]
        else:
            sections = [self.inferer(section[None, None], self._window)[0] for section in voxels]
            logits = torch.stack(sections, dim=1)
        out: npt.NDArray[np.float32] = torch.sigmoid(logits.float()).numpy()
        return out

    def masks(self, image: npt.NDArray[np.uint8], threshold: float = 0.5) -> npt.NDArray[np.bool_]:
        """Label an image uint8 (z, y, x): bool (class, z, y, x), probability above the threshold."""
        return self.probabilities(image) > threshold

    def _window(self, windows: Tensor) -> Tensor:
        logits: Tensor = self.net(normalise(windows))
        return logits
