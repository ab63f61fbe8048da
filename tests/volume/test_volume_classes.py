"""A volume labelled for other classes than the six: written, read back, shown."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from shapes import Grid
from synthem.data.open import open_data
from synthem.data.real.reading import Reading
from synthem.napari.pyramids import pyramids
from synthem.patch import Patch
from synthem.preset.preset import with_classes
from synthem.volume.request import volume_request
from synthem.volume.write import write_volume
from synthem.world import World

ASKED = ("axon", "sheath", "er", "t_bar", "cleft", "nucleus")
SHAPE = (16, 32, 48)


@pytest.fixture(scope="module")
def made() -> Patch:
    return World(with_classes("epfl", ASKED), 4).patch(Grid(SHAPE))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    request = volume_request(
        with_classes("epfl", ASKED), SHAPE, seed=4, shard_vx=(16, 32, 32), chunk_vx=(16, 16, 16)
    )
    return write_volume(request, tmp_path_factory.mktemp("volume") / "x.zarr")


def test_masks_have_names_that_no_reader_mistakes(path: Path, made: Patch) -> None:
    """To readers of EPFL6 ``axon`` is the sheath."""
    root = zarr.open_group(path, mode="r")
    names = {name: name for name in ASKED} | {"axon": "axon_cells"}
    for name, stored in names.items():
        np.testing.assert_array_equal(root[f"labels/{stored}/0"][...], made.mask(name), err_msg=name)
    # the tissue has neither T-bars nor nuclei
    ids = {f"{kind}_instances" for kind in ("sheath", "er", "psd", "cleft", "neurite")}
    assert set(root["labels"].group_keys()) == {*names.values(), *ids}
    for kind in ("er", "cleft", "neurite"):
        np.testing.assert_array_equal(root[f"labels/{kind}_instances/0"][...], made.instances[kind])


def test_it_is_read_back_as_what_it_was(path: Path, made: Patch) -> None:
    (patch,) = open_data(path, how=Reading(volumes=True))
    assert set(patch.classes) >= set(ASKED)
    np.testing.assert_array_equal(patch.labels_of(ASKED), made.labels)
    assert all(map(patch.knows, ASKED)) and not patch.knows("membrane")


def test_napari_shows_it_by_the_names_of_its_classes(path: Path) -> None:
    shown = [more["name"] for _, more, _ in pyramids(path)]
    assert shown[1 : 1 + len(ASKED)] == ["sheath", "er", "t_bar", "nucleus", "cleft", "axon"]
