"""Unlabelled images as people have them: what is read, what is mended and said, what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from shapes.core.errors import InputError
from synthem.data.pictures import open_picture
from synthem.data.unlabelled import sample_windows

RNG = np.random.default_rng(2)
GREY = RNG.integers(40, 220, (160, 200), dtype=np.uint8)


def folder(path: Path, **images: np.ndarray) -> Path:
    for name, image in images.items():
        cv2.imwrite(str(path / f"{name}.png"), image)
    return path


def test_windows_are_cut_from_where_they_say(tmp_path: Path) -> None:
    windows = sample_windows(folder(tmp_path, a=GREY, b=GREY[::-1]), 100, largest_vx=64)
    assert windows.images.shape == (2 * 2 * 3, 64, 64)
    for image, section, (y, x) in zip(windows.images, windows.sections, windows.places, strict=True):
        source = GREY if section == "a" else GREY[::-1]
        assert np.array_equal(image, source[y : y + 64, x : x + 64])
    corners = [(s, *p) for s, p in zip(windows.sections, windows.places, strict=True)]
    assert len(set(corners)) == len(corners) and windows.notes == ()


def test_a_sample_is_no_larger_than_asked_and_follows_its_seed(tmp_path: Path) -> None:
    folder(tmp_path, a=GREY, b=GREY, c=GREY)
    first, again, other = (sample_windows(tmp_path, 5, largest_vx=64, seed=s) for s in (1, 1, 2))
    assert len(first.images) == 5 and set(first.sections) == {"a", "b", "c"}
    assert first.places == again.places != other.places


def test_sections_of_mixed_sizes_share_the_largest_common_window(tmp_path: Path) -> None:
    windows = sample_windows(folder(tmp_path, large=GREY, small=GREY[:100, :130]), 9)
    assert windows.images.shape[1:] == (96, 96) and set(windows.sections) == {"large", "small"}


def test_colour_is_read_and_said(tmp_path: Path) -> None:
    alike = np.repeat(GREY[..., None], 3, axis=2)
    windows = sample_windows(folder(tmp_path, a=alike), 4, largest_vx=64)
    assert windows.notes == ("three equal channels were read as one",) and windows.images.max() <= 220
    tinted = alike.copy()
    tinted[..., 0] //= 2
    windows = sample_windows(folder(tmp_path, a=tinted), 4, largest_vx=64)
    assert "luminance" in windows.notes[0]


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_deep_greys_are_stretched_and_said(tmp_path: Path, dtype: type) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY.astype(dtype) * 100)
    windows = sample_windows(tmp_path, 4, largest_vx=128)
    assert "stretched to 0–255" in windows.notes[0]
    assert windows.images.min() == 0 and windows.images.max() == 255
    y, x = windows.places[0]
    flat = GREY[y : y + 128, x : x + 128].ravel().astype(float)
    assert np.corrcoef(windows.images[0].ravel(), flat)[0, 1] > 0.999


def test_a_stack_is_read_page_by_page(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([GREY, 255 - GREY, GREY]), photometric="minisblack")
    windows = sample_windows(tmp_path / "stack.tif", 3, largest_vx=128)
    assert windows.sections == ("stack:0000", "stack:0001", "stack:0002")


def test_padding_is_left_out_and_said(tmp_path: Path) -> None:
    padded = GREY.copy()
    padded[:, :100] = 0
    windows = sample_windows(folder(tmp_path, a=padded), 99, largest_vx=64)
    assert "windows were left out" in windows.notes[0]
    assert all((image == 0).mean() < 0.4 for image in windows.images)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"compression": "zlib", "rowsperstrip": 7},
        {"compression": "zlib", "predictor": True, "rowsperstrip": 48},
        {"compression": "zlib", "tile": (64, 48)},
        {"tile": (32, 64)},
        {"compression": "zlib", "planarconfig": "separate"},
    ],
)
def test_parts_of_a_tiff_are_those_of_the_whole(
    tmp_path: Path, layout: dict[str, object], channels: int
) -> None:
    page = RNG.integers(0, 60_000, (170, 203, channels), dtype=np.uint16).squeeze()
    if layout.get("planarconfig"):
        stored, layout = (np.moveaxis(page, -1, 0), layout) if channels == 3 else (page, {})
    else:
        stored = page
    kind = "rgb" if channels == 3 else "minisblack"
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=kind, **layout)  # type: ignore[arg-type]
    only = open_picture(tmp_path / "a.tif")
    planes = 3 if page.ndim == 3 and layout.get("planarconfig") else 1  # taken for sections
    assert only.shape == (planes, 170, 203)
    corners = [(0, 0), (3, 61), (64, 48), (106, 139)]
    page = page[..., 0] if planes == 3 else page
    for (y, x), cut in zip(corners, only.windows(0, corners, 64), strict=True):
        assert np.array_equal(cut, page[y : y + 64, x : x + 64])


def test_only_the_tiles_that_windows_touch_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synthem.data.pictures.LARGEST_PX", 10_000)
    page = np.zeros((64 * 40, 64 * 40), np.uint8)
    page[640 : 640 + 128, 640 : 640 + 128] = RNG.integers(1, 255, (128, 128))
    tifffile.imwrite(tmp_path / "a.tif", page, tile=(64, 64), compression="zlib")
    decoded = []
    read = tifffile.FileHandle.read
    monkeypatch.setattr(
        tifffile.FileHandle, "read", lambda self, size=-1: decoded.append(size) or read(self, size)
    )
    only = open_picture(tmp_path / "a.tif")
    decoded.clear()
    (cut,) = only.windows(0, [(640, 640)], 128)
    assert np.array_equal(cut, page[640:768, 640:768])
    assert sum(1 for size in decoded if size > 0) < 40


def refused(path: Path, **options: object) -> str:
    with pytest.raises(InputError) as error:
        sample_windows(path, 8, **options)  # type: ignore[arg-type]
    return str(error.value)


def test_what_is_no_section_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert "no such file or folder" in refused(tmp_path / "nothing")
    assert "no images" in refused(tmp_path)
    assert "constant" in refused(folder(tmp_path, a=np.full((90, 90), 9, np.uint8)))
    assert "at least 64 × 64" in refused(folder(tmp_path, a=GREY[:50]))
    tifffile.imwrite(tmp_path / "b.tif", np.where(GREY > 200, np.nan, GREY).astype(np.float32))
    assert "NaN" in refused(tmp_path / "b.tif")
    tifffile.imwrite(tmp_path / "c.tif", GREY.astype(np.complex64))
    assert "grey or RGB section is wanted" in refused(tmp_path / "c.tif")
    (tmp_path / "d.png").write_bytes(b"not an image")
    assert "d.png: not a PNG file" in refused(tmp_path / "d.png")
    cv2.imwrite(str(tmp_path / "e.png"), GREY)
    (tmp_path / "e.png").write_bytes((tmp_path / "e.png").read_bytes()[:900])
    assert "e.png: truncated PNG" in refused(tmp_path / "e.png")
    assert "no section is called 'x'" in refused(tmp_path, names=["x"])
    (pictures := tmp_path / "mixed").mkdir()
    cv2.imwrite(str(pictures / "a.png"), GREY)
    cv2.imwrite(str(pictures / "b.png"), GREY.astype(np.uint16) * 200)
    assert "several kinds (uint16, uint8)" in refused(pictures)
    assert sample_windows(pictures, 8, names=["b", "b"]).sections == ("b",)
    assert "is one file, so there are no sections to name" in refused(pictures / "a.png", names=["b"])


def test_a_page_too_large_to_decode_is_refused_before_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synthem.data.pictures.LARGEST_PX", 10_000)
    assert "cut it into tiles" in refused(folder(tmp_path, a=GREY))
