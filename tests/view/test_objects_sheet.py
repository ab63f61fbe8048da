"""Sheets of objects: crops around objects of one class, real over synthetic, plain and outlined."""

import cv2
import numpy as np
import pytest

from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.view.objects import TIMES, objects_sheet
from synthem.world import World

SHAPE = (1, 40, 48)
SIZE = (TIMES * 40, TIMES * 48)


@pytest.fixture(scope="module")
def world():
    return World("epfl", seed=3)


@pytest.fixture
def real(tmp_path):
    """One grey section with two squares of PSD, one of them at its rim."""
    folder = tmp_path / "real"
    for part in ("slices", "PSD", "membranes"):
        (folder / part).mkdir(parents=True)
    mask = np.zeros((120, 130), np.uint8)
    mask[0:6, 0:6] = mask[70:80, 60:72] = 255
    cv2.imwrite(str(folder / "slices" / "a.png"), np.where(mask > 0, 20, 230).astype(np.uint8))
    cv2.imwrite(str(folder / "PSD" / "a.png"), mask)
    cv2.imwrite(str(folder / "membranes" / "a.png"), np.zeros_like(mask))
    return folder


def tile(picture, row, column):
    y, x = row * (SIZE[0] + 4), column * (SIZE[1] + 4)
    return picture[y : y + SIZE[0], x : x + SIZE[1]]


def coloured(picture):
    return (picture != picture[..., :1]).any(-1)


def test_every_crop_shows_an_object_first_plain_and_then_outlined(world, real):
    picture, key = objects_sheet(world, "psd", 2, SHAPE, real)
    assert len(key) == 4 and all("real a at" in line for line in key[:2])
    assert all("synthetic epfl-3" in line for line in key[2:])
    for half in (0, 2):
        for column in (0, 1):
            plain, outlined = tile(picture, half, column), tile(picture, half + 1, column)
            assert not coloured(plain).any()
            lines = coloured(outlined)
            assert lines.any() and (outlined[~lines] == plain[~lines]).all()
    # of a real crop it is known what is outlined: the dark square, at its rim
    middles = [tile(picture, 0, column)[SIZE[0] // 2, SIZE[1] // 2, 0] for column in (0, 1)]
    assert sorted(m < 60 for m in middles) == [False, True]  # the other one lies in the section's corner
    for column in (0, 1):
        dark = (tile(picture, 0, column)[..., 0] < 125).astype(np.uint8)
        assert not (coloured(tile(picture, 1, column)) & (cv2.dilate(dark, np.ones((7, 7))) == 0)).any()


def test_shuffled_the_key_alone_tells_real_from_synthetic(real):
    worlds = [World("epfl", seed) for seed in range(3, 8)]
    keys = [objects_sheet(each, "psd", 2, SHAPE, real, shuffle=True)[1] for each in worlds]
    assert all(sum("real" in line for line in key) == 2 and len(key) == 4 for key in keys)
    assert any("synthetic" in key[0] for key in keys)


def test_a_class_that_the_preset_is_not_labelled_for_can_be_looked_at(world):
    picture, key = objects_sheet(world, "microtubule", 3, SHAPE)
    assert len(key) == 3 and coloured(tile(picture, 1, 0)).any()


def test_what_cannot_be_shown_is_said_in_one_sentence(world, real, tmp_path, capsys):
    with pytest.raises(InputError, match="no section has a mask of vesicle; it has membrane, psd"):
        objects_sheet(world, "vesicle", 2, SHAPE, real)
    with pytest.raises(InputError, match="show no membrane"):
        objects_sheet(world, "membrane", 2, SHAPE, real)
    with pytest.raises(InputError, match="120 × 130 is smaller than a crop of 200 × 48"):
        objects_sheet(world, "psd", 2, (1, 200, 48), real)
    out = str(tmp_path / "x.png")
    asked = ["preview", "epfl", "-o", out, "--around"]
    for more, said in (
        (["psd", "--stages"], "--around and --stages"),
        (["psd,vesicle"], "one class"),
        (["pst"], "psd"),
        (["psd", "--shape", "32,32,32"], "show sections"),
    ):
        assert main([*asked, *more]) == 2
        assert said in capsys.readouterr().err


def test_the_command_writes_the_sheet_and_says_where_each_crop_is_from(real, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    asked = ["preview", "epfl", "--beside", str(real), "--around", "psd", "--count", "2", "--shape", "40,48"]
    assert main([*asked, "-o", str(out)]) == 0
    assert capsys.readouterr().out.count("real a at") == 2
    assert cv2.imread(str(out)).shape[1] == 2 * SIZE[1] + 4
    assert main([*asked, "--shuffle", "-o", str(tmp_path / "blind.png")]) == 0
    assert "real" not in capsys.readouterr().out.replace("read as", "")
    assert (tmp_path / "blind.key.txt").read_text().count("real a at") == 2
