"""Which sections of a folder of real EM are meant by the name of a split, or of one of its halves."""

from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.real import read_split

SPLITS = "splits.yaml"
"""The file beside the sections that holds the splits."""

HALVES = ("train", "test")


def half_of(folder: str | Path, split: str, usual: str = "train") -> list[str]:
    """Return the sections of ``NAME:train`` or ``NAME:test`` in a folder's ``splits.yaml``.

    ``NAME`` alone is the usual half.

    Raises
    ------
    InputError
        Where the half is another, or the file is missing or damaged.
    UnknownNameError
        Where there is no such split.
    """
    name, colon, half = split.rpartition(":")
    if not colon:
        name, half = split, usual
    if half not in HALVES:
        raise InputError(f"split: write NAME, NAME:train or NAME:test, not {split!r}")
    return read_split(Path(folder) / SPLITS, name)[HALVES.index(half)]
