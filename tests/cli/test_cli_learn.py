"""The commands that learn, as a person types them: files, tables, and one sentence for bad input."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from synthem.cli.main import main
from synthem.data.files import FOLDERS
from synthem.labels import CLASSES
from synthem.learning.network.model_file import load_model

SETTINGS = """
network: {features: [4, 4, 4, 4, 4, 4]}
patch_vx: [1, 32, 32]
batch: 4
check_every: 10
lr: 0.02
accelerator: cpu
"""
EXPERIMENT = """
title: Small
train: ["s0", "s1", "s2"]
test: "s3"
synthetic: {preset: epfl, count: 4, shape_vx: [1, 64, 64], fraction: 0.5}
arms: [real, mixed]
class_sets: [1]
steps: 2
training: {network: {features: [4, 4, 4, 4, 4, 4]}, patch_vx: [1, 32, 32], batch: 2, check_every: 2}
"""


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """A folder with four real sections: mitochondria are bright squares, vesicles are not labelled."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for k in range(4):
        planes = {name: np.zeros((48, 64), np.uint8) for name in CLASSES if name != "vesicle"}
        for y, x in rng.integers(0, 34, (3, 2)):
            planes["mitochondrion"][y : y + 14, x : x + 14] = 255
        image = 80 + planes["mitochondrion"] * 0.5 + rng.normal(0, 5, (48, 64))
        for folder, plane in [("slices", image), *((FOLDERS[n][0], p) for n, p in planes.items())]:
            Path("real", folder).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(f"real/{folder}/s{k}.png", plane)
    Path("real/splits.yaml").write_text("far: {train: [s0, s1, s2], test: [s3]}")
    Path("settings.yaml").write_text(SETTINGS)
    Path("experiment.yaml").write_text(EXPERIMENT)
    return tmp_path


def test_train_evaluate_predict(work, capsys):
    command = ["train", "real", "run", "--split", "far", "--config", "settings.yaml", "--steps", "40"]
    assert main([*command, "--classes", "mitochondrion,vesicle"]) == 0
    said = capsys.readouterr().out
    assert "run/model.pt" in said and "mitochondrion 0." in said
    assert sorted(p.name for p in work.iterdir()) == ["experiment.yaml", "real", "run", "settings.yaml"]

    assert main(["evaluate", "run/model.pt", "real", "--split", "far", "--json", "scores.json"]) == 0
    table = capsys.readouterr().out
    scores = json.loads(Path("scores.json").read_text())
    assert scores["mitochondrion"]["dice"] > 0.7 and f"{scores['mitochondrion']['dice']:.3f}" in table
    assert scores["vesicle"] == {"dice": None, "jaccard": None, "support": 0, "predicted": 0}

    assert main(["predict", "run/model.pt", "real/slices", "masks"]) == 0
    mask, truth = (
        cv2.imread(f"{folder}/s3.png", cv2.IMREAD_GRAYSCALE) > 0
        for folder in ("masks/mitochondrion", "real/mitochondrion")
    )
    both = 2 * (mask & truth).sum() / (mask.sum() + truth.sum())
    assert both == pytest.approx(scores["mitochondrion"]["dice"])
    assert {p.name for p in Path("masks").iterdir()} == {"mitochondrion"}  # vesicles were never labelled


def test_the_threshold_decides_what_is_found(work):
    train = [
        "train",
        "real",
        "run",
        "--config",
        "settings.yaml",
        "--steps",
        "1",
        "--classes",
        "mitochondrion",
    ]
    assert main(train) == 0
    for threshold, found in (("0", 48 * 64), ("1", 0)):
        name = f"scores{threshold}.json"
        options = ["--threshold", threshold]
        assert main(["evaluate", "run/model.pt", "real", "--split", "far", "--json", name, *options]) == 0
        assert json.loads(Path(name).read_text())["mitochondrion"]["predicted"] == found
        assert main(["predict", "run/model.pt", "real/slices/s3.png", f"masks{threshold}", *options]) == 0
        assert (cv2.imread(f"masks{threshold}/mitochondrion/s3.png", cv2.IMREAD_GRAYSCALE) > 0).sum() == found


def test_experiment_from_a_file(work, capsys):
    assert main(["experiment", "experiment.yaml", "out", "--real", "real"]) == 0
    said = capsys.readouterr()
    assert "mixed" in said.out and "gain over real" in said.out and "out/report.html" in said.out
    assert json.loads(Path("out/report.json").read_text())["config"]["real"] == "real"
    assert main(["experiment", "experiment.yaml", "out", "--real", "real"]) == 0
    assert "is there already" in capsys.readouterr().err
    cv2.imwrite("real/slices/s0.png", np.zeros((48, 64), np.uint8))
    assert main(["experiment", "experiment.yaml", "out", "--real", "real"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "out: holds an experiment with other training sections; give" in said


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["train", "nowhere", "run"], "nowhere"),
        (["train", "real", "run", "--classes", "sheat"], "did you mean 'sheath'"),
        (["train", "real", "run", "--split", "fr"], "did you mean 'far'"),
        (["train", "real", "real"], "real: holds other files"),
        (["train", "real", "run", "--config", "experiment.yaml"], "title"),
        (["evaluate", "settings.yaml", "real"], "settings.yaml"),
        (["evaluate", "none.pt", "real"], "none.pt: there is no such file"),
        (["predict", "none.pt", "real/slices", "masks"], "none.pt"),
        (["experiment", "quick", "out"], "--real"),
        (["experiment", "quik", "out"], "did you mean 'quick'"),
        (["experiment", "quick", "out", "--real", "nowhere"], "nowhere"),
        (["experiment", "experiment.yaml", "real", "--real", "real"], "real: is not empty"),
        (["demo", "-o", "real"], "real: is not empty"),
        (["demo", "-o", "settings.yaml"], "settings.yaml: is a file"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(work, capsys, command, says):
    before = sorted(work.rglob("*"))
    assert main(command) == 2
    said = capsys.readouterr()
    assert says in said.err and said.err.count("\n") == 1 and "Traceback" not in said.err
    assert sorted(work.rglob("*")) == before


def test_predict_never_writes_over_anything(work, capsys):
    assert main(["train", "real", "run", "--config", "settings.yaml", "--steps", "1"]) == 0
    capsys.readouterr()
    assert main(["predict", "run/model.pt", "real/slices", "real"]) == 2
    assert "real: is there already" in capsys.readouterr().err
    assert main(["predict", "run/model.pt", "experiment.yaml", "masks"]) == 2
    assert "experiment.yaml: not a kind of file" in capsys.readouterr().err


def test_evaluate_resamples_voxels_of_another_size_and_refuses_those_far_off(work, capsys):
    assert main(["train", "real", "run", "--config", "settings.yaml", "--steps", "1"]) == 0
    assert main(["evaluate", "run/model.pt", "real", "--voxel-nm", "50,4,4"]) == 0
    assert "pixels of 4 × 4 nm are resampled to the model's of 5 × 5 nm" in capsys.readouterr().err
    assert main(["evaluate", "run/model.pt", "real", "--voxel-nm", "50,20,20"]) == 2
    assert "from 2 to 16 nm they are resampled" in capsys.readouterr().err


def test_a_full_disk_is_one_sentence(work, capsys, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["train", "real", "run", "--config", "settings.yaml", "--steps", "1"]) == 2
    assert capsys.readouterr().err.endswith("synthem: run/identity.json: No space left on device\n")
    assert not list(Path("run").glob("*.json"))


def test_nothing_trains_on_nothing(work, capsys):
    for path in Path("real").iterdir():
        if path.is_dir() and path.name != "slices":
            path.rename(path.with_name(f"{path.name} of mine"))
    assert main(["train", "real", "run", "--config", "settings.yaml", "--steps", "2"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert "real: read as images without labels; 4 sections" in said[0]
    assert "folders of no known class, not used: axon of mine" in said[2]
    assert "nothing to learn" in said[-1]
    assert not Path("run").exists()


def test_what_was_never_labelled_is_said_and_gets_no_folder(work, capsys):
    settings = ["--config", "settings.yaml", "--steps", "2", "--classes", "mitochondrion, vesicle, psd"]
    assert main(["train", "real", "run", *settings]) == 0
    said = capsys.readouterr()
    assert "holds no labelled voxel of psd: its Dice stays blank" in said.err
    assert "never found: vesicle" in said.err
    for command in (["evaluate", "run/model.pt", "real"], ["predict", "run/model.pt", "real", "masks"]):
        assert main(command) == 0
        assert "never found: vesicle" in capsys.readouterr().err
    assert {p.name for p in Path("masks").iterdir()} == {"mitochondrion", "PSD"}


@pytest.mark.parametrize("option", [["--fraction", "0.3"], ["--add-voxel-nm", "5,5,5"]])
def test_options_of_added_data_want_added_data(work, capsys, option):
    assert main(["train", "real", "run", *option]) == 2
    assert f"{option[0]} is of the data that --add names" in capsys.readouterr().err


def test_added_real_em_has_the_voxel_size_that_is_said(work, capsys):
    command = ["train", "real", "run", "--config", "settings.yaml", "--steps", "1", "--add", "real"]
    assert main([*command, "--voxel-nm", "8,8,8", "--add-voxel-nm", "5,5,5"]) == 2
    assert "different voxel sizes" in capsys.readouterr().err
    assert main([*command, "--voxel-nm", "8,8,8"]) == 0
    assert "psd: absent from the data, which hold none in" in capsys.readouterr().err


def test_leftovers_of_systems_small_images_and_endings_are_taken(work, capsys):
    Path("run").mkdir()
    for name in ("run/.DS_Store", "run/Thumbs.db", "run/desktop.ini"):
        Path(name).touch()
    assert main(["train", "real", "run", "--config", "settings.yaml", "--steps", "1"]) == 0
    Path("some").mkdir()
    for name in ("A.PNG", "b.png"):
        cv2.imwrite("x.png", np.random.default_rng(0).integers(0, 256, (16, 20), np.uint8))
        Path("x.png").rename(f"some/{name}")
    Path("some/._b.png").write_bytes(b"\0\5\x16\7")
    Path("masks").mkdir()
    Path("masks/.DS_Store").touch()
    assert main(["predict", "run/model.pt", "some", "masks"]) == 0
    assert sorted(p.name for p in Path("masks/membranes").iterdir()) == ["A.png", "b.png"]


def test_a_crop_that_does_not_fit_is_refused_with_one_that_does(work, capsys):
    assert main(["train", "real", "run", "--width", "4", "--steps", "1"]) == 2
    said = capsys.readouterr().err
    assert "smaller than a crop, (1, 256, 256): give a smaller one, such as `--patch 48,64`" in said
    assert main(["train", "real", "run", "--width", "4", "--steps", "1", "--patch", "48,64"]) == 0
    card = load_model("run/model.pt").card.config
    assert card.patch_vx == (1, 48, 64) and card.network.features == (4, 4, 8, 16, 32, 4)


def test_options_go_before_the_file_of_settings(work, capsys):
    asked = ["--config", "settings.yaml", "--patch", "16,16", "--width", "2", "--seed", "5", "--steps", "1"]
    assert main(["train", "real", "run", *asked]) == 0
    card = load_model("run/model.pt").card.config
    assert (card.patch_vx, card.network.features[0], card.seed, card.steps) == ((1, 16, 16), 2, 5, 1)
    assert (card.batch, card.lr) == (4, 0.02), "and what is not given is the file's"


def test_predict_asks_for_the_voxel_size_or_says_which_it_takes(work, capsys):
    main(["train", "real", "run", "--config", "settings.yaml", "--steps", "1"])
    assert main(["predict", "run/model.pt", "real", "masks"]) == 0
    assert "real: taken to have voxels of 5 × 5 × 5 nm, as the model's" in capsys.readouterr().err
    assert main(["predict", "run/model.pt", "real", "other", "--voxel-nm", "5,5.2,5"]) == 0
    assert "taken to have" not in capsys.readouterr().err
    assert main(["predict", "run/model.pt", "real", "none", "--voxel-nm", "40,20,20"]) == 2
    assert "real: pixels of 20 × 20 nm are too far from the model's of 5 × 5 nm" in capsys.readouterr().err
    assert not Path("none").exists()
