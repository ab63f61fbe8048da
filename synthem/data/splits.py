"""Which sections of a folder of real EM are meant by the name of a split, or of one of its halves."""

from pathlib import Path

import yaml

from shapes.core.errors import InputError, UnknownNameError
from synthem.data.real.address import parse_address

SPLITS = "splits.yaml"
"""The file beside the sections that holds the splits."""

HALVES = ("train", "test")


def half_of(folder: str | Path, split: str, usual: str = "train") -> list[str]:
    """Return sections of ``NAME:train`` or ``NAME:test`` in ``splits.yaml``, of a folder or beside a file.

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
    return read_split(beside(Path(folder)) / SPLITS, name)[HALVES.index(half)]


def beside(data: Path) -> Path:
    """Return the folder that the splits of data lie in: it, or of a file the folder that holds that."""
    address = parse_address(data)
    return address.file.parent if address else data


def read_split(path: str | Path, name: str) -> tuple[list[str], list[str]]:
    """Return the names of the training and of the test sections of one split in a YAML file.

    All names are taken as text, as they are written: ``0002`` is a name, not a number.

    Raises
    ------
    InputError
        Where the file cannot be read or is laid out otherwise, or a section stands in both halves.
    UnknownNameError
        Where the file has no split of that name.
    """
    try:
        splits = yaml.load(Path(path).read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 (text alone)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a YAML file: {' '.join(str(error).split())}") from error
    if not isinstance(splits, dict):
        raise InputError(f"{path}: a splits file maps a split's name to its train and test lists")
    if name not in splits:
        raise UnknownNameError(f"split in {path}", name, map(str, splits))
    halves = []
    for half in ("train", "test"):
        value = splits[name].get(half) if isinstance(splits[name], dict) else None
        if not isinstance(value, list) or not value:
            raise InputError(f"{path}: split {name!r} needs a list of section names under {half!r}")
        halves.append([str(item) for item in value])
    both = sorted(set(halves[0]) & set(halves[1]))
    if both:
        raise InputError(
            f"{path}: split {name!r} has {both[0]!r} in both halves; train and test must not share sections"
        )
    return halves[0], halves[1]
