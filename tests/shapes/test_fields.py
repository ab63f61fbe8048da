"""Smooth fields from a coarse lattice: scipy is the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.interpolate import BSpline

from shapes import Grid
from shapes.core.fields import interpolate, smooth_noise, spline_weights, support
from shapes.core.streams import stream_key

places = st.tuples(*[st.floats(-1e6, 1e6)] * 3)
voxels = st.sampled_from([(5.0, 5.0, 5.0), (50.0, 4.0, 4.0), (12.5, 3.0, 7.0)])


@given(st.floats(0, 0.999999))
@settings(max_examples=50, deadline=None)
def test_weights_are_those_of_the_cubic_b_spline(t):
    basis = BSpline.basis_element(np.arange(5), extrapolate=False)
    np.testing.assert_allclose(spline_weights(t), [basis(t + k) for k in (3, 2, 1, 0)], atol=1e-12)


@given(places, voxels, st.floats(6.0, 400.0), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_interpolation_equals_scipy(origin, voxel, spacing, seed):
    grid = Grid((3, 12, 10), voxel, origin)
    first, shape = support(grid, spacing)
    values = np.random.default_rng(seed).normal(size=shape)
    at = np.meshgrid(*[grid.centres_nm(a) / spacing - first[a] for a in range(3)], indexing="ij")
    wanted = ndimage.map_coordinates(values, at, order=3, prefilter=False, mode="mirror")
    np.testing.assert_allclose(interpolate(values, first, spacing, grid), wanted, atol=1e-9)


@given(places, voxels, st.floats(6.0, 400.0))
@settings(max_examples=25, deadline=None)
def test_support_is_enough_and_no_more(origin, voxel, spacing):
    grid = Grid((3, 12, 10), voxel, origin)
    first, shape = support(grid, spacing)
    for axis in range(3):
        cells = np.floor(grid.centres_nm(axis) / spacing)
        assert first[axis] == cells.min() - 1
        assert first[axis] + shape[axis] - 1 == cells.max() + 2


@given(places, voxels, st.sampled_from([2.0, 13.0, 27.0, 700.0]), st.tuples(*[st.integers(0, 2)] * 3))
@settings(max_examples=25, deadline=None)
def test_noise_is_the_same_in_every_window(origin, voxel, spacing, shift):
    key = stream_key(7, "texture")
    whole = Grid((3, 12, 10), voxel, origin)
    start = tuple((s + k) * v for s, k, v in zip(whole.start_vx, shift, voxel, strict=True))
    part = Grid((1, 7, 6), voxel, start)
    z, y, x = shift
    np.testing.assert_array_equal(
        smooth_noise(key, spacing, whole)[z : z + 1, y : y + 7, x : x + 6], smooth_noise(key, spacing, part)
    )


@pytest.mark.parametrize("spacing", [2.0, 13.0, 27.0, 60.0])
@pytest.mark.parametrize("voxel", [(5.0, 5.0, 5.0), (50.0, 4.0, 4.0)])
def test_noise_has_mean_zero_and_deviation_one(spacing, voxel):
    # far-apart sections, at all fractions of a lattice step
    fields = [
        smooth_noise(
            stream_key(seed, "texture"), spacing, Grid((1, 160, 160), voxel, (1e4 * seed + 17.0, 0, 0))
        )
        for seed in range(24)
    ]
    values = np.stack(fields).astype(np.float64)
    independent = max(1.0, spacing / voxel[1]) ** 2 * 4 / values.size
    assert abs(values.mean()) < 5 * independent**0.5
    assert values.std() == pytest.approx(1.0, abs=0.01 + 5 * independent**0.5)


def test_noise_is_smooth_over_its_spacing_and_no_farther():
    noise = smooth_noise(stream_key(7, "texture"), 40.0, Grid((1, 400, 400))).astype(np.float64)[0]
    correlation = [(noise[:, :-k] * noise[:, k:]).mean() / noise.var() for k in (1, 8, 40)]
    assert correlation[0] > 0.98
    assert 0.3 < correlation[1] < 0.7
    assert abs(correlation[2]) < 0.1
