"""A share of crops that may change while a network learns: a number, or knots over the progress."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

Part = Annotated[float, Field(ge=0, le=1)]


def _many(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Share = Annotated[tuple[Part, ...], BeforeValidator(_many), Field(min_length=1)]
"""One number, 0–1, or knots evenly spread from the first step to the last, between which it is linear:
``[1, 1, 0.15, 0.15]`` is all of a source in the first third, and 0.15 of it in the last."""


def share_at(share: Sequence[float], progress: float) -> float:
    """Return the share at a progress of 0 (first step) to 1 (last)."""
    return float(np.interp(progress, np.linspace(0, 1, len(share)), share)) if len(share) > 1 else share[0]


def share_text(share: Sequence[float]) -> str:
    """Write a share as the command line takes it: ``0.3``, ``1,0.15``."""
    return ",".join(f"{part:g}" for part in share)
