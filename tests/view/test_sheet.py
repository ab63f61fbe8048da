"""Previews, as pictures and as a person asks for them."""

import cv2
import numpy as np
import pytest
from PIL import Image

from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.labels import COLOURS
from synthem.view.beside import beside_sheet
from synthem.view.sheet import places, preset_sheet, save, stages_sheet
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
    height, width = (n + 4 for n in SHAPE[1:])
    tiles = [picture[y:, k * width :][: height - 4, : width - 4] for y in (0, height) for k in range(4)]
    assert picture.shape[:2] == (2 * height - 4, 4 * width - 4)
    for before, after in ((1, 3), (3, 4)):
        assert not np.array_equal(tiles[before][24:], tiles[after][24:])


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


def tile_of(picture, row, column):
    height, width = SHAPE[1:]
    y, x = row * (height + 4), column * (width + 4)
    return picture[y : y + height, x : x + width]


def colours_in(picture):
    return {tuple(int(c) for c in colour) for colour in np.unique(picture.reshape(-1, 3), axis=0)}


def test_label_maps_hold_the_colours_of_the_legend_on_black_and_nothing_else(world):
    picture = preset_sheet(world, 2, SHAPE, labels_alone=True)
    labels = [world.labels(grid) for grid in places(world, 2, SHAPE, world.preset.voxel_nm)]
    for k in range(2):
        tile = tile_of(picture, 0, k)
        assert colours_in(tile) <= {(0, 0, 0), *COLOURS.values()}
        assert np.array_equal((tile == 0).all(-1), ~labels[k][:, 0].any(0))
        assert np.array_equal((tile == COLOURS["membrane"]).all(-1), labels[k][2, 0])
    assert picture.shape[0] == SHAPE[1] + 26


def test_labels_beside_are_those_that_the_folder_has_of_sections_that_have_them_all(world, real):
    rng = np.random.default_rng(1)
    masks = {}
    for folder, sections in (("membranes", "ab"), ("PSD", "a")):
        (real / folder).mkdir()
        for name in sections:
            masks[folder, name] = rng.integers(0, 2, (80, 90), dtype=np.uint8) * 255
            cv2.imwrite(str(real / folder / f"{name}.png"), masks[folder, name])
    cv2.imwrite(str(real / "slices" / "b.png"), np.zeros((80, 90), np.uint8))
    picture, key = beside_sheet(world, real, 4, SHAPE, False, labels_alone=True)
    height, width = SHAPE[1:]
    for k in range(4):
        name, place = key[k].split(": real ")[1].split(" at ")
        y, x = map(int, place.split(","))
        psd = masks["PSD", name][y : y + height, x : x + width] > 127
        assert name == "a"
        assert np.array_equal((tile_of(picture, 0, k) == COLOURS["psd"]).all(-1), psd)
        assert colours_in(tile_of(picture, 1, k)) <= {(0, 0, 0), COLOURS["membrane"], COLOURS["psd"]}
    assert (tile_of(picture, 1, 0) == COLOURS["membrane"]).all(-1).any()


def test_voxel_size_holds_for_the_patches_beside_real_ones(world, real):
    def synthetic(voxel_nm):
        return tile_of(beside_sheet(world, real, 1, SHAPE, False, voxel_nm=voxel_nm)[0], 1, 0)

    assert np.array_equal(synthetic((5, 5, 5)), synthetic(None))
    assert not np.array_equal(synthetic((5, 10, 10)), synthetic(None))


def test_label_maps_without_masks_and_of_stages_are_refused(tmp_path, real, capsys):
    arguments = ["preview", "epfl", "-o", str(tmp_path / "a.png"), "--shape", "32,32", "--labels"]
    assert main([*arguments, "--beside", str(real)]) == 2
    assert "masks" in capsys.readouterr().err
    assert main([*arguments, "--stages"]) == 2
    assert "--stages and --labels" in capsys.readouterr().err
    assert main([*arguments, "--count", "1"]) == 0
    assert colours_in(np.asarray(Image.open(tmp_path / "a.png"))[:32]) <= {(0, 0, 0), *COLOURS.values()}
