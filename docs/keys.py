"""Tables of the keys that a YAML file may hold, made of the models that read it."""

import ast
import inspect
import json
from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from itertools import pairwise
from textwrap import dedent
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from shapes.core.spread import Spread

WORDS = {float: "number", int: "whole number", bool: "`true`, `false`", str: "text"}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown, as wide as its head."""
    lines = [head, ("---",) * len(head), *rows]
    cells = ((cell.replace("|", "\\|") for cell in line[: len(head)]) for line in lines)
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def blocks(root: type[BaseModel]) -> str:
    """Describe a model and all models in it, each once, under the places where it may stand."""
    places: dict[type[BaseModel], list[str]] = {}
    for place, model in _walk(root, ""):
        places.setdefault(model, []).append(f"`{place}`" if place else "The file itself")
    parts = ((f"## {', '.join(at)}", inspect.getdoc(m) or "", _fields(m)) for m, at in places.items())
    return "\n\n".join(text for part in parts for text in part)


def _walk(model: type[BaseModel], place: str) -> Iterator[tuple[str, type[BaseModel]]]:
    yield place, model
    for name, field in model.model_fields.items():
        if (inner := _inner(field.annotation)) and inner is not Spread:
            yield from _walk(inner, f"{place}.{name}".lstrip("."))


def _inner(annotation: Any) -> type[BaseModel] | None:
    options = (annotation, *get_args(annotation))
    return next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)


def _fields(model: type[BaseModel]) -> str:
    """Return a table of a block's keys; what they are stands there where the source says it of each."""
    said: dict[str, str] = {}
    for kind in model.__mro__:
        if kind.__module__.split(".")[0] in ("shapes", "synthem"):
            body: Any = ast.parse(dedent(inspect.getsource(kind))).body[0]
            said |= {
                key.target.id: " ".join(ast.literal_eval(text.value).split())
                for key, text in pairwise(body.body)
                if isinstance(key, ast.AnnAssign) and isinstance(text, ast.Expr)
            }
    rows = [
        (f"`{name}`", _kind(field.annotation, field.metadata), _default(field), said.get(name, ""))
        for name, field in model.model_fields.items()
    ]
    return table(("key", "what is allowed", "default", "what it is")[: 4 if said else 3], rows)


def _kind(kind: Any, limits: Iterable[Any] = ()) -> str:
    """Say in words what may stand for a type."""
    inner, outer = get_args(kind), get_origin(kind)
    if outer is Annotated:
        return _kind(inner[0], [m for extra in inner[1:] for m in getattr(extra, "metadata", [extra])])
    if outer is Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if NoneType in inner:
        return f"{_kind(inner[0], limits)}, or `null`"
    if outer in (Union, UnionType):
        return " or ".join(map(_kind, inner))
    if outer is tuple:
        one = _kind(inner[0])
        return f"list of {one}" if Ellipsis in inner else f"list of {len(inner)}, each a {one}"
    if outer is dict:
        return f"{_kind(inner[1])}, by class"
    if _inner(kind) or is_dataclass(kind):
        return "spread" if kind is Spread else "block"
    ends = [
        f"{sign} {getattr(m, name):.4g}" for m in limits for name, sign in BOUNDS.items() if hasattr(m, name)
    ]
    return f"{WORDS[kind]} {', '.join(ends)}".strip()


def _default(field: Any) -> str:
    """Return a default as YAML has it."""
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "must be given"
    if isinstance(value, Spread):
        value = value.min if value.min == value.max is not None else value.model_dump(exclude_none=True)
    elif isinstance(value, BaseModel) or is_dataclass(value):
        return "the block's own"
    plain = json.loads(json.dumps(value))
    text = yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=999).split("\n")[0]
    return f"`{text}`"
