"""Files that are whole or not there, written aside and renamed; folders with one writer at a time."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from shapes.core.errors import InputError

PART = ".part"
"""Ending of files that are still being written."""


def write_whole(path: Path, data: bytes) -> None:
    """Write a file aside, flush it to the disk and rename it into place: it is whole or it is not there."""
    with whole_file(path) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write aside; it is renamed into place when the block ends without an error."""
    # processes of several machines may write beside each other, so their number alone does not do
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}{PART}")
    try:
        with part.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make a rename outlast a power cut, where the system can (not on Windows)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_json(path: Path, content: object) -> None:
    """Write a JSON file whole, or not at all; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


@contextmanager
def written(out: Path) -> Iterator[None]:
    """Make a folder, hold it against other writers, and clear away what a kill left half written in it.

    Raises
    ------
    InputError
        Where another run is writing to it, or the disk is full or not ours to write.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with locked(out):
            _clear(out)
            yield
            # workers of a run that was killed may have lived on for a moment, and left theirs since
            _clear(out)
    except OSError as error:
        raise InputError(
            f"{error.filename or out}: cannot be written: {error.strerror or error}; "
            "what is complete stays, and the same command goes on from there"
        ) from error


def _clear(folder: Path) -> None:
    for path in folder.rglob(f".*{PART}"):
        path.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder until the block or the process ends; where the system has no such locks, do without."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{folder}: another run is writing to it; wait for that one to end") from None
        except OSError:  # some network file systems have no locks
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_UN)
        yield
    finally:
        os.close(handle)
