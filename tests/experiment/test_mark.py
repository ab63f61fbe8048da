"""An experiment's folder goes on as that experiment alone, and one run writes to it at a time."""

import json

import pytest
from small_experiment import SYNTHETIC, config, load_data

from shapes.core.errors import InputError
from synthem.data.atomic import locked
from synthem.experiment.demo import run_demo
from synthem.experiment.mark import claimed, identity_of_experiment
from synthem.experiment.run import conduct


@pytest.fixture
def data(real):
    return load_data(config(real), lambda: SYNTHETIC)


def identity(data, settings=None, **more):
    return identity_of_experiment(settings or config(**more), data)


def test_the_same_goes_on_wherever_its_data_lie(data, tmp_path):
    out = tmp_path / "out"
    with claimed(out, identity(data)):
        before = (out / "experiment.json").read_bytes()
    moved = config("elsewhere", title="Another title", split="other", training={**TRAINING, "workers": 1})
    with claimed(out, identity(data, moved)):
        assert (out / "experiment.json").read_bytes() == before


SYNTHESIS = {"count": 10, "shape_vx": (1, 48, 64), "fraction": 0.5}
TRAINING = config().training.model_dump(exclude={"classes", "steps", "seed"})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"test_every": 2}, "test_every (1, not 2)"),
        ({"training": {**TRAINING, "lr": 0.5}}, "training.lr (0.02, not 0.5)"),
        (
            {"synthetic": {"count": 10, "shape_vx": (1, 48, 64), "fraction": 0.4}},
            "synthetic.fraction ([0.5], not [0.4])",
        ),
        ({"synthetic": {"count": 10, "shape_vx": (1, 48, 64), "fraction": 0.5, "preset": "ac4"}}, "preset"),
    ],
)
def test_other_settings_are_another_experiment(data, tmp_path, change, says):
    with claimed(tmp_path / "out", identity(data)):
        pass
    with pytest.raises(InputError) as error, claimed(tmp_path / "out", identity(data, **change)):
        pass
    assert f"holds an experiment with other {says}; give another folder" in str(error.value)


def test_an_experiment_takes_more_seeds_arms_sections_and_budgets_later(data, tmp_path):
    with claimed(tmp_path / "out", identity(data)):
        pass
    more = {"seeds": [5], "arms": ["real", "pretrained"], "real_sections": [1, 3], "class_sets": [1]}
    for budget in ({"steps": 8}, {"steps": None, "minutes": 2}):
        with claimed(tmp_path / "out", identity(data, **more, **budget)):
            pass


def test_other_sections_are_another_experiment(real, data, tmp_path):
    with claimed(tmp_path / "out", identity(data)):
        pass
    fewer = config(real, split=None, train=["s000", "s001"], test=["s005"])
    other = identity(load_data(fewer, lambda: SYNTHETIC), fewer)
    with (
        pytest.raises(InputError, match="with other training sections, test sections; give"),
        claimed(tmp_path / "out", other),
    ):
        pass


def test_other_content_is_never_written_over(data, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    for out, says in ((tmp_path, "not empty"), (tmp_path / "thesis.tex", "is a file")):
        with pytest.raises(InputError, match=says), claimed(out, identity(data)):
            pass
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_second_run_in_the_same_folder_is_refused(real, tmp_path):
    with locked(tmp_path):
        for start in (lambda: conduct(config(real), tmp_path), lambda: run_demo(tmp_path, str)):
            with pytest.raises(InputError, match="another run is writing to it"):
                start()
    assert not list(tmp_path.iterdir())


def test_a_damaged_mark_is_refused(data, tmp_path):
    with claimed(tmp_path / "out", identity(data)):
        pass
    mark = tmp_path / "out" / "experiment.json"
    assert set(json.loads(mark.read_text())) >= {"training sections", "test sections", "preset", "crops"}
    mark.write_text("{")
    with pytest.raises(InputError, match="is damaged"), claimed(tmp_path / "out", identity(data)):
        pass
