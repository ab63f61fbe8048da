"""What the arms start from and learn from: trained networks, halves of the steps, shares and weights."""

import numpy as np
import pytest
import torch
from small_experiment import SETTINGS, SYNTHETIC, config, load_data

from shapes.core.errors import InputError, UnknownNameError
from synthem.experiment.cells import Cell
from synthem.experiment.mark import identity_of_cell
from synthem.experiment.report.method import method
from synthem.experiment.run import conduct, run_experiment
from synthem.experiment.starts import identity_of_start, notes_of_start, with_its_network
from synthem.labels import CLASSES
from synthem.learning.config import NetworkConfig, TrainConfig
from synthem.learning.network.model_file import Model, ModelCard, load_model, save_model
from synthem.learning.network.unet import build_unet
from synthem.preset.preset import load_preset

SMALL = NetworkConfig(features=(4, 4, 4, 4, 4, 8))
FREE = {key: value for key, value in SETTINGS["training"].items() if key != "network"}


def save(path, seed=5, classes=CLASSES, network=SMALL):
    patch = (1, 32, 32) if network.dims == 2 else (16, 32, 32)
    training = TrainConfig(network=network, patch_vx=patch, classes=classes)
    card = ModelCard(config=training, voxel_nm=(5, 5, 5), step=400, before=300)
    save_model(path, Model(build_unet(network, len(classes), seed=seed).eval(), card))
    return str(path)


@pytest.fixture
def model(tmp_path):
    return save(tmp_path / "first.pt")


def from_model(real, init, **more):
    return config(
        real, pretrained={"init": init}, **{"arms": ["real", "pretrained"], "training": FREE, **more}
    )


def weights(path):
    return torch.cat([p.flatten() for p in load_model(path).net.parameters()])


def test_pretrained_starts_from_the_model_and_all_arms_have_its_network(real, model, tmp_path):
    still = {**FREE, "lr": 1e-12}
    settings = with_its_network(from_model(real, model, training=still))
    assert settings.training.network == SMALL and settings.training.init is None
    runs = run_experiment(settings, load_data(settings, lambda: SYNTHETIC), tmp_path / "out")
    own, taken = (weights(tmp_path / "out" / run.folder / "training" / "model.pt") for run in runs)
    assert torch.allclose(taken, weights(model), atol=1e-6) and not torch.allclose(own, taken, atol=0.01)
    assert [(run.arm, run.steps, run.best_step <= 4) for run in runs] == [
        ("real", 4, True),
        ("pretrained", 4, True),
    ]


def test_bad_models_are_refused_before_anything_is_made(real, tmp_path):
    deep = NetworkConfig(dims=3, features=SMALL.features)
    refused = [
        (from_model(real, "no_such_network"), UnknownNameError, "unknown model 'no_such_network'"),
        (from_model(real, str(tmp_path / "lost.pt")), InputError, r"lost\.pt: there is no such file"),
        (from_model(real, save(tmp_path / "a.pt"), training=SETTINGS["training"]), InputError, "another net"),
        (
            from_model(real, save(tmp_path / "b.pt", network=deep)),
            InputError,
            "with the network of .*at least 16",
        ),
    ]
    for settings, kind, says in refused:
        with pytest.raises(kind, match=says) as error:
            conduct(settings, tmp_path / "out", jobs=2)
        assert "\n" not in str(error.value) and not (tmp_path / "out").exists()
    unused = config(real, pretrained={"init": "no_such_network"})
    assert with_its_network(unused) == unused and notes_of_start(unused) == []


def test_half_of_the_steps_may_be_on_synthetic_patches_first(real, tmp_path):
    settings = config(real, arms=["pretrained"], pretrained={"init": "synthetic"}, steps=5)
    data = load_data(settings, lambda: SYNTHETIC)
    (run,) = run_experiment(settings, data, tmp_path)
    first, then = (load_model(tmp_path / run.folder / f / "model.pt") for f in ("pretraining", "training"))
    assert (first.card.config.steps, then.card.config.steps, run.steps) == (2, 3, 5)
    assert first.card.config.init is None and then.card.config.init.endswith("pretraining/model.pt")
    assert [row["step"] for row in run.curves] == [4, 5] and run.best_step == then.card.step + 2
    stamp = (tmp_path / run.folder / "pretraining" / "model.pt").stat().st_mtime_ns
    (tmp_path / run.folder / "result.json").unlink()
    (again,) = run_experiment(settings, data, tmp_path)
    assert (again.scores, again.curves) == (run.scores, run.curves)
    assert (tmp_path / run.folder / "pretraining" / "model.pt").stat().st_mtime_ns == stamp
    once = config(real, arms=["pretrained"], pretrained={"init": "synthetic"}, steps=1)
    with pytest.raises(InputError, match="one step cannot be halved"):
        run_experiment(once, data, tmp_path / "once")


def test_adapted_learns_from_synthetic_patches_alone(real, model, tmp_path):
    settings = with_its_network(from_model(real, model, arms=["synthetic", "adapted"]))
    data = load_data(settings, lambda: SYNTHETIC)
    source = data.source_for("adapted", settings, CLASSES)
    assert {p.name for p in source.patches} == {p.name for p in data.synthetic}
    assert data.validation_for("adapted") is data.synthetic_validation
    _, run = run_experiment(settings, data, tmp_path / "out")
    assert run.arm == "adapted" and run.real_sections is None
    dark = [type(p)(p.image // 4, ~p.labels, p.grid, name=p.name) for p in data.half]
    other = type(data)(**{**vars(data), "half": dark})
    run_experiment(settings, other, tmp_path / "dark")
    one, two = (
        load_model(tmp_path / where / run.folder / "training" / "model.pt").net.state_dict()
        for where in ("out", "dark")
    )
    assert all(torch.equal(one[name], two[name]) for name in one)  # no real label, no real image


def test_the_report_is_told_what_was_trained_before(real, tmp_path):
    init = save(tmp_path / "first.pt", classes=("mitochondrion", "membrane"))
    settings = with_its_network(from_model(real, init, arms=["real", "pretrained"]))
    first, second = notes_of_start(settings)
    assert f"`pretrained` starts from {init}, a network that was trained before, for 700 steps" in first
    assert "never learned mito_boundary, psd, vesicle, sheath" in second
    coarse = config(**{**settings.model_dump(include={"arms", "pretrained"}), "voxel_nm": (40, 8, 8)})
    assert "was trained on voxels of 5 × 5 × 5 nm; here they are 40 × 8 × 8 nm" in notes_of_start(coarse)[-1]
    with pytest.raises(InputError, match="adapted starts from a trained network"):
        config(real, arms=["adapted"], pretrained={"init": "synthetic"})


def test_another_first_model_is_another_training_for_the_arms_that_have_it(real, tmp_path):
    one, two = save(tmp_path / "one.pt"), save(tmp_path / "two.pt", seed=6)
    settings = with_its_network(from_model(real, one, steps=2))
    data = load_data(settings, lambda: SYNTHETIC)
    assert identity_of_start(settings, "real") == {}
    run_experiment(settings, data, tmp_path / "out")
    moved = with_its_network(from_model(real, save(tmp_path / "moved.pt"), steps=2))
    run_experiment(moved, data, tmp_path / "out")
    other = with_its_network(from_model(real, two, steps=2))
    with pytest.raises(InputError, match=r"pretrained-seed0: holds a training with other pretrained\.init"):
        run_experiment(other, data, tmp_path / "out")


def test_shares_may_change_with_the_steps_and_synthetic_classes_weigh_what_they_should(real):
    synthetic = {**SETTINGS["synthetic"], "fraction": [1, 0], "weights": {"membrane": 0.25}}
    settings = config(real, synthetic=synthetic, pretrained={"fraction": 0.3}, arms=["mixed", "pretrained"])
    data = load_data(settings, lambda: SYNTHETIC)
    ours, rng = {p.name for p in SYNTHETIC}, np.random.default_rng(0)

    def share(arm, progress):
        source = data.source_for(arm, settings, CLASSES)
        drawn = [source.draw(rng=rng, progress=progress) for _ in range(300)]
        assert all(
            crop.weights == ({"membrane": 0.25} if crop.patch.name in ours else None) for crop in drawn
        )
        return np.mean([crop.patch.name in ours for crop in drawn])

    assert [share("mixed", at) for at in (0.0, 1.0)] == [1, 0]
    assert share("mixed", 0.5) == pytest.approx(0.5, abs=0.1)
    assert share("pretrained", 0.0) == pytest.approx(0.3, abs=0.1)
    bare = config(real, arms=["pretrained"])
    assert {p.name for p in data.source_for("pretrained", bare, CLASSES).patches} == {
        p.name for p in data.train
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"synthetic": {**SETTINGS["synthetic"], "weights": {"pds": 1}}}, "did you mean 'psd'"),
        ({"synthetic": {**SETTINGS["synthetic"], "weights": {"psd": -1}}}, "weights must not be negative"),
        (
            {"synthetic": {**SETTINGS["synthetic"], "fraction": [0.2, 1.2]}},
            r"fraction.*less than or equal to 1",
        ),
        ({"pretrained": {"inti": "generalist"}}, r"did you mean 'pretrained\.init'"),
        ({"training": {**SETTINGS["training"], "init": "generalist"}}, "arms start from fresh weights"),
    ],
)
def test_what_does_not_fit_is_refused(change, says):
    with pytest.raises(InputError, match=says) as error:
        config(**change)
    assert "\n" not in str(error.value)


def test_augmented_is_real_through_other_microscopes(real, tmp_path):
    settings = config(real, arms=["real", "augmented"], augmented={"strength": 2})
    assert not settings.needs_patches
    data = load_data(settings, lambda: SYNTHETIC)
    names = [{p.name for p in data.source_for(arm, settings, CLASSES).patches} for arm in settings.arms]
    assert names[0] == names[1] and data.validation_for("augmented") is data.validation
    one, two = run_experiment(settings, data, tmp_path / "out")
    assert (one.arm, two.arm, two.real_sections) == ("real", "augmented", one.real_sections)
    cards = [load_model(tmp_path / "out" / run.folder / "training" / "model.pt").card for run in (one, two)]
    assert cards[0].config.augment.microscope is None
    assert cards[1].config.augment.microscope.strength == 2
    assert cards[0].config.augment == cards[1].config.augment.model_copy(update={"microscope": None})
    assert not torch.equal(
        *(weights(tmp_path / "out" / run.folder / "training" / "model.pt") for run in (one, two))
    )


def test_the_arm_augmented_can_be_added_later_and_its_strength_decides_it_alone(real, tmp_path):
    settings = config(real, arms=["real"])
    data = load_data(settings, lambda: SYNTHETIC)
    (first,) = run_experiment(settings, data, tmp_path)
    stamp = (tmp_path / first.folder / "result.json").stat().st_mtime_ns
    more = config(real, arms=["real", "augmented"])
    assert len(run_experiment(more, data, tmp_path)) == 2
    assert (tmp_path / first.folder / "result.json").stat().st_mtime_ns == stamp
    other = config(real, arms=["augmented"], augmented={"strength": 0.5})
    with pytest.raises(InputError, match="strength"):
        run_experiment(other, data, tmp_path)
    with pytest.raises(InputError, match=r"training\.augment\.microscope"):
        config(
            real,
            arms=["real", "augmented"],
            training={**SETTINGS["training"], "augment": {"microscope": True}},
        )


def test_pasted_learns_from_the_real_sections_and_versions_of_them(real, tmp_path):
    settings = config(real, arms=["real", "pasted"], pasted={"classes": ["psd"], "versions": 2}, steps=2)
    assert not settings.needs_patches
    data = load_data(settings, lambda: SYNTHETIC)
    names = [p.name for p in data.source_for("pasted", settings, CLASSES).patches]
    own = [p.name for p in data.train]
    assert names == own + [f"{name}-{turn}" for turn in (0, 1) for name in own]
    assert not {p.name for p in data.validation} & {name.partition("-")[0] for name in names}
    real_run, run = run_experiment(settings, data, tmp_path)
    assert (real_run.arm, run.arm) == ("real", "pasted")
    more = config(real, arms=["pasted"], pasted={"classes": ["psd"], "versions": 1}, steps=2)
    with pytest.raises(InputError, match=r"pasted-seed0: holds a training with other pasted"):
        run_experiment(more, data, tmp_path)
    run_experiment(more.model_copy(update={"arms": ("real",)}), data, tmp_path)


def test_pretrained_may_have_pasted_versions_beside_the_real_sections(real):
    """They are part of what a training is, and of what the method says; without them nothing is changed."""
    start = {"init": "synthetic"}
    settings = config(real, arms=["pretrained"], pretrained=start | {"pasted": True}, steps=2)
    plain = config(real, arms=["pretrained"], pretrained=start, steps=2)
    data = load_data(settings, lambda: SYNTHETIC)
    own = [p.name for p in data.train]
    with_them, without = (
        [p.name for p in data.source_for("pretrained", c, CLASSES).patches] for c in (settings, plain)
    )
    assert (with_them, without) == (own + [f"{name}-0" for name in own], own)
    cell = Cell(6, "2 steps", 2, "pretrained", 0, len(own))
    more, less = (identity_of_cell(c, cell, "") for c in (settings, plain))
    assert more == less | {"pasted": settings.pasted.model_dump(mode="json")}
    assert "pasted" not in plain.model_dump(mode="json")["pretrained"]
    preset = load_preset(settings.synthetic.preset)
    sentence = "Beside the real sections `pretrained` learns from 1 of each with psd, vesicle, sheath"
    assert any(sentence in line for line in method(settings, data, preset))
    assert not any("Beside the real" in line for line in method(plain, data, preset))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pasted": {"classes": ["membrane"]}}, "unknown class to paste 'membrane'"),
        ({"pasted": {"balance": {"mitochondrion": 0.1}}}, "balance: mitochondrion is not pasted"),
        ({"synthetic": {**SETTINGS["synthetic"], "preset": "insect"}}, "insect has none of sheath"),
    ],
)
def test_a_pasting_that_cannot_be_is_refused(change, says):
    with pytest.raises(InputError, match=says):
        config(arms=["real", "pasted"], **change)
