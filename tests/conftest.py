"""Fixtures that several test files share."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from shapes import Grid
from synthem.patch import Patch
from synthem.world import World

# networks of tests are tiny: threads that wait for each other cost far more than they give
os.environ.setdefault("OMP_NUM_THREADS", "1")

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


@pytest.fixture(scope="session")
def check_halves() -> Callable[[World, Grid, float], Patch]:
    """Return a function that holds halves of a window against the whole, bit for bit, and gives the whole.

    Cut is along each axis in turn, at a share of the window; an axis too short for that is left out.
    """

    def check(world: World, whole: Grid, cut: float) -> Patch:
        patch = world.patch(whole)
        for axis in range(3):
            size = round(cut * whole.shape[axis])
            if not 0 < size < whole.shape[axis]:
                continue
            for first, count in ((0, size), (size, whole.shape[axis] - size)):
                shape, start = list(whole.shape), list(whole.start_vx)
                shape[axis], start[axis] = count, start[axis] + first
                corner = tuple(s * v for s, v in zip(start, whole.voxel_nm, strict=True))
                half = world.patch(Grid(tuple(shape), whole.voxel_nm, corner))
                box = tuple(slice(first, first + count) if a == axis else slice(None) for a in range(3))
                where = f"voxels {first} to {first + count} along axis {axis}"
                np.testing.assert_array_equal(half.image, patch.image[box], err_msg=where)
                np.testing.assert_array_equal(half.clean, patch.clean[box], err_msg=where)
                np.testing.assert_array_equal(half.labels, patch.labels[:, *box], err_msg=where)
                assert half.instances.keys() == patch.instances.keys()
                for kind, ids in half.instances.items():
                    np.testing.assert_array_equal(ids, patch.instances[kind][box], err_msg=f"{kind}, {where}")
        return patch

    return check


KERNEL_FREE = {
    "learning",
    "test_statistics",
    "test_real",
    "test_files",
    "test_masks",
    "test_unlabelled",
    "test_pages",
    "test_compiled",
    "test_groups",
    "test_streams",
}

WITH_KERNELS = {"test_hold_out", "test_stream"}
"""Of the folders above, these render."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the golden windows first, beside tests without kernels, so that no two compile the same."""

    def turn(item: pytest.Item) -> int:
        if item.path.stem == "test_golden":
            return 0
        free = {item.path.stem, item.path.parent.name} & KERNEL_FREE and item.path.stem not in WITH_KERNELS
        return 1 if free else 2

    items.sort(key=turn)
