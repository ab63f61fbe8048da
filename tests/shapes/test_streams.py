"""Random streams: good numbers, that depend on who asks and where alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri

from shapes.core.streams import cell_key, mix, normal, object_id, stream_key, uniform, white_noise

COUNT = 20_000
seeds = st.integers(0, 2**63 - 1)
starts = st.integers(-(2**40), 2**40)


def numbers(kind: str, way: str) -> np.ndarray:
    """Uniform numbers of one stream, of one number in many cells, or of many seeds."""
    key = stream_key(7, kind)
    if way == "counter":
        return np.array([uniform(key, k) for k in range(COUNT)])
    if way == "cells":
        cells = [(i % 20 - 10, i // 20 % 50 - 25, i // 1000) for i in range(COUNT)]
        return np.array([uniform(np.uint64(cell_key(key, *cell)), 3) for cell in cells])
    return np.array([uniform(stream_key(seed, kind), 0) for seed in range(COUNT)])


@pytest.mark.parametrize("way", ["counter", "cells", "seeds"])
def test_numbers_are_uniform_and_independent(way):
    u = numbers("test", way)
    assert u.min() > 0 and u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    lags = [np.corrcoef(u[:-k], u[k:])[0, 1] for k in (1, 2, 20, 1000)]
    assert np.abs(lags).max() < 4.5 / np.sqrt(COUNT)


def test_normals_are_the_inverse_of_the_same_uniforms():
    key = stream_key(7, "test")
    u = np.array([uniform(key, k) for k in range(COUNT)])
    z = np.array([normal(key, k) for k in range(COUNT)])
    np.testing.assert_allclose(z, ndtri(u), rtol=2e-9, atol=1e-9)
    assert stats.kstest(z, "norm").pvalue > 1e-3


def test_kinds_and_seeds_never_share_a_stream():
    kinds = ["psd", "vesicle", "mitochondrion", "warp/0", "warp/1", "texture/fine"]
    keys = {int(stream_key(seed, kind)) for seed in range(500) for kind in kinds}
    assert len(keys) == 500 * len(kinds)
    assert stream_key(1, "2/a") != stream_key(12, "/a")
    one, two = (np.array([uniform(stream_key(7, kind), k) for k in range(5000)]) for kind in kinds[:2])
    assert abs(np.corrcoef(one, two)[0, 1]) < 4.5 / np.sqrt(5000)


def test_order_of_cells_and_of_mixing_matters():
    key = stream_key(7, "test")
    assert len({int(cell_key(key, *c)) for c in np.ndindex(12, 12, 12)}) == 12**3
    assert mix(np.uint64(mix(key, 1)), 2) != mix(np.uint64(mix(key, 2)), 1)
    assert cell_key(key, -1, 0, 0) != cell_key(key, 1, 0, 0)


def test_object_ids_fit_into_int32_and_rarely_meet():
    ids = np.array([object_id(np.uint64(mix(stream_key(7, "test"), k))) for k in range(COUNT)])
    assert ids.min() >= 1 and ids.max() <= 2**31 - 1
    assert ids.max() > 2**30, "the whole range is used"
    assert len(np.unique(ids)) >= COUNT - 3


def test_white_noise_is_standard_normal_and_white():
    noise = white_noise(stream_key(7, "test"), (-3, -100, 50), (6, 200, 203)).astype(np.float64)
    assert noise.size**0.5 * abs(noise.mean()) < 4.5
    assert abs(noise.std() - 1) < 4.5 / np.sqrt(2 * noise.size)
    assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3
    for axis in range(3):
        for lag in (1, 2, 3, 4):
            a = np.moveaxis(noise, axis, 0)
            assert abs((a[:-lag] * a[lag:]).mean()) < 4.5 / np.sqrt(a[lag:].size)


@given(seeds, st.tuples(starts, starts, starts), st.tuples(*[st.integers(0, 7)] * 3))
@settings(max_examples=30, deadline=None)
def test_white_noise_is_a_function_of_place(seed, start, shift):
    key = stream_key(seed, "test")
    whole = white_noise(key, start, (8, 9, 10))
    part = white_noise(key, tuple(s + k for s, k in zip(start, shift, strict=True)), (3, 4, 5))
    z, y, x = (min(n - k, m) for n, k, m in zip(whole.shape, shift, part.shape, strict=True))
    dz, dy, dx = shift
    np.testing.assert_array_equal(whole[dz : dz + z, dy : dy + y, dx : dx + x], part[:z, :y, :x])
    other = white_noise(stream_key(seed, "other"), start, (8, 9, 10))
    assert (whole != other).mean() > 0.99
