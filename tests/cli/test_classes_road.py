"""The whole road with classes beyond the six: generate, census, train, evaluate, predict, export."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from shapes import Grid
from synthem.cli.main import main
from synthem.data.hdf5 import Dataset
from synthem.data.png_folder import write_png
from synthem.learning.network.model_file import load_model
from synthem.measure.census import Census
from synthem.world import World

ASKED = ("er", "axon", "microtubule")
SETTINGS = """
network: {features: [4, 4, 4, 4, 4, 4]}
patch_vx: [1, 32, 32]
batch: 2
steps: 2
check_every: 2
accelerator: cpu
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data set of three classes, a model that learned them, and real EM of the six."""
    root = tmp_path_factory.mktemp("road")
    (root / "settings.yaml").write_text(SETTINGS)
    common = ["--count", "4", "--shape", "64,64", "--workers", "1"]
    assert run("generate", "epfl", root / "set", *common, "--classes", ",".join(ASKED)) == 0
    assert run("train", root / "set", root / "model", "--config", root / "settings.yaml") == 0
    write_png([World("epfl", 3).patch(Grid((1, 64, 64)))], root / "real")
    return root


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_a_data_set_is_labelled_for_what_was_asked(work: Path) -> None:
    data = Dataset(work / "set")
    assert data.classes == ASKED
    assert all(any(patch.mask(name).any() for patch in data) for name in ASKED)


def test_the_census_counts_what_there_is(work: Path, tmp_path: Path, capsys) -> None:
    assert run("census", work / "set", "--json", tmp_path / "census.json") == 0
    told = Census.model_validate_json((tmp_path / "census.json").read_text())
    assert tuple(told.classes) == ASKED and told.cytoplasm is None
    held = np.mean([patch.labels.mean((1, 2, 3)) for patch in Dataset(work / "set")], axis=0)
    np.testing.assert_allclose([row.share for row in told.classes.values()], held)
    assert told.classes["er"].objects > 0 and "membrane" not in capsys.readouterr().out


def test_censuses_of_other_classes_stand_side_by_side(work: Path, tmp_path: Path, capsys) -> None:
    """What is labelled in one of them alone is told as such."""
    size = ["--voxel-nm", "5,5,5", "--json", tmp_path / "both.json"]
    assert run("census", work / "set", "--against", work / "real", *size) == 0
    rows = json.loads((tmp_path / "both.json").read_text())["rows"]
    shares = {row["name"]: row["labelled"] for row in rows if row["group"] == "share of pixels, %"}
    assert list(shares)[:3] == list(ASKED) and "sheath" in shares and not any(shares.values())
    assert "not labelled" in capsys.readouterr().out


def test_a_model_learns_the_classes_of_its_data(work: Path, capsys) -> None:
    model = load_model(work / "model/model.pt")
    assert model.classes == model.learned == ASKED
    assert run("evaluate", work / "model/model.pt", work / "set", "--json", work / "scores.json") == 0
    scores = json.loads((work / "scores.json").read_text())
    assert tuple(scores) == ASKED and scores["axon"]["support"] > 0
    capsys.readouterr()


def test_a_class_can_be_left_out_of_a_training(work: Path, tmp_path: Path, capsys) -> None:
    settings = ["--config", work / "settings.yaml", "--balance", "er=0.02", "--rare", ""]
    assert run("train", work / "set", tmp_path / "m", *settings, "--classes", "er") == 0
    assert load_model(tmp_path / "m/model.pt").classes == ("er",)
    assert run("train", work / "set", tmp_path / "n", *settings[:2], "--classes", "psd") == 2
    assert "are labelled for none of it (psd)" in capsys.readouterr().err


def test_a_model_and_data_with_nothing_in_common_are_refused(work: Path, capsys) -> None:
    assert run("evaluate", work / "model/model.pt", work / "real", "--voxel-nm", "5,5,5") == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("synthem: scores: the model and the data have no class in common")
    assert "finds er, axon, microtubule" in last and "labelled for mitochondrion" in last


def test_what_both_have_is_scored(work: Path, tmp_path: Path, capsys) -> None:
    """A model of a class of the six and one beyond, on real EM: the other has no score, which is told."""
    both = ["--shape", "64,64", "--count", "4", "--workers", "1", "--classes", "membrane,er"]
    assert run("generate", "epfl", tmp_path / "set", *both) == 0
    assert run("train", tmp_path / "set", tmp_path / "m", "--config", work / "settings.yaml") == 0
    capsys.readouterr()
    json_file = tmp_path / "scores.json"
    real = [work / "real", "--voxel-nm", "5,5,5", "--json", json_file]
    assert run("evaluate", tmp_path / "m/model.pt", *real) == 0
    assert "no score of er: the data are not labelled for it" in capsys.readouterr().err
    scores = json.loads(json_file.read_text())
    assert scores["membrane"]["support"] > 0 and scores["er"]["support"] == 0


def test_real_sections_and_synthetic_ones_of_more_classes(work: Path, tmp_path: Path, capsys) -> None:
    """Real EM teaches the six, what is added to it the others; each is silent about the rest."""
    added = ["--add", work / "set", "--config", work / "settings.yaml", "--voxel-nm", "5,5,5"]
    assert run("train", work / "real", tmp_path / "m", *added) == 0
    model = load_model(tmp_path / "m/model.pt")
    assert model.classes[:6] == ("mitochondrion", "mito_boundary", "membrane", "psd", "vesicle", "sheath")
    assert model.classes[6:] == ASKED and set(ASKED) <= set(model.learned)
    capsys.readouterr()


def test_masks_lie_under_the_names_of_their_classes(work: Path, tmp_path: Path, capsys) -> None:
    image = Dataset(work / "set")[0].image[0]
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in/a.png"), image)
    size = ["--voxel-nm", "5,5,5"]
    assert run("predict", work / "model/model.pt", tmp_path / "in", tmp_path / "out", *size) == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"er", "axon cells", "microtubules"}
    assert cv2.imread(str(tmp_path / "out/er/a.png"), 0).shape == image.shape
    capsys.readouterr()


def test_a_stream_is_labelled_for_what_is_to_be_learned(work: Path, tmp_path: Path, capsys) -> None:
    settings = ["--config", work / "settings.yaml", "--workers", "0", "--classes", "er,dendrite"]
    assert run("train", "epfl", tmp_path / "m", "--stream", *settings) == 0
    assert load_model(tmp_path / "m/model.pt").learned == ("er", "dendrite")
    capsys.readouterr()


def test_exports_follow_the_classes(work: Path, tmp_path: Path, capsys) -> None:
    assert run("export", work / "set", tmp_path / "nn", "--as", "nnunet", "--validate", "0") == 0
    (file,) = (tmp_path / "nn").rglob("dataset.json")
    about = json.loads(file.read_text())
    labels = about["labels"]
    assert [*labels][:2] == ["background", "axon"], "cells lie lowest"
    assert set(ASKED) <= set(labels) and not any("+" in name for name in labels if "axon" in name)
    inside = set(labels["axon"])
    assert isinstance(labels["er"], list) and inside & set(labels["er"])
    (image,) = (tmp_path / "nn").rglob("labelsTr/*000000.png")
    code = cv2.imread(str(image), cv2.IMREAD_UNCHANGED)
    patch = Dataset(work / "set")[0]
    for name in ASKED:
        own = labels[name] if isinstance(labels[name], list) else [labels[name]]
        np.testing.assert_array_equal(np.isin(code, own), patch.mask(name)[0], err_msg=name)
    assert run("export", work / "set", tmp_path / "em", "--as", "torch-em", "--validate", "0") == 0
    with h5py.File(next((tmp_path / "em/train").glob("*000000.h5"))) as shard:
        assert list(shard.attrs["classes"]) == list(ASKED)
        np.testing.assert_array_equal(shard["labels"][:], patch.labels)
    assert run("export", work / "set", tmp_path / "x", "--as", "nnunet", "--classes", "psd") == 2
    assert "unknown class 'psd'" in capsys.readouterr().err


def test_a_budget_of_a_class_beyond_the_six(tmp_path: Path, capsys) -> None:
    asked = ["--count", "8", "--shape", "64,64", "--workers", "1"]
    budget = ["--classes", "er,psd", "--balance", "er=0.03"]
    assert run("generate", "epfl", tmp_path / "set", *asked, *budget) == 0
    told = json.loads((tmp_path / "set/manifest.json").read_text())["plan"]
    assert told["reached"].keys() == {"er"} and told["objects"]["er"] > 1
    assert "shares of voxels: er 0.0" in capsys.readouterr().out
    assert run("generate", "epfl", tmp_path / "no", *asked, "--balance", "er=0.03") == 2
    assert "add it with --classes" in capsys.readouterr().err


def test_classes_that_a_tissue_lacks_are_told(tmp_path: Path, capsys) -> None:
    asked = ["--shape", "32,32", "--classes", "nucleus,membrane", "--count", "1"]
    assert run("preview", "epfl", "-o", tmp_path / "a.png", *asked) == 0
    assert "the tissue of epfl has none of nucleus" in capsys.readouterr().err
    assert run("preview", "epfl", "-o", tmp_path / "b.png", "--classes", "nucleos") == 2
    assert "did you mean 'nucleus'" in capsys.readouterr().err
