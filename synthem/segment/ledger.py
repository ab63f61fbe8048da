"""The folder of a segmentation: what it is of, held by one run at a time, and what was settled on the way."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shapes.core.errors import InputError
from synthem.data.atomic import locked, write_json
from synthem.data.files import is_vacant
from synthem.learning.identity import Parts, keep_identity

MARK, CHOICES = "segment.json", "choices.json"


class Ledger:
    """What was settled by the clock, and said, in an earlier run too: a JSON file, written at every entry.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[str, Any] = {}
        if path.exists():
            try:
                self.entries = json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                raise InputError(f"{path}: is damaged; give another folder") from None

    def get(self, name: str) -> Any:
        """Return an entry, None where there is none yet."""
        return self.entries.get(name)

    def put(self, **entries: Any) -> None:
        """Note entries."""
        if all(self.entries.get(name) == value for name, value in entries.items()):
            return
        self.entries |= entries
        write_json(self.path, self.entries)

    def note(self, sentence: str) -> None:
        """Note a sentence for the report, once."""
        notes = self.entries.get("notes", [])
        if sentence not in notes:
            self.put(notes=[*notes, sentence])


def check_folder(out: Path) -> None:
    """Raise InputError where a folder holds anything that no segmentation put there."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; give a folder for masks and report")
    if not (out / MARK).exists() and not is_vacant(out):
        raise InputError(f"{out}: is not empty and holds no segmentation; give an empty folder")


@contextmanager
def claimed(out: Path, parts: Parts) -> Iterator[Ledger]:
    """Make the folder, or go on in it; hold it until the block ends.

    Raises
    ------
    InputError
        Where it holds anything else or a segmentation of other parts, or another run is writing to it.
    """
    check_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        keep_identity(out / MARK, parts, "a segmentation")
        yield Ledger(out / CHOICES)
