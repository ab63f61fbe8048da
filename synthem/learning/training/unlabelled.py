"""Unlabelled crops in two views: a teacher's, and the same through another microscope, a student's."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from shapes.core.errors import InputError
from synthem.augment.draw import draw_recipe
from synthem.augment.own import Own
from synthem.augment.see import see_anew
from synthem.learning.config import TrainConfig
from synthem.learning.crops.augment import augment
from synthem.learning.crops.crops import UniformCrops
from synthem.learning.crops.dataset import CropDataset, Sample
from synthem.learning.training.teaching import TeachingConfig
from synthem.patch import Patch

UNLABELLED_STREAM = 0x756E6C6162
"""Sets the unlabelled crops of a training apart from its labelled ones."""

MOVING = ("elastic", "misalignment", "drift", "fold", "crack", "tile")
"""Kinds of augmentation that move tissue: a teacher could not say where to."""


class TwoSources(Dataset[Sample]):
    """Labelled crops, each with an unlabelled one in two views: depends on the seed and the index alone.

    A sample has, beside what a labelled crop has, ``weak``, ``strong`` and ``there``, float32 (1, [z,] y, x);
    the last is 0 where the strong view shows no tissue.
    """

    def __init__(
        self, labelled: CropDataset, images: Sequence[Patch], config: TrainConfig, teaching: TeachingConfig
    ) -> None:
        if not images:
            raise InputError("self_training: there is no unlabelled section")
        self.labelled, self.config = labelled, config
        self.crops = UniformCrops(images, config.patch_vx)
        own = config.augment
        still = {"grey": 0.0, "blur": 0.0, "shade": 0.0, "microscope": None}
        placed = {"rotate_deg": 0.0, "shift": 0.0, "scale": 0.0, "flip": False, "quarter_turns": False}
        self.weak = own.model_copy(update=still)
        self.strong = own.model_copy(update={**placed, "microscope": None})
        calm = {
            name: getattr(teaching.microscope, name).model_copy(update={"chance": 0.0}) for name in MOVING
        }
        self.microscope = teaching.microscope.model_copy(update=calm)

    def __len__(self) -> int:
        return len(self.labelled)

    def __getitem__(self, index: int) -> Sample:
        sample = self.labelled[index]
        rng = np.random.default_rng([self.config.seed, UNLABELLED_STREAM, self.labelled.first + index])
        patch, corner, _ = self.crops.draw(rng=rng)
        box = tuple(slice(c, c + n) for c, n in zip(corner, self.config.patch_vx, strict=True))
        image = patch.image[box].astype(np.float32)
        there = np.ones((1, *image.shape), np.bool_)
        weak, there = augment(image, there, self.weak, rng=rng)
        strong, there = augment(weak, there, self.strong, rng=rng)
        seed, size = int(rng.integers(2**63)), patch.grid.voxel_nm
        recipe = draw_recipe(Own(strong), self.microscope, size, seed=seed)
        strong, there, _ = see_anew(strong, there, recipe, size)
        views = {"weak": weak, "strong": strong, "there": there[0]}
        flat = {k: v[0] if self.config.network.dims == 2 else v for k, v in views.items()}
        return sample | {k: _tensor(v) for k, v in flat.items()}


def _tensor(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)[None])
