"""A training run learns, goes on as if it had not been stopped, and leaves a model that is safe to load."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.atomic import locked
from synthem.labels import CLASSES
from synthem.learning.config import AugmentConfig, TrainConfig
from synthem.learning.crops.augment import augment
from synthem.learning.crops.crops import MixedCrops, TiledCrops, UniformCrops, tile_corners
from synthem.learning.crops.dataset import BalancedSampler, CropDataset, TileDataset
from synthem.learning.inference.predict import Predictor
from synthem.learning.network.model_file import load_model
from synthem.learning.network.unet import build_unet, normalise
from synthem.learning.training.callback import read_curves
from synthem.learning.training.module import Segmenter
from synthem.learning.training.trainer import fit
from synthem.patch import Patch
from synthem.preset.yaml_file import parse

TINY = {"features": (4, 4, 8, 8, 8, 4)}


def blobs(seed: int, shape=(1, 48, 64), known=(True,) * 6) -> Patch:
    """Bright bars are mitochondria, dark ones membrane; nothing else is there."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((6, *shape), bool)
    for k in (0, 2):
        for _ in range(4):
            y, x = rng.integers(0, shape[1] - 12), rng.integers(0, shape[2] - 12)
            labels[k, :, y : y + 12, x : x + 8] = True
    labels[2] &= ~labels[0]
    image = 128 + 90 * labels[0] - 90 * labels[2] + rng.normal(0, 8, shape)
    return Patch(np.clip(image, 0, 255).astype(np.uint8), labels, Grid(shape), known, f"blobs{seed}")


def config(**more) -> TrainConfig:
    return parse(
        TrainConfig,
        {
            "network": TINY, "classes": ["mitochondrion", "membrane", "sheath"], "patch_vx": (1, 32, 32),
            "batch": 4, "steps": 24, "check_every": 10, "lr": 0.03, "bce": 1.0, "skip_absent": True,
            "optimiser": "adamw", "schedule": "one_cycle", "accelerator": "cpu", **more,
        },
        "test",
    )  # fmt: skip


PATCHES = [blobs(k) for k in range(4)]
HELD = [blobs(k, known=(*[True] * 5, False)) for k in range(10, 12)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    return fit(config(), UniformCrops(PATCHES, (1, 32, 32)), HELD, out), out


def test_it_learns_and_writes_only_into_its_folder(run):
    result, out = run
    assert sorted(p.name for p in out.iterdir()) == ["curves.csv", "identity.json", "last.ckpt", "model.pt"]
    assert result.curves[-1]["mean"] > 0.7
    assert [row["step"] for row in result.curves] == [10, 20, 24]
    assert np.isnan(result.curves[-1]["sheath"])
    np.testing.assert_equal(read_curves(out / "curves.csv"), result.curves)


def test_a_model_knows_what_it_learned_and_nothing_is_not_learned(run, tmp_path):
    assert run[0].model.learned == ("mitochondrion", "membrane", "sheath")
    unlabelled = UniformCrops([blobs(0, known=(*[True] * 5, False))], (1, 32, 32))
    trained = fit(config(steps=1), unlabelled, HELD, tmp_path / "one").model
    assert trained.learned == trained.card.learned == ("mitochondrion", "membrane")
    with pytest.raises(InputError, match="nothing to learn"):
        fit(config(classes=["sheath"]), unlabelled, HELD, tmp_path / "none")
    assert not (tmp_path / "none").exists()


class Stops:
    """A source that fails after a number of crops, as a killed process would."""

    def __init__(self, source, crops):
        self.source, self.left, self.patches = source, crops, source.patches

    def draw(self, *, rng, progress=0.0, index=0):
        self.left -= 1
        if self.left < 0:
            raise KeyError("stopped")
        return self.source.draw(rng=rng, progress=progress)


def test_a_stopped_run_goes_on_as_if_it_had_not_been(run, tmp_path):
    source = UniformCrops(PATCHES, (1, 32, 32))
    with pytest.raises(KeyError):
        fit(config(), Stops(source, 4 * 10 + 5), HELD, tmp_path / "run")
    again = fit(config(), source, HELD, tmp_path / "run")
    np.testing.assert_equal(again.curves, run[0].curves)
    for name, value in run[0].model.net.state_dict().items():
        assert torch.equal(again.model.net.state_dict()[name], value), name


def test_a_finished_run_is_not_trained_further(run):
    result, out = run
    before = (out / "model.pt").read_bytes()
    again = fit(config(), Stops(UniformCrops(PATCHES, (1, 32, 32)), 0), HELD, out)
    np.testing.assert_equal(again.curves, result.curves)
    assert (out / "model.pt").read_bytes() == before


def test_an_unknown_accelerator_is_refused(tmp_path):
    with pytest.raises(InputError, match="gpuu") as error:
        fit(config(accelerator="gpuu"), UniformCrops(PATCHES, (1, 32, 32)), HELD, tmp_path / "run")
    assert "\n" not in str(error.value)


def test_another_configuration_or_foreign_files_are_refused(run, tmp_path):
    source = UniformCrops(PATCHES, (1, 32, 32))
    with pytest.raises(InputError, match=r"other lr \(0.03, not 0.01\)"):
        fit(config(lr=0.01), source, HELD, run[1])
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        fit(config(), source, HELD, tmp_path)


def test_patience_stops_early_and_stays_stopped(tmp_path):
    wary = config(lr=1e-9, steps=80, check_every=2, patience=2, schedule="constant")
    source = UniformCrops(PATCHES, (1, 32, 32))
    first = fit(wary, source, HELD, tmp_path / "run")
    assert len(first.curves) < 20
    assert len(fit(wary, source, HELD, tmp_path / "run").curves) == len(first.curves)


def test_a_class_that_the_validation_does_not_hold_has_no_dice(tmp_path):
    wrapped = [blobs(k) for k in range(4)]
    for patch in wrapped:
        patch.labels[5] = patch.labels[0]  # here bright bars are sheaths too, and there none is
    held = [blobs(k) for k in range(10, 12)]
    done = fit(config(), UniformCrops(wrapped, (1, 32, 32)), held, tmp_path / "run")
    found = [Predictor(done.model).masks(patch.image)[2].any() for patch in held]
    assert any(found), "with pixels taken for it, there would be a Dice of 0"
    assert np.isnan(done.curves[-1]["sheath"]) and done.model.card.validation_dice["sheath"] is None


def test_a_progress_bar_ends_at_the_last_step(tmp_path, capsys):
    fit(
        config(steps=3, check_every=2),
        UniformCrops(PATCHES, (1, 32, 32)),
        HELD,
        tmp_path / "r",
        progress="arm A",
    )
    assert "arm A" in capsys.readouterr().err


def test_model_file_round_trip(run):
    result, out = run
    model = load_model(out / "model.pt")
    assert model.card.config == config() and model.card.voxel_nm == (5, 5, 5)
    assert model.classes == ("mitochondrion", "membrane", "sheath")
    assert model.card.validation_dice["sheath"] is None
    image = HELD[0].image
    np.testing.assert_array_equal(
        Predictor(model).probabilities(image), Predictor(result.model).probabilities(image)
    )


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("pwned"),))


def test_files_that_are_no_model_are_refused_in_one_sentence(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("code.pt").write_bytes(pickle.dumps({"format": "synthem model 1", "card": Evil()}))
    torch.save({"format": "synthem model 1", "card": Evil()}, "code2.pt")
    torch.save({"weights": torch.zeros(3)}, "other.pt")
    torch.save([1, 2], "list.pt")
    Path("text.pt").write_text("hello")
    Path("empty.pt").touch()
    whole = (run[1] / "model.pt").read_bytes()
    Path("cut.pt").write_bytes(whole[: len(whole) // 2])
    names = ["code.pt", "code2.pt", "other.pt", "list.pt", "text.pt", "empty.pt", "cut.pt", "none.pt"]
    for name in names:
        with pytest.raises(InputError, match=name) as error:
            load_model(name)
        assert "\n" not in str(error.value)
    assert not Path("pwned").exists()


def test_prediction_covers_images_of_any_size(run):
    predictor = Predictor(run[0].model)
    for shape in [(1, 20, 90), (2, 48, 64), (1, 32, 32)]:
        p = predictor.probabilities(np.full(shape, 99, np.uint8))
        assert p.shape == (3, *shape) and p.dtype == np.float32 and 0 <= p.min() <= p.max() <= 1
    truth = HELD[0].labels[0]
    found = predictor.masks(HELD[0].image)[0]
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.8


def test_3d_network_trains_and_predicts(tmp_path):
    volumes = [blobs(k, (16, 32, 32)) for k in range(2)]
    cube = config(network={**TINY, "dims": 3}, patch_vx=(16, 16, 16), batch=2, steps=2, check_every=2)
    result = fit(cube, UniformCrops(volumes, (16, 16, 16)), volumes, tmp_path / "run")
    assert Predictor(result.model).masks(volumes[0].image).shape == (3, 16, 32, 32)


def gradients(patch, **settings) -> list[float]:
    """Largest gradient of the last layer's weights after one step, a class."""
    tiles = TileDataset([patch], config(**settings))
    module = Segmenter(config(**settings), UniformCrops([patch], (1, 32, 32)), tiles)
    module.log = lambda *_, **__: None
    module.training_step(
        torch.utils.data.default_collate([tiles[k] for k in range(len(tiles))]), 0
    ).backward()
    return module.net.final_conv.weight.grad.flatten(1).abs().amax(1).tolist()


def test_unlabelled_class_does_not_move_the_network():
    mitochondrion, membrane, sheath = gradients(blobs(0, known=(True, True, False, True, True, True)))
    assert mitochondrion > 0 and sheath > 0 and membrane == 0


def test_class_weights_reach_the_loss():
    mitochondrion, membrane, sheath = gradients(blobs(0), class_weights={"mitochondrion": 0.0, "sheath": 0.0})
    assert membrane > 0 and mitochondrion == sheath == 0


@pytest.mark.parametrize("stops", [(20, 48), (24, 27, 48)])
def test_a_finished_run_goes_on_to_more_steps(tmp_path, stops):
    source = UniformCrops(PATCHES, (1, 32, 32))
    whole = fit(config(schedule="constant", steps=48), source, HELD, tmp_path / "whole")
    for steps in stops:
        parts = fit(config(schedule="constant", steps=steps), source, HELD, tmp_path / "parts")
    ends = [torch.load(tmp_path / n / "last.ckpt", weights_only=True) for n in ("whole", "parts")]
    for name, value in ends[0]["state_dict"].items():
        assert torch.equal(ends[1]["state_dict"][name], value), name
    dice = [{row["step"]: row["mean"] for row in run.curves} for run in (whole, parts)]
    assert dice[1].keys() - dice[0].keys() == set(stops) - dice[0].keys()
    assert all(dice[1][step] == mean for step, mean in dice[0].items())
    with pytest.raises(InputError, match="holds 48 steps of training, not 24"):
        fit(config(schedule="constant", steps=24), source, HELD, tmp_path / "parts")


def test_one_cycle_is_made_for_its_steps(run):
    with pytest.raises(InputError, match=r"steps of its schedule \(24, not 48\)"):
        fit(config(steps=48), UniformCrops(PATCHES, (1, 32, 32)), HELD, run[1])


def test_a_second_run_in_the_same_folder_is_refused(run):
    with locked(run[1]), pytest.raises(InputError, match="another run is writing to it"):
        fit(config(), Stops(UniformCrops(PATCHES, (1, 32, 32)), 0), HELD, run[1])


def test_unlabelled_sections_follow_their_labels_through_augmentation():
    """After any flip nothing is known where the blank sections are."""
    labels = np.zeros((6, 16, 16, 16), bool)
    labels[0, 2:] = True
    patch = Patch(np.zeros((16, 16, 16), np.uint8), labels, Grid((16, 16, 16)), unlabelled=(0, 1))
    cube = config(network={**TINY, "dims": 3}, patch_vx=(16, 16, 16))
    crops = CropDataset(UniformCrops([patch], (16, 16, 16)), cube, 0, 12)
    seen = set()
    for crop in crops:
        assert crop["known"].shape == (3, 16)
        whole = crop["labels"][0].amin((1, 2))
        np.testing.assert_array_equal(crop["known"], whole[None].repeat(3, 1))
        seen.add(tuple(whole.tolist()))
    assert len(seen) == 2, "some are flipped"
    flat = TileDataset([patch], config(patch_vx=(1, 16, 16)))
    assert [crop["known"].tolist() for crop in flat] == [[0] * 3] * 2 + [[1] * 3] * 14


def test_3d_training_goes_on_where_sections_are_unlabelled(tmp_path):
    volumes = [replace(blobs(k, (16, 32, 32)), unlabelled=(3, 4)) for k in range(2)]
    cube = config(network={**TINY, "dims": 3}, patch_vx=(16, 16, 16), batch=2, steps=2, check_every=2)
    result = fit(cube, UniformCrops(volumes, (16, 16, 16)), volumes, tmp_path / "run")
    assert len(result.curves) > 0


def test_initial_weights_depend_on_the_seed_alone():
    a, b, c = (build_unet(config().network, 3, seed=s) for s in (1, 1, 2))
    pairs = list(zip(a.parameters(), b.parameters(), c.parameters(), strict=True))
    assert all(torch.equal(x, y) for x, y, _ in pairs) and not all(torch.equal(x, z) for x, _, z in pairs)


def test_batch_norm_follows_each_convolution_but_the_last():
    kinds = [type(m).__name__ for m in build_unet(config().network, 3).modules()]
    assert kinds.count("BatchNorm2d") == 18 == kinds.count("Conv2d") - 1


def test_normalise_is_per_crop_and_survives_a_flat_one():
    x = normalise(torch.stack([torch.full((1, 4, 4), 7.0), torch.arange(16.0).reshape(1, 4, 4)]))
    assert x[0].abs().max() == 0 and x[1].mean().abs() < 1e-6 and abs(x[1].std(correction=0) - 1) < 1e-5


@given(st.integers(0, 2**32 - 1), st.sampled_from([(1, 32, 32), (3, 32, 40)]))
def test_labels_move_with_the_image(seed, shape):
    rng = np.random.default_rng(seed)
    labels = np.zeros((6, *shape), bool)
    labels[1, :, 5:20, 8:24] = True
    labels[4, :, 12:30, 3:12] = True
    image = (200 * labels[4]).astype(np.float32)
    settings = AugmentConfig(rotate_deg=30, shift=0.2, scale=0.2, quarter_turns=True)
    moved, masks = augment(image, labels, settings, rng=rng)
    assert moved.shape == shape and masks.shape == labels.shape
    assert (masks[4] == (moved > 100)).mean() > 0.95
    assert not masks[[0, 2, 3, 5]].any()


def test_no_augmentation_is_the_identity():
    still = AugmentConfig(rotate_deg=0, shift=0, scale=0, flip=False)
    p = PATCHES[0]
    image, labels = augment(p.image.astype(np.float32), p.labels, still, rng=np.random.default_rng(0))
    assert np.array_equal(image, p.image) and np.array_equal(labels, p.labels)


def test_crops_depend_on_seed_and_index_alone():
    source = MixedCrops(UniformCrops(PATCHES, (1, 32, 32)), TiledCrops(HELD, (1, 32, 32)), (0.5,))
    whole, part = CropDataset(source, config(), 0, 20), CropDataset(source, config(), 12, 8)
    for k in range(8):
        assert torch.equal(whole[12 + k]["image"], part[k]["image"])
    other = CropDataset(source, config(seed=1), 0, 20)
    assert not torch.equal(whole[0]["image"], other[0]["image"])


def test_mixture_holds_its_fraction():
    source = MixedCrops(UniformCrops(PATCHES, (1, 32, 32)), UniformCrops(HELD, (1, 32, 32)), (0.3,))
    rng = np.random.default_rng(0)
    held = sum(source.draw(rng=rng)[0] in HELD for _ in range(1000))
    assert 250 < held < 350


def test_weights_decide_how_often_a_patch_is_drawn():
    source = UniformCrops(PATCHES, (1, 32, 32), np.array([0, 3, 1, 0]))
    rng = np.random.default_rng(0)
    names = [source.draw(rng=rng)[0].name for _ in range(1000)]
    assert set(names) == {"blobs1", "blobs2"} and 700 < names.count("blobs1") < 800


@given(st.integers(32, 90), st.integers(32, 90), st.sampled_from([0.0, 0.25, 0.5]))
def test_tiles_cover_the_section_and_stay_inside(height, width, overlap):
    seen = np.zeros((height, width), int)
    patch = blobs(0, (1, height, width))
    for _, y, x in tile_corners(patch, (1, 32, 32), overlap):
        assert y + 32 <= height and x + 32 <= width
        seen[y : y + 32, x : x + 32] += 1
    assert seen.min() > 0


def test_the_paper_tiles_are_20_a_section():
    assert len(tile_corners(blobs(0, (1, 768, 1024)), (1, 256, 256), 0.25)) == 20


def test_a_crop_larger_than_a_patch_is_refused():
    with pytest.raises(InputError, match="smaller than a crop"):
        UniformCrops(PATCHES, (1, 64, 64)).draw(rng=np.random.default_rng(0))


def test_balanced_sampler_is_seeded_and_follows_its_weights():
    sampler = BalancedSampler([0, 1, 3], 2000, seed=5)
    first = list(sampler)
    assert len(sampler) == len(first) == 2000 and first == list(BalancedSampler([0, 1, 3], 2000, seed=5))
    assert 0 not in first and 0.7 < first.count(2) / 2000 < 0.8
    sampler.set_epoch(1)
    assert list(sampler) != first
    loader = torch.utils.data.DataLoader(PATCHES[:3], sampler=sampler, collate_fn=len, batch_size=500)
    assert list(loader) == [500] * 4
    with pytest.raises(InputError):
        BalancedSampler([0, 0], 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lerning_rate": 1}, "lerning_rate"),
        ({"network": {"feature": [1]}}, "network.features"),
        ({"patch_vx": (1, 8, 8)}, "at least 16"),
        ({"patch_vx": (16, 32, 32)}, "depth of one"),
        ({"classes": ["sheat"]}, "did you mean 'sheath'"),
        ({"batch": 0}, "batch"),
        ({"lr": float("nan")}, "lr"),
    ],
)
def test_bad_settings_are_named(change, says):
    with pytest.raises(InputError, match=says):
        config(**change)


def test_classes_in_order():
    assert TrainConfig().classes == CLASSES and TrainConfig(class_weights={"psd": 3}).weights() == [
        1,
        1,
        1,
        3,
        1,
        1,
    ]
