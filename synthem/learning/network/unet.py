"""The network: MONAI's BasicUNet in 2D or 3D, with a norm after each convolution."""

from typing import Any, cast

import torch
from monai.networks.nets.basic_unet import BasicUNet
from torch import Tensor, nn

from synthem.learning.config import NetworkConfig

_LAYOUT = {2: torch.channels_last, 3: torch.channels_last_3d}  # convolutions are a quarter faster so
_NORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "batch": ("batch", {}),
    "instance": ("instance", {"affine": True}),
    "group": ("group", {"num_groups": 4}),
}
ENCODER = ("conv_0", "down_1", "down_2", "down_3", "down_4")
"""Names of the parts of the network on its way down."""
PRIOR_LOGIT = -2.0
"""Bias of the outputs before training: each class has a probability of 0.12."""


def build_unet(config: NetworkConfig, classes: int, *, seed: int = 0) -> nn.Module:
    """Build a U-Net of one grey channel in and ``classes`` logits out.

    The initial weights depend on the arguments alone, so that all arms of an experiment start from
    one network. The global generator of torch is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = BasicUNet(
            spatial_dims=config.dims,
            in_channels=1,
            out_channels=classes,
            features=config.features,
            act=("relu", {"inplace": True}),
            norm=_NORMS[config.norm],
            dropout=0.0,
        )
    # most voxels belong to no class: to start from that spares the first steps (Lin et al. 2017, focal loss)
    nn.init.constant_(net.final_conv.bias, PRIOR_LOGIT)
    # torch's annotations do not know this argument of a module
    return cast(nn.Module, cast(Any, net).to(memory_format=_LAYOUT[config.dims]))


def normalise(images: Tensor) -> Tensor:
    """Bring each crop (batch, 1, ...) to zero mean and unit deviation, in training and inference alike.

    A crop without any contrast becomes zero.
    """
    axes = tuple(range(1, images.ndim))
    mean = images.mean(axes, keepdim=True)
    std = images.std(axes, keepdim=True, correction=0)
    return (images - mean) / std.clamp(min=1e-3)
