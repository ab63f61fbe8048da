"""What each format's files hold, read with plain libraries: every pixel comes back, nothing is turned."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import tifffile
import yaml
from export.hand_made import FLAT, SOLID, patch

from synthem.export.codes import make_codes
from synthem.export.crops import halvings
from synthem.export.job import look
from synthem.export.run import export
from synthem.labels import CLASSES, channel, from_exclusive, to_exclusive

HIERARCHY = {
    "background": 0, "mitochondrion": [1, 2], "mito_boundary": 2, "membrane": 3, "psd": 4, "vesicle": 5,
    "sheath": 6,
}  # fmt: skip
NO_PSD = tuple(cls != "psd" for cls in CLASSES)


def about(out: Path) -> tuple[Path, dict]:
    (root,) = (out / "nnUNet_raw").iterdir()
    return root, json.loads((root / "dataset.json").read_text())


def png(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_codes_without_overlaps_are_those_of_to_exclusive() -> None:
    codes = make_codes(CLASSES, look(FLAT, (), lambda done, of: None))
    for one in (*FLAT, SOLID[0]):
        code = codes.encode(one)
        np.testing.assert_array_equal(code, to_exclusive(one.labels))
        np.testing.assert_array_equal(codes.decode(code), one.labels)
        np.testing.assert_array_equal(from_exclusive(code), one.labels)


def test_nnunet_of_sections(tmp_path: Path) -> None:
    assert export(FLAT, tmp_path / "set", "nnunet", options={"dataset_id": 12}, name="Mine") == []
    root, told = about(tmp_path / "set")
    assert root.name == "Dataset012_Mine"
    assert told["labels"] == HIERARCHY and told["regions_class_order"] == [1, 2, 3, 4, 5, 6]
    assert told["numTraining"] == 6 and told["file_ending"] == ".png"
    for k, one in enumerate(FLAT):
        np.testing.assert_array_equal(png(root / f"imagesTr/case_{k}_0000.png"), one.image[0])
        code = png(root / f"labelsTr/case_{k}.png")
        np.testing.assert_array_equal(from_exclusive(code), one.labels[:, 0])
    (fold,) = json.loads((root / "splits_final.json").read_text())
    assert sorted(fold["train"] + fold["val"]) == [f"case_{k}" for k in range(6)] and len(fold["val"]) == 1


def test_nnunet_of_volumes(tmp_path: Path) -> None:
    export(SOLID[:3], tmp_path / "set", "nnunet", test=SOLID[3:])
    root, told = about(tmp_path / "set")
    assert told["labels"] == HIERARCHY | {"ignore": 7}  # the highest, and not in the order
    assert told["regions_class_order"] == [1, 2, 3, 4, 5, 6]
    assert told["overwrite_image_reader_writer"] == "Tiff3DIO"
    for name in ("imagesTr/case_1.json", "labelsTr/case_1.json", "imagesTs/case_3.json"):
        assert json.loads((root / name).read_text()) == {"spacing": [40.0, 8.0, 4.0]}
    np.testing.assert_array_equal(tifffile.imread(root / "imagesTs/case_3_0000.tif"), SOLID[3].image)
    code = tifffile.imread(root / "labelsTr/case_1.tif")
    assert (code[2] == 7).all() and not (code[3] == 7).any()
    np.testing.assert_array_equal(from_exclusive(code), SOLID[1].labels)


def test_nnunet_gives_an_overlap_codes_of_its_own_and_a_region_if_it_is_large(tmp_path: Path) -> None:
    large = [patch(0, overlap=9), patch(1)]
    (said,) = export(large, tmp_path / "a", "nnunet")
    assert "membrane+vesicle: 27 voxels" in said and "region of their own" in said
    told = about(tmp_path / "a")[1]
    assert told["labels"]["membrane"] == [3, 7] and told["labels"]["vesicle"] == [5, 7]
    assert told["labels"]["membrane+vesicle"] == 7 and told["regions_class_order"] == [1, 2, 3, 4, 5, 6, 7]
    code = png(about(tmp_path / "a")[0] / "labelsTr/case_0.png")
    codes = make_codes(CLASSES, look(large, (), lambda done, of: None))
    np.testing.assert_array_equal(codes.decode(code), large[0].labels[:, 0])
    small = [patch(0, (1, 32, 48), overlap=1), *(patch(k) for k in range(1, 20))]
    (said,) = export(small, tmp_path / "b", "nnunet")
    told = about(tmp_path / "b")[1]
    assert "too few" in said and told["labels"]["membrane"] == [3, 7]
    assert told["regions_class_order"] == [1, 2, 3, 4, 5, 6] and "membrane+vesicle" not in told["labels"]


def test_what_is_for_testing_decides_on_no_region(tmp_path: Path) -> None:
    assert export(FLAT, tmp_path / "set", "nnunet", test=[patch(9, overlap=9)]) == []
    root, told = about(tmp_path / "set")
    assert told["regions_class_order"] == [1, 2, 3, 4, 5, 6] and told["labels"]["membrane"] == [3, 7]
    assert (png(root / "labelsTs/case_9.png") == 7).sum() == 27


def test_a_class_unlabelled_in_few_cases_costs_these_and_in_many_itself(tmp_path: Path) -> None:
    (said,) = export([*FLAT[:4], patch(4, known=NO_PSD)], tmp_path / "a", "nnunet")
    assert said == "1 of 5 not labelled for psd, left out: case_4"
    assert about(tmp_path / "a")[1]["numTraining"] == 4
    few = [FLAT[0], *(patch(k, known=NO_PSD) for k in range(1, 5))]
    (said,) = export(few, tmp_path / "b", "nnunet")
    assert said.startswith("psd left out, labelled in 1 of 5 alone")
    told = about(tmp_path / "b")[1]
    assert told["numTraining"] == 5 and "psd" not in told["labels"] and told["labels"]["sheath"] == 5
    export(few, tmp_path / "c", "nnunet", classes=("psd",))
    assert about(tmp_path / "c")[1]["labels"] == {"background": 0, "psd": 1}
    assert "regions_class_order" not in about(tmp_path / "c")[1]


def test_torch_em_says_of_every_voxel_and_class_whether_it_is_known(tmp_path: Path) -> None:
    data = [*SOLID[:3], patch(3, (16, 32, 48), known=NO_PSD)]
    assert export(data, tmp_path / "set", "torch-em", validate=0) == []
    for k, one in enumerate(data):
        with h5py.File(tmp_path / f"set/train/case_{k}.h5") as file:
            labels = file["labels"][:]
            np.testing.assert_array_equal(file["raw"][:], one.image)
            np.testing.assert_array_equal(file["instances/mitochondrion"][:], one.instances["mitochondrion"])
            assert list(file.attrs["classes"]) == list(CLASSES)
        np.testing.assert_array_equal(labels == 1, one.labels)
        unknown = np.broadcast_to(~one.labelled[:, :, None, None], labels.shape)
        np.testing.assert_array_equal(labels == -1, unknown)


def test_connectomics(tmp_path: Path) -> None:
    export(SOLID, tmp_path / "set", "connectomics")
    config = yaml.safe_load((tmp_path / "set/config.yaml").read_text())["default"]
    targets = config["data"]["label_transform"]["targets"]
    part = next(path.parent.parent.name for path in (tmp_path / "set").glob("*/images/case_1.h5"))
    assert config["data"][part]["mask"] == f"{part}/masks/*.h5"
    read = {}
    for kind in ("images", "labels", "masks"):
        with h5py.File(tmp_path / f"set/{part}/{kind}/case_1.h5") as file:
            assert list(file) == ["main"]
            read[kind] = file["main"][:]
    np.testing.assert_array_equal(read["images"], SOLID[1].image)
    assert read["masks"].mean(axis=(1, 2)).tolist() == [1, 1, 0, *[1] * 13]
    for k, cls in enumerate(("mitochondrion", "mito_boundary", "membrane", "psd", "vesicle", "sheath")):
        found = np.isin(read["labels"], targets[k]["kwargs"]["segment_id"])
        np.testing.assert_array_equal(found, SOLID[1].labels[channel(cls)])
    assert config["model"]["out_channels"] == 6
    export(FLAT, tmp_path / "flat", "connectomics", validate=0)
    with h5py.File(tmp_path / "flat/train/images/case_0.h5") as file:
        np.testing.assert_array_equal(file["main"][:], FLAT[0].image[0])


def test_biapy(tmp_path: Path) -> None:
    said = export([patch(0, overlap=3), *FLAT[1:]], tmp_path / "set", "biapy", validate=0)
    assert said[0].startswith("mitochondrion is written without its boundary")
    assert said[1] == "9 voxels of vesicle are of another class too, which is left out"
    config = yaml.safe_load((tmp_path / "set/biapy.yaml").read_text())
    assert config["DATA"]["N_CLASSES"] == 7 and config["DATA"]["VAL"] == {"FROM_TRAIN": True}
    for k, one in enumerate(FLAT):
        np.testing.assert_array_equal(png(tmp_path / f"set/train/x/case_{k}.png"), one.image[0])
        code = png(tmp_path / f"set/train/y/case_{k}.png")
        np.testing.assert_array_equal(code, to_exclusive(one.labels)[0])
    export(SOLID, tmp_path / "solid", "biapy")
    config = yaml.safe_load((tmp_path / "solid/biapy.yaml").read_text())
    assert config["LOSS"]["IGNORE_INDEX"] == 255 and config["PROBLEM"]["NDIM"] == "3D"
    (path,) = (tmp_path / "solid").glob("*/y/case_1.tif")
    assert (tifffile.imread(path)[2] == 255).all()


def test_huggingface_has_a_mask_a_class_where_it_is_labelled(tmp_path: Path) -> None:
    export(SOLID, tmp_path / "set", "huggingface", validate=0)
    root = tmp_path / "set/train"
    rows = [json.loads(line) for line in (root / "metadata.jsonl").read_text().splitlines()]
    assert len(rows) == 4 * 16
    for row in rows:
        one = SOLID[int(row["case"][-1])]
        np.testing.assert_array_equal(png(root / row["file_name"]), one.image[row["z"]])
        for k, cls in enumerate(CLASSES):
            name = row[f"{cls}_file_name"]
            assert (name is None) == (row["z"] in one.unlabelled)
            if name:
                np.testing.assert_array_equal(png(root / name) == 255, one.labels[k, row["z"]])
    (said,) = export(FLAT, tmp_path / "b", "huggingface", test=[patch(9, known=NO_PSD)])
    assert said == "psd left out, for it is labelled nowhere in test"


@pytest.mark.parametrize(
    ("shape", "voxel", "steps"),
    [
        ((16, 64, 64), (40.0, 8.0, 8.0), [(1, 2, 2), (1, 2, 2), (2, 2, 2), (2, 2, 2)]),
        ((64, 64, 64), (5.0, 5.0, 5.0), [(2, 2, 2)] * 4),
        ((1, 24, 24), (5.0, 5.0, 5.0), [(1, 2, 2)] * 3),
    ],
)
def test_halvings(shape: tuple, voxel: tuple, steps: list) -> None:
    assert halvings(shape, voxel) == steps
