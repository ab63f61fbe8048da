"""The demonstration: its sections are what they are said to be, and it ends with a report."""

import numpy as np
import pytest

from synthem.cli.main import main
from synthem.data.real import read_folder
from synthem.experiment import demo
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.stand_in import LEAST_PX, sections, stand_in
from synthem.labels import CLASSES
from synthem.learning.network.model_file import load_model
from synthem.preset.yaml_file import parse


def shipped(names):
    return list(read_folder(stand_in(), names, demo.SETTINGS["voxel_nm"]))


def test_no_labelled_section_holds_a_sheath_and_some_test_sections_do():
    for patch in shipped("train*"):
        shown = dict(zip(CLASSES, patch.labels.sum((1, 2, 3)), strict=True))
        assert shown["sheath"] == 0
        assert all(shown[name] >= least for name, least in LEAST_PX.items())
    assert sum(patch.labels[CLASSES.index("sheath")].any() for patch in shipped("test*")) == 3


def test_what_is_shipped_is_what_grows():
    grown = next(sections())
    (kept,) = shipped([grown.name])
    assert np.array_equal(grown.image, kept.image) and np.array_equal(grown.labels, kept.labels)


def test_the_demonstration_needs_no_patches_and_starts_from_the_generalist():
    config = parse(ExperimentConfig, {**demo.SETTINGS, "real": "x"}, "demo")
    assert not config.needs_patches and config.first_model == "generalist"


@pytest.mark.parametrize(
    ("arms", "pretrained", "needed"),
    [
        (["real"], {}, False),
        (["real", "pretrained"], {}, False),
        (["real", "pretrained"], {"fraction": [0, 0.2]}, True),
        (["real", "pretrained"], {"init": "synthetic"}, True),
        (["real", "adapted"], {}, True),
        (["mixed"], {}, True),
    ],
)
def test_patches_are_made_where_an_arm_wants_them(arms, pretrained, needed):
    config = ExperimentConfig(title="x", synthetic={}, arms=arms, pretrained=pretrained, steps=1)
    assert config.needs_patches is needed


def test_it_runs_to_its_report(tmp_path, monkeypatch):
    short = {**demo.SETTINGS["training"], "patch_vx": (1, 32, 32), "batch": 2, "check_every": 1}
    small = {**demo.SETTINGS, "steps": 1, "test": "test0000", "training": short, "validation_tiles": 1}
    monkeypatch.setattr(demo, "SETTINGS", small)
    told = []
    runs = demo.run_demo(tmp_path / "out", told.append, jobs=1)
    assert [run.arm for run in runs] == ["real", "pretrained"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "No real tissue is in this" in page and "No real tissue is in this" in told[0]
    assert (tmp_path / "out" / demo.FIRST_LOOK).stat().st_size > 10_000


def test_the_shipped_model_says_what_it_is(capsys):
    card = load_model("generalist").card
    assert card.config.classes == CLASSES and card.voxel_nm == (5, 5, 5)
    assert "no real image" in card.about["data"] and card.about["licence"] == "MIT"
    assert main(["models"]) == 0
    assert "generalist: 6 classes, pixels of 5 nm" in capsys.readouterr().out
