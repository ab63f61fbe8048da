"""Sections that a preset was tuned on are told wherever they test its patches."""

import json

import pytest
import yaml
from small_experiment import SYNTHETIC, config

from synthem.experiment.data import load_data
from synthem.experiment.mark import identity_of_experiment
from synthem.experiment.report.write import write_report
from synthem.experiment.run import run_experiment
from synthem.experiment.seen import seen_sections, warn_of_seen, what_it_saw
from synthem.preset.preset import load_preset
from synthem.preset.shipped import presets_folder


@pytest.fixture
def tuned(tmp_path) -> str:
    values = yaml.safe_load((presets_folder() / "epfl.yaml").read_text())
    values["tuned_on"] = ["mine/s00[56]", "mine/s001"]
    (tmp_path / "tuned.yaml").write_text(yaml.safe_dump(values))
    return str(tmp_path / "tuned.yaml")


def synthetic(preset):
    return {"preset": preset, "count": 10, "shape_vx": (1, 48, 64), "fraction": 0.5}


def test_epfl_has_seen_the_training_half_of_rare_and_nothing_of_its_test_half():
    epfl = load_preset("epfl")
    train = [f"training{k:04}" for k in (42, 48, 54, 63, 76, 89, 90, 91, 106, 118, 120, 127, 136, 161, 164)]
    train += ["training0144x", "training0146x"]
    assert seen_sections(epfl, train) == train
    assert seen_sections(epfl, [f"training{k:04}" for k in (*range(20), 41, 49, 88, 92, 121, 165)]) == []
    assert "was tuned on real sections: epfl6/" in what_it_saw(epfl)
    assert "names no real section" in what_it_saw(load_preset("ac4"))


def test_a_warning_names_preset_and_sections(tuned):
    (said,) = warn_of_seen(load_preset(tuned), ["s005", "s006", "s007"])
    assert "2 of 3 test sections (s005, s006)" in said and "preset tuned " in said
    assert warn_of_seen(load_preset(tuned), ["s007", "s0055"]) == []


def test_notes_and_report_say_what_the_preset_has_seen(real, tuned, tmp_path):
    settings = config(real, steps=1, arms=["synthetic"], synthetic=synthetic(tuned))
    data = load_data(settings).with_synthetic(settings, SYNTHETIC)
    assert any("2 of 3 test sections" in note for note in data.notes)
    out = tmp_path / "out"
    write_report(settings, data, run_experiment(settings, data, out), out)
    text, content = (out / "report.md").read_text(), json.loads((out / "report.json").read_text())
    assert "mine/s00[56], mine/s001" in text and "2 of 3 test sections" in text
    assert content["preset"] == {
        "name": "tuned",
        "tuned_on": ["mine/s00[56]", "mine/s001"],
        "test_sections_seen": ["s005", "s006"],
    }
    assert any("2 of 3" in note for note in content["notes"])


def test_there_is_nothing_to_warn_of_without_synthetic_patches(real, tuned):
    settings = config(real, arms=["real"], synthetic=synthetic(tuned))
    assert not any("tuned" in note for note in load_data(settings).notes)
    unseen = config(real, synthetic=synthetic("epfl"))
    assert not any("tuned" in note for note in load_data(unseen).notes)
    assert identity_of_experiment(unseen, load_data(unseen))
