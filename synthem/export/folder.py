"""A folder that is written aside and renamed: whole, or not there under its name.

Beside OUT lies ``.OUT.part`` as long as it is being written. ``export.json`` in it tells what it is to
become, so that the same command goes on with what is complete there, and any other starts anew. Once OUT is
there, it is whole.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shapes.core.errors import InputError
from synthem.data.atomic import PART, flush_folder, locked, write_json, write_whole

RECORD = "export.json"
"""The file that tells what an export is made of, and what was left out of it."""
LEFT_OUT = "left_out"
"""Under this name it says what was left out; that is an outcome, and makes it no other export."""


class Folder:
    """A folder that is being written.

    Attributes
    ----------
    path : Path
        Where it lies for the time being.
    left_out : list of str
        What the format could not say, a sentence each; it is stored when the folder is whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out: list[str] = []

    def put(self, name: str, make: Callable[[], bytes]) -> None:
        """Write a file whole, with folders on its way; one that is there from before the kill stays."""
        path = self.path / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, make())

    def text(self, name: str, text: str) -> None:
        """Write a file of text."""
        self.put(name, text.encode)

    def json(self, name: str, content: object) -> None:
        """Write a JSON file."""
        self.text(name, json.dumps(content, indent=1, allow_nan=False) + "\n")


def left_out(out: Path, record: Mapping[str, Any]) -> list[str] | None:
    """Return what was left out of a folder that is this very export already, whole; None where none is there.

    Raises
    ------
    InputError
        Where the folder holds anything else.
    """
    if not os.path.lexists(out):
        return None
    if not out.is_dir():
        raise InputError(f"{out}: exists and is no folder; give the name of a new one")
    stored, sentences = _record(out)
    if stored == record:
        return sentences
    if stored is not None:
        raise InputError(f"{out}: holds another export ({_difference(stored, record)}); give a new folder")
    if others := sorted(path.name for path in out.iterdir()):
        raise InputError(f"{out}: holds other files ({others[0]!r}, …); give a new or an empty folder")
    return None


@contextmanager
def written(out: Path, record: Mapping[str, Any]) -> Iterator[Folder]:
    """Give a folder to write into, and rename it to ``out`` when the block ends without an error.

    Raises
    ------
    InputError
        Where another run is writing it, or the disk is full or not ours to write.
    """
    aside = out.parent / f".{out.name}{PART}"
    try:
        aside.mkdir(parents=True, exist_ok=True)
        with locked(aside):
            stored, _ = _record(aside)
            if stored != record:
                if stored is None and any(aside.iterdir()):
                    raise InputError(f"{aside}: is in the way and not of synthem; move it elsewhere")
                _clear(aside)
                write_json(aside / RECORD, record)
            for path in aside.rglob(f".*{PART}"):
                path.unlink(missing_ok=True)
            folder = Folder(aside)
            yield folder
            write_json(aside / RECORD, {**record, LEFT_OUT: folder.left_out})
            if out.is_dir():
                out.rmdir()  # it is empty
            aside.rename(out)
        flush_folder(out.parent)
    except OSError as error:
        raise InputError(
            f"{error.filename or out}: cannot be written: {error.strerror or error}; "
            "the same command goes on from what is complete"
        ) from error


def _clear(aside: Path) -> None:
    """Empty a folder, its record last, so that a kill leaves it known as ours."""
    for path in sorted(aside.iterdir(), key=lambda path: path.name == RECORD):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _record(folder: Path) -> tuple[Any, list[str]]:
    """Return what an export is made of, None where nothing says so, and what was left out."""
    try:
        stored = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None, []
    return stored, stored.pop(LEFT_OUT, []) if isinstance(stored, dict) else []


def _difference(stored: Any, record: Mapping[str, Any]) -> str:
    old = stored if isinstance(stored, dict) else {}
    key = next(key for key in [*record, *old] if old.get(key) != record.get(key))
    return "of other data" if key == "cases" else f"{key} {old.get(key)}, not {record.get(key)}"
