"""What a training run is made of. Frozen, plain values: it travels inside checkpoints and reports."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.augment.config import Switch
from synthem.labels import CLASSES, check_class, check_classes


class NetworkConfig(Frozen):
    """A MONAI ``BasicUNet``: four poolings, two convolutions a level, a norm after each."""

    dims: Literal[2, 3] = 2
    features: tuple[int, int, int, int, int, int] = (32, 32, 64, 128, 256, 32)
    """Channels of the five levels, top to bottom, and of the last upsampling."""
    norm: Literal["batch", "instance", "group"] = "batch"
    """What follows each convolution: batch norm as in the paper, or one that knows no other crop."""


class AugmentConfig(Frozen):
    """The paper's augmentation, and options of ours: in plane, the same for all sections."""

    rotate_deg: float = Field(5.0, ge=0, le=180)
    """Rotation is uniform within ± this."""
    shift: float = Field(0.05, ge=0, le=0.5)
    """Shift along y and x, uniform within ± this share of the crop's edge."""
    scale: float = Field(0.05, ge=0, le=0.5)
    """Zoom is uniform within 1 ± this."""
    flip: bool = True
    """Mirror each axis with probability ½; z only in 3D."""
    quarter_turns: bool = False
    """Turn by a random multiple of 90°, where the crop is square."""
    grey: float = Field(0.0, ge=0, le=1)
    """Strength of the grey-level jitter: gamma in e^±grey, noise to grey × σ."""
    blur: float = Field(0.0, ge=0, le=8)
    """Gaussian blur, its σ uniform from 0 to this many pixels, of half of the crops."""
    shade: float = Field(0.0, ge=0, le=1)
    """Grey levels drift smoothly over the crop, by up to this × σ to either side."""
    microscope: Switch = None
    """The microscope as augmentation, after all of these: ``true``, or a block of its own."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the microscope where there is none: runs of before there was one stay what they are."""
        out: dict[str, Any] = handler(self)
        if out.get("microscope", ...) is None:
            del out["microscope"]
        return out


class TrainConfig(Frozen):
    """One training run: network, data order, loss, optimiser and budget.

    The defaults learn fast; the paper's own settings are in ``presets/experiments/getmanskaya2022.yaml``.
    """

    network: NetworkConfig = NetworkConfig()
    init: str | None = None
    """A shipped model's name, or a ``model.pt``, to start from: see ``synthem.learning.network.start``."""
    freeze: Literal["none", "encoder"] = "none"
    """What keeps its first weights: nothing, or the way down of the network."""
    ema: float = Field(0.0, ge=0, lt=1)
    """Decay of averaged weights, a step; 0 for none. What is validated and kept is the average."""
    classes: tuple[str, ...] = CLASSES
    """Output channels, in their order. A training takes those of its data where none are given."""
    class_weights: dict[str, float] | None = None
    """λ of the loss by class; 1/N each, if left out."""
    patch_vx: tuple[int, int, int] = (1, 256, 256)
    """Size of a crop (z, y, x); a depth of one for a 2D network."""
    batch: int = Field(7, ge=1)
    """Crops a step, over all devices together."""
    steps: int = Field(1000, ge=1)
    check_every: int = Field(100, ge=1)
    """Steps between validations; the state to resume from is written as often."""
    patience: int | None = Field(None, ge=1)
    """Stop after this many validations without a better mean Dice; never, if left out."""
    lr: float = Field(1e-3, gt=0)
    optimiser: Literal["adam", "adamw"] = "adamw"
    schedule: Literal["constant", "one_cycle", "cosine"] = "one_cycle"
    """The learning rate: as it is, up and down to nearly nothing, or down along a cosine."""
    bce: float = Field(1.0, ge=0)
    """Weight of the cross-entropy beside the Dice distances; the paper has none."""
    skip_absent: bool = True
    """Leave the Dice of a class to the batches that hold it; the paper does not."""
    augment: AugmentConfig = AugmentConfig()
    seed: int = Field(0, ge=0)
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    accelerator: str = "auto"
    devices: int = Field(1, ge=-1)
    """Number of devices; -1 is all there are."""
    workers: int = Field(0, ge=0)
    """Processes that load crops; 0 loads them in the training process."""

    @model_validator(mode="after")
    def _agree(self) -> "TrainConfig":
        check_classes(self.classes)
        for name in self.class_weights or {}:
            check_class(name)
        for name, weight in (self.class_weights or {}).items():
            if weight < 0:
                raise InputError(f"class_weights: the weight of {name} must not be negative, not {weight:g}")
        if not any(self.weights()):
            raise InputError("class_weights: one of the classes must weigh more than 0")
        if any(n < 16 for n in self.patch_vx[3 - self.network.dims :]):
            raise InputError(
                f"patch_vx must be at least 16 along each of the network's {self.network.dims} axes, "
                f"not {self.patch_vx}: it is halved four times"
            )
        if self.network.dims == 2 and self.patch_vx[0] != 1:
            raise InputError(f"patch_vx must have a depth of one for a 2D network, not {self.patch_vx}")
        return self

    @model_validator(mode="after")
    def _start(self) -> "TrainConfig":
        if self.freeze != "none" and self.init is None:
            raise InputError(
                "freeze: only weights that come from a model (`init`) are worth keeping as they are"
            )
        return self

    def for_classes(self, classes: Sequence[str]) -> "TrainConfig":
        """Return the settings with the classes of the data, unless others are named."""
        if "classes" in self.model_fields_set or tuple(classes) == self.classes:
            return self
        return TrainConfig.model_validate({**self.model_dump(exclude_unset=True), "classes": tuple(classes)})

    def weights(self) -> list[float]:
        """λ in the order of ``classes``; a class that ``class_weights`` leaves out has 1."""
        given = self.class_weights or {}
        return [given.get(name, 1.0) for name in self.classes]
