"""A folder that a dataset is written into: never over other content, each file whole or absent.

``manifest.json`` is written before anything else and never changes: it holds the plan, so that the same
command goes on after a kill without planning again.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError, field_validator

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem import __version__
from synthem.data.atomic import write_whole, written
from synthem.data.files import check_file_name, contents
from synthem.data.plan import Plan, Request
from synthem.world import WORLD_VERSION, check_world_version

MANIFEST = "manifest.json"

Layout = Literal["hdf5", "png"]


class Shard(Frozen):
    """Some consecutive patches of a dataset, and the file that holds them."""

    file: str
    first: int
    count: int

    @field_validator("file")
    @classmethod
    def _stays_here(cls, file: str) -> str:
        return check_file_name(file, "shard")


class Manifest(Frozen):
    """What a dataset's folder holds: configuration, its hash, the code's version, shards."""

    synthem: str
    world_version: int | None = None
    layout: Layout
    sha256: str
    plan: Plan
    shards: tuple[Shard, ...] = ()


def make_manifest(plan: Plan, layout: Layout, shards: tuple[Shard, ...] = ()) -> Manifest:
    """Return the manifest of a plan that this version of synthem writes."""
    decides = {"layout": layout, "world_version": WORLD_VERSION, "plan": plan.model_dump(mode="json")}
    return Manifest(
        synthem=__version__,
        world_version=WORLD_VERSION,
        layout=layout,
        sha256=hashlib.sha256(_canonical(decides)).hexdigest(),
        plan=plan,
        shards=shards,
    )


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a dataset's folder, None where there is none; InputError where it is damaged."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise InputError(
            f"{path}: not a manifest of synthem: {place}: {first['msg'].removeprefix('Value error, ')}"
        ) from error


def stored_plan(out: str | Path, request: Request, layout: Layout) -> Plan | None:
    """Return the plan of an earlier run of the same request, None where the folder is new or empty.

    Raises
    ------
    InputError
        Where the folder holds anything else.
    """
    out = Path(out)
    if not os.path.lexists(out):
        return None
    if not out.is_dir():
        raise InputError(f"{out}: exists and is no folder; give the name of a new one")
    manifest = read_manifest(out)
    if manifest is None:
        others = [p.name for p in contents(out)]
        if others:
            raise InputError(f"{out}: holds other files ({others[0]!r}, …); give a new or an empty folder")
        return None
    check_world_version(manifest.world_version, manifest.synthem, f"{out}: holds a dataset, which")
    difference = _difference(manifest, request, layout)
    if difference:
        raise InputError(f"{out}: holds another dataset ({difference}); give a new or an empty folder")
    return manifest.plan


@contextmanager
def opened(out: str | Path, manifest: Manifest) -> Iterator[Path]:
    """Make the folder, or go on with it; hold it against other writers and clear away what a kill left.

    Raises
    ------
    InputError
        Where the folder holds anything else, another run is writing to it, or the disk is full or not
        ours to write.
    """
    out = Path(out)
    plan = stored_plan(out, manifest.plan.request, manifest.layout)
    if plan is not None and plan != manifest.plan:
        raise InputError(f"{out}: holds another plan of the same request; give a new or an empty folder")
    with written(out):
        if plan is None:
            text = json.dumps(manifest.model_dump(mode="json"), indent=1)
            write_whole(out / MANIFEST, text.encode())
        yield out


def _difference(manifest: Manifest, request: Request, layout: Layout) -> str:
    """Say in words what sets a stored dataset apart from a request; empty where nothing does."""
    pairs: list[tuple[str, Any, Any]] = [
        ("format", manifest.layout, layout),
    ]
    stored = manifest.plan.request
    pairs += [(name, getattr(stored, name), getattr(request, name)) for name in Request.model_fields]
    for name, old, new in pairs:
        if _canonical(old) != _canonical(new):
            if name == "preset" and old.get("name") != new.get("name"):
                old, new = old.get("name"), new.get("name")
            elif name == "preset":
                return f"of another version of preset {old.get('name')!r}"
            return f"{name} {old}, not {new}"
    return ""


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
