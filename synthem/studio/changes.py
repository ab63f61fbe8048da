"""A preset with some values changed: by dotted path, as ``microscope.beam.sigma_nm``."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from synthem.fit.parameters import pruned
from synthem.preset.extends import is_spread
from synthem.preset.preset import Preset
from synthem.studio.errors import ChangeError

Changes = Mapping[str, Any]
OPEN = ("modality", "voxel_nm", "patch_shape", "anatomy", "annotation", "microscope")
"""Keys of a preset that can be changed; all others say what it is called and where it comes from."""


def values_of(preset: Preset) -> dict[str, Any]:
    """Return all values of a preset, as JSON has them; spreads in the form in which they are written."""
    values: dict[str, Any] = pruned(preset.model_dump(mode="json"))
    # what is usual is left out of a dump, and has to stand beside the rest here
    for name in type(preset.annotation).model_fields:
        value = getattr(preset.annotation, name)
        values["annotation"][name] = list(value) if isinstance(value, tuple) else value
    return values


def changed(base: Preset, changes: Changes) -> Preset:
    """Return a preset with some values changed.

    A change of a whole block, such as ``anatomy.er: {}``, comes before those of what is in it.

    Raises
    ------
    ChangeError
        Where there is no such key, or a value is not allowed.
    """
    if not changes:
        return base
    values = values_of(base)
    for path in sorted(changes, key=lambda path: path.count(".")):
        _put(values, path, changes[path])
    try:
        return Preset.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
        path = next((p for p in changes if p == place or place.startswith(f"{p}.")), place)
        message = first["msg"].removeprefix("Value error, ")
        said = "there is no such key" if first["type"] == "extra_forbidden" else message
        raise ChangeError(path, f"{place or 'the preset'}: {said}") from error


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    first, *_ = *parents, last = path.split(".")
    if first not in OPEN:
        raise ChangeError(path, f"{path}: there is no such key to change; known are {', '.join(OPEN)}")
    for part in parents:
        inner = values.get(part)
        if inner is None:
            raise ChangeError(path, f"{path}: {part} is left out; switch it on first")
        if not isinstance(inner, dict):
            raise ChangeError(path, f"{path}: there is no such key")
        values = inner
    values[last] = deepcopy(value)  # what comes later is put into it


def differences(old: Preset, new: Preset) -> dict[str, tuple[Any, Any]]:
    """Return the values that differ, by path: (old, new). A block that one of them lacks is one value."""
    out: dict[str, tuple[Any, Any]] = {}
    _differ(values_of(old), values_of(new), "", out)
    return out


def _differ(old: dict[str, Any], new: dict[str, Any], path: str, out: dict[str, tuple[Any, Any]]) -> None:
    for key in new:
        here, before, after = f"{path}{key}", old.get(key), new[key]
        if not path and key not in OPEN:
            continue
        if isinstance(before, dict) and isinstance(after, dict) and not (is_leaf(before) or is_leaf(after)):
            _differ(before, after, f"{here}.", out)
        elif before != after:
            out[here] = before, after


def is_leaf(value: dict[str, Any]) -> bool:
    """Tell whether a mapping is a spread, or an empty block: one value."""
    return not value or is_spread(value)
