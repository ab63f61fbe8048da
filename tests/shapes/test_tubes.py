"""Tubes: fields in closed form, slopes against finite differences."""

import numpy as np
import pytest
from brute_force import fields, segment
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes.neurites.ruffles import WAVES, draw_waves, highest
from shapes.neurites.tubes import AZ, COLUMNS, DZ, STEEP, STIFF, axis_place, tube_field, tube_slope

rngs = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def direction(rng) -> np.ndarray:
    v = rng.normal(size=3)
    return v / np.linalg.norm(v)


def any_tube(rng, taper: bool = True, ruffled: bool = True) -> np.ndarray:
    a, ra = rng.uniform(-500, 500, 3), rng.uniform(30, 300)
    rb = rng.uniform(30, 300) if taper else ra
    waves = np.empty((WAVES, 4))
    peak = draw_waves(np.uint64(rng.integers(2**63)), rng.uniform(0, 60), rng.uniform(200, 900), waves)
    return segment(
        a,
        a + rng.uniform(50, 600) * direction(rng),
        ra,
        rb,
        rng.uniform(1, 6),
        rng.uniform(0.4, 1),
        direction(rng),
        waves if ruffled else None,
        peak,
    )


def test_a_straight_tube_is_the_distance_to_its_axis_less_its_radius():
    rng = np.random.default_rng(3)
    a, b, radius = np.array([10.0, -20, 30]), np.array([110.0, 80, -50]), 40.0
    row = segment(a, b, radius)
    along = np.linspace(0, 1, 20001)
    axis = a + along[:, None] * (b - a)
    for point in rng.uniform(-300, 300, (50, 3)):
        nearest = np.linalg.norm(axis - point, axis=1)
        assert tube_field(row[None], 0, *point) == pytest.approx(nearest.min() - radius, abs=1e-3)
        assert axis_place(row[None], 0, *point) == pytest.approx(along[nearest.argmin()], abs=1e-4)


def test_radius_runs_from_end_to_end():
    row = segment((0, 0, 0), (0, 0, 100), 20, 60, stiffness=2)
    for x, radius in ((-5, 20), (0, 20), (25, 30), (50, 40), (100, 60), (130, 60)):
        beyond = max(0, -x, x - 100)
        assert tube_field(row[None], 0, 0.0, 70.0, x) == pytest.approx(2 * (np.hypot(70, beyond) - radius))


def test_a_flat_tube_is_wider_along_its_broad_side():
    row = segment((0, 0, 0), (0, 0, 100), 50, flat=0.5, broad=(1, 0, 0))
    assert tube_field(row[None], 0, 0.0, 50.0, 50.0) == pytest.approx(0)
    assert tube_field(row[None], 0, 100.0, 0.0, 50.0) == pytest.approx(0)
    assert tube_field(row[None], 0, 100.0, 100.0, 50.0) > 50


@given(rngs)
@settings(max_examples=30, deadline=None)
def test_any_tube_equals_its_definition(rng):
    row, points = any_tube(rng), rng.uniform(-900, 900, (20, 3))
    np.testing.assert_allclose(
        [tube_field(row[None], 0, *p) for p in points], fields(row[None], points)[0], atol=1e-8
    )


@given(rngs)
@settings(max_examples=60, deadline=None)
def test_slope_is_the_gradient_of_the_field(rng):
    row, point = any_tube(rng), rng.uniform(-900, 900, 3)
    # half of the points lie beside the tube, where its nearest place of the axis moves along
    if rng.random() < 0.5:
        point = row[AZ : AZ + 3] + rng.uniform(0.1, 0.9) * row[DZ : DZ + 3] + 100 * direction(rng)
    step = 1e-4
    ends = [tube_field(row[None], 0, *(point + s * step * e)) for e in np.eye(3) for s in (1, -1)]
    wanted = [(ahead - behind) / (2 * step) for ahead, behind in zip(ends[::2], ends[1::2], strict=True)]
    np.testing.assert_allclose(tube_slope(row[None], 0, *point), wanted, atol=1e-3 * row[STEEP])


@given(rngs)
@settings(max_examples=100, deadline=None)
def test_no_field_changes_faster_than_its_bound(rng):
    row, p = any_tube(rng), rng.uniform(-900, 900, 3)
    q = p + rng.choice([1.0, 100.0]) * direction(rng)
    change = abs(tube_field(row[None], 0, *p) - tube_field(row[None], 0, *q))
    assert change <= row[STEEP] * np.linalg.norm(p - q) * (1 + 1e-9)
    assert np.linalg.norm(tube_slope(row[None], 0, *p)) <= row[STEEP] * (1 + 1e-9)
    assert row[STEEP] >= row[STIFF]


def test_a_segment_without_length_is_a_ball():
    row = segment((1, 2, 3), (1, 2, 3), 40)
    assert tube_field(row[None], 0, 1.0, 2.0, 103.0) == pytest.approx(60)
    assert np.isfinite(row).all() and len(row) == COLUMNS


@given(rngs)
@settings(max_examples=20, deadline=None)
def test_ruffles_have_the_spread_that_is_asked_for(rng):
    waves, std = np.empty((WAVES, 4)), rng.uniform(1, 60)
    peak = draw_waves(np.uint64(rng.integers(2**63)), std, 400.0, waves)
    row = segment((0, 0, 0), (0, 0, 1), 0.0, waves=waves, peak=peak)
    points = rng.uniform(-1e5, 1e5, (4000, 3))
    added = fields(row[None], points)[0] - np.linalg.norm(points - np.clip(points, 0, (0, 0, 1)), axis=1)
    assert added.std() == pytest.approx(std, rel=0.06)
    assert abs(added).max() <= highest(std) * (1 + 1e-9)
    lengths = 1 / np.linalg.norm(waves[:, :3], axis=1)
    np.testing.assert_allclose(lengths, [300, 520])
