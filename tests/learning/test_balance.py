"""Patch weights for target class shares, and crops that show rare classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem.labels import CLASSES, channel
from synthem.learning.crops.balance import balance_weights
from synthem.learning.crops.rare_crops import RareCrops
from synthem.patch import Patch


def some_shares(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shares = rng.beta(2, 20, (count, 6))
    shares[:, 3] *= rng.random(count) < 0.4
    shares[:, 5] *= rng.random(count) < 0.1
    return shares


targets = st.dictionaries(st.sampled_from(CLASSES), st.floats(1e-4, 0.9), max_size=4)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), count=st.integers(1, 200), targets=targets, floor=st.floats(0.01, 1))
def test_weights_are_a_distribution_and_misses_are_told(
    seed: int, count: int, targets: dict[str, float], floor: float
) -> None:
    balance = balance_weights(some_shares(seed, count), targets, min_effective=floor)
    assert balance.weights.shape == (count,)
    assert (balance.weights >= 0).all()
    assert balance.weights.sum() == pytest.approx(1)
    assert balance.effective_size >= floor * count * 0.999
    told = {sentence.split(":")[0] for sentence in balance.shortfalls}
    missed = {name for name, want in targets.items() if abs(balance.reached[name] - want) > 0.02 * want}
    assert told == missed


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 999), count=st.integers(20, 200), names=st.sets(st.sampled_from(CLASSES), min_size=1)
)
def test_targets_that_some_weighting_meets_are_met(seed: int, count: int, names: set[str]) -> None:
    shares = some_shares(seed, count)
    witness = np.random.default_rng(seed + 1).dirichlet(np.full(count, 5.0))
    wanted = {name: float(witness @ shares[:, channel(name)]) for name in names}
    wanted = {name: share for name, share in wanted.items() if share > 0}
    balance = balance_weights(shares, wanted, min_effective=0.01)
    assert balance.shortfalls == ()
    for name, share in wanted.items():
        assert balance.weights @ shares[:, channel(name)] == pytest.approx(share, rel=1e-3)
    entropy = -(balance.weights * np.log(balance.weights + 1e-300)).sum()
    assert entropy >= -(witness * np.log(witness + 1e-300)).sum() - 1e-6  # no weighting loses less


@given(seed=st.integers(0, 999), count=st.integers(1, 100))
@settings(deadline=None, max_examples=20)
def test_natural_shares_ask_for_uniform_weights(seed: int, count: int) -> None:
    shares = some_shares(seed, count)
    natural = {name: float(shares[:, channel(name)].mean()) for name in ("membrane", "vesicle")}
    balance = balance_weights(shares, natural)
    assert balance.weights == pytest.approx(np.full(count, 1 / count), rel=1e-6)
    assert balance_weights(shares, {}).effective_size == pytest.approx(count)


def test_unreachable_targets_say_why() -> None:
    shares = some_shares(0, 300)
    shares[:, channel("sheath")] = 0
    shares[:, channel("psd")] = np.nan  # not labelled
    balance = balance_weights(shares, {"sheath": 0.05, "membrane": 0.99, "psd": 0.01})
    said = dict(sentence.split(": ", 1) for sentence in balance.shortfalls)
    assert "none of the 300 patches holds any" in said["sheath"]
    assert "none of the 300 patches holds any" in said["psd"]
    assert "even the richest of the 300 patches" in said["membrane"]


def test_diversity_has_a_floor() -> None:
    shares = np.zeros((1000, 6))
    shares[:3, channel("psd")] = 0.05
    balance = balance_weights(shares, {"psd": 0.04}, min_effective=0.2)
    assert balance.effective_size == pytest.approx(200, rel=0.05)
    assert balance.natural["psd"] < balance.reached["psd"] < 0.04
    assert "fewer than 200 of the 1000 patches" in balance.shortfalls[0]


def test_balance_refuses_what_it_cannot_read() -> None:
    with pytest.raises(InputError, match="shape"):
        balance_weights(np.zeros((4, 5)), {})
    with pytest.raises(InputError, match="between 0 and 1"):
        balance_weights(np.full((4, 6), 2.0), {})
    with pytest.raises(InputError, match="share of psd"):
        balance_weights(np.zeros((4, 6)), {"psd": 1.5})
    with pytest.raises(UnknownNameError, match="did you mean 'vesicle'"):
        balance_weights(np.zeros((4, 6)), {"vesicles": 0.1})


def section(*pixels: tuple[int, int], shape: tuple[int, int] = (60, 80), name: str = "s") -> Patch:
    """A section with PSD at the given pixels."""
    labels = np.zeros((6, 1, *shape), bool)
    for y, x in pixels:
        labels[channel("psd"), 0, y, x] = True
    return Patch(np.zeros((1, *shape), np.uint8), labels, Grid((1, *shape)), name=name)


def test_the_rare_pixel_lies_uniformly_in_the_crop() -> None:
    """Chi-square over 16 × 20 places; the bound is the 99.99 % quantile for 319 degrees of freedom."""
    crops = RareCrops([section((30, 40))], (1, 16, 20), {"psd": 1.0})
    rng = np.random.default_rng(0)
    counts = np.zeros((16, 20))
    for _ in range(16_000):
        _, _, y, x = crops.draw(rng=rng)
        counts[30 - y, 40 - x] += 1
    assert ((counts - 50) ** 2 / 50).sum() < 420


def test_crops_at_the_border_stay_inside_and_every_pixel_is_picked_alike() -> None:
    corner, middle = section((0, 79), name="corner"), section((30, 40), name="middle")
    crops = RareCrops([corner, middle], (1, 16, 20), {"psd": 1.0})
    rng = np.random.default_rng(1)
    places = [crops.draw(rng=rng) for _ in range(2000)]
    assert {place for place in places if place[0] == 0} == {(0, 0, 0, 60)}
    assert 0.45 < np.mean([place[0] == 0 for place in places]) < 0.55
    assert all(y <= 30 < y + 16 and x <= 40 < x + 20 for s, _, y, x in places if s == 1)


def test_left_over_weight_goes_to_uniform_crops() -> None:
    crops = RareCrops([section((5, 5))], (1, 16, 20), {"psd": 0.25, "sheath": 0.25})
    assert crops.missing == ("sheath",)
    rng = np.random.default_rng(2)
    held = [y <= 5 and x <= 5 for _, _, y, x in (crops.draw(rng=rng) for _ in range(4000))]
    by_chance = 6 * 6 / (45 * 61)
    assert np.mean(held) == pytest.approx(0.25 + 0.75 * by_chance, abs=0.03)


def test_crops_towards_a_target_share() -> None:
    """A PSD of 20 × 20 pixels in one of four sections: uniform crops hold some 6 %; ask for twice that."""
    rich = section(*[(y, x) for y in range(20, 40) for x in range(30, 50)])
    sections = [rich, section(), section(), section()]
    rng = np.random.default_rng(3)
    crops = RareCrops.towards(sections, (1, 32, 32), {"psd": 0.12}, rng=rng, trials=300)
    shares = []
    for _ in range(1500):
        s, _, y, x = crops.draw(rng=rng)
        shares.append(sections[s].labels[channel("psd"), :, y : y + 32, x : x + 32].mean())
    assert np.mean(shares) == pytest.approx(0.12, rel=0.15)


def test_crops_refuse_what_cannot_be() -> None:
    with pytest.raises(InputError, match="does not fit"):
        RareCrops([section()], (1, 64, 64), {})
    with pytest.raises(InputError, match="sum to more than 1"):
        RareCrops([section()], (1, 8, 8), {"psd": 0.7, "sheath": 0.7})
    with pytest.raises(InputError, match="no sections"):
        RareCrops([], (1, 8, 8), {})
    with pytest.raises(UnknownNameError):
        RareCrops([section()], (1, 8, 8), {"psds": 0.5})
