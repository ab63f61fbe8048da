"""Mean teacher: a student learns, on unlabelled crops, what the average of its own weights is sure of.

A. Tarvainen and H. Valpola, Mean teachers are better role models (NeurIPS 2017). The teacher sees a crop, the
student the same crop through another microscope; where the teacher is sure of a class, its word is a label.

A teacher that errs teaches errors. So after each validation it is looked at what it finds on unlabelled
tiles: the share of each class, and the median area of its objects, must be within a factor of those in the
labels. Until the first such look, and from one that fails to one that does not, nothing is learned from
unlabelled crops.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from shapes.core.errors import InputError
from synthem.labels import CELLS
from synthem.learning.config import TrainConfig
from synthem.learning.crops.crops import CropSource, tile_corners
from synthem.learning.crops.dataset import CropDataset, Sample, TileDataset
from synthem.learning.crops.held_classes import STRAY_SHARE
from synthem.learning.network.unet import normalise
from synthem.learning.training.module import Segmenter
from synthem.learning.training.teaching import TeachingConfig
from synthem.learning.training.unlabelled import TwoSources
from synthem.patch import Patch

MOST_TILES = 16
"""So many unlabelled tiles, evenly spread, are looked at after each validation."""

FEWEST_OBJECTS = 5
"""Of fewer objects no median is taken."""

Figures = Mapping[str, tuple[float, float]]
"""By class: share of voxels, and median area of objects in sections of tiles, in pixels; NaN if none."""


@dataclass(frozen=True)
class Teaching:
    """What a mean teacher has: images without labels, the labelled sections to compare with, and settings."""

    images: Sequence[Patch]
    labelled: Sequence[Patch]
    config: TeachingConfig


class MeanTeacher(Segmenter):
    """A segmenter whose averaged weights teach it, on unlabelled crops, the classes that are ``learned``."""

    def __init__(
        self,
        config: TrainConfig,
        source: CropSource,
        tiles: TileDataset,
        teaching: Teaching,
        learned: Sequence[str],
    ) -> None:
        if not config.ema:
            raise InputError("self_training: the teacher is the average of weights; give ema")
        super().__init__(config, source, tiles)
        self.teaching = teaching
        self.looks: list[dict[str, Any]] = []
        """After each validation: the step, and in ``wrong`` what is out of range, a sentence each."""
        every = zip(config.classes, teaching.config.thresholds(config.classes), strict=True)
        sure = torch.tensor([c if name in learned else 1.0 for name, c in every])  # of a probability: never
        self.register_buffer("sure", sure, persistent=False)
        self.truth = labelled_figures(teaching.labelled, config)
        self.views = unlabelled_tiles(teaching.images, config)

    @property
    def strength(self) -> float:
        """The weight of the loss on unlabelled crops at this step."""
        if not self.looks or self.looks[-1]["wrong"]:
            return 0.0
        own, progress = self.teaching.config, self.global_step / self.config.steps
        return own.weight * (min(progress / own.ramp, 1.0) if own.ramp else 1.0)

    def training_step(self, batch: Sample, index: int) -> Tensor:
        """Loss on labelled crops and, where the teacher is trusted, on unlabelled ones."""
        loss = super().training_step(batch, index)
        if not (strength := self.strength):
            return loss
        with torch.no_grad():
            p = torch.sigmoid(self.judged(normalise(batch["weak"])).float())
            sure = self.get_buffer("sure").reshape(1, -1, *[1] * (p.ndim - 2))
            known = ((p > sure) | (p < 1 - sure)).float() * batch["there"]
        found = self.net(normalise(batch["strong"]))
        taught: Tensor = self.loss(found, (p > 0.5).float(), known)
        return loss + strength * taught

    def on_validation_epoch_end(self) -> None:
        """Count, and look at what the teacher finds on unlabelled tiles."""
        super().on_validation_epoch_end()
        step = int(self.trainer.global_step)
        if self.looks and self.looks[-1]["step"] == step:  # lightning ends the last epoch again
            return
        with torch.no_grad():
            masks = [
                (self.judged(normalise(torch.from_numpy(view)[None].to(self.device)))[0] > 0).cpu().numpy()
                for view in self.views
            ]
        found = figures_of([m if m.ndim == 4 else m[:, None] for m in masks], self.config.classes)
        self.looks.append(
            {"step": step, "wrong": out_of_range(found, self.truth, self.teaching.config.within)}
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what was seen of the teacher."""
        checkpoint["looks"] = self.looks

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with what was seen of the teacher."""
        self.looks = [dict(look) for look in checkpoint["looks"]]

    def train_dataloader(self) -> DataLoader[Sample]:
        """Draw labelled crops as ever, each with an unlabelled one."""
        labelled: CropDataset = super().train_dataloader().dataset  # type: ignore[assignment]
        return self._loader(TwoSources(labelled, self.teaching.images, self.config, self.teaching.config))


def unlabelled_tiles(images: Sequence[Patch], config: TrainConfig) -> list[npt.NDArray[np.float32]]:
    """Cut tiles out of images, float32 (1, [z,] y, x)."""
    tiles = [(patch, c) for patch in images for c in tile_corners(patch, config.patch_vx)]
    keep = np.linspace(0, len(tiles) - 1, min(MOST_TILES, len(tiles))).round().astype(int)
    cut = []
    for patch, corner in (tiles[k] for k in keep):
        box = tuple(slice(c, c + n) for c, n in zip(corner, config.patch_vx, strict=True))
        image = patch.image[box].astype(np.float32)
        cut.append(image if config.network.dims == 2 else image[None])
    return cut


def labelled_figures(patches: Sequence[Patch], config: TrainConfig) -> Figures:
    """Take the figures of labelled sections, in tiles as large as those that are looked at."""
    out: dict[str, tuple[float, float]] = {}
    for name in config.classes:
        masks = []
        for patch in (p for p in patches if p.knows(name)):
            for corner in tile_corners(patch, config.patch_vx):
                box = tuple(slice(c, c + n) for c, n in zip(corner, config.patch_vx, strict=True))
                masks.append(patch.labels_of([name], box))
        if masks:
            out |= figures_of(masks, [name])
    return out


def figures_of(masks: Sequence[npt.NDArray[np.bool_]], classes: Sequence[str]) -> Figures:
    """Take the figures of masks, each bool (class, z, y, x)."""
    out = {}
    for k, name in enumerate(classes):
        areas: list[int] = []
        for mask, z in product(masks, range(masks[0].shape[1])):
            if name != "membrane" and name not in CELLS:  # these hang together
                areas += _areas(mask[k, z])
        share = float(np.mean([mask[k].mean() for mask in masks]))
        out[name] = (share, float(np.median(areas)) if len(areas) >= FEWEST_OBJECTS else math.nan)
    return out


def _areas(plane: npt.NDArray[np.bool_]) -> list[int]:
    stats = cv2.connectedComponentsWithStats(plane.astype(np.uint8))[2]
    areas: list[int] = stats[1:, cv2.CC_STAT_AREA].tolist()
    return areas


def out_of_range(found: Figures, truth: Figures, within: float) -> list[str]:
    """Say which figures differ from those of the labels by more than a factor, a sentence each.

    A class that the labels do not hold is not judged, nor a median of too few objects.
    """
    wrong = []
    for name, (share, area) in truth.items():
        for what, ours, theirs in (("share", found[name][0], share), ("median area", found[name][1], area)):
            judged = share > STRAY_SHARE and not (math.isnan(ours) or math.isnan(theirs))
            if judged and not theirs / within <= ours <= theirs * within:
                wrong.append(f"{name}: {what} {ours:.3g}, of labels {theirs:.3g}")
    return wrong
