"""What an experiment's arms learn from beside real sections: synthetic patches, pasted versions, a model."""

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from shapes.core.frozen import Frozen
from synthem.learning.crops.share import Share
from synthem.paste.request import USUAL, Request
from synthem.preset.randomise import MOST

SYNTHETIC = "synthetic"
"""In the place of a model's name: an arm learns from the experiment's own synthetic patches first."""


class SyntheticConfig(Frozen):
    """The synthetic patches, and their part in the mixture."""

    preset: str = "epfl"
    count: int = Field(300, ge=2)
    shape_vx: tuple[int, int, int] = (1, 256, 256)
    seed: int = Field(0, ge=0)
    """Seed of the world that the patches are cut from. Each seed of the experiment is added to it: it has a
    world, and patches, of its own."""
    balance: dict[str, float] = Field(default_factory=dict)
    """Wanted shares of pixels by class, for the choice of windows and again for the sampler."""
    randomise: float = Field(1.0, ge=1, le=MOST)
    """By which factor the microscope varies from patch to patch: see ``synthem.preset.randomise``."""
    fraction: Share | None = None
    """Share of synthetic crops in the mixed arm, a number or several from the first step to the last: see
    ``synthem.learning.crops.share``; left out, as the numbers of patches and tiles have it."""
    weights: dict[str, float] | None = None
    """λ by class of synthetic crops beside real ones, which count as 1; 1 where left out. Without any,
    classes that the real sections teach are spared: see
    ``synthem.learning.crops.held_classes.spared_weights``."""
    rounds: int | None = Field(None, ge=2, le=64)
    """In how many rounds the arms ``mixed-uniform``, ``mixed-inverse`` and ``mixed-adaptive`` get their
    patches, ``count`` of them all together: see ``synthem.experiment.allocation``."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the rounds where there are none: experiments of before they came stay as they are."""
        return {key: value for key, value in handler(self).items() if (key, value) != ("rounds", None)}


class PastedConfig(Frozen):
    """What arms have beside the real sections: versions of these with things set in."""

    classes: tuple[str, ...] = USUAL
    """What is set in, as ``synthem paste`` has it, of the sizes and greys of ``synthetic.preset``."""
    per_section: int = Field(3, ge=1)
    balance: dict[str, float] = Field(default_factory=dict)
    """Wanted shares of pixels by class, over the versions."""
    versions: int = Field(1, ge=1, le=100)
    """So many of each section."""
    seed: int = Field(0, ge=0)

    def request(self, preset: str) -> Request:
        """Return what is asked of the pasting."""
        own = self.model_dump(include={"classes", "per_section", "balance", "seed"})
        return Request(preset=preset, **own)


class PretrainedConfig(Frozen):
    """Where the arms ``pretrained`` and ``adapted`` start from."""

    init: str = "generalist"
    """A shipped model's name, or a ``model.pt``; or ``synthetic``: then ``pretrained`` spends half of its
    steps on synthetic patches first, and there is no ``adapted``, which would be ``synthetic``."""
    fraction: Share = (0.0,)
    """Share of synthetic crops beside the real ones that ``pretrained`` then trains on."""
    pasted: bool = False
    """Whether versions of the real sections with things set in, as the block ``pasted`` has them, stand
    beside these in the arms ``pretrained`` and ``self-trained``."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out ``pasted`` where it is not asked for: such experiments stay as they are."""
        return {key: value for key, value in handler(self).items() if (key, value) != ("pasted", False)}
