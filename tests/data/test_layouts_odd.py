"""What is odd in files of real EM: read as it is meant, or refused in a sentence, status 2."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image
from real_files import (
    CODES,
    IMAGE,
    LABELS,
    MASKS,
    bits,
    class_folders,
    hdf5,
    label_maps,
    palette,
    tiff_stacks,
)

from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.data.images import open_images
from synthem.data.open import open_data, warnings_of
from synthem.data.pictures import open_picture
from synthem.data.real.arrays import Stored
from synthem.data.real.codes import parse_codes
from synthem.data.real.reading import Reading
from synthem.labels import channel


def refused(path: Path | str, **how: object) -> str:
    with pytest.raises(InputError) as error:
        data = open_data(path, None, None, Reading(**how))  # type: ignore[arg-type]
        list(data)
    return str(error.value)


@pytest.mark.parametrize("compression", [None, "zlib", "tiff_lzw"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("deep", [False, True])
def test_tiff_is_read_as_it_shows(tmp_path: Path, compression: str | None, order: str, deep: bool) -> None:
    stack = IMAGE.astype(np.uint16) * 257 if deep else IMAGE
    path = tmp_path / "a.tif"
    turned = stack.max() - stack
    if compression == "tiff_lzw":  # as Pillow writes it
        pages = [Image.fromarray(section) for section in stack]
        pages[0].save(path, save_all=True, append_images=pages[1:], compression=compression)
    else:
        how = {"photometric": "miniswhite", "compression": compression, "byteorder": order}
        tifffile.imwrite(path, turned, bigtiff=order == ">", **how)  # type: ignore[arg-type]
    volume = open_picture(path)
    assert volume.shape == IMAGE.shape and volume.dtype == stack.dtype
    for z in range(len(stack)):
        np.testing.assert_array_equal(volume.section(z), stack[z])
        np.testing.assert_array_equal(volume.windows(z, [(3, 5)], 32)[0], stack[z, 3:35, 5:37])


def test_channels_are_asked_for_and_time_points_are_sections(tmp_path: Path) -> None:
    both = np.stack([IMAGE, 255 - IMAGE], axis=1)
    tifffile.imwrite(tmp_path / "a.tif", both, imagej=True, metadata={"axes": "ZCYX"})
    assert "holds 2 channels; say which one with --channel 0 to 1" in refused(tmp_path / "a.tif")
    data = open_data(tmp_path / "a.tif", None, None, Reading(channel=1))
    np.testing.assert_array_equal(data[2].image[0], 255 - IMAGE[2])
    assert data[2].name == "a:0002"
    tifffile.imwrite(tmp_path / "t.tif", IMAGE, imagej=True, metadata={"axes": "TYX"})
    assert any("time points are taken as sections" in s for s in warnings_of(open_data(tmp_path / "t.tif")))
    tifffile.imwrite(tmp_path / "tz.tif", np.stack([IMAGE] * 2), imagej=True, metadata={"axes": "TZYX"})
    assert "axes TZYX" in refused(tmp_path / "tz.tif")


def test_only_the_sections_that_are_asked_for_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = hdf5(tmp_path / "a")
    read: list[tuple[str, tuple[object, ...]]] = []
    volume = Stored.volume

    def watched(self: Stored, channel: int | None) -> object:
        made = volume(self, channel)
        fetch = made._fetch
        made._fetch = lambda index: read.append((self.where, index)) or fetch(index)
        return made

    monkeypatch.setattr(Stored, "volume", watched)
    data = open_data(path, ["a:0002"], None, Reading(CODES))
    assert read == []
    assert data[0].image.shape == (1, *IMAGE.shape[1:])
    sections = [index[0] for where, index in read if where.endswith("raw")]
    assert sections == [slice(2, 3)]  # stored two by two


def test_a_label_map_without_a_meaning_names_its_values(tmp_path: Path) -> None:
    assert "holds the values 0, 1, 2, 3; say what is what: --classes 1=CLASS" in refused(label_maps(tmp_path))
    some = refused(palette(tmp_path / "p"), classes="1=mitochondrion,2=mito_boundary")
    assert (
        "label_0.png: holds 3, of which --classes says nothing; add what it is, such as 3=background" in some
    )


def test_ignored_voxels_are_no_class_and_known_to_be_none(tmp_path: Path) -> None:
    label_maps(tmp_path)
    code = LABELS[1].copy()
    code[:, :20] = 255
    tifffile.imwrite(tmp_path / "labels/s1.tif", code)
    first, second, _ = open_data(tmp_path, None, None, Reading(CODES))
    assert first.ignored is None and second.ignored is not None
    np.testing.assert_array_equal(second.ignored[0], code == 255)
    assert not second.labels[:, second.ignored].any()
    found = second.judged(np.ones((1, *second.image.shape), bool))
    assert found.sum() == (code != 255).sum()


def test_objects_of_one_class_are_carried(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["volumes/raw"] = IMAGE
        ids = np.where(MASKS["psd"], 70_000, 2**64 - 1).astype(np.uint64)  # CREMI: nothing
        ids[:, 0] = 2**64 - 2  # and not labelled
        file["volumes/labels/clefts"] = ids
        file["volumes/labels/neuron_ids"] = ids
    assert "labels of no known class" in warnings_of(open_data(tmp_path / "a.h5"))[-2]
    how = Reading("instances=psd", labels="volumes/labels/clefts")
    patch = open_data(tmp_path / "a.h5", None, None, how)[0]
    np.testing.assert_array_equal(patch.labels[channel("psd"), 0], MASKS["psd"][0])
    assert set(np.unique(patch.instances["psd"])) == {0, 70_000}
    assert patch.ignored is not None and patch.ignored.sum() == IMAGE.shape[2]


def test_masks_of_a_class_may_be_objects_where_that_is_said(tmp_path: Path) -> None:
    tiff_stacks(tmp_path / "t")
    ids = np.cumsum(MASKS["psd"].reshape(-1)).reshape(IMAGE.shape).astype(np.uint16) * MASKS["psd"]
    tifffile.imwrite(tmp_path / "t/PSD.tif", ids, photometric="minisblack")
    assert "a mask wants two values" in refused(tmp_path / "t")
    patch = open_data(tmp_path / "t", None, None, Reading("instances=psd"))[1]
    np.testing.assert_array_equal(patch.labels[channel("psd"), 0], MASKS["psd"][1])


def test_voxel_sizes_are_told_and_taken(tmp_path: Path) -> None:
    path = tiff_stacks(tmp_path / "t")
    data = open_data(path, None, (5.0, 5.0, 5.0))
    assert data[0].grid.voxel_nm == (5, 5, 5)
    assert (
        "tells a voxel size of 40 × 4 × 6 nm; 5 × 5 × 5 is taken, as --voxel-nm says" in warnings_of(data)[1]
    )
    quiet = open_data(class_folders(tmp_path / "c"))
    assert quiet[0].grid.voxel_nm == (5, 5, 5)
    assert "tells no voxel size, so 5 × 5 × 5 nm is taken" in warnings_of(quiet)[1]


def test_images_of_every_kind_come_to_predict_too(tmp_path: Path) -> None:
    for path in (hdf5(tmp_path / "a"), tiff_stacks(tmp_path / "t"), palette(tmp_path / "p")):
        images = open_images(path)
        np.testing.assert_array_equal(np.concatenate(list(images)), IMAGE)
        kinds = {"a.h5": ("a.tif",), "t": ("images.tif",), "p": ("img_0.png", "img_1.png", "img_2.png")}
        assert images.masks == kinds[path.name]
    assert images.voxel_nm is None and open_images(tmp_path / "t").voxel_nm == pytest.approx((40, 4, 6))


@pytest.mark.parametrize("name", ["a.h5", "a.mrc", "a.nii", "a.nii.gz", "a.tif", "a.png"])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(b"II*\0 no such thing" * 200)
    assert main(["census", str(tmp_path / name)]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"synthem: {tmp_path / name}: ")


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = hdf5(tmp_path / "a")
    assert "holds no data set 'volumes/rau'; it holds volumes/labels/classes" in refused(
        f"{path}:volumes/rau"
    )
    assert "there is no such file" in refused(path, labels="volumes/labels/x", classes=CODES)
    stacks = tiff_stacks(tmp_path / "t")
    tifffile.imwrite(stacks / "PSD.tif", bits(MASKS["psd"])[:2], photometric="minisblack")
    assert "PSD.tif: holds 2 sections, its images" in refused(stacks)
    tifffile.imwrite(stacks / "synapse_PSDs.tif", bits(MASKS["psd"]), photometric="minisblack")
    tifffile.imwrite(stacks / "psds.tif", bits(MASKS["psd"]), photometric="minisblack")
    assert "are both of psd; leave one of them" in refused(stacks)
    assert "--classes says what values of label maps are, and none was found" in refused(
        class_folders(tmp_path / "c"), classes="1=psd"
    )
    pair = tmp_path / "pair"
    palette(pair)
    (pair / "mask_0.png").write_bytes((pair / "label_0.png").read_bytes())
    assert "label_0.png and mask_0.png both fit slice 'img_0'" in refused(pair, classes=CODES)
    assert main(["census", str(tmp_path / "nothing.tif")]) == 2


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mrc").touch()
    monkeypatch.setitem(__import__("sys").modules, "mrcfile", None)
    assert "pip install 'synthem[formats]'" in refused(tmp_path / "a.mrc")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mitochondrion", "write value=class"),
        ("1=mitochondria,1=psd", "1 is named twice"),
        ("1=mitos,#ff0000=psd", "numbers or colours alone"),
        ("1=nucleolus", "unknown class 'nucleolus': did you mean 'nucleus'"),
        ("1=ignore", "names no class"),
        ("instances=psd,1=psd", "stands alone"),
    ],
)
def test_classes_that_cannot_be_understood(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_codes(text)


def test_names_that_people_use_are_understood() -> None:
    assert parse_codes("1=Mitochondria, 2 = membranes,7=Myelin sheath").values == {
        1: "mitochondrion", 2: "membrane", 7: "sheath",
    }  # fmt: skip
