"""Spreads: four ways to write one, each with bounds that every draw keeps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shapes.core.spread import Spread, draw
from shapes.core.streams import normal, stream_key, uniform

sizes = st.floats(0, 1e4)
forms = st.one_of(
    sizes,
    st.tuples(sizes, sizes).map(lambda t: {"min": min(t), "max": max(t)}),
    st.tuples(sizes, sizes).map(lambda t: {"mean": t[0], "std": t[1]}),
    st.tuples(st.floats(0.1, 1e4), st.floats(1, 10)).map(lambda t: {"median": t[0], "ratio": t[1]}),
)


def draws(spread: Spread, count: int) -> np.ndarray:
    key = stream_key(3, "spread")
    return np.array([draw(spread.row(), uniform(key, 2 * k), normal(key, 2 * k + 1)) for k in range(count)])


@given(forms)
@settings(max_examples=60, deadline=None)
def test_no_draw_leaves_the_bounds(form):
    spread = Spread.model_validate(form)
    values = draws(spread, 200)
    slack = 1e-9 * spread.highest() + 1e-12
    assert values.min() >= spread.lowest() - slack
    assert values.max() <= spread.highest() + slack
    assert values.min() >= 0


@pytest.mark.parametrize(
    ("form", "low", "middle", "high"),
    [
        (40, 40, 40, 40),
        ({"min": 35, "max": 50}, 35, 42.5, 50),
        ({"mean": 42, "std": 4}, 34, 42, 50),
        ({"median": 100, "ratio": 2}, 25, 100, 400),
    ],
)
def test_the_four_forms(form, low, middle, high):
    spread = Spread.model_validate(form)
    assert spread.lowest() == pytest.approx(low)
    assert spread.highest() == pytest.approx(high)
    values = draws(spread, 8000)
    assert np.median(values) == pytest.approx(middle, rel=0.03)
    if high > low:
        assert values.min() < low + 0.05 * (middle - low) + 0.1
        assert values.max() > high - 0.05 * (high - middle) - 0.1


def test_two_thirds_lie_within_one_deviation_and_one_ratio():
    normals = draws(Spread(mean=42, std=4), 8000)
    assert (np.abs(normals - 42) < 4).mean() == pytest.approx(0.683, abs=0.02)
    logs = draws(Spread(median=100, ratio=2), 8000)
    assert ((logs > 50) & (logs < 200)).mean() == pytest.approx(0.683, abs=0.02)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "write a number"),
        ({"min": 3}, "write a number"),
        ({"min": 3, "std": 1}, "write a number"),
        ({"min": 3, "max": 4, "mean": 3}, "write a number"),
        ({"min": 4, "max": 3}, "min must not exceed max"),
        ({"min": -4, "max": 3}, "must not be negative"),
        (-5, "must not be negative"),
        ({"mean": -1, "std": 1}, "must not be negative"),
        ({"mean": 3, "std": -1}, "must not be negative"),
        ({"median": 3, "ratio": 0.5}, "ratio"),
        ({"median": 0, "ratio": 2}, "median"),
        ({"mean": float("nan"), "std": 1}, "finite"),
        ({"min": 0, "max": float("inf")}, "finite"),
        ({"mean": 3, "std": 1, "width": 2}, "Extra inputs"),
        ("wide", "dictionary"),
        (True, "dictionary"),
    ],
)
def test_wrong_forms_are_refused(form, says):
    with pytest.raises(ValidationError, match=says):
        Spread.model_validate(form)


def test_json_round_trip():
    for form in (40, {"min": 1, "max": 2}, {"mean": 3, "std": 1}, {"median": 4, "ratio": 1.5}):
        spread = Spread.model_validate(form)
        assert Spread.model_validate(spread.model_dump(mode="json")) == spread
