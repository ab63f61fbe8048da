"""Budgets in minutes: a step is timed once, and the number of steps stays what it was."""

import json
import time
from types import SimpleNamespace

import pytest
import torch
from small_experiment import SETTINGS, SYNTHETIC, config, load_data

from shapes.core.errors import InputError
from synthem.experiment import minutes
from synthem.experiment.minutes import kept_speed, steps_in, trial
from synthem.experiment.run import run_experiment
from synthem.learning.training.pace import Stopwatch


def test_the_steps_follow_from_the_seconds_that_one_takes():
    assert steps_in(10, 0.5) == ("10 minutes", 1200) and steps_in(0.25, 0.4) == ("0.25 minutes", 37)
    with pytest.raises(InputError, match=r"0\.1 are over after 6 steps of 1 seconds; 10 .* 0\.17 minutes"):
        steps_in(0.1, 1.0)


@pytest.mark.parametrize("given", [0, -1, float("nan"), float("inf")])
def test_a_budget_is_a_length_of_time(given):
    with pytest.raises(InputError, match="minutes"):
        config(steps=None, minutes=given)


def test_a_trial_times_steps_and_leaves_nothing(real, tmp_path, monkeypatch):
    monkeypatch.setattr(minutes, "TRIAL_S", 0.1)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    slow = config(real, steps=None, minutes=1)
    data = load_data(slow, lambda: SYNTHETIC)
    assert 1e-4 < trial(0, data, config=slow) < 1 and not list(tmp_path.iterdir())


def test_what_goes_before_the_first_steps_is_not_timed():
    clock = Stopwatch(first=2, seconds=0.05)
    trainer, module = SimpleNamespace(should_stop=False), SimpleNamespace(device=torch.device("cpu"))
    for index in range(100):
        time.sleep(0.3 if index < 2 else 0.01)
        clock.on_train_batch_end(trainer, module, None, None, index)
        if trainer.should_stop:
            break
    assert trainer.should_stop and 3 <= index <= 7 and 0.01 <= clock.seconds_a_step < 0.1


def test_an_interrupted_experiment_goes_on_with_the_same_number_of_steps(real, tmp_path, monkeypatch):
    settings = config(real, steps=None, minutes=[0.2], seeds=[0, 1], arms=["real", "synthetic"])
    data = load_data(settings, lambda: SYNTHETIC)
    asked = []

    def stop(text):
        if "finished" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr("synthem.experiment.run.trial", lambda *a, **k: asked.append(1) or 1.0)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(settings, data, tmp_path, say=stop)
    assert json.loads((tmp_path / "speed.json").read_text()) == {"seconds_a_step": 1.0}
    monkeypatch.setattr("synthem.experiment.run.trial", lambda *a, **k: asked.append(1) or 0.5)
    runs = run_experiment(settings, data, tmp_path)
    assert [(run.budget, run.steps) for run in runs] == [("0.2 minutes", 12)] * 4 and len(asked) == 1
    assert runs[0].folder == "runs/6-classes/0.2-minutes/real-seed0"


def test_check_every_shrinks_to_the_steps(real):
    settings = config(real, steps=None, minutes=1, training={**SETTINGS["training"], "check_every": 500})
    assert settings.training_for(6, 12, 0).check_every == 12


def test_a_damaged_speed_is_refused(tmp_path):
    for text in ("{", "[]", '{"seconds_a_step": 0}', '{"seconds_a_step": NaN}'):
        (tmp_path / "speed.json").write_text(text)
        with pytest.raises(InputError, match=r"speed\.json: is damaged"):
            kept_speed(tmp_path, pytest.fail)
