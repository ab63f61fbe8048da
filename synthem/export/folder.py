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
"""The file that tells what an export is made of."""


class Folder:
    """A folder that is being written.

    Attributes
    ----------
    path : Path
        Where it lies for the time being.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

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


def is_whole(out: Path, record: Mapping[str, Any]) -> bool:
    """Tell whether a folder is this very export already, written to its end.

    Raises
    ------
    InputError
        Where it holds anything else.
    """
    if not os.path.lexists(out):
        return False
    if not out.is_dir():
        raise InputError(f"{out}: exists and is no folder; give the name of a new one")
    stored = _record(out)
    if stored == record:
        return True
    if stored is not None:
        raise InputError(f"{out}: holds another export ({_difference(stored, record)}); give a new folder")
    if others := sorted(path.name for path in out.iterdir()):
        raise InputError(f"{out}: holds other files ({others[0]!r}, …); give a new or an empty folder")
    return False


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
            stored = _record(aside)
            if stored != record:
                if stored is None and any(aside.iterdir()):
                    raise InputError(f"{aside}: is in the way and not of synthem; move it elsewhere")
                _clear(aside)
                write_json(aside / RECORD, record)
            for path in aside.rglob(f".*{PART}"):
                path.unlink(missing_ok=True)
            yield Folder(aside)
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


def _record(folder: Path) -> Any:
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _difference(stored: Any, record: Mapping[str, Any]) -> str:
    old = stored if isinstance(stored, dict) else {}
    key = next(key for key in [*record, *old] if old.get(key) != record.get(key))
    return "of other data" if key == "cases" else f"{key} {old.get(key)}, not {record.get(key)}"
