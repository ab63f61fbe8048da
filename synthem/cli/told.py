"""What the commands that learn say of data and of models."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthem.cli.console import warn

if TYPE_CHECKING:
    from synthem.learning.network.model_file import Model
    from synthem.patch import Patch


def told(data: "Sequence[Patch]") -> "Sequence[Patch]":
    """Warn of what is odd in data, and hand them on."""
    from synthem.data.open import warnings_of

    for sentence in warnings_of(data):
        warn(sentence)
    return data


def tell_unlearned(model: "Model") -> None:
    """Say which of a model's classes it never learned."""
    if missing := [name for name in model.classes if name not in model.learned]:
        warn(f"never labelled in this model's training, so never found: {', '.join(missing)}")
