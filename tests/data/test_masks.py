"""Masks by their two values: as people have them, or refused with the values found."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from shapes.core.errors import InputError
from synthem.data.masks import Masks
from synthem.data.pictures import open_picture
from synthem.data.real import read_folder
from synthem.data.volume import Plane
from synthem.labels import channel

TRUE = np.zeros((40, 50), bool)
TRUE[10:30, 10:25] = True


def masks(folder: Path, **images: np.ndarray | Image.Image) -> Masks:
    for name, image in images.items():
        picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
        picture.save(folder / f"{name}.png")
    return Masks({name: Plane(open_picture(folder / f"{name}.png")) for name in images})


def palette(*colour: int) -> Image.Image:
    image = Image.fromarray(TRUE.astype(np.uint8)).convert("P")
    image.putdata(TRUE.astype(np.uint8).ravel().tolist())
    image.putpalette([0, 0, 0, *colour, *[0] * 762])
    return image


def colour(*rgb: int) -> np.ndarray:
    return (TRUE[..., None] * np.array(rgb)).astype(np.uint8)


@pytest.mark.parametrize(
    "image",
    [
        TRUE.astype(np.uint8),
        TRUE * np.uint8(100),
        TRUE * np.uint8(128),
        TRUE * np.uint8(255),
        Image.fromarray(TRUE),
        palette(128, 0, 0),
        palette(255, 255, 255),
        colour(255, 0, 0),
        colour(0, 0, 255),
        colour(1, 1, 1),
        np.dstack([colour(255, 255, 255), TRUE * np.uint8(255)]),
        np.dstack([colour(255, 255, 0), np.full(TRUE.shape, 255, np.uint8)]),
        np.dstack([np.full((*TRUE.shape, 3), 255, np.uint8), TRUE * np.uint8(255)]),
    ],
)
def test_two_values_are_background_and_class(tmp_path: Path, image: np.ndarray) -> None:
    empty = np.zeros_like(np.asarray(image, np.uint8))
    folder = masks(tmp_path, empty=empty, a=image)
    assert np.array_equal(folder.read("a"), TRUE)
    assert not folder.read("empty").any()


def test_smoothed_edges_are_cut_at_127(tmp_path: Path) -> None:
    smooth = cv2.GaussianBlur(TRUE * np.uint8(255), (0, 0), 0.5)
    assert len(np.unique(smooth)) > 4
    assert np.array_equal(masks(tmp_path, a=smooth).read("a"), smooth > 127)


def test_stray_greys_are_nothing_beside_masks_of_255(tmp_path: Path) -> None:
    stray = np.zeros((200, 200), np.uint8)
    stray[3, 4] = 13
    full = np.zeros((200, 200), np.uint8)
    full[50:90] = 255
    folder = masks(tmp_path, a=stray, b=full)
    assert not folder.read("a").any() and folder.read("b").sum() == 40 * 200
    alone = stray.copy()
    alone[5, 6] = 60
    assert not masks(tmp_path, a=stray, b=alone).read("a").any()  # sections of a class that is elsewhere
    folder = masks(tmp_path, a=(full > 0).astype(np.uint8), b=full)  # half of them by another hand
    with pytest.raises(InputError, match=r"a\.png: a mask wants two values.*holds 0, 1; .*as others of this"):
        folder.read("a")


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (np.arange(2000, dtype=np.int64).reshape(40, 50) // 400, "holds 0, 1, 2"),  # labels of five classes
        (np.arange(2000, dtype=np.int64).reshape(40, 50) // 500 * 80, "holds 0, 80, 160, 240"),
        (np.arange(2000, dtype=np.int64).reshape(40, 50) // 9, r"0, 1, 2, 3, 4, 5 … 222"),  # objects
        (np.where(TRUE, 255, 200), "holds 200, 255"),
        (np.where(TRUE[..., None], (255, 0, 0), (255, 255, 255)), "2 colours"),
        (np.arange(2000)[:, None] // 700 * np.array([90, 30, 0]), "3 colours"),
        (np.dstack([np.zeros((40, 50, 3)), TRUE * 255]), "black on a transparent ground"),
    ],
)
def test_anything_else_is_refused_with_what_was_found(tmp_path: Path, image: np.ndarray, says: str) -> None:
    shaped = image.reshape(40, 50, -1).astype(np.uint8)
    with pytest.raises(InputError, match=rf"a\.png.*{says}"):
        masks(tmp_path, a=shaped[..., 0] if shaped.shape[2] == 1 else shaped).read("a")


def test_masks_made_by_hand_are_read_as_ever(epfl6: Path) -> None:
    names = ["training0043", "training0136", "training0145x", "training0144x", "training0003", "training0042"]
    sections = read_folder(epfl6, names)
    for patch in sections:
        for cls in ("sheath", "vesicle", "membrane", "psd"):
            grey = cv2.imread(sections.masks[cls][patch.name].volume.where, cv2.IMREAD_GRAYSCALE)
            assert np.array_equal(patch.labels[channel(cls), 0], grey > 127)
