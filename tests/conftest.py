"""Fixtures that several test files share."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# the same examples in every run; `--hypothesis-profile explore` looks at others
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("steady")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def epfl6() -> Path:
    """The folder of real sections with six-class masks, which is never part of the repository."""
    shared = Path(os.environ.get("SYNTHEM_SHARED", REPOSITORY.parent / "shared"))
    folder = shared / "data" / "epfl6"
    if not folder.is_dir():
        pytest.skip(f"no real EM at {folder}; point SYNTHEM_SHARED at the folder that holds data/epfl6")
    return folder


@pytest.fixture(scope="session")
def digests() -> Callable[[Path], dict[str, str]]:
    """Return a function that gives the hash of every file below a folder, hidden ones too."""

    def hashes(folder: Path) -> dict[str, str]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        }

    return hashes
