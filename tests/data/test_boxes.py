"""Boxes of volumes, masks that wait on disk, and TIFF written in bands."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import real_files
import tifffile
from PIL import Image

from synthem.data import images as images_module
from synthem.data.images import open_images
from synthem.data.mask_spool import MaskSpool
from synthem.data.stack_file import StackWriter, tiff_bytes

RNG = np.random.default_rng(3)
WRITERS = (
    real_files.tiff_stacks,
    real_files.ome_tiff,
    real_files.hdf5,
    real_files.ome_zarr,
    real_files.ome_zarr_2,
    real_files.plain_zarr,
    real_files.mrc,
    real_files.nifti,
    real_files.class_folders,
)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("large", [1, 2**20])
def test_a_box_is_cut_from_the_sections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], Path], large: int
) -> None:
    monkeypatch.setattr(images_module, "BAND_PX", large)
    images = open_images(write(tmp_path / "in"))
    for k, (depth, height, width) in enumerate(images.shapes):
        whole = np.stack([images.section(k, z) for z in range(depth)])
        for start, shape in (((0, 0, 0), (depth, height, width)), ((depth - 1, 7, 30), (1, 40, 9))):
            z, y, x = (slice(a, a + n) for a, n in zip(start, shape, strict=True))
            np.testing.assert_array_equal(images.box(k, start, shape), whole[z, y, x])


@pytest.mark.parametrize("kind", ["u1", ">u2", "rgb", "white", "palette"])
@pytest.mark.parametrize("how", [{"tile": (16, 32), "compression": "zlib"}, {"rowsperstrip": 5}, {}])
def test_a_box_of_a_tiff_is_cut_from_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, how: dict
) -> None:
    monkeypatch.setattr(images_module, "BAND_PX", 100)
    plane, more = RNG.integers(0, 256, (50, 70), np.uint8), {"photometric": "minisblack"}
    if kind == ">u2":
        plane = plane.astype(">u2") * 3
    elif kind == "rgb":
        plane, more = RNG.integers(0, 256, (50, 70, 3), np.uint8), {"photometric": "rgb"}
    elif kind == "white":
        more = {"photometric": "miniswhite"}
    elif kind == "palette":
        table = RNG.integers(0, 2**16, (3, 256)).astype(np.uint16)
        more = {"photometric": "palette", "colormap": table}
    tifffile.imwrite(tmp_path / "a.tif", plane, **more, **how)
    images = open_images(tmp_path / "a.tif")
    whole = images.section(0, 0)
    np.testing.assert_array_equal(images.box(0, (0, 3, 11), (1, 45, 50))[0], whole[3:48, 11:61])
    assert images.volumes[0].in_part or kind in ("white", "palette", "rgb") or how == {"rowsperstrip": 5}


def test_large_sections_are_looked_through_in_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    greys = RNG.integers(0, 4000, (4, 60, 50)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", greys, photometric="minisblack")
    plain = open_images(tmp_path / "a.tif")
    monkeypatch.setattr(images_module, "BAND_PX", 400)
    banded = open_images(tmp_path / "a.tif")
    assert (banded.greys, banded.digest, banded.notes) == (plain.greys, plain.digest, plain.notes)
    colours = np.repeat(greys[0, ..., None].astype(np.uint8), 3, 2)
    colours[30:, :, 0] = 0
    tifffile.imwrite(tmp_path / "c.tif", colours, tile=(16, 16), compression="zlib")
    assert open_images(tmp_path / "c.tif").notes == ("colours were turned into luminance",)


def test_a_picture_is_read_once_for_many_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        Image.fromarray(RNG.integers(0, 256, (40, 40), np.uint8)).save(tmp_path / f"{name}.png")
    images, read = open_images(tmp_path), []
    for volume in images.volumes:
        real = volume.section
        monkeypatch.setattr(volume, "section", lambda z, real=real: read.append(1) or real(z))
    for k in (0, 1):
        for y in range(0, 40, 10):
            images.box(k, (0, y, 0), (1, 10, 40))
    assert len(read) == 2


@pytest.mark.parametrize("memory", [2**24, 10])
def test_masks_that_wait_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
    monkeypatch.setattr("synthem.data.mask_spool.IN_MEMORY_BYTES", memory)
    monkeypatch.setattr("synthem.data.mask_spool.BAND_PX", 100)
    masks = RNG.random((2, 3, 21, 45)) < 0.3
    with MaskSpool(tmp_path, 2, masks.shape[1:]) as spool:
        for x in (16, 0):
            for y in (0, 13):
                for z in range(3):
                    part = masks[:, z : z + 1, y : y + 13, x : x + 16 if x == 0 else 45]
                    spool.write((z, y, x), part)
        for cls in (0, 1):
            for z in range(3):
                np.testing.assert_array_equal(
                    np.concatenate(list(spool.bands(cls, z))), masks[cls, z] * np.uint8(255)
                )
            np.testing.assert_array_equal(spool.box(cls, (1, 4, 5), (2, 9, 31)), masks[cls, 1:, 4:13, 5:36])
        assert not [path for path in tmp_path.iterdir() if path.suffix != ""]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bands", [1, 7, 64, 1000])
def test_a_tiff_in_bands_is_the_tiff_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bands: int
) -> None:
    monkeypatch.setattr("synthem.data.stack_file.STRIP_BYTES", 700)
    volume = RNG.integers(0, 2, (3, 130, 70), np.uint8) * np.uint8(255)
    with StackWriter(tmp_path / "a.tif") as writer:
        for section in volume:
            writer.write(section.shape, (section[y : y + bands] for y in range(0, 130, bands)))
    assert (tmp_path / "a.tif").read_bytes() == tiff_bytes(volume)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), volume)
    with StackWriter(tmp_path / "b.tif", big=True) as writer:
        writer.write((130, 70), [volume[0]])
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.is_bigtiff
