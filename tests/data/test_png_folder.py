"""PNG folders in the layout of the paper's repository, written and read back."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.files import FOLDERS
from synthem.data.open import open_data
from synthem.data.plan import Plan, make_patch, plan_dataset
from synthem.data.png_folder import write_png
from synthem.data.real import read_folder
from synthem.labels import CLASSES, channel
from synthem.world import World

Digests = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_dataset(World("epfl", seed=5), 10, (1, 64, 64), voxel_nm=(10.0, 5.0, 5.0))


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_png(plan, tmp_path_factory.mktemp("png") / "set")


def test_what_is_written_is_read_back(plan: Plan, folder: Path) -> None:
    patches = open_data(folder)
    assert len(patches) == 10
    for index in (0, 9):
        made, read = make_patch(plan, index), patches[index]
        assert read.name == made.name
        assert np.array_equal(read.image, made.image) and np.array_equal(read.labels, made.labels)
        assert read.grid.voxel_nm == (10.0, 5.0, 5.0) and all(read.known)


def test_masks_are_black_and_white_in_the_folders_of_epfl6(folder: Path) -> None:
    names = {path.name for path in folder.iterdir() if path.is_dir()}
    assert names == {
        "slices",
        "mitochondrion",
        "mitochondrial boundaries",
        "membranes",
        "PSD",
        "vesicles",
        "axon",
    }
    mask = cv2.imread(str(next((folder / "membranes").iterdir())), cv2.IMREAD_UNCHANGED)
    assert mask.dtype == np.uint8 and mask.ndim == 2
    assert set(np.unique(mask)) == {0, 255}


def test_workers_and_an_earlier_end_change_no_byte(
    plan: Plan, folder: Path, tmp_path: Path, digests: Digests
) -> None:
    write_png(plan, tmp_path / "set", workers=2)
    assert digests(tmp_path / "set") == digests(folder)
    for path in [*(tmp_path / "set/slices").iterdir()][
        3:7
    ]:  # as if killed within a patch: masks, but no slice
        path.unlink()
    seen: list[int] = []
    write_png(plan, tmp_path / "set", progress=lambda done, of: seen.append(done))
    assert seen[0] < 10 and seen[-1] == 10
    assert digests(tmp_path / "set") == digests(folder)


def test_a_volume_becomes_a_file_a_section(tmp_path: Path) -> None:
    plan = plan_dataset(World("epfl", seed=6), 2, (3, 32, 48))
    folder = write_png(plan, tmp_path / "set")
    sections = read_folder(folder)
    assert sections.names[:4] == tuple(f"epfl-6-00000{i}_z00{z}" for i, z in ((0, 0), (0, 1), (0, 2), (1, 0)))
    patch = make_patch(plan, 1)
    assert np.array_equal(sections[5].labels[:, 0], patch.labels[:, 2])
    assert np.array_equal(sections[5].image[0], patch.image[2])


def test_patches_without_a_plan(plan: Plan, tmp_path: Path) -> None:
    known = tuple(cls != "vesicle" for cls in CLASSES)
    patches = [replace(make_patch(plan, i), known=known, name=f"p{i}") for i in range(2)]
    folder = write_png(patches, tmp_path / "set")
    assert not (folder / FOLDERS["vesicle"][0]).exists()
    back = open_data(folder)
    assert [patch.name for patch in back] == ["p0", "p1"]
    assert back[0].known == known
    psd = channel("psd")
    assert np.array_equal(back[1].labels[psd], patches[1].labels[psd])
    with pytest.raises(InputError, match="exists already"):
        write_png(patches, folder)


def test_other_content_is_refused(plan: Plan, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "slices").mkdir()
    with pytest.raises(InputError, match="holds other files"):
        write_png(plan, tmp_path)
    with pytest.raises(InputError, match=r"holds another dataset \(seed 5, not 6\)"):
        write_png(plan_dataset(World("epfl", seed=6), 10, (1, 64, 64), (10.0, 5.0, 5.0)), folder)
    with pytest.raises(InputError, match="knows its voxel size"):
        open_data(folder, voxel_nm=(5.0, 5.0, 5.0))


def test_extra_labels_get_folders_of_their_own(tmp_path: Path) -> None:
    values = World("epfl").preset.model_dump(mode="json")
    values["annotation"]["also"] = ["er"]
    plan = plan_dataset(World(values, seed=5), 6, (1, 128, 128))
    folder = write_png(plan, tmp_path / "set")
    shown = 0
    for index in range(6):
        made = make_patch(plan, index)
        mask = cv2.imread(str(folder / "er" / f"{made.name}.png"), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(mask, (made.instances["er"][0] > 0) * np.uint8(255))
        shown += mask.any()
    assert shown > 0
    assert not read_folder(folder).warnings


def test_sections_without_labels_get_no_masks(lossy: Plan, tmp_path: Path) -> None:
    made = [make_patch(lossy, k) for k in range(3)]
    read = open_data(write_png(lossy, tmp_path / "set"))
    blank = [k in patch.unlabelled for patch in made for k in range(4)]
    assert 0 < sum(blank) < 12
    assert [patch.known for patch in read] == [(not b,) * 6 for b in blank]


def test_an_unfinished_dataset_is_refused_by_all_who_read(plan: Plan, folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "set"
    shutil.copytree(folder, copy)
    (copy / "slices" / f"{plan.name(7)}.png").unlink()
    for read in (open_data, read_folder):
        with pytest.raises(InputError, match="unfinished, 1 of 10 patches are missing; run the command"):
            read(copy)
    for path in (copy / "slices").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="unfinished, 10 of 10"):
        open_data(copy)


@pytest.mark.parametrize("name", ["../out", "a/b", ".."])
def test_patches_stay_in_their_folder(plan: Plan, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no plain file name"):
        write_png([replace(make_patch(plan, 0), name=name)], tmp_path / "set")
    assert not list(tmp_path.rglob("*.png"))


def test_a_folder_with_leftovers_is_empty(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").touch()
    assert len(read_folder(write_png([make_patch(plan, 0)], tmp_path))) == 1


def test_windows_of_one_name_are_all_written(tmp_path: Path) -> None:
    world = World("epfl", 7)
    patches = [world.patch(Grid((1, 32, 32), origin_nm=(0.0, 0.0, 1000.0 * k))) for k in range(3)]
    read = read_folder(write_png(patches, tmp_path / "set"))
    assert [patch.name for patch in read] == ["epfl-7", "epfl-7-000001", "epfl-7-000002"]
    for one, other in zip(patches, read, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
