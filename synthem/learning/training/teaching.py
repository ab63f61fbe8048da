"""How much a teacher's labels of unlabelled images count, and what such an image is."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from shapes.core.frozen import Frozen
from synthem.augment.config import MicroscopeAugment
from synthem.labels import check_class
from synthem.patch import Patch

Confidence = Annotated[float, Field(ge=0.5, lt=1)]


class TeachingConfig(Frozen):
    """How a teacher's labels of unlabelled crops count."""

    weight: float = Field(1.0, gt=0)
    """Of the loss on unlabelled crops, beside that on labelled ones."""
    ramp: float = Field(0.3, ge=0, le=1)
    """Over which share of the steps that weight rises, linearly from nought."""
    confidence: Confidence = 0.8
    """What a teacher says of a voxel counts where its probability is above this, or below 1 − this."""
    class_confidence: dict[str, Confidence] = Field(default_factory=dict)
    """The same by class, for classes that have another."""
    ema: float = Field(0.99, gt=0, lt=1)
    """Decay of the averaged weights, a step, that are the teacher, and the model that is kept."""
    microscope: MicroscopeAugment = MicroscopeAugment()
    """What the student's view is seen through beside; kinds that move tissue are left out."""
    within: float = Field(3.0, gt=1)
    """By which factor shares and median sizes that the teacher finds may differ from those of the labels."""

    def thresholds(self, classes: Sequence[str]) -> list[float]:
        """Return the confidence of each class."""
        return [self.class_confidence.get(name, self.confidence) for name in classes]

    def model_post_init(self, context: object) -> None:
        """Check the names of classes."""
        for name in self.class_confidence:
            check_class(name)


def image_alone(patch: Patch) -> Patch:
    """Return a patch of the same image, of which nothing is known."""
    return Patch(patch.image, np.zeros((0, *patch.grid.shape), bool), patch.grid, name=patch.name, classes=())
