"""A preset that begins with another: ``extends`` names it, and only what differs is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapes.core.errors import InputError
from shapes.core.spread import Spread
from synthem.preset.yaml_file import read_yaml

KEY = "extends"
"""The key of a preset's YAML file that names what it begins with: a shipped preset or another file."""
DEEPEST = 8
"""A preset begins with one that begins with one …, so many times at most."""


def read_extended(path: Path, shipped: Mapping[str, Path], depth: int = 0) -> dict[str, Any]:
    """Return the mapping that a preset's file holds, laid over those that it begins with.

    Blocks are merged key by key. A spread, a list or a number takes the place of what stood there, and
    ``null`` leaves a structure out.

    Parameters
    ----------
    path : Path
        The file. Other files that it names lie relative to its folder.
    shipped : mapping of str to Path
        The shipped presets, by name.

    Raises
    ------
    InputError
        Where a file cannot be read, or presets begin with each other.
    """
    values = read_yaml(path)
    if KEY not in values:
        return values
    base = values.pop(KEY)
    if not isinstance(base, str) or not base:
        raise InputError(f"{path}: {KEY}: the name of a preset, or of a file, is wanted, not {base!r}")
    if depth == DEEPEST:
        raise InputError(f"{path}: {KEY}: presets begin with each other, or more than {DEEPEST} in a row")
    below = shipped.get(base, path.parent / base)
    if not below.is_file():
        raise InputError(
            f"{path}: {KEY}: there is no file {base}, nor a preset of that name; "
            f"known are {', '.join(sorted(shipped))}"
        )
    return laid_over(read_extended(below, shipped, depth + 1), values)


def laid_over(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with the values of another in the place of its own, block by block."""
    out = dict(base)
    for key, value in values.items():
        old = out.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping) and not is_spread(value):
            out[key] = laid_over(old, value)
        else:
            out[key] = value
    return out


def is_spread(value: Mapping[str, Any]) -> bool:
    """Tell whether a mapping is a spread, which is one value."""
    return bool(value) and set(value) <= set(Spread.model_fields)
