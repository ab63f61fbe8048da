"""A section seen anew: as much more noise and blur as was asked for, and masks that move with the image."""

import cv2
import numpy as np
import pytest
from pydantic import ValidationError
from sections import STILL, blocks, flat, tissue

from shapes import Grid
from shapes.core.errors import UnknownNameError
from shapes.core.spread import Spread
from synthem.augment.config import KINDS, MicroscopeAugment
from synthem.augment.draw import Recipe, draw_recipe
from synthem.augment.elastic import Bending, bend
from synthem.augment.own import Own
from synthem.augment.see import see_anew
from synthem.measure.statistics.noise import noise as noise_figures

USUAL = MicroscopeAugment()
MOVING = ("elastic", "misalignment", "drift", "fold", "crack", "tile")


def only(name: str, **settings) -> MicroscopeAugment:
    """One kind, every time, with some of its settings changed."""
    alone = USUAL.only((name,))
    return alone.model_copy(update={name: getattr(alone, name).model_copy(update=settings)})


def seen(image, config, seed=0, labels=None, ignored=None):
    labels = np.zeros((0, *image.shape), bool) if labels is None else labels
    recipe = draw_recipe(Own(image), config, STILL, seed=seed)
    return see_anew(image, labels, recipe, STILL, ignored), recipe


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(("shot", "correlated"), [(0.0, 0.0), (1.0, 0.0), (0.5, 0.6)])
def test_noise_is_as_much_as_was_asked_for_beside_what_is_there(strength, shot, correlated):
    image = flat(9.0)
    config = only("noise", extra=Spread(min=0.8, max=0.8), shot=Spread(min=shot, max=shot))
    config = config.model_copy(update={"strength": strength})
    config = config.model_copy(
        update={
            "noise": config.noise.model_copy(update={"correlated": Spread(min=correlated, max=correlated)})
        }
    )
    after, _ = seen(image, config)
    added = (after.image - image).std()
    # the Gaussian that is taken away takes 3 % of white noise along
    assert Own(image).noise == pytest.approx(9.0, rel=0.07)
    assert added == pytest.approx(0.8 * strength * Own(image).noise, rel=0.04)
    assert after.image.std() == pytest.approx(np.hypot(image.std(), added), rel=0.02)  # in quadrature


def test_shot_noise_grows_with_the_signal_and_read_noise_does_not():
    image = flat(5.0, 50.0)
    image[:, :, 96:] += 150
    for shot, ratio in ((0.0, 1.0), (1.0, 2.0)):  # the root of 200 over 50
        config = only("noise", extra=Spread(min=1, max=1), shot=Spread(min=shot, max=shot))
        added = seen(image, config)[0].image - image
        assert added[..., 96:].std() / added[..., :96].std() == pytest.approx(ratio, rel=0.05)


@pytest.mark.parametrize("extra", [0.5, 1.0, 1.5])
def test_blur_widens_an_edge_by_as_much_as_was_asked_for(extra):
    """The width of an edge is the deviation of its slope, taken as a density; widths add in squares."""
    image = np.tile(np.repeat([80.0, 170.0], 96).astype(np.float32), (1, 192, 1))
    image[..., 94:98] = (90, 110, 140, 160)
    config = only("blur", extra=Spread(min=extra, max=extra), astigmatism=Spread(min=1, max=1))
    after, recipe = seen(image, config)

    def square_width(plane):
        slope = np.abs(np.diff(plane[96, 60:132].astype(float)))
        at = np.arange(len(slope))
        middle = (slope * at).sum() / slope.sum()
        return (slope * (at - middle) ** 2).sum() / slope.sum()

    asked = recipe.beam.sigma_nm / 5.0
    assert asked == pytest.approx(extra * Own(image).sigma_vx)
    grown = square_width(after.image[0]) - square_width(image[0])
    assert grown == pytest.approx(asked**2, rel=0.05)


def test_a_blurred_section_is_as_noisy_as_before():
    image = tissue(1.5, 10.0)
    after, recipe = seen(image, only("blur", extra=Spread(min=1, max=1)))
    assert recipe.noise_left < 0.5
    assert Own(after.image).noise == pytest.approx(Own(image).noise, rel=0.06)
    assert Own(after.image).sigma_vx > 1.15 * Own(image).sigma_vx


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("noise", [0.0, 10.0])
def test_sharpness_and_noise_are_measured(sigma, noise):
    own = Own(tissue(sigma, noise))
    assert own.sigma_vx == pytest.approx(sigma, rel=0.3)
    # where edges are as near to each other as here, 3 % of their height is taken for noise
    assert own.noise == pytest.approx(noise, rel=0.06, abs=0.0 if noise else 3.5)
    assert 75 - 2.5 * noise < own.greys.low < 85 < own.greys.high < 175 + 2.5 * noise


def test_noise_is_what_the_statistics_of_a_section_tell():
    image = tissue(1.5, 8.0)
    assert Own(image).noise == pytest.approx(noise_figures(image[0])[0], rel=0.1)


def test_bending_has_its_amplitude_and_never_folds_over():
    grid = Grid((1, 192, 192))
    gentle = [bend(Bending(amplitude_nm=10, length_nm=480), seed, grid) for seed in range(40)]
    assert np.std(gentle) == pytest.approx(10, rel=0.2)
    for seed in range(10):  # asked to be far steeper than it may be
        dy, dx = (bend(Bending(amplitude_nm=400, length_nm=100), seed, grid) / 5.0).astype(float)
        (yy, yx), (xy, xx) = np.gradient(dy), np.gradient(dx)
        assert ((1 + yy) * (1 + xx) - yx * xy).min() > 0.2
        assert max(np.abs(dy).max(), np.abs(dx).max()) > 1  # and moves still


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("inverted", [False, True])
def test_masks_move_as_the_image_moves(name, inverted):
    """The image is the mask. A fold is dark and a crack is pale: neither is taken for tissue of that grey."""
    shape = (1, 192, 192) if name not in ("misalignment", "drift") else (5, 96, 96)
    mask = blocks(shape=shape)
    image = np.where(mask ^ inverted, 220.0, 40.0).astype(np.float32)
    moved = agreed = 0
    for seed in range(12):
        after, recipe = seen(image, only(name), seed, mask[None])
        assert recipe.kinds == (name,)
        bright = after.image > 130
        told = {"fold": bright, "crack": ~bright}.get(name, True)
        wrong = (after.labels[0] != bright ^ inverted) & told
        assert wrong.mean() < 0.02, seed
        moved += (after.labels[0] != mask).mean() > 0.01
        agreed += 1
    assert moved >= agreed / 3  # and did move


@pytest.mark.parametrize("name", sorted(set(KINDS) - {*MOVING, "loss"}))
def test_what_does_not_move_tissue_leaves_masks_alone(name):
    image, mask = tissue(1.0, 6.0), blocks()
    changed = 0
    for seed in range(6):
        after, recipe = seen(image, only(name), seed, mask[None])
        assert recipe.kinds == (name,) and np.array_equal(after.labels[0], mask)
        changed += not np.array_equal(after.image, image)
    assert changed >= 3


def test_many_classes_and_ignored_voxels_move_alike_and_cracks_are_empty():
    image, mask = tissue(1.0, 6.0), blocks()
    labels = np.stack([blocks(seed=k) for k in range(10)] + [mask])
    crack = only("crack", number=6.0)
    torn = 0
    for seed in range(4):
        after, _ = seen(image, crack, seed, labels, mask)
        alone, _ = seen(image, crack, seed, labels[3:4], None)
        assert np.array_equal(after.labels[3], alone.labels[0]) and alone.ignored is None
        assert after.ignored.shape == mask.shape
        gone = after.ignored & ~after.labels[10]  # the same mask: what lies in a crack is no class's
        assert not after.labels[:, gone].any()
        torn += gone.sum()
        everywhere, _ = seen(image, crack, seed, np.ones((1, *image.shape), bool))
        assert ((after.ignored == after.labels[10]) | ~everywhere.labels[0]).all()
    assert torn > 100


def test_what_is_torn_off_is_not_labelled():
    image, mask = tissue(1.0, 6.0), np.ones((1, 1, 192, 192), bool)
    torn = 0
    for seed in range(6):
        after, recipe = seen(image, only("loss"), seed, mask)
        gone, grey = ~after.labels[0], recipe.greys.own_level(recipe.defects.loss.grey.typical())
        if gone.mean() > 0.01:
            torn += 1
            assert np.median(np.abs(after.image[gone] - grey)) < 15
            assert np.abs(after.image[~gone] - image[~gone]).mean() < 2
    assert torn >= 2


def test_the_same_seed_gives_the_same_bytes_and_kinds_do_not_depend_on_each_other():
    image, mask = tissue(1.0, 6.0), blocks()[None]
    one, recipe = seen(image, USUAL, 5, mask)
    two, _ = seen(image.copy(), USUAL, 5, mask.copy())
    assert one.image.tobytes() == two.image.tobytes() and one.labels.tobytes() == two.labels.tobytes()
    again = see_anew(image, mask, Recipe.model_validate_json(recipe.model_dump_json()), STILL)
    assert again.image.tobytes() == one.image.tobytes()
    assert len({seen(image, USUAL, seed, mask)[0].image.tobytes() for seed in range(8)}) == 8
    everything = USUAL.only(KINDS)
    whole = draw_recipe(Own(image), everything, STILL, seed=5)
    for name, part in (("noise", "detector"), ("blur", "beam"), ("curve", "curve"), ("elastic", "elastic")):
        lone = draw_recipe(Own(image), USUAL.only((name,)), STILL, seed=5)
        assert getattr(lone, part) == getattr(whole, part) is not None
        assert lone.kinds == (name,)
    assert whole.kinds == tuple(k for k in KINDS if k not in ("misalignment", "drift"))


def test_chances_are_how_often_things_are_done():
    image = flat(5.0, shape=(1, 32, 32))
    drawn = [draw_recipe(Own(image), USUAL, STILL, seed=seed).kinds for seed in range(600)]
    for name in ("noise", "curve", "stain", "fold"):
        share = np.mean([name in kinds for kinds in drawn])
        assert share == pytest.approx(getattr(USUAL, name).chance, abs=0.06), name


def test_strength_nought_changes_nothing():
    image, mask = tissue(1.0, 6.0), blocks()[None]
    for seed in range(5):
        config = USUAL.only(KINDS).model_copy(update={"strength": 0.0})
        after, recipe = seen(image, config, seed, mask, mask[0])
        assert (
            after.image is image and after.labels is mask and after.ignored is mask[0]
        ) or recipe.kinds == ()
        assert np.array_equal(after.image, image) and np.array_equal(after.labels, mask)


@pytest.mark.parametrize("shape", [(1, 16, 16), (1, 17, 40), (4, 16, 24), (1, 150, 16), (9, 33, 33)])
def test_crops_of_any_size(shape):
    image, labels = flat(8.0, shape=shape), blocks(6, shape)[None]
    everything = USUAL.only(KINDS).model_copy(update={"strength": 3.0})
    for seed in range(4):
        after, _ = seen(image, everything, seed, labels, labels[0])
        assert after.image.shape == shape and after.labels.shape == labels.shape
        assert after.image.dtype == np.float32 and np.isfinite(after.image).all()
        assert after.image.min() >= 0 and after.image.max() <= 255


def test_blank_crops_are_no_trouble():
    for grey in (0.0, 128.0, 255.0):
        for seed in range(3):
            after, _ = seen(np.full((1, 48, 48), grey, np.float32), USUAL.only(KINDS), seed)
            assert np.isfinite(after.image).all()


def test_defects_and_curves_stay_within_reach_of_the_sections_own_greys():
    image = 100 + 0.25 * (tissue(1.0, 8.0) - 80)  # a range of some 25 grey levels
    own = Own(image).greys
    reach = own.high - own.low
    for name in (
        "dust",
        "debris",
        "precipitate",
        "knife",
        "loss",
        "charging",
        "curtain",
        "lost_line",
        "curve",
    ):
        for seed in range(4):
            after, _ = seen(image, only(name), seed)
            assert own.low - 1.2 * reach < after.image.min(), name
            assert after.image.max() < own.high + 1.2 * reach, name


@pytest.mark.parametrize("name", ["loss", "crack"])
def test_what_covers_tissue_is_as_noisy_as_it(name):
    image = tissue(0.0, 8.0, edge=96)
    config = only(name, **({"number": 6.0} if name == "crack" else {}))
    spreads = []
    for seed in range(20):
        after, recipe = seen(image, config, seed, np.ones((1, *image.shape), bool))
        gone = ~after.labels[0]
        if name == "loss":  # where the mean is the grey of what is torn
            grey = recipe.greys.own_level(recipe.defects.loss.grey.typical())
            near = np.abs(cv2.blur(after.image[0], (5, 5)) - grey) < 9
            gone = cv2.erode(near.astype(np.uint8), np.ones((5, 5)))[None].astype(bool)
        if gone.mean() > 0.01:
            spreads.append(np.median(np.abs(after.image[gone] - np.median(after.image[gone]))) / 0.6745)
    assert len(spreads) >= 3
    assert np.median(spreads) == pytest.approx(Own(image).noise, rel=0.15)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'blur'"):
        USUAL.only(("blurr",))
    for bad in ({"strength": -1}, {"strength": 4}, {"noise": {"chance": 2}}, {"blurr": {}}):
        with pytest.raises(ValidationError):
            MicroscopeAugment.model_validate(bad)
