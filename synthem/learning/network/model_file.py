"""A trained model as one file: tensors and plain values only, so that loading it never runs code."""

import io
import json
import pickle
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from torch import nn

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.data.atomic import write_whole
from synthem.learning.config import TrainConfig
from synthem.learning.network.shipped_models import find_model
from synthem.learning.network.unet import build_unet
from synthem.preset.yaml_file import parse

FORMAT = "synthem model 1"


class ModelCard(Frozen):
    """What a model is: how it was trained, for which voxels, and how well it did."""

    config: TrainConfig
    voxel_nm: tuple[float, float, float]
    """Voxel size of the training data (z, y, x)."""
    normalisation: str = "zero mean, unit deviation per window"
    step: int = Field(0, ge=0)
    """Training step that these weights are of."""
    before: int = Field(0, ge=0)
    """Steps of the networks that this training went on from, one after another."""
    validation_dice: dict[str, float | None] = Field(default_factory=dict)
    """Dice on the validation crops by class, and ``mean``."""
    versions: dict[str, str] = Field(default_factory=dict)
    learned: tuple[str, ...] | None = None
    """Classes that any of the training data was labelled for; models of before this was noted: all."""
    about: dict[str, str] = Field(default_factory=dict)
    """What a person should know of a shipped model: the command that made it, its data, its licence."""


@dataclass(frozen=True, eq=False)
class Model:
    """A network with its card."""

    net: nn.Module
    card: ModelCard

    @property
    def steps(self) -> int:
        """Steps of all trainings that these weights are of."""
        return self.card.before + self.card.step

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the output channels."""
        return self.card.config.classes

    @property
    def learned(self) -> tuple[str, ...]:
        """Names of the channels that mean something; the others were never labelled in training."""
        return self.classes if self.card.learned is None else self.card.learned


def save_model(path: Path, model: Model, *, half: bool = False) -> None:
    """Write a model, its weights in half precision or as they are; a file is replaced whole or not at all."""
    state = {name: value.detach().cpu() for name, value in model.net.state_dict().items()}
    if half:
        state = {name: v.half() if v.is_floating_point() else v for name, v in state.items()}
    card = json.loads(model.card.model_dump_json())  # fresh objects: a pickle's bytes tell which are shared
    content = io.BytesIO()  # torch says of a full disk that its zip writer failed; a plain write says so
    torch.save({"format": FORMAT, "card": card, "state": state}, content)
    write_whole(path, content.getvalue())


def load_model(model: str | Path) -> Model:
    """Read a shipped model by its name, or one that ``save_model`` wrote, on the CPU and ready for inference.

    Raises
    ------
    UnknownNameError
        Where a name is no shipped model's.
    InputError
        Where there is no file, it is no model of synthem, is damaged, or holds anything but tensors and plain
        values, such as code.
    """
    path = find_model(model)
    content = _read(path)
    if (
        not isinstance(content, dict)
        or content.get("format") != FORMAT
        or not isinstance(content.get("card"), dict)
    ):
        raise InputError(f"{path}: this is no synthem model; give the model.pt that `synthem train` wrote")
    card = parse(ModelCard, content["card"], f"{path}: card")
    net = build_unet(card.config.network, len(card.config.classes))
    try:
        net.load_state_dict(content["state"])
    except (KeyError, RuntimeError, TypeError, AttributeError):
        raise InputError(f"{path}: the weights do not fit the network that its card describes") from None
    return Model(net.eval(), card)


def _read(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give the model.pt that `synthem train` wrote")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of pickles that it then refuses
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise InputError(
            f"{path}: refused, this file is no model, or carries code besides its weights; "
            "give the model.pt that `synthem train` wrote"
        ) from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError):
        raise InputError(
            f"{path}: this file is damaged or no model; give the model.pt that `synthem train` wrote"
        ) from None
