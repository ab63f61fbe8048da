"""What makes arms comparable: one start, one budget, unseen test sections, settings as asked for."""

import numpy as np
import pytest
import torch
from small_experiment import SYNTHETIC, config, load_data

import synthem.learning.training.trainer
from synthem.experiment.config import CLASS_SETS
from synthem.experiment.run import run_experiment
from synthem.labels import CLASSES


@pytest.fixture
def fits(real, tmp_path, monkeypatch):
    """Run an experiment of one step; return its data, and what each arm trained with."""
    calls = {}
    fit, segmenter = synthem.learning.training.trainer.fit, synthem.learning.training.trainer.Segmenter

    def keep_weights(*arguments):
        module = segmenter(*arguments)
        calls[len(calls)]["weights"] = torch.cat([p.detach().flatten() for p in module.net.parameters()])
        return module

    def keep(training, source, validation, out, **more):
        calls[len(calls) + 1] = {"training": training, "source": source, "validation": validation}
        return fit(training, source, validation, out, **more)

    monkeypatch.setattr(synthem.learning.training.trainer, "Segmenter", keep_weights)
    monkeypatch.setattr(synthem.learning.training.trainer, "fit", keep)
    settings = config(real, steps=1, seeds=[3])
    data = load_data(settings, lambda: SYNTHETIC)
    run_experiment(settings, data, tmp_path)
    return data, dict(zip(settings.arms, calls.values(), strict=True))


def names(patches) -> set[str]:
    return {patch.name for patch in patches}


def test_all_arms_start_from_the_same_weights_and_settings(fits):
    _, arms = fits
    assert arms["real"]["training"].seed == 3
    for arm in ("synthetic", "mixed"):
        assert arms[arm]["training"] == arms["real"]["training"]
        assert torch.equal(arms[arm]["weights"], arms["real"]["weights"])


def test_arms_train_and_choose_on_their_own_and_never_on_test_sections(fits):
    data, arms = fits
    drawn = {
        arm: names(call["source"].draw(rng=np.random.default_rng(k))[0] for k in range(80))
        for arm, call in arms.items()
    }
    assert drawn["real"] == names(data.train) and drawn["synthetic"] == names(data.synthetic)
    assert drawn["mixed"] == drawn["real"] | drawn["synthetic"]
    assert names(arms["real"]["validation"]) == names(arms["mixed"]["validation"]) == {"s004"}
    assert names(arms["synthetic"]["validation"]) == names(data.synthetic_validation)
    assert names(data.test) == {"s005", "s006", "s007"}
    sides = [
        names(data.train),
        {"s004"},
        names(data.test),
        names(data.synthetic),
        names(data.synthetic_validation),
    ]
    assert len(set().union(*sides)) == sum(map(len, sides)) == 8 + len(SYNTHETIC)


@pytest.mark.parametrize(("fraction", "expected"), [(0.2, 0.2), (0.7, 0.7), (None, 8 / (8 + 24))])
def test_the_mixture_holds_the_fraction_that_was_asked_for(real, fraction, expected):
    settings = config(real, synthetic={"count": 10, "shape_vx": (1, 48, 64), "fraction": fraction})
    source = load_data(settings, lambda: SYNTHETIC).source_for("mixed", settings, CLASSES)
    rng, ours = np.random.default_rng(0), names(SYNTHETIC)
    share = np.mean([source.draw(rng=rng)[0].name in ours for _ in range(600)])
    assert share == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(("threshold", "everything"), [(1e-6, True), (1 - 1e-6, False)])
def test_a_class_is_found_above_the_threshold(real, tmp_path, threshold, everything):
    settings = config(real, steps=1, arms=["real"], threshold=threshold)
    (run,) = run_experiment(settings, load_data(settings, lambda: SYNTHETIC), tmp_path)
    voxels = 3 * 48 * 64 if everything else 0
    assert [row["predicted"] for row in run.scores.values()] == [voxels] * 6


def test_class_sets_are_those_of_the_paper():
    assert CLASS_SETS[6] == CLASSES and CLASS_SETS[1] == ("mitochondrion",)
    assert set(CLASSES) - set(CLASS_SETS[5]) == {"mito_boundary"} and len(CLASS_SETS[5]) == 5


def test_rare_crops_start_from_the_classes_that_are_learned(real):
    settings = config(real, crops="rare", rare={"mitochondrion": 1.0})
    data = load_data(settings, lambda: SYNTHETIC)

    def held(classes) -> float:
        source, rng = data.source_for("real", settings, classes), np.random.default_rng(0)
        drawn = [source.draw(rng=rng) for _ in range(100)]
        return np.mean([p.labels[0, :, y : y + 32, x : x + 32].any() for p, (_, y, x), _ in drawn])

    assert held(CLASSES) == held(("mitochondrion",)) == 1 and held(("sheath",)) < 1
