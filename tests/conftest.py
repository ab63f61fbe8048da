"""Fixtures that several test files share."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def epfl6() -> Path:
    """The folder of real sections with six-class masks, which is never part of the repository."""
    shared = Path(os.environ.get("SYNTHEM_SHARED", REPOSITORY.parent / "shared"))
    folder = shared / "data" / "epfl6"
    if not folder.is_dir():
        pytest.skip(f"no real EM at {folder}; point SYNTHEM_SHARED at the folder that holds data/epfl6")
    return folder
