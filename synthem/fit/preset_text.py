"""A preset as YAML, with a comment on each value that was fitted."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from synthem.fit.parameters import WIDTH, Space, get, pruned
from synthem.preset.preset import Preset

_WIDTH = 10**6
OF_ITSELF = ("name", "title", "source", "tuned_on")
"""What a preset says of itself: no value that is fitted."""


def preset_text(preset: Preset, comments: Mapping[str, str], head: str) -> str:
    """Return a preset as YAML: what differs from the defaults or is commented on.

    Parameters
    ----------
    preset : Preset
        What to write.
    comments : mapping of str to str
        By dotted path, what stands behind a value.
    head : str
        What stands above all, a comment line a line.
    """
    values = pruned(preset.model_dump(mode="json"))
    said = pruned(preset.model_dump(mode="json", exclude_defaults=True))
    values.pop("name")
    said.pop("name", None)
    said |= {key: values[key] for key in ("title", "source", "modality", "voxel_nm", "patch_shape")}
    lines = [f"# {line}" if line else "#" for line in head.splitlines()]
    _emit(values, said, comments, "", lines)
    return "\n".join(lines) + "\n"


def _emit(
    values: Mapping[str, Any], said: Any, comments: Mapping[str, str], path: str, lines: list[str]
) -> None:
    indent = "  " * path.count(".")
    for key, value in values.items():
        here = f"{path}{key}"
        commented = any(other == here or other.startswith(f"{here}.") for other in comments)
        if not commented and not (isinstance(said, Mapping) and key in said):
            continue
        if isinstance(value, Mapping) and not _is_leaf(value):
            lines.append(f"{indent}{key}:")
            before = len(lines)
            _emit(value, said.get(key) if isinstance(said, Mapping) else None, comments, f"{here}.", lines)
            if len(lines) == before:  # all of it as by default, which is not the same as none of it
                lines[-1] += " {}"
            continue
        note = f"  # {comments[here]}" if here in comments else ""
        lines.append(f"{indent}{key}: {_flow(value)}{note}")


def _is_leaf(value: Mapping[str, Any]) -> bool:
    return not value or set(value) <= {"min", "max", "mean", "std", "median", "ratio"}


def _flow(value: Any) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=_WIDTH, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()


def comments_of(space: Space, before: Preset, after: Preset, how: str) -> dict[str, str]:
    """Return a comment for each field that differs: by which parameters, and what it was."""
    old, new = pruned(before.model_dump()), pruned(after.model_dump())
    behind: dict[str, list[str]] = {}
    for knob in space.knobs:
        for path in knob.paths:
            behind.setdefault(path, []).append(knob.name)
    said = {path: f"{how} ({', '.join(names)})" for path, names in behind.items()}
    stain = {f"microscope.stain.{name}" for name in old["microscope"]["stain"]}
    said |= dict.fromkeys(stain - said.keys(), "follows cytoplasm and membrane")
    said.setdefault(WIDTH, "follows how wide membranes look")
    return {
        path: was(said.get(path, "set for these images"), get(old, path))
        for path, value in _leaves(new)
        if value != get(old, path) and path not in OF_ITSELF
    }


def _leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and not _is_leaf(value):
            yield from _leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def was(how: str, old: Any) -> str:
    """Return what to say behind a value."""
    if old is None:
        return how
    if isinstance(old, (list, tuple)):
        old = _flow(list(old))
    elif isinstance(old, Mapping):
        old = f"{old['mean']:g} ± {old['std']:g}" if "mean" in old else _flow(dict(old))
    elif isinstance(old, float):
        old = f"{old:g}"
    return f"{how}, was {old}"
