"""Images to label: every format that people have comes in as grey volumes of 8 bits, or is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from shapes.core.errors import InputError
from synthem.data.greys import Greys
from synthem.data.images import open_images
from synthem.data.stack_file import tiff_bytes

GREY = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)


def write(path: Path, pixels: np.ndarray, **how) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, **how)
    else:
        assert cv2.imwrite(str(path), pixels)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_grey_section_is_itself(tmp_path: Path, name: str) -> None:
    images = open_images(write(tmp_path / name, GREY))
    assert images.shapes == ((1, 20, 30),) and images.notes == () and images.greys == Greys()
    np.testing.assert_array_equal(images[0][0], GREY)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_equal_channels_are_one(tmp_path: Path, name: str, channels: int) -> None:
    pixels = np.repeat(GREY[..., None], channels, axis=2)
    if channels == 4:
        pixels[..., 3] = 7
    how = {"photometric": "rgb"} if name.endswith("tif") else {}
    images = open_images(write(tmp_path / name, pixels, **how))
    np.testing.assert_array_equal(images[0][0], GREY)
    assert images.notes == ("three equal channels were read as one",)


def test_colours_become_the_luminance_that_training_reads(tmp_path: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    path = write(tmp_path / "a.png", colours)
    images = open_images(path)
    np.testing.assert_array_equal(images[0][0], cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY))
    assert images.notes == ("colours were turned into luminance",)
    other = open_images(write(tmp_path / "b.tif", colours[..., ::-1], photometric="rgb"))
    np.testing.assert_array_equal(other[0], images[0])


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_stretched_over_all_images_together(tmp_path: Path, ending: str) -> None:
    deep = GREY.astype(np.uint16) * 100
    for name, plane in (("dark", deep // 2), ("light", deep)):
        write(tmp_path / f"{name}.{ending}", plane)
    images = open_images(tmp_path)
    assert images.greys.low is not None and "were stretched to 0–255" in images.notes[0]
    dark, light = images
    np.testing.assert_allclose(dark[0], light[0] / 2, atol=1.5)
    np.testing.assert_allclose(light[0], GREY * (255 / GREY.max()), atol=2)


@pytest.mark.parametrize("depth", [2, 3, 4, 5])
def test_a_stack_is_a_volume(tmp_path: Path, depth: int) -> None:
    volume = np.random.default_rng(2).integers(0, 256, (depth, 20, 30), np.uint8)
    # so tifffile writes, by default, what it takes for colours
    how = {"photometric": "rgb", "planarconfig": "separate"} if depth in (3, 4) else {}
    images = open_images(write(tmp_path / "a.tif", volume, **how))
    assert images.shapes == ((depth, 20, 30),)
    np.testing.assert_array_equal(images[0], volume)
    (tmp_path / "b.tif").write_bytes(tiff_bytes(volume))
    assert open_images(tmp_path / "b.tif").notes == ()
    np.testing.assert_array_equal(open_images(tmp_path / "b.tif")[0], volume)
    assert tiff_bytes(volume) == tiff_bytes(volume.copy())


def test_a_folder_comes_in_the_order_of_its_numbers_and_its_digest_tells_it(tmp_path: Path) -> None:
    for k in (10, 2):
        write(tmp_path / "slices" / f"s{k}.png", GREY)
    images = open_images(tmp_path)
    assert [path.stem for path in images.files] == ["s2", "s10"]
    assert open_images(tmp_path / "slices").digest == images.digest
    write(tmp_path / "slices" / "s2.png", 255 - GREY)
    assert open_images(tmp_path).digest != images.digest


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no images: PNG, TIFF or JPEG files are wanted"):
        open_images(tmp_path)
    broken = write(tmp_path / "a.png", GREY)
    broken.write_bytes(broken.read_bytes()[:-20])
    with pytest.raises(InputError, match="truncated PNG"):
        open_images(broken)
    (tmp_path / "text.tif").write_text("no picture")
    with pytest.raises(InputError, match="cannot be read as an image"):
        open_images(tmp_path / "text.tif")
    mixed = tmp_path / "mixed"
    write(mixed / "a.png", GREY)
    write(mixed / "b.tif", GREY.astype(np.uint16))
    with pytest.raises(InputError, match=r"several kinds, uint8 in a.png and uint16 in b.tif"):
        open_images(mixed)
    with pytest.raises(InputError, match="nearly every pixel has the same grey, 7"):
        open_images(write(tmp_path / "flat.tif", np.full((20, 20), 7, np.uint16)))
    with pytest.raises(InputError, match="NaN or infinite"):
        open_images(write(tmp_path / "nan.tif", np.full((20, 20), np.nan, np.float32)))
    with tifffile.TiffWriter(tmp_path / "sizes.tif") as file:
        for edge in (20, 24):
            file.write(np.zeros((edge, edge), np.uint8))
    with pytest.raises(InputError, match="pages are of several sizes"):
        open_images(tmp_path / "sizes.tif")
