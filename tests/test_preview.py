"""Previews, as pictures and as a person asks for them."""

import cv2
import numpy as np
import pytest
from PIL import Image

from shapes.errors import InputError
from synthem.cli import main
from synthem.preview import beside_sheet, preset_sheet, save, stages_sheet
from synthem.world import World

SHAPE = (1, 48, 64)


@pytest.fixture(scope="module")
def world():
    return World("epfl", seed=3)


@pytest.fixture
def real(tmp_path):
    folder = tmp_path / "real"
    (folder / "slices").mkdir(parents=True)
    grey = np.random.default_rng(0).integers(200, 255, (80, 90), dtype=np.uint8)
    cv2.imwrite(str(folder / "slices" / "a.png"), grey)
    return folder


def test_images_stand_over_their_labels(world):
    picture = preset_sheet(world, 2, SHAPE)
    height, width = SHAPE[1:]
    above, below = picture[:height, :width], picture[height + 4 : 2 * height + 4, :width]
    assert (above == above[..., :1]).all()
    assert (below != below[..., :1]).any()


def test_every_stage_is_shown_and_changes_the_picture(world):
    picture = stages_sheet(world, SHAPE)
    width = SHAPE[2]
    tiles = [picture[:, k * (width + 4) : k * (width + 4) + width] for k in range(5)]
    assert picture.shape[1] == 5 * (width + 4) - 4
    assert not np.array_equal(tiles[1][24:], tiles[2][24:])
    assert not np.array_equal(tiles[2][24:], tiles[3][24:])


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_key_says_what_each_picture_is(world, real, shuffle):
    picture, key = beside_sheet(world, real, 6, SHAPE, shuffle)
    height, width = SHAPE[1:]
    assert len(key) == 12
    for line in key:
        place, origin = line.split(": ")
        row, column = (int(part.split()[1]) - 1 for part in place.split(", "))
        y, x = row * (height + 4), column * (width + 4)
        tile = picture[y : y + height, x : x + width]
        # the real section of this test is brighter than any tissue of ours
        assert (tile.mean() > 200) == origin.startswith("real")
    first = [": real" in line for line in key[:6]]
    assert all(first) != shuffle


def test_a_patch_larger_than_the_real_section_is_refused(world, real):
    with pytest.raises(InputError, match="smaller than a patch"):
        beside_sheet(world, real, 1, (1, 100, 64), False)


def test_only_an_earlier_preview_is_replaced(tmp_path):
    picture = np.zeros((4, 4, 3), np.uint8)
    path = tmp_path / "a.png"
    save(picture, path)
    save(picture + 9, path)
    assert (np.asarray(Image.open(path)) == 9).all()
    Image.fromarray(picture).save(tmp_path / "theirs.png")
    with pytest.raises(InputError, match="no preview"):
        save(picture, tmp_path / "theirs.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "theirs.png"]


def test_the_command_writes_a_picture_and_its_key(tmp_path, real, capsys):
    out = tmp_path / "sheet.png"
    arguments = ["preview", "epfl", "-o", str(out), "--shape", "32,32", "--count", "2"]
    assert main([*arguments, "--beside", str(real), "--shuffle"]) == 0
    assert len((tmp_path / "sheet.key.txt").read_text().splitlines()) == 4
    assert main([*arguments, "--shuffle"]) == 2
    assert "needs --beside" in capsys.readouterr().err
