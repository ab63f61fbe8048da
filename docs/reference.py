"""A hook of mkdocs: writes the parts of the reference that the code knows, so that they cannot go stale.

A page names such a part by a line ``<!-- made of the code: NAME -->``, NAME being one of ``PARTS``.
"""

import ast
import inspect
import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import typer
from keys import blocks, table  # beside this file: mkdocs puts its folder on the path

import synthem
from synthem.cli.main import app
from synthem.experiment.config import ExperimentConfig
from synthem.measure.statistics import STATISTICS
from synthem.preset.preset import Preset, load_preset, preset_names

MARK = re.compile(r"<!-- made of the code: (\w+) -->")
ROOT = Path(synthem.__file__).parent
ROOMS = (
    "preset",
    "scene",
    "microscope",
    "data",
    "measure",
    "scores",
    "view",
    "volume",
    "export",
    "augment",
    "paste",
    "fit",
    "learning",
    "experiment",
    "explain",
    "segment",
    "studio",
    "napari",
)


def on_page_markdown(markdown: str, **given: Any) -> str:
    """Put the parts in the place of their marks."""
    return MARK.sub(lambda mark: PARTS[mark[1]](), markdown)


def presets() -> str:
    """Describe every shipped preset: a line in a table, then where its figures come from."""
    known = {name: load_preset(name) for name in preset_names()}
    rows = [
        (f"[`{name}`](#{name})", p.title, p.modality, _times(p.voxel_nm), _times(p.patch_shape))
        for name, p in known.items()
    ]
    head = ("preset", "what it shows", "modality", "voxel (z × y × x, nm)", "patch (z × y × x)")
    return "\n".join(
        [table(head, rows), *(f"\n## {n}\n\n*{p.title}.*\n\n{p.source}" for n, p in known.items())]
    )


def commands() -> str:
    """Describe every command: its help and example, its arguments and options."""
    out = []
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        context = command.make_context(name, [], resilient_parsing=True)
        *text, example = inspect.cleandoc(command.help).split("\n\n")
        out += [f"## synthem {name}", *(" ".join(paragraph.split()) for paragraph in text)]
        out.append(f"```sh\n{example.removeprefix('Example: ')}\n```")
        records = [p.get_help_record(context) for p in command.params if p.name != "help"]
        rows = [(f"`{call}`", re.sub(r"\s+\[", " [", said)) for call, said in filter(None, records)]
        out.append(table(("argument or option", "what it is"), rows) if rows else "It takes no options.")
    return "\n\n".join(out)


def statistics() -> str:
    """Describe every family of statistics: its source and its figures."""
    out = []
    for name, family in STATISTICS.items():
        figures = ", ".join(f"`{figure}`" for figure in family.names)
        source = inspect.getdoc(inspect.getmodule(family.of)) or ""
        out += [
            f"## {name}",
            source,
            inspect.getdoc(family.of) or "",
            f"{len(family.names)} figures: {figures}.",
        ]
    return "\n\n".join(out)


def api() -> str:
    """Describe the names that stand in ``synthem``, room by room."""
    paths = sorted(_public().values(), key=_place)
    out = []
    for place, inside in groupby(paths, key=_place):
        room = ROOMS[place - 1] if place else ""
        out.append(f"## From synthem.{room}" if room else "## Worlds, windows, patches")
        out += [f"::: {path}" for path in inside]
    return "\n\n".join(out)


def rooms() -> str:
    """Describe what each room re-exports, but for what stands in ``synthem`` too."""
    public, out = set(_public().values()), []
    for room in ROOMS:
        names = _exported(ROOT / room / "__init__.pyi", f"synthem.{room}")
        also = [f"[`{name}`][{path}]" for name, path in names.items() if path in public]
        doc = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8")))
        out += [f"## synthem.{room}", doc or "", f"In `synthem` itself: {', '.join(also)}." if also else ""]
        out += [f"::: {path}" for path in names.values() if path not in public]
    return "\n\n".join(out)


PARTS: dict[str, Callable[[], str]] = {
    "presets": presets,
    "keys": lambda: blocks(Preset),
    "training": lambda: blocks(ExperimentConfig),
    "commands": commands,
    "statistics": statistics,
    "api": api,
    "rooms": rooms,
}


def _times(numbers: tuple[float, ...]) -> str:
    return "\u00a0×\u00a0".join(f"{number:g}" for number in numbers)


def _place(path: str) -> int:
    """Return the number of a name's room, from one; 0 for what everyone hands on."""
    room = path.split(".")[1]
    return ROOMS.index(room) + 1 if room in ROOMS else 0


def _public() -> dict[str, str]:
    defined = {n: getattr(synthem, n) for n in ("Grid", "InputError", "UnknownNameError")}
    here = {name: f"{value.__module__}.{name}" for name, value in defined.items()}
    return here | _exported(ROOT / "__init__.pyi", "synthem")


def _exported(stub: Path, package: str) -> dict[str, str]:
    """Return the names of a lazy stub, and where each is defined."""
    lines = ast.parse(stub.read_text(encoding="utf-8")).body
    imports = [line for line in lines if isinstance(line, ast.ImportFrom)]
    return {name.name: f"{package}.{line.module}.{name.name}" for line in imports for name in line.names}
