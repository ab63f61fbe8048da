"""The same sections in all layouts come to the same patches and the same census."""

from pathlib import Path

import numpy as np
import pytest
from real_files import IMAGE, KNOWN, LAYOUTS, MASKS, SHAPE, VOXEL, class_folders

from synthem.data.open import open_data, warnings_of
from synthem.data.real.reading import Reading
from synthem.labels import channel
from synthem.measure.census import census

TELLS_NOTHING = {"class folders", "label maps", "palette", "colours"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_sections_give_the_same_census(tmp_path: Path, layout: str) -> None:
    write, codes = LAYOUTS[layout]
    path = write(tmp_path / "data")
    size = VOXEL if layout in TELLS_NOTHING else None
    data = open_data(path, None, size, Reading(codes))
    said, *odd = warnings_of(data)
    assert "read as" in said and not odd
    assert len(data) == SHAPE[0]
    for z, patch in enumerate(data):
        assert patch.grid.voxel_nm == pytest.approx(VOXEL)
        np.testing.assert_array_equal(patch.image[0], IMAGE[z])
        assert patch.known == KNOWN
        for name, mask in MASKS.items():
            np.testing.assert_array_equal(patch.labels[channel(name), 0], mask[z])
    first = open_data(class_folders(tmp_path / "first"), None, VOXEL)
    ours, theirs = (census(one).model_dump(exclude={"voxel_nm"}) for one in (data, first))
    assert _same(ours, theirs)


def _same(one: object, other: object) -> bool:
    """Compare figures that were counted at voxel sizes which differ by rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other or one == pytest.approx(other, rel=1e-6)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "colours"])
def test_a_stack_is_one_volume_where_it_is_asked_for(tmp_path: Path, layout: str) -> None:
    write, codes = LAYOUTS[layout]
    data = open_data(write(tmp_path / "data"), None, VOXEL, Reading(codes, volumes=True))
    (patch,) = data
    np.testing.assert_array_equal(patch.image, IMAGE)
    np.testing.assert_array_equal(patch.labels[channel("psd")], MASKS["psd"])
    assert patch.known == KNOWN
