"""Images larger than memory: any file in parts, masks as files or OME-Zarr, nothing left half done."""

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import cv2
import h5py
import mrcfile
import nibabel
import numpy as np
import pytest
import tifffile
import yaozarrs
import zarr
from test_label_images import Bright, model, noise

from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.data.images import open_images
from synthem.data.ome_zarr import IMAGE, Layout, OmeZarr, write_arrays
from synthem.data.ome_zarr.store import read_about
from synthem.data.volume import Volume
from synthem.learning.inference import blocks
from synthem.learning.inference.label_images import predict
from synthem.learning.inference.predict import Predictor
from synthem.learning.network.model_file import Model, save_model

NM = (5.0, 5.0, 5.0)
VOLUME = noise(20, 70, 60)


def hdf5(root: Path) -> str:
    with h5py.File(root / "a.h5", "w") as file:
        file.create_dataset("volumes/raw", data=VOLUME, chunks=(8, 16, 16))
    return f"{root}/a.h5:volumes/raw"


def mrc(root: Path) -> str:
    with mrcfile.new(root / "a.mrc") as file:
        file.set_data(VOLUME.astype(np.int16))
    return f"{root}/a.mrc"


def nifti(root: Path) -> str:
    nibabel.Nifti1Image(VOLUME.transpose(2, 1, 0), np.eye(4)).to_filename(root / "a.nii")
    return f"{root}/a.nii"


def tiles(root: Path) -> str:
    tifffile.imwrite(root / "a.tif", VOLUME, photometric="minisblack", tile=(16, 16), compression="zlib")
    return f"{root}/a.tif"


def planes(root: Path) -> str:
    tifffile.imwrite(root / "a.tif", VOLUME, photometric="minisblack")
    return f"{root}/a.tif"


def pack(root: Path) -> str:
    tifffile.imwrite(root / "a.tif", VOLUME, photometric="minisblack", compression="zlib", rowsperstrip=70)
    return f"{root}/a.tif"


def plain_zarr(root: Path) -> str:
    zarr.open_group(root / "a.zarr", mode="w").create_array("raw", data=VOLUME, chunks=(8, 16, 16))
    return f"{root}/a.zarr/raw"


def ome_zarr(root: Path) -> str:
    write_arrays(root / "a.zarr", Layout(shape=VOLUME.shape, voxel_nm=NM), {IMAGE: VOLUME})
    return f"{root}/a.zarr"


def middle(dims: int) -> float:
    return float(np.median(Predictor(model(dims)).probabilities(VOLUME)[0]))


@pytest.mark.parametrize("write", [hdf5, mrc, nifti, tiles, planes, pack])
@pytest.mark.parametrize("dims", [2, 3])
def test_every_file_is_labelled_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], str], dims: int
) -> None:
    path, threshold = write(tmp_path), middle(dims)
    (volume,) = open_images(path).volumes
    assert volume.in_part == (write is not pack)
    if volume.in_part:
        read: list[int] = []
        real = type(volume).box

        def box(self: Volume, start: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
            read.append(int(np.prod(shape)))
            return real(self, start, shape)

        monkeypatch.setattr(type(volume), "box", box)
    monkeypatch.setattr("synthem.data.images.BAND_PX", 2**10)
    monkeypatch.setattr(blocks, "BLOCK_VX", 16 * 1600 if dims == 3 else 32 * 40)
    predict(model(dims), path, tmp_path / "out", voxel_nm=NM, threshold=threshold)
    assert not volume.in_part or max(read) < VOLUME.size
    whole = Predictor(model(dims)).masks(VOLUME, threshold)
    assert 0.1 < whole.mean() < 0.9
    for cls, folder in enumerate(("membranes", "PSD")):
        found = tifffile.imread(tmp_path / "out" / folder / "a.tif")
        np.testing.assert_array_equal(found, whole[cls] * np.uint8(255))


@pytest.mark.parametrize("write", [plain_zarr, ome_zarr, planes])
def test_zarr_becomes_an_image_with_a_label_image_a_class(
    tmp_path: Path, write: Callable[[Path], str]
) -> None:
    path, threshold = write(tmp_path), middle(3)
    direct = write is planes
    out = tmp_path / "found.zarr" if direct else tmp_path / "out"
    written = predict(model(3), path, out, voxel_nm=NM, threshold=threshold)
    store = out if direct else out / "a.zarr"
    assert written == [store / "labels" / "membrane", store / "labels" / "psd"]
    yaozarrs.validate_zarr_store(str(store))
    root = zarr.open_group(store, mode="r")
    np.testing.assert_array_equal(root["0"][...], VOLUME)
    whole = Predictor(model(3)).masks(VOLUME, threshold)
    for cls, name in enumerate(("membrane", "psd")):
        np.testing.assert_array_equal(root[f"labels/{name}/0"][...], whole[cls])
    assert open_images(store).voxel_nm == NM


def test_several_images_are_not_one_store(tmp_path: Path) -> None:
    for name in "ab":
        cv2.imwrite(str(tmp_path / f"{name}.png"), VOLUME[0])
    with pytest.raises(InputError, match="one Zarr store holds one image, and there are 2"):
        predict(model(), tmp_path, tmp_path / "out.zarr")
    assert not (tmp_path / "out.zarr").exists()
    assert len(predict(model(3), tmp_path, tmp_path / "out.zarr", voxel_nm=NM)) == 2


def test_a_store_that_is_stopped_is_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write, out = planes(tmp_path), OmeZarr.write, tmp_path / "out.zarr"

    def stopping(self: OmeZarr, image: object, *rest: object) -> None:
        if image != IMAGE:
            raise KeyboardInterrupt
        write(self, image, *rest)

    monkeypatch.setattr(OmeZarr, "write", stopping)
    with pytest.raises(KeyboardInterrupt):
        predict(model(3), path, out, voxel_nm=NM)
    assert "ome" not in read_about(out) and not list(tmp_path.rglob("*.part"))
    with pytest.raises(InputError, match="is there already"):
        predict(model(3), path, out, voxel_nm=NM)


def test_a_section_eight_times_as_high_takes_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the file to its masks: reading, greys, labelling, what waits on disk, and writing."""
    for name in ("images.BAND_PX", "images.SAMPLED_PX", "mask_spool.BAND_PX"):
        monkeypatch.setattr(f"synthem.data.{name}", 2**14)
    monkeypatch.setattr("synthem.data.mask_spool.IN_MEMORY_BYTES", 2**12)
    monkeypatch.setattr("synthem.learning.inference.prepare.WINDOW_PX", 32)
    peaks, network = [], Model(Bright(), model().card)
    for high in (1024, 8192):
        image = np.resize(noise(64, 256) * np.uint16(9), (high, 256))
        tifffile.imwrite(tmp_path / f"{high}.tif", image, tile=(64, 256), compression="zlib")
        pixels = image.size
        del image
        gc.collect()
        tracemalloc.start()
        predict(network, tmp_path / f"{high}.tif", tmp_path / f"out{high}", voxel_nm=NM)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert tifffile.imread(tmp_path / f"out{high}" / "PSD" / f"{high}.tif").shape == (high, 256)
    assert peaks[1] - peaks[0] < pixels / 8, "not a bit a pixel was held"


def test_the_command_takes_an_array_and_gives_a_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(tmp_path / "m.pt", model(3))
    path = hdf5(tmp_path)
    assert main(["predict", str(tmp_path / "m.pt"), path, str(tmp_path / "o.zarr"), "--flips"]) == 0
    assert "o.zarr: 2 masks" in capsys.readouterr().out
    whole = Predictor(model(3), flips=True).masks(VOLUME)
    np.testing.assert_array_equal(
        zarr.open_array(tmp_path / "o.zarr" / "labels" / "psd" / "0")[...], whole[1]
    )
