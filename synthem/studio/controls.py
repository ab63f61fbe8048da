"""The controls of a preset, made of its own schema: what can be set, in which unit, within which bounds."""

import inspect
import math
import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shapes.core.spread import Spread
from synthem.fit.knobs import KNOBS
from synthem.fit.parameters import get, pruned
from synthem.labels import known_classes
from synthem.preset.anatomy import Anatomy
from synthem.preset.preset import Preset
from synthem.studio.changes import OPEN, values_of

UNITS = {
    "_nm": "nm", "_vx": "voxels", "_deg": "°", "_per_um3": "per µm³", "per_um3": "per µm³",
    "per_um2": "per µm²", "per_100um2": "per 100 µm²", "per_100um": "per 100 µm",
}  # fmt: skip
"""What the end of a key says of its unit."""
TITLES = {
    "anatomy": "Tissue", "annotation": "Annotation", "microscope": "Microscope",
    "er": "endoplasmic reticulum",
    "psd": "postsynaptic densities", "t_bar": "T-bars", "sheath": "myelin sheaths", "tone": "tone curve",
    "mitochondrion": "mitochondria", "vesicle": "vesicles",
}  # fmt: skip
REQUIRED = {"cell_nm": 2000.0, "radius_nm": {"median": 150.0, "ratio": 1.4}}
"""With what a population begins that is switched on."""
RANGES = {path: (knob.low, knob.high) for knob in KNOBS if knob.how == "set" for path in knob.paths[:1]}
_UNUSED = 40.0  # nm, or grey levels: how far a slider goes of what is 0 as a rule
_VOXELS = {path for knob in KNOBS if knob.per_voxel for path in knob.paths}

Json = dict[str, Any]


def controls_of(preset: Preset) -> list[Json]:
    """Return the groups of controls of a preset, as the page draws them.

    A group has ``path``, ``label``, ``help``, ``groups`` and ``controls``; where it may be left out, ``on``
    and with what it begins (``template``). A control has ``path``, ``label``, ``unit``, ``kind``, ``value``,
    ``help``, ``bounds`` (what is allowed, None where there is no end) and ``range`` (of its slider).
    """
    values = values_of(preset)
    top: list[Json] = []
    loose: list[Json] = []
    for name in ("microscope", "anatomy", "annotation"):
        field = Preset.model_fields[name]
        top.append(_group(name, field, _model(field.annotation), values[name], preset, False))
    for name in OPEN:
        if not _is_block(field := Preset.model_fields[name]):
            loose += _control(name, field, values.get(name), Preset, preset)
    top.append(
        {
            "path": "",
            "label": "Voxels",
            "help": "",
            "groups": [],
            "controls": loose,
            "optional": False,
            "on": True,
        }
    )
    return top


def paths_of(groups: list[Json]) -> Iterator[Json]:
    """Yield all controls of groups, those within groups too."""
    for group in groups:
        yield from group["controls"]
        yield from paths_of(group["groups"])


def _group(
    path: str, field: FieldInfo, model: type[BaseModel], values: Json | None, preset: Preset, optional: bool
) -> Json:
    name = path.rpartition(".")[2]
    on, shown = values is not None, values
    template: Json = {k: REQUIRED[k] for k, f in model.model_fields.items() if f.is_required()}
    if shown is None:
        shown = pruned(model.model_validate(template).model_dump(mode="json"))
    groups, controls = [], []
    for key, inner in model.model_fields.items():
        here = f"{path}.{key}"
        if _is_block(inner):
            optional_too = NoneType in _options(inner.annotation)
            groups.append(_group(here, inner, _model(inner.annotation), shown.get(key), preset, optional_too))
        else:
            controls += _control(here, inner, shown.get(key), model, preset)
    return {
        "path": path, "label": TITLES.get(name, name.replace("_", " ")), "help": _doc(model),
        "groups": groups, "controls": controls, "optional": optional, "on": on, "template": template,
    }  # fmt: skip


def _control(path: str, field: FieldInfo, value: Any, model: type[BaseModel], preset: Preset) -> list[Json]:
    """Return the control of a key; nothing where it is of no kind that a page can show."""
    name = path.rpartition(".")[2]
    options = _options(field.annotation)
    plain = next((o for o in options if o is not NoneType), None)
    out: Json = {
        "path": path, "label": _label(name, model), "unit": _unit(path, name), "value": value,
        "help": _help(name, model),
        "empty": NoneType in options, "bounds": _bounds(field.metadata), "choices": None,
    }  # fmt: skip
    if plain is Spread:
        if not path.startswith("microscope.stain"):
            high = Spread.model_validate(value).highest() if value is not None else 1.0
            out |= {"kind": "spread", "range": [0.0, _nice(2 * high) or 1.0]}
        else:
            out |= {"kind": "spread", "range": [0.0, 255.0], "unit": "grey"}
    elif plain is bool:
        out |= {"kind": "switch"}
    elif plain in (int, float):
        out |= {"kind": "whole" if plain is int else "number", "range": _range(path, out, field, preset)}
    elif get_origin(plain) is Literal:
        out |= {"kind": "choice", "choices": list(get_args(plain))}
    elif get_origin(plain) is tuple and (args := get_args(plain)) and Ellipsis not in args:
        out |= {"kind": "numbers", "labels": ["z", "y", "x"][-len(args) :], "bounds": _bounds_in(args[0])}
    elif path == "annotation.classes":
        out |= {"kind": "several", "choices": list(known_classes())}
    elif path == "annotation.also":
        out |= {"kind": "several", "choices": [k for k in Anatomy.model_fields if k in _organelles()]}
    else:
        return []
    return [out]


def _organelles() -> set[str]:
    from synthem.labels import CLASSES
    from synthem.scene.scene import GENERATORS

    return set(GENERATORS) - set(CLASSES)


def _options(annotation: Any) -> tuple[Any, ...]:
    """Return the types that a key may have, without what is said of them."""
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(option for part in get_args(annotation) for option in _options(part))
    return (annotation,)


def _model(annotation: Any) -> type[BaseModel]:
    return next(o for o in _options(annotation) if isinstance(o, type) and issubclass(o, BaseModel))


def _is_block(field: FieldInfo) -> bool:
    return any(
        isinstance(o, type) and issubclass(o, BaseModel) and o is not Spread
        for o in _options(field.annotation)
    )


def _bounds(metadata: list[Any]) -> list[float | None]:
    """Return the least and the largest value that is allowed, None where there is no end."""
    low = next((v for m in metadata for k in ("ge", "gt") if (v := getattr(m, k, None)) is not None), None)
    high = next((v for m in metadata for k in ("le", "lt") if (v := getattr(m, k, None)) is not None), None)
    return [low, high]


def _bounds_in(annotation: Any) -> list[float | None]:
    if get_origin(annotation) is not Annotated:
        return [None, None]
    said = [m for part in get_args(annotation)[1:] for m in (getattr(part, "metadata", None) or [part])]
    return _bounds(said)


def _range(path: str, control: Json, field: FieldInfo, preset: Preset) -> list[float]:
    """Return the ends of a slider: the bounds, what a fit searches, or some times what is usual."""
    (low, high), value = control["bounds"], control["value"]
    usual = [abs(v) for v in (value, field.default) if isinstance(v, (int, float))]
    if path in RANGES:
        times = preset.voxel_nm[1] if path in _VOXELS else 1.0
        first, last = (times * end for end in RANGES[path])
        first = 0.0 if low in (0, None) and first < 0.2 * last else first
    elif low is not None and high is not None and (high <= 1 or not any(usual) or high <= 6 * max(usual)):
        first, last = low, high
    else:
        first, last = low or 0.0, _nice(3 * max([*usual, 0.0])) or _UNUSED
        if low is None and (control["unit"] == "°" or path.endswith("offset")):
            first, last = (-180.0, 180.0) if control["unit"] == "°" else (-80.0, 80.0)
    if isinstance(value, (int, float)):
        first, last = min(first, value), max(last, value)
    first = first if low is None else max(first, low)
    last = last if high is None else min(last, high)
    return [round(first, 6), round(last, 6)]


def _nice(value: float) -> float:
    """Return a round number that is no smaller."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(n * power for n in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if n * power >= value * (1 - 1e-9)))


def _label(name: str, model: type[BaseModel]) -> str:
    for end in UNITS:
        if name.endswith(end) and name != end and end.startswith("_"):
            bare = name.removesuffix(end)
            name = f"{bare} size" if bare in model.model_fields else bare
            break
    if name.startswith("per_"):
        return "number"
    return TITLES[name] if name in ("er", "psd", "t_bar") else name.replace("_", " ")


def _unit(path: str, name: str) -> str:
    if path.startswith("microscope.detector.") and name in ("read", "shot", "rows"):
        return "grey"
    return next((unit for end, unit in UNITS.items() if name.endswith(end)), "")


def _doc(model: type[BaseModel]) -> str:
    text = inspect.getdoc(model) or ""
    return " ".join(text.replace("``", "").split())


def _help(name: str, model: type[BaseModel]) -> str:
    """Return what the docstring of a block says of a key: the parts of sentences that name it."""
    text = " ".join((inspect.getdoc(model) or "").split())
    sentences = re.split(r"(?<=[.;])\s+(?=[A-Z`a-z])", text)
    said = [s.rstrip(".;") for s in sentences if f"``{name}``" in s]
    # what begins with a key is left as it is
    return " ".join(f"{s if s.startswith('`') else s[:1].upper() + s[1:]}." for s in said).replace("``", "")


def help_of(path: str) -> str:
    """Return what docstrings say of a key of a preset; nothing where they do not name it."""
    model: Any = Preset
    *parents, name = path.split(".")
    for part in parents:
        model = _model(model.model_fields[part].annotation)
    field = model.model_fields.get(name)
    return _doc(_model(field.annotation)).split(". ")[0] if field and _is_block(field) else _help(name, model)


def value_at(preset: Preset, path: str) -> Any:
    """Return the value at a path of a preset, None where a part of it is left out."""
    return get(values_of(preset), path)
