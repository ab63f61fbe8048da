"""Compiled kernels, kept on disk for as long as all the code that they were compiled from stays the same.

numba's own cache looks at the file of a kernel alone: after a change in a module that this file imports,
old and new code would mix. Here the folder of the cache is named by a hash of the file and of all files of
ours that it imports, directly or through others.
"""

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numba
import platformdirs

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds ``shapes`` and ``synthem``, in a checkout and where they are installed."""

KEPT_DAYS = 60
"""Kernels of code that was not run for so long are deleted when new code is first compiled."""

_IMPORT = re.compile(r"^\s*from ((?:shapes|synthem)[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a kernel with numba when it is first called, or take what an earlier process compiled.

    The cache lies in the user's cache folder, or in ``$NUMBA_CACHE_DIR``, so that it also works where the
    package's own folder is read-only; in a temporary folder where neither can be written. Several processes
    may start at once: files are written aside and renamed, and at worst a kernel is compiled twice.

    Division by zero gives infinity, as numpy has it: a check at each division would keep loops from being
    vectorised.
    """
    return _cached(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small function into whatever kernel calls it: a call that hands on a block's row is dear."""
    return _cached(function, forceinline=True)


def _cached(function: Callable[..., Any], **options: Any) -> Any:
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_folder(Path(function.__code__.co_filename)))
    try:
        return numba.njit(cache=True, error_model="numpy", **options)(function)
    finally:
        config.CACHE_DIR = before


def sources_of(path: Path) -> tuple[Path, ...]:
    """Return a file of ours and all files of ours that it imports, directly or through others, in order."""
    found: set[Path] = set()
    waiting = [path.resolve()]
    while waiting:
        if (file := waiting.pop()) not in found:
            found.add(file)
            waiting += _imports(file)
    return tuple(sorted(found))


@cache
def _imports(file: Path) -> tuple[Path, ...]:
    """Return the files of ours that one file imports; a name may be a module of its own."""
    candidates = []
    for module, names in _IMPORT.findall(file.read_text(encoding="utf-8")):
        place = ROOT.joinpath(*module.split("."))
        candidates += [place.with_suffix(".py"), place / "__init__.py"]
        candidates += [place / f"{name}.py" for name in re.findall(r"\w+", names)]
    return tuple(path for path in candidates if path.is_file())


@cache
def _folder(file: Path) -> Path:
    """Return the folder for the kernels of one file."""
    digest = hashlib.sha256()
    for source in sources_of(file):
        digest.update(source.read_bytes())
    base = _base()
    folder = base / digest.hexdigest()[:24]
    if not folder.is_dir():
        _forget(base)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
    return folder


@lru_cache(maxsize=1)
def _base() -> Path:
    """Return the first folder for caches that can be written."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    usual = Path(chosen) if chosen else platformdirs.user_cache_path("synthem", appauthor=False)
    base = usual / "kernels"
    try:
        base.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=base).close()
    except OSError:
        user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
        base = Path(tempfile.gettempdir()) / f"synthem-kernels-{user}"
    return base


def _forget(base: Path) -> None:
    """Delete the kernels of code that was not run for long."""
    with suppress(OSError):
        for folder in base.iterdir():
            with suppress(OSError):
                if folder.stat().st_mtime < time.time() - KEPT_DAYS * 86400:
                    shutil.rmtree(folder)
