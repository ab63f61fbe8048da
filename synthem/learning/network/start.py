"""Where a training starts from: fresh weights, or those of a model."""

from hashlib import sha256

import torch
from torch import nn

from shapes.core.errors import InputError
from synthem.learning.config import TrainConfig
from synthem.learning.network.model_file import Model, load_model
from synthem.learning.network.unet import build_unet

HEAD = "final_conv"
"""The layer whose output channels are the classes."""


def with_network_of_init(config: TrainConfig) -> TrainConfig:
    """Return the configuration with the network of the model that it starts from.

    Raises
    ------
    InputError
        Where the configuration asks for another network itself, or the model cannot be read.
    """
    if config.init is None:
        return config
    network = load_model(config.init).card.config.network
    if "network" in config.model_fields_set and config.network != network:
        asked, held = (f"{n.dims}D, features {n.features}, {n.norm} norm" for n in (config.network, network))
        raise InputError(
            f"init: {config.init} has another network ({held}) than `network` asks for ({asked})"
        )
    return config.model_copy(update={"network": network})


def first_network(config: TrainConfig) -> nn.Module:
    """Build the network of a configuration, with the weights that its training starts from.

    Of the model that ``init`` names, all layers are taken; of the last one, the channels of the classes that
    both have. A class that the model lacks, or never learned, starts as in a fresh network.
    """
    net = build_unet(config.network, len(config.classes), seed=config.seed)
    if config.init is not None:
        copy_weights(load_model(config.init), net, config.classes)
    return net


def copy_weights(model: Model, net: nn.Module, classes: tuple[str, ...]) -> None:
    """Copy a model's weights into a network of the same features, whose output channels are ``classes``."""
    state = model.net.state_dict()
    own = net.state_dict()
    with torch.no_grad():
        for name, value in own.items():
            if not name.startswith(HEAD):
                value.copy_(state[name])
                continue
            for channel, label in enumerate(classes):
                if label in model.learned:
                    value[channel] = state[name][model.classes.index(label)]


def unmatched_classes(model: Model, classes: tuple[str, ...]) -> list[str]:
    """Return the classes that a network would have to learn afresh when it starts from a model."""
    return [name for name in classes if name not in model.learned]


def weights_hash(model: Model) -> str:
    """Return a hash of a model's weights and the names of its channels."""
    total = sha256(repr((model.classes, model.learned)).encode())
    for name, value in model.net.state_dict().items():
        total.update(name.encode())
        total.update(value.contiguous().numpy().tobytes())
    return total.hexdigest()
