"""What a person leaves with: the preset as YAML, its changed keys alone or whole, and the command lines."""

import shlex
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from synthem.fit.parameters import get
from synthem.fit.preset_text import preset_text, was
from synthem.preset.extends import KEY
from synthem.preset.preset import Preset, preset_names
from synthem.studio.changes import Changes, changed, differences, is_leaf, values_of
from synthem.studio.controls import help_of

_WIDTH = 72


def kept(base: Preset, changes: Changes) -> dict[str, Any]:
    """Return the changes that make a difference, in the order of the preset's keys."""
    values = values_of(base)
    made = {p: v for p, v in changes.items() if v != get(values, p) and not _is_idle(values, p, v)}
    order = list(_paths(values_of(changed(base, made)), ""))
    return {path: made[path] for path in sorted(made, key=order.index)}


def changes_text(base: Preset, start: str, changes: Changes, tuned_on: Sequence[str] = ()) -> str:
    """Return a preset that begins with another and holds the changed keys alone, each with a comment.

    Parameters
    ----------
    base : Preset
        What it begins with.
    start : str
        How that was named: a shipped preset, or a file.
    changes : mapping of str to value
        By dotted path.
    tuned_on : sequence of str
        Real sections beside which values were changed; those of the base if there are none.
    """
    made = kept(base, changes)
    name = start if start in preset_names() else str(Path(start).absolute())
    count = f"{len(made)} value{'s' * (len(made) != 1)}"
    lines = [f"# Tuned in synthem studio: {count} of {base.name} changed.", f"{KEY}: {_flow(name)}"]
    lines.append(f"title: {_flow(tuned_title(base))}")
    if made and tuned_on and tuple(tuned_on) != base.tuned_on:
        lines.append("# what learns from this preset must not be scored on these sections")
        lines.append(f"tuned_on: {_flow(list(tuned_on))}")
    tree: dict[str, Any] = {}
    for path, value in made.items():
        inner = tree
        *parents, last = path.split(".")
        for part in parents:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):  # a block that was switched on, before what is set in it
                raise TypeError(path)
        inner[last] = (
            {} if value == {} else value if not isinstance(value, dict) or is_leaf(value) else dict(value)
        )
    _emit(tree, made, values_of(base), "", lines)
    return "\n".join(lines) + "\n"


def whole_text(base: Preset, changes: Changes, tuned_on: Sequence[str] = ()) -> str:
    """Return the tuned preset as a file that needs no other; what was changed has a comment."""
    tuned, old = changed(base, changes), values_of(base)
    comments = {path: was("tuned", get(old, path)) for path in differences(base, tuned)}
    seen = tuple(tuned_on) if comments and tuned_on else base.tuned_on
    tuned = tuned.model_copy(update={"title": tuned_title(base), "tuned_on": seen})
    return preset_text(tuned, comments, f"Tuned in synthem studio from {base.name}.")


def tuned_title(base: Preset) -> str:
    """Return what a tuned preset is called."""
    return base.title if base.title.endswith(", tuned") else f"{base.title}, tuned"


def commands(
    file: str,
    seed: int,
    images: Path | None,
    voxel_nm: tuple[float, ...],
    count: int,
    balance: dict[str, float],
    chosen: Sequence[str] = (),
) -> list[dict[str, str]]:
    """Return the command lines that go on from here: what each does, and the line itself.

    ``chosen`` are the words that choose among the sections of ``images``.
    """
    name, voxel = shlex.quote(file), ",".join(f"{edge:g}" for edge in voxel_nm)
    voxel = " ".join([voxel, *map(shlex.quote, chosen)])
    shares = ",".join(f"{k}={v:g}" for k, v in balance.items())
    stem = shlex.quote(Path(file).stem)
    lines = [
        ("Look at it", f"synthem preview {name} --seed {seed}"),
        (
            "Make a data set",
            f"synthem generate {name} {stem}_patches --count {count} --seed {seed}"
            + (f" --balance {shares}" if shares else ""),
        ),
        ("Tune it further", f"synthem studio {name}"),
    ]
    if images is not None:
        real = shlex.quote(str(images))
        lines[2] = (lines[2][0], f"{lines[2][1]} --images {real} --voxel-nm {voxel}")
        lines += [
            ("Hold it against the real sections", f"synthem realism {name} {real} --voxel-nm {voxel}"),
            (
                "Fit what is left",
                f"synthem fit {real} --from {name} -o {stem}_fitted.yaml --voxel-nm {voxel}",
            ),
        ]
    return [{"what": what, "line": line} for what, line in lines]


def _is_idle(values: dict[str, Any], path: str, value: Any) -> bool:
    """Tell whether a change switches on what is on already."""
    return value == {} and isinstance(get(values, path), dict)


def _paths(values: dict[str, Any], path: str) -> Any:
    for key, value in values.items():
        yield f"{path}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{path}{key}.")


def _emit(tree: dict[str, Any], made: Changes, old: dict[str, Any], path: str, lines: list[str]) -> None:
    indent = "  " * path.count(".")
    for key, value in tree.items():
        here = f"{path}{key}"
        if here in made:
            said = textwrap.wrap(help_of(here), _WIDTH - len(indent) - 2)
            lines += [f"{indent}# {line}" for line in said]
        if isinstance(value, dict) and value and not is_leaf(value):
            lines.append(f"{indent}{key}:")
            _emit(value, made, old, f"{here}.", lines)
        else:
            before = get(old, here)
            note = f"was {_flow(before)}" if before is not None and not _is_block(before) else "was left out"
            note = "left out" if value is None else note
            lines.append(f"{indent}{key}: {_flow(value)}  # {note}")


def _is_block(value: Any) -> bool:
    return isinstance(value, dict) and not is_leaf(value)


def _flow(value: Any) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()
