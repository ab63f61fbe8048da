"""What a training starts from, averages, freezes, and in which shares it meets two sources."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem.learning.config import NetworkConfig, TrainConfig
from synthem.learning.crops.crops import Crop, MixedCrops, UniformCrops
from synthem.learning.crops.dataset import CropDataset, to_sample
from synthem.learning.crops.share import share_at
from synthem.learning.inference.adapt_norm import adapt_norm
from synthem.learning.inference.predict import Predictor
from synthem.learning.network.model_file import Model, ModelCard, load_model, save_model
from synthem.learning.network.shipped_models import find_model
from synthem.learning.network.start import copy_weights, first_network, with_network_of_init
from synthem.learning.network.unet import ENCODER, build_unet, normalise
from synthem.learning.training.single_model import train
from synthem.learning.training.trainer import fit
from synthem.patch import Patch

SMALL = NetworkConfig(features=(4, 4, 4, 4, 4, 4))


def patch(name, seed):
    rng = np.random.default_rng(seed)
    labels = np.zeros((6, 1, 48, 48), bool)
    labels[2, :, 10:20] = labels[0, :, 30:40] = True
    image = (150 - 60 * labels.any(0) + rng.integers(0, 30, (1, 48, 48))).astype(np.uint8)
    return Patch(image, labels, Grid((1, 48, 48), (5.0, 5.0, 5.0)), name=name)


ONE, TWO, HELD = (patch(name, seed) for seed, name in enumerate(("one", "two", "held")))


def config(**more):
    return TrainConfig(**{"network": SMALL, "patch_vx": (1, 32, 32), "batch": 2, "steps": 4, **more})


@pytest.fixture(scope="module")
def model():
    settings = config(classes=["membrane", "psd", "mitochondrion"])
    return Model(
        build_unet(SMALL, 3, seed=5).eval(),
        ModelCard(
            config=settings, voxel_nm=(5, 5, 5), step=30, before=12, learned=("membrane", "mitochondrion")
        ),
    )


@pytest.fixture(scope="module")
def file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.pt"
    save_model(path, model)
    return path


def test_a_training_starts_from_the_layers_of_a_model_and_from_its_channels_by_name(model, file):
    start = first_network(config(init=str(file)))
    fresh = first_network(config())
    state = {"given": model.net.state_dict(), "start": start.state_dict(), "fresh": fresh.state_dict()}
    for name, value in state["start"].items():
        if name.startswith("final_conv"):
            assert torch.equal(value[2], state["given"][name][0])  # membrane
            assert torch.equal(value[0], state["given"][name][2])  # mitochondrion
            for other in (1, 3, 4, 5):  # psd was never learned there
                assert torch.equal(value[other], state["fresh"][name][other])
        else:
            assert torch.equal(value, state["given"][name])


def test_the_network_is_that_of_the_model_unless_another_is_asked_for(file):
    taken = with_network_of_init(TrainConfig(init=str(file), patch_vx=(1, 32, 32)))
    assert taken.network == SMALL
    with pytest.raises(InputError, match="another network"):
        with_network_of_init(config(init=str(file), network=NetworkConfig(norm="group")))
    with pytest.raises(UnknownNameError, match="unknown model"):
        find_model("no_such_network")


def test_what_is_frozen_stays_and_the_rest_moves(model, file, tmp_path):
    source = UniformCrops([ONE], (1, 32, 32))
    settings = config(init=str(file), freeze="encoder", classes=model.classes)
    new = fit(settings, source, [HELD], tmp_path / "run").model.net.state_dict()
    moved = {name for name, value in new.items() if not torch.equal(value, model.net.state_dict()[name])}
    assert not {name for name in moved if name.startswith(ENCODER)}  # batch-norm statistics neither
    assert {name for name in new if name.startswith("upcat_1") and "weight" in name} <= moved


def test_a_model_that_learned_a_class_before_still_knows_it(file, tmp_path):
    source = UniformCrops([Patch(ONE.image, ONE.labels, ONE.grid, known=(True, *[False] * 5))], (1, 32, 32))
    trained = fit(config(init=str(file)), source, [HELD], tmp_path / "run").model
    assert trained.learned == ("mitochondrion", "membrane")
    assert trained.card.before == 42 and trained.steps == 42 + trained.card.step


def test_other_first_weights_are_another_training(model, file, tmp_path):
    source = UniformCrops([ONE], (1, 32, 32))
    fit(config(init=str(file)), source, [HELD], tmp_path / "run")
    save_model(file.with_name("other.pt"), Model(build_unet(SMALL, 3, seed=6), model.card))
    with pytest.raises(InputError, match="weights to start from"):
        fit(config(init=str(file.with_name("other.pt"))), source, [HELD], tmp_path / "run")


def test_the_average_is_the_closed_form_of_its_weights(tmp_path, monkeypatch):
    seen = []
    from synthem.learning.training.module import Segmenter

    update = Segmenter.on_train_batch_end

    def watched(self, *args):
        update(self, *args)
        seen.append(self.net.final_conv.weight.detach().clone())

    monkeypatch.setattr(Segmenter, "on_train_batch_end", watched)
    kept = fit(
        config(ema=0.9, steps=5, check_every=5), UniformCrops([ONE], (1, 32, 32)), [HELD], tmp_path / "a"
    )
    mean = seen[0]
    for n, weight in enumerate(seen[1:], 1):
        decay = min(0.9, (1 + n) / (10 + n))
        mean = decay * mean + (1 - decay) * weight
    assert torch.allclose(kept.model.net.final_conv.weight, mean, atol=1e-6)
    assert not torch.allclose(kept.model.net.final_conv.weight, seen[-1], atol=1e-6)


@pytest.mark.parametrize(
    ("share", "progress", "expected"),
    [
        ((0.3,), 0.7, 0.3),
        ((1, 0), 0.25, 0.75),
        ((1, 1, 0.2, 0.2), 0.2, 1),
        ((1, 1, 0.2, 0.2), 0.9, 0.2),
        ((1, 1, 0.2, 0.2), 0.5, 0.6),
    ],
)
def test_a_share_is_linear_between_its_knots(share, progress, expected):
    assert share_at(share, progress) == pytest.approx(expected)


def test_the_share_of_the_second_source_changes_while_a_run_goes_on():
    source = MixedCrops(UniformCrops([ONE], (1, 32, 32)), UniformCrops([TWO], (1, 32, 32)), (1, 0))
    rng = np.random.default_rng(0)
    for progress in (0.0, 0.3, 1.0):
        drawn = [source.draw(rng=rng, progress=progress).patch.name == "two" for _ in range(800)]
        assert np.mean(drawn) == pytest.approx(1 - progress, abs=0.06)


def test_the_progress_of_a_crop_is_that_of_its_step():
    met = []

    class Watch(UniformCrops):
        def draw(self, *, rng, progress=0.0, index=0):
            met.append(progress)
            return super().draw(rng=rng)

    crops = CropDataset(Watch([ONE], (1, 32, 32)), config(steps=10), first=4, count=4)
    for k in range(4):
        crops[k]
    assert met == pytest.approx([0.2, 0.25, 0.3, 0.35])


def test_crops_of_the_second_source_weigh_what_is_asked_for():
    source = MixedCrops(
        UniformCrops([ONE], (1, 32, 32)), UniformCrops([TWO], (1, 32, 32)), (0.5,), {"psd": 0.25}
    )
    rng = np.random.default_rng(0)
    for _ in range(30):
        crop = source.draw(rng=rng)
        known = to_sample(crop, config())["known"].numpy()
        expected = np.ones(6)
        expected[3] = 0.25 if crop.patch is TWO else 1
        assert (known == expected).all()
    for share, weights in (((1.2,), None), ((0.5,), {"psd": -1})):
        with pytest.raises(InputError):
            MixedCrops(source, source, share, weights)


def test_statistics_are_those_of_the_images(model):
    images = [np.random.default_rng(k).integers(0, 255, (1, 80, 80)).astype(np.uint8) for k in range(2)]
    adapted = adapt_norm(model, images)
    for name, value in model.net.state_dict().items():
        same = torch.equal(value, adapted.net.state_dict()[name])
        assert same != ("running" in name or "num_batches" in name), name
    first = next(part for part in adapted.net.modules() if isinstance(part, torch.nn.BatchNorm2d))
    conv = adapted.net.conv_0.conv_0.conv
    flat = torch.from_numpy(np.concatenate(images)[:, None].astype(np.float32))
    out = conv(normalise(flat)).detach()
    assert torch.allclose(first.running_mean, out.mean((0, 2, 3)), atol=0.05)
    assert torch.allclose(first.running_var, out.var((0, 2, 3)), rtol=0.1)
    again = adapt_norm(model, images)
    assert all(
        torch.equal(a, b)
        for a, b in zip(adapted.net.state_dict().values(), again.net.state_dict().values(), strict=True)
    )
    with pytest.raises(InputError, match="no image"):
        adapt_norm(model, [])


def test_flips_make_a_prediction_that_turns_with_the_image(model):
    image = np.random.default_rng(0).integers(0, 255, (1, 32, 32)).astype(np.uint8)
    turned = Predictor(model, flips=True)
    plain, mirrored = turned.probabilities(image), turned.probabilities(image[:, ::-1, ::-1])
    assert np.allclose(plain, mirrored[:, :, ::-1, ::-1], atol=1e-5)
    once = Predictor(model)
    assert not np.allclose(
        once.probabilities(image), once.probabilities(image[:, ::-1])[:, :, ::-1], atol=1e-3
    )


def test_half_precision_halves_the_file_and_hardly_moves_the_weights(model, tmp_path):
    save_model(
        tmp_path / "full.pt",
        Model(build_unet(NetworkConfig(), 6), ModelCard(config=TrainConfig(), voxel_nm=(5, 5, 5))),
    )
    big = load_model(tmp_path / "full.pt")
    save_model(tmp_path / "half.pt", big, half=True)
    small = load_model(tmp_path / "half.pt")
    assert (tmp_path / "half.pt").stat().st_size < 0.55 * (tmp_path / "full.pt").stat().st_size
    for a, b in zip(big.net.state_dict().values(), small.net.state_dict().values(), strict=True):
        assert a.dtype == b.dtype
        assert torch.allclose(a.float(), b.float(), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("norm", ["instance", "group"])
def test_other_norms_train(norm, tmp_path):
    settings = config(
        network=NetworkConfig(features=(4, 4, 4, 4, 4, 4), norm=norm), schedule="cosine", steps=2
    )
    fit(settings, UniformCrops([ONE], (1, 32, 32)), [HELD], tmp_path / "run")
    net = load_model(tmp_path / "run" / "model.pt").net
    assert not [part for part in net.modules() if isinstance(part, torch.nn.BatchNorm2d)]


def test_blur_and_shade_keep_the_labels_and_the_mean(tmp_path):
    augment = {"rotate_deg": 0, "shift": 0, "scale": 0, "flip": False, "blur": 3.0, "shade": 0.5}
    settings = config(augment=augment)
    plain = to_sample(Crop(ONE, (0, 0, 0)), settings)
    for seed in range(8):
        sample = to_sample(Crop(ONE, (0, 0, 0)), settings, settings.augment, rng=np.random.default_rng(seed))
        assert torch.equal(sample["labels"], plain["labels"])
        assert not torch.equal(sample["image"], plain["image"])
        assert float((sample["image"] - plain["image"]).mean().abs()) < float(plain["image"].std())


def test_freezing_without_a_model_is_refused():
    with pytest.raises(ValidationError, match="freeze"):
        config(freeze="encoder")


def test_copied_weights_are_no_alias(model):
    net = build_unet(SMALL, 3)
    copy_weights(model, net, model.classes)
    net.conv_0.conv_0.conv.weight.data += 1
    assert not torch.equal(net.conv_0.conv_0.conv.weight, model.net.conv_0.conv_0.conv.weight)


def test_a_class_that_no_section_holds_is_left_to_the_network_that_may_know_it(file, tmp_path):
    told = []
    sections = [ONE, TWO, HELD]
    started = train(config(init=str(file), steps=1), sections, tmp_path / "started", say=told.append)
    assert started.model.learned == ("mitochondrion", "membrane")
    assert sum("counts as unlabelled" in sentence for sentence in told) == 4
    both = train(config(init=str(file), steps=1), sections, tmp_path / "both", extra=[ONE], say=told.append)
    assert both.model.learned == both.model.classes, "silence teaches where a second source is there"
    assert any("counts as not there" in sentence for sentence in told)
    fresh = train(config(steps=1), sections, tmp_path / "fresh", say=told.append)
    assert fresh.model.learned == fresh.model.classes
