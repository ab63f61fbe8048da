"""What a score comes to: a number, or the reason for which there is none; and a family of them, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from shapes.core.frozen import Frozen


@dataclass(frozen=True)
class Undefined:
    """A score that does not exist, and why."""

    why: str


Value = float | Undefined
Values = dict[str, Value]
"""Scores of one class by their names."""


def ratio(above: float, below: float, why: str) -> Value:
    """Divide; ``Undefined`` for the reason given where there is nothing to divide by."""
    return float(above) / float(below) if below else Undefined(why)


def mean_of(values: "list[Value]", why: str) -> Value:
    """Return the mean of those values that exist; ``Undefined``, for the first one's reason, of none."""
    known = [value for value in values if not isinstance(value, Undefined)]
    if known:
        return float(np.mean(known))
    return values[0] if values else Undefined(why)


class Family(Frozen):
    """Scores of one kind.

    Attributes
    ----------
    title : str
    scores : dict
        By what is scored (a class, a measure) and name; None where there is none.
    why : dict
        The same, of those that are None: the reason.
    units : dict of str to str
        By name; what is not there has none.
    notes : tuple of str
        How figures came about, a sentence each.
    tables : dict of str to list of dict
        What is too long to print: curves, and matched objects one by one.
    """

    title: str
    scores: dict[str, dict[str, float | int | None]]
    why: dict[str, dict[str, str]] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tables: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)


def family(
    title: str,
    rows: Mapping[str, Values],
    units: Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
    tables: Mapping[str, list[dict[str, Any]]] | None = None,
) -> Family:
    """Turn values into a family: numbers, and beside them the reasons for those that are none."""
    scores: dict[str, dict[str, float | int | None]] = {}
    why: dict[str, dict[str, str]] = {}
    for of, row in rows.items():
        scores[of] = {k: None if isinstance(v, Undefined) else _plain(v) for k, v in row.items()}
        if reasons := {k: v.why for k, v in row.items() if isinstance(v, Undefined)}:
            why[of] = reasons
    return Family(
        title=title,
        scores=scores,
        why=why,
        units=dict(units or {}),
        notes=notes,
        tables=dict(tables or {}),
    )


def _plain(value: float) -> float | int:
    return int(value) if isinstance(value, int | np.integer) else float(value)
