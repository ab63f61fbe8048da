"""How a quantity varies from object to object: written in a preset, drawn from in a kernel."""

import math
from typing import Any, NamedTuple

import numpy as np
from pydantic import model_validator

from shapes.core.compiled import compiled
from shapes.core.frozen import Frozen

_UNIFORM, _NORMAL, _LOGNORMAL = 0.0, 1.0, 2.0


class SpreadRow(NamedTuple):
    """A spread as kernels read it: its form, the two numbers that ``draw`` needs, and the range of values."""

    form: float
    first: float
    second: float
    lowest: float
    typical: float
    highest: float


class Spread(Frozen):
    """A distribution, written in a preset in one of four ways.

    ``40`` (always the same), ``{min: 35, max: 50}`` (uniform), ``{mean: 42, std: 4}`` (normal, cut at two
    standard deviations) or ``{median: 110, ratio: 1.4}`` (log-normal: two thirds lie within median ÷ ratio …
    median × ratio; cut at twice that).
    """

    min: float | None = None
    max: float | None = None
    mean: float | None = None
    std: float | None = None
    median: float | None = None
    ratio: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return {"min": value, "max": value}
        return value

    @model_validator(mode="after")
    def _is_one_form(self) -> "Spread":
        given = {name for name, value in self.__dict__.items() if value is not None}
        if given not in ({"min", "max"}, {"mean", "std"}, {"median", "ratio"}):
            raise ValueError("write a number, {min, max}, {mean, std} or {median, ratio}")
        if min(self.min or 0.0, self.mean or 0.0, self.median or 0.0) < 0:
            raise ValueError("a value must not be negative")
        if given == {"min", "max"} and self.min > self.max:  # type: ignore[operator]
            raise ValueError("min must not exceed max")
        if self.std is not None and self.std < 0:
            raise ValueError("std must not be negative")
        if self.ratio is not None and (self.ratio < 1 or self.median <= 0):  # type: ignore[operator]
            raise ValueError("ratio must be at least 1, and median positive")
        return self

    def row(self) -> SpreadRow:
        """Return the distribution as numbers that ``draw`` understands."""
        if self.mean is not None and self.std is not None:
            form, first, second = _NORMAL, self.mean, self.std
        elif self.median is not None and self.ratio is not None:
            form, first, second = _LOGNORMAL, self.median, math.log(self.ratio)
        else:
            form, first, second = _UNIFORM, float(self.min or 0.0), float(self.max or 0.0)
        return SpreadRow(form, first, second, self.lowest(), self.typical(), self.highest())

    def typical(self) -> float:
        """Return the middle of the distribution: mean, median, or half way from min to max."""
        if self.mean is not None:
            return self.mean
        return self.median if self.median is not None else ((self.min or 0.0) + (self.max or 0.0)) / 2

    def highest(self) -> float:
        """Return the largest value that can be drawn: objects have a bounded reach."""
        if self.mean is not None and self.std is not None:
            return self.mean + 2 * self.std
        if self.median is not None and self.ratio is not None:
            return self.median * self.ratio**2
        return float(self.max or 0.0)

    def lowest(self) -> float:
        """Return the smallest value that can be drawn."""
        if self.mean is not None and self.std is not None:
            return max(0.0, self.mean - 2 * self.std)
        if self.median is not None and self.ratio is not None:
            return self.median / self.ratio**2
        return float(self.min or 0.0)


@compiled
def draw(row, u, z):  # type: ignore[no-untyped-def]
    """Return one value of a spread, never negative, from a uniform ``u`` and a standard normal ``z``."""
    if row.form == 0.0:
        return row.first + (row.second - row.first) * u
    cut = min(2.0, max(-2.0, z))
    if row.form == 1.0:
        return max(0.0, row.first + row.second * cut)
    return row.first * np.exp(row.second * cut)
