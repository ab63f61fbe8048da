"""Data sets of other classes than the six: written, read, and told apart from those of before."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from shapes import Grid, InputError
from synthem.data.exported import ExportedFolder
from synthem.data.hdf5 import Dataset, write_dataset
from synthem.data.manifest import make_manifest, stored_plan
from synthem.data.open import labelled_in, open_data
from synthem.data.plan import Plan, make_patch, make_request, plan_dataset
from synthem.data.png_folder import write_png
from synthem.data.real import read_folder
from synthem.labels import CLASSES, KNOWN, from_bits, known_classes, to_bits
from synthem.patch import Patch, classes_of
from synthem.preset.preset import load_preset, with_classes
from synthem.world import World, replay

ASKED = ("er", "axon", "sheath", "microtubule", "dendrite", "t_bar", "cleft", "membrane", "glia")
"""More than eight, in an order of their own."""


def plan(classes: tuple[str, ...] = ASKED, count: int = 2, **more) -> Plan:
    return plan_dataset(World(with_classes("epfl", classes), 3), count, (1, 64, 64), **more)


def test_a_data_set_keeps_its_classes(tmp_path: Path) -> None:
    asked = plan()
    write_dataset(asked, tmp_path / "set")
    data = Dataset(tmp_path / "set")
    assert data.classes == classes_of(data) == labelled_in(data) == ASKED
    for index, patch in enumerate(data):
        made = make_patch(asked, index)
        assert patch == made and patch.classes == ASKED and patch.labels.any()
        assert replay(patch.trace) == made
    with h5py.File(tmp_path / "set" / "shard-00000.h5") as file:
        assert file["labels"].dtype == np.uint16 and list(file.attrs["classes"]) == list(ASKED)


def test_a_folder_of_pngs_keeps_them_too(tmp_path: Path) -> None:
    """The cell ``axon`` is in no folder that a reader of EPFL6 takes for the sheath."""
    asked = plan()
    write_png(asked, tmp_path / "set")
    folders = {p.name for p in (tmp_path / "set").iterdir() if p.is_dir()}
    assert folders >= {"axon cells", "axon", "er", "microtubules", "synaptic clefts", "slices"}
    data = open_data(tmp_path / "set")
    assert isinstance(data, ExportedFolder) and data.classes == ASKED and not data.warnings
    for index, patch in enumerate(data):
        made = make_patch(asked, index)
        np.testing.assert_array_equal(patch.labels, made.labels)
        assert patch.classes == ASKED and all(patch.known)


def test_what_is_named_beside_the_classes_is_none_of_them(tmp_path: Path) -> None:
    """A folder that ``also`` brought is not read as a class, as it never was."""
    values = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    values["annotation"]["also"] = ["er"]
    write_png(plan_dataset(World(values, 3), 1, (1, 64, 64)), tmp_path / "set")
    data = open_data(tmp_path / "set")
    assert (tmp_path / "set" / "er").is_dir() and data.classes == CLASSES and not data.warnings
    assert tuple(data.masks) == CLASSES and data[0].classes == CLASSES


def test_the_six_are_stored_as_before(tmp_path: Path) -> None:
    """No word of classes in preset, trace and manifest: same hashes, same bytes."""
    asked = plan_dataset(World("epfl", 3), 2, (1, 64, 64))
    named = plan_dataset(World(with_classes("epfl", CLASSES), 3), 2, (1, 64, 64))
    bare = load_preset("epfl").model_dump(mode="json", exclude_defaults=True)
    assert "classes" not in bare.get("annotation", {})
    assert named == asked and "classes" not in json.dumps(asked.request.preset["annotation"])
    assert make_manifest(asked, "hdf5").sha256 == make_manifest(named, "hdf5").sha256
    write_dataset(asked, tmp_path / "set")
    with h5py.File(tmp_path / "set" / "shard-00000.h5") as file:
        assert file["labels"].dtype == np.uint8 and list(file.attrs["classes"]) == list(CLASSES)
        bits = file["labels"][0]
    patch = Dataset(tmp_path / "set")[0]
    for k, name in enumerate(CLASSES):
        np.testing.assert_array_equal(bits >> k & 1, patch.mask(name))
    assert "classes" not in patch.trace["preset"]["annotation"]
    assert stored_plan(tmp_path / "set", named.request, "hdf5") == asked
    with pytest.raises(InputError, match="another version of preset 'epfl'"):
        stored_plan(tmp_path / "set", plan().request, "hdf5")


def test_a_shard_that_names_no_classes_has_the_six(tmp_path: Path) -> None:
    write_dataset(plan_dataset(World("epfl", 3), 1, (1, 64, 64)), tmp_path / "set")
    before = Dataset(tmp_path / "set")[0]
    with h5py.File(tmp_path / "set" / "shard-00000.h5", "r+") as file:
        del file.attrs["classes"]
    assert Dataset(tmp_path / "set")[0] == before


def test_budgets_of_other_classes() -> None:
    asked = plan(("er", "axon", "psd"), 6, balance={"er": 0.03, "axon": 0.5})
    assert asked.objects["er"] >= 3 and "axon" not in asked.objects
    held = np.mean([make_patch(asked, k).labels.mean((1, 2, 3)) for k in range(6)], axis=0)
    np.testing.assert_allclose(held[:2], [asked.reached["er"], asked.reached["axon"]])
    assert abs(held[0] / 0.03 - 1) < 0.1 or asked.shortfalls


@pytest.mark.parametrize(
    ("balance", "said"),
    [
        ({"er": 0.02}, "labelled for .*sheath, and not for er"),
        ({"eer": 0.02}, "unknown class 'eer'"),
    ],
)
def test_a_budget_of_what_is_not_labelled_is_refused(balance: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_request("epfl", seed=0, count=2, balance=balance)


def test_cells_hold_what_is_in_them() -> None:
    """Shares of organelles and of cells are not added, for one lies in the other."""
    preset = with_classes("epfl", ("axon", "dendrite", "membrane", "er"))
    make_request(preset, seed=0, count=2, balance={"axon": 0.6, "dendrite": 0.3, "membrane": 0.3, "er": 0.1})
    with pytest.raises(InputError, match=r"sum to 1\.2"):
        make_request(preset, seed=0, count=2, balance={"axon": 0.6, "dendrite": 0.6})


def test_bits_are_as_short_as_may_be() -> None:
    rng = np.random.default_rng(0)
    for count, kind in ((1, np.uint8), (8, np.uint8), (9, np.uint16), (17, np.uint32), (32, np.uint32)):
        labels = rng.random((count, 2, 3, 4)) < 0.5
        bits = to_bits(labels)
        assert bits.dtype == kind
        np.testing.assert_array_equal(from_bits(bits, count), labels)
    with pytest.raises(InputError, match="at most 32"):
        to_bits(np.zeros((33, 1, 1, 1), bool))


def test_a_patch_in_other_channels() -> None:
    labels = np.zeros((2, 1, 4, 4), bool)
    labels[0, 0, 0], labels[1, 0, 1] = True, True
    patch = Patch(np.zeros((1, 4, 4), np.uint8), labels, Grid((1, 4, 4)), classes=("er", "psd"))
    assert patch.known == (True, True)
    other = patch.of(("psd", "axon"))
    assert other.classes == ("psd", "axon") and other.known == (True, False)
    np.testing.assert_array_equal(other.labels, [labels[1], np.zeros((1, 4, 4))])
    assert patch.of(("er", "psd")) is patch and other != patch
    np.testing.assert_array_equal(patch.labels_of(["psd"], (slice(0, 1), slice(1, 3))), labels[1:, :, 1:3])
    np.testing.assert_array_equal(patch.labelled_of(["axon", "er"]), [[False], [True]])
    part = patch.part((0, 0, 0), (1, 2, 2))
    assert part.classes == ("er", "psd")
    with pytest.raises(InputError, match="each of its 2 classes"):
        Patch(patch.image, labels, patch.grid, (True,), classes=("er", "psd"))


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """Real sections with masks in the folders of EPFL6, and of two more classes."""
    preset = with_classes("epfl", ("sheath", "er", "axon", "psd"))
    return write_png([World(preset, 3).patch(Grid((1, 64, 64)))], tmp_path / "real")


def test_a_folder_of_real_em_has_the_six_and_what_else_it_holds(real: Path) -> None:
    folder = read_folder(real, voxel_nm=(5.0, 5.0, 5.0))
    assert folder.classes == (*CLASSES, "er", "axon")
    assert {cls for cls, known in zip(folder.classes, folder.labelled, strict=True) if known} == {
        "sheath", "psd", "er", "axon",
    }  # fmt: skip
    made = World(with_classes("epfl", ("er", "axon")), 3).patch(Grid((1, 64, 64)))
    (patch,) = folder
    np.testing.assert_array_equal(patch.labels_of(("er", "axon")), made.labels)
    assert patch.knows("sheath") and not patch.mask("sheath").any(), "axon is the sheath's folder"


def test_a_value_of_a_label_map_may_be_any_class() -> None:
    from synthem.data.real.codes import parse_codes

    codes = parse_codes("1=nucleus,2=axon,3=myelin,4=endoplasmic reticulum")
    assert dict(codes.values) == {1: "nucleus", 2: "axon", 3: "sheath", 4: "er"}
    assert codes.classes == ("sheath", "er", "nucleus", "axon")


def test_every_class_has_a_folder_of_its_own() -> None:
    from synthem.data.files import class_of, folder_of

    assert len({folder_of(name) for name in known_classes()}) == len(known_classes())
    assert [class_of(folder_of(name)) for name in KNOWN] == list(KNOWN)
    assert class_of("axon") == "sheath"
