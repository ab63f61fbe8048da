"""Files of CREMI: labels of a part of a padded image lie where their offset says; ours come back."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.open import open_data
from synthem.data.real.reading import Reading
from synthem.export.run import export
from synthem.labels import CLASSES, channel
from synthem.patch import Patch
from synthem.world import World

VOXEL = (40.0, 4.0, 4.0)
RAW, PART, START = (9, 40, 50), (4, 20, 24), (2, 11, 9)
NOTHING = 2**64 - 1
RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 256, RAW, np.uint8)
IDS = RNG.integers(1, 2**20, PART).astype(np.uint64)
IDS[RNG.random(PART) < 0.7] = NOTHING
CLEFTS, NEURONS = "volumes/labels/clefts", "volumes/labels/neuron_ids"
BOX = tuple(slice(s, s + n) for s, n in zip(START, PART, strict=True))


def padded(
    path: Path, start: tuple[float, ...] = START, raw_at: tuple[float, ...] | None = None, **told
) -> Path:
    """A file as CREMI publishes them in a padded version: raw is larger, labels have an offset in nm."""
    with h5py.File(path, "w") as file:
        file.attrs["file_format"] = "0.2"
        raw = file.create_dataset("volumes/raw", data=IMAGE, chunks=(2, 16, 16), compression="gzip")
        raw.attrs["resolution"] = VOXEL
        if raw_at:
            raw.attrs["offset"] = np.multiply(raw_at, VOXEL)
        for name, ids in ((NEURONS, np.where(IDS == NOTHING, 7, IDS)), (CLEFTS, IDS)):
            labels = file.create_dataset(name, data=ids, chunks=(1, 16, 16), compression="gzip")
            labels.attrs.update({"resolution": VOXEL, "offset": np.multiply(start, VOXEL), **told})
    return path


def read(path: Path, volumes: bool = True, **more) -> list[Patch]:
    how = Reading("instances=psd", labels=more.pop("labels", CLEFTS), volumes=volumes)
    return list(open_data(path, None, None, how))


@pytest.mark.parametrize("raw_at", [None, (3, 1, 2)])
def test_labels_lie_where_their_offset_says(tmp_path: Path, raw_at: tuple[int, ...] | None) -> None:
    start = START if raw_at is None else tuple(a + b for a, b in zip(START, raw_at, strict=True))
    (patch,) = read(padded(tmp_path / "a.hdf", start, raw_at))
    assert patch.grid.voxel_nm == VOXEL
    np.testing.assert_array_equal(patch.image, IMAGE)
    want = np.zeros(RAW, bool)
    want[BOX] = IDS != NOTHING
    np.testing.assert_array_equal(patch.labels[channel("psd")], want)
    np.testing.assert_array_equal(patch.instances["psd"][BOX], np.where(IDS == NOTHING, 0, IDS))
    assert patch.instances["psd"].sum() == patch.instances["psd"][BOX].sum()
    assert patch.known == tuple(name == "psd" for name in CLASSES)
    # sections of padding are unlabelled, and so is what is around the labels in the others
    assert patch.unlabelled == (0, 1, 6, 7, 8) and patch.ignored is not None
    inside = np.zeros(RAW, bool)
    inside[BOX] = True
    np.testing.assert_array_equal(patch.ignored[2:6], ~inside[2:6])
    assert not patch.ignored[[0, 1, 6, 7, 8]].any()


def test_single_sections_of_padding_have_no_labels(tmp_path: Path) -> None:
    sections = read(padded(tmp_path / "a.hdf"), volumes=False)
    assert [any(patch.known) for patch in sections] == [2 <= z < 6 for z in range(9)]
    np.testing.assert_array_equal(sections[3].ignored, sections[2].ignored)


def test_labels_may_reach_beyond_their_image(tmp_path: Path) -> None:
    (patch,) = read(padded(tmp_path / "a.hdf", (-1, 30, -4)))
    assert patch.unlabelled == tuple(range(3, 9))
    np.testing.assert_array_equal(patch.labels[channel("psd"), :3, 30:, :20], IDS[1:, :10, 4:] != NOTHING)
    beyond = np.ones(RAW[1:], bool)
    beyond[30:, :20] = False
    np.testing.assert_array_equal(patch.ignored[:3], np.broadcast_to(beyond, (3, *RAW[1:])))


def test_masks_of_a_class_are_placed_too(tmp_path: Path) -> None:
    with h5py.File(padded(tmp_path / "a.hdf"), "a") as file:
        mask = file.create_dataset("volumes/labels/mitochondria", data=(IDS != NOTHING).astype(np.uint8))
        mask.attrs.update({"resolution": VOXEL, "offset": np.multiply(START, VOXEL)})
    (patch,) = open_data(tmp_path / "a.hdf", None, None, Reading(volumes=True))
    want = np.zeros(RAW, bool)
    want[BOX] = IDS != NOTHING
    np.testing.assert_array_equal(patch.labels[channel("mitochondrion")], want)
    assert patch.unlabelled == (0, 1, 6, 7, 8)
    assert patch.ignored is not None and patch.ignored[2:6].sum() == 4 * (40 * 50 - 20 * 24)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"start": (2, 11.5, 9)}, "no whole number of its voxels"),
        ({"start": (90, 0, 0)}, "outside of its image"),
        ({"resolution": (40.0, 8.0, 8.0)}, "bring both to one size"),
        ({"offset": (1.0, 2.0)}, "offset must be three numbers"),
        ({"offset": (0.0, 0.0, np.nan)}, "offset must be three numbers"),
    ],
)
def test_what_cannot_be_placed_is_refused(more: dict, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says) as told:
        read(padded(tmp_path / "a.hdf", **more))
    assert CLEFTS in str(told.value)


def test_labels_without_an_offset_must_be_as_large_as_their_image(tmp_path: Path) -> None:
    with h5py.File(padded(tmp_path / "a.hdf"), "a") as file:
        del file[CLEFTS].attrs["offset"]
    with pytest.raises(InputError, match="holds 4 sections"):
        read(tmp_path / "a.hdf")


def test_our_own_export_is_read_back(tmp_path: Path) -> None:
    place = next(World("epfl", 4).find("psd"))
    start = tuple(p - 12 * n / 2 for p, n in zip(place, (16, 48, 48), strict=True))
    volume = World("epfl", 4).patch(Grid((16, 48, 48), (12.0, 12.0, 12.0), start))
    export([volume], tmp_path / "out", "cremi")
    (file,) = (tmp_path / "out/train").iterdir()
    (patch,) = read(file)
    np.testing.assert_array_equal(patch.image, volume.image)
    np.testing.assert_array_equal(patch.instances["psd"], volume.instances["psd"])
    assert volume.instances["psd"].any()
    np.testing.assert_array_equal(patch.labels[channel("psd")], volume.instances["psd"] > 0)
    assert patch.grid.voxel_nm == volume.grid.voxel_nm and not patch.unlabelled and patch.ignored is None
    (neurons,) = read(file, labels=NEURONS)
    np.testing.assert_array_equal(neurons.instances["psd"], volume.instances["neurite"])
