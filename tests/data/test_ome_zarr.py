"""OME-Zarr: what goes in comes out, the validator agrees, nothing unfinished is taken for an image."""

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaozarrs
import zarr

from shapes.core.errors import InputError
from synthem.data.ome_zarr import IMAGE, Layout, OmeZarr, class_image, ids_image, write_arrays
from synthem.data.ome_zarr.images import shrunk
from synthem.labels import COLOURS

LAYOUT = Layout(shape=(40, 70, 90), voxel_nm=(20, 4, 4), shard_vx=(32, 32, 32), chunk_vx=(16, 16, 16))
PSD, IDS = class_image("psd"), ids_image("psd")
RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, LAYOUT.shape, dtype=np.uint8)
OBJECTS = RNG.integers(0, 2**31 - 1, LAYOUT.shape, dtype=np.int32) * (GREY > 200)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    arrays = {IMAGE: GREY, PSD: GREY > 200, IDS: OBJECTS}
    return write_arrays(tmp_path_factory.mktemp("ome") / "x.zarr", LAYOUT, arrays, {"us": {"seed": 3}}).path


def test_the_validator_finds_nothing(path: Path) -> None:
    """A warning of its would be an error here."""
    yaozarrs.validate_zarr_store(str(path))


def test_every_voxel_comes_back_in_every_level(path: Path) -> None:
    root = zarr.open_group(path, mode="r")
    for name, values, kind in (
        ("", GREY, "grey"),
        ("psd", GREY > 200, "mask"),
        ("psd_instances", OBJECTS, "ids"),
    ):
        group = root[f"labels/{name}"] if name else root
        expected = values.astype(np.uint32 if kind == "ids" else np.uint8)
        for k, level in enumerate(LAYOUT.levels):
            expected = shrunk(expected, level.factor, kind)
            assert group[str(k)].dtype == expected.dtype
            np.testing.assert_array_equal(group[str(k)][...], expected)
    assert root["0"].shards == (32, 32, 32) and root["0"].chunks == (16, 16, 16)


def test_it_says_how_large_voxels_are_and_where(path: Path) -> None:
    attributes = json.loads((path / "zarr.json").read_text())["attributes"]
    assert attributes["us"] == {"seed": 3} and attributes["ome"]["version"] == "0.5"
    (scales,) = attributes["ome"]["multiscales"]
    assert scales["axes"] == [{"name": n, "type": "space", "unit": "nanometer"} for n in "zyx"]
    first, second = (s["coordinateTransformations"] for s in scales["datasets"][:2])
    assert first[0] == {"type": "scale", "scale": [20, 4, 4]} and first[1]["translation"] == [0, 0, 0]
    assert second[0] == {"type": "scale", "scale": [20, 8, 8]} and second[1]["translation"] == [0, 2, 2]


def test_labels_have_our_colours_and_say_of_which_image(path: Path) -> None:
    labels = json.loads((path / "labels/zarr.json").read_text())["attributes"]["ome"]["labels"]
    assert labels == ["psd", "psd_instances"]
    about = json.loads((path / "labels/psd/zarr.json").read_text())["attributes"]["ome"]["image-label"]
    assert about["colors"] == [{"label-value": 1, "rgba": [*COLOURS["psd"], 255]}]
    assert about["source"] == {"image": "../../"}


def test_levels_halve_what_is_fine_until_one_shard_holds_all() -> None:
    voxels = [level.voxel_nm for level in LAYOUT.levels]
    assert voxels[:4] == [(20, 4, 4), (20, 8, 8), (20, 16, 16), (40, 32, 32)]
    assert LAYOUT.levels[-2].shape[0] > 32 or max(LAYOUT.levels[-2].shape) > 32
    assert max(LAYOUT.levels[-1].shape) <= 32
    flat = Layout(shape=(1, 300, 300), voxel_nm=(5, 5, 5), shard_vx=(64, 64, 64))
    assert [level.shape for level in flat.levels] == [(1, 300, 300), (1, 150, 150), (1, 75, 75), (1, 38, 38)]
    assert flat.levels[0].shard == (1, 64, 64)


def test_coarser_voxels() -> None:
    grey = np.array([[[0, 1, 9], [2, 4, 9]]], np.uint8)
    assert shrunk(grey, (1, 2, 2), "grey").tolist() == [[[2, 9]]], "1.75 is nearest to 2; the edge repeats"
    half = np.array([[[1, 0], [0, 1]], [[0, 0], [1, 1]]], np.uint8)
    assert shrunk(half, (2, 2, 2), "mask").tolist() == [[[1]]]
    assert shrunk(half * [[1, 0], [0, 1]], (2, 2, 2), "mask").tolist() == [[[0]]]
    assert shrunk(half * 7, (2, 2, 2), "ids").tolist() == [[[7]]]


def test_an_unfinished_store_is_no_image(
    tmp_path: Path, path: Path, digests: Callable[[Path], dict[str, str]]
) -> None:
    """Its shards may be written in any order and by anybody; only then is it an image, and the same bytes."""
    store = OmeZarr(tmp_path / "x.zarr", LAYOUT, (IMAGE, PSD, IDS), {"us": {"seed": 3}})
    store.begin()
    with pytest.raises(InputError, match=r"x\.zarr/0/c/0/0/0: is missing"):
        store.finish()
    assert not store.finished
    with pytest.raises(ValueError):
        yaozarrs.validate_zarr_store(str(store.path))
    other = pickle.loads(pickle.dumps(store))
    for image, values in ((IDS, OBJECTS), (IMAGE, GREY), (PSD, GREY > 200)):
        for k, level in enumerate(LAYOUT.levels):
            for index in reversed(list(level.shards)):
                assert not store.has(image, k, index)
                if k:
                    other.shrink(image, k, index)
                else:
                    other.write(image, 0, index, values[level.box(index).slices])
                assert store.has(image, k, index)
    store.finish()
    assert store.finished and digests(store.path) == digests(path)


def test_a_shard_of_zeros_is_a_file(tmp_path: Path) -> None:
    store = write_arrays(tmp_path / "x.zarr", LAYOUT, {IMAGE: np.zeros_like(GREY)})
    assert all(store.has(IMAGE, 0, index) for index in LAYOUT.levels[0].shards)


def test_what_does_not_fit_is_refused(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="exists already"):
        write_arrays(path, LAYOUT, {IMAGE: GREY})
    with pytest.raises(InputError, match=r"image must be \(40, 70, 90\), not \(40, 70\)"):
        write_arrays(tmp_path / "x.zarr", LAYOUT, {IMAGE: GREY[..., 0]})
    with pytest.raises(
        ValueError, match=r"whole number of chunks along each axis, not \(32, 32, 32\) of \(24"
    ):
        Layout(shape=(9, 9, 9), voxel_nm=(5, 5, 5), shard_vx=(32, 32, 32), chunk_vx=(24, 16, 16))
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(InputError, match=r"zarr is not installed: pip install 'synthem\[volumes\]'"):
        OmeZarr(tmp_path / "y.zarr", LAYOUT).begin()
    assert not list(tmp_path.iterdir())
