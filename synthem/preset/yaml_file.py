"""YAML files as configurations: what is wrong in one becomes one sentence, with the nearest known key."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from shapes.core.errors import InputError, UnknownNameError

M = TypeVar("M", bound=BaseModel)


def read_yaml(path: Path, *, as_text: bool = False) -> dict[str, Any]:
    """Return the mapping that a YAML file holds, or say in one sentence what it holds instead.

    ``as_text`` leaves all keys and values as they are written: ``0002`` is ``"0002"``.
    """
    try:
        loader = yaml.BaseLoader if as_text else yaml.SafeLoader
        values = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 (neither makes objects)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{path}{where}: not valid YAML") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read as text ({getattr(error, 'strerror', None) or 'not UTF-8'})"
        ) from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: a mapping of keys to values is wanted, not {type(values).__name__}")
    return values


def parse(model: type[M], values: dict[str, Any], where: str) -> M:
    """Validate a configuration; the first thing that is wrong becomes one sentence."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _fields_at(model, first["loc"][:-1])
            raise UnknownNameError(f"key in {where},", place, known) from error
        raise InputError(
            f"{where}: {place or 'the whole'}: {first['msg'].removeprefix('Value error, ')}"
        ) from error


def _fields_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Return the names that may stand at a place in a configuration, with the path before them."""
    prefix = ""
    for part in place:
        annotation = model.model_fields[str(part)].annotation
        options = [annotation, *getattr(annotation, "__args__", ())]
        model = next(o for o in options if isinstance(o, type) and issubclass(o, BaseModel))
        prefix += f"{part}."
    return [prefix + name for name in model.model_fields]
