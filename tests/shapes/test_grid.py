"""A grid is snapped to its lattice, so that windows of one voxel size always fit together."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.errors import InputError

sizes = st.floats(0.5, 200.0)
places = st.floats(-1e7, 1e7)
triples = st.tuples


@given(triples(sizes, sizes, sizes), triples(places, places, places))
@settings(max_examples=50, deadline=None)
def test_origin_is_moved_to_the_nearest_whole_voxel(voxel, origin):
    grid = Grid((1, 2, 3), voxel, origin)
    for o, asked, v in zip(grid.origin_nm, origin, voxel, strict=True):
        assert abs(o - asked) <= 0.5 * v * (1 + 1e-9)
        assert math.isclose(o / v, round(o / v), abs_tol=1e-6)
    assert Grid((1, 2, 3), voxel, grid.origin_nm) == grid, "snapping twice is snapping once"


@given(triples(sizes, sizes, sizes), triples(places, places, places), triples(*[st.integers(0, 9)] * 3))
@settings(max_examples=50, deadline=None)
def test_windows_that_overlap_share_their_voxel_centres_bit_for_bit(voxel, origin, shift):
    whole = Grid((12, 11, 10), voxel, origin)
    start = tuple((s + k) * v for s, k, v in zip(whole.start_vx, shift, voxel, strict=True))
    part = Grid((12, 11, 10), voxel, start)
    for axis, k in enumerate(shift):
        n = whole.shape[axis] - k
        np.testing.assert_array_equal(whole.centres_nm(axis)[k:], part.centres_nm(axis)[: max(n, 0)])


def test_sizes_ends_and_centres():
    grid = Grid((2, 3, 4), (50, 4, 5), (100, -8, 10))
    assert grid.start_vx == (2, -2, 2)
    assert grid.size_nm == (100, 12, 20)
    assert grid.end_nm == (200, 4, 30)
    np.testing.assert_array_equal(grid.centres_nm(1), [-6, -2, 2])


def test_padding_adds_whole_voxels_on_each_side():
    grid = Grid((2, 3, 4), (50, 4, 5), (100, -8, 10)).padded((0, 2, 3))
    assert grid.shape == (2, 7, 10)
    assert grid.origin_nm == (100, -16, -5)


@given(st.integers(1, 16), sizes, places)
@settings(max_examples=50, deadline=None)
def test_split_sections_keep_the_box(planes, depth, origin):
    grid = Grid((3, 4, 5), (depth, 4, 4), (origin, 0, 0))
    thin = grid.split_sections(planes)
    assert thin.shape == (3 * planes, 4, 5)
    assert thin.start_vx[0] == grid.start_vx[0] * planes
    np.testing.assert_allclose(thin.origin_nm, grid.origin_nm, rtol=1e-12)
    np.testing.assert_allclose(thin.size_nm, grid.size_nm, rtol=1e-12)
    middle = thin.centres_nm(0).reshape(3, planes).mean(1)
    np.testing.assert_allclose(middle, grid.centres_nm(0), rtol=1e-9, atol=1e-6)


def test_json_round_trip():
    grid = Grid((2, 3, 4), (50, 4, 4.4), (123.4, -8, 1e6))
    assert Grid(**json.loads(json.dumps(grid.to_json()))) == grid


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"shape": (0, 4, 4)}, "at least 1"),
        ({"shape": (1, 4.5, 4)}, "whole numbers"),
        ({"shape": (1, 4)}, "three numbers"),
        ({"shape": (1, "many", 4)}, "whole numbers"),
        ({"shape": (1, math.nan, 4)}, "whole numbers"),
        ({"shape": (1, True, 4)}, "whole numbers"),
        ({"shape": 64}, "three numbers"),
        ({"voxel_nm": (5, 5, 0)}, "positive"),
        ({"voxel_nm": (5, -5, 5)}, "positive"),
        ({"voxel_nm": (5, math.inf, 5)}, "positive"),
        ({"voxel_nm": (5, None, 5)}, "positive"),
        ({"voxel_nm": 5.0}, "three numbers"),
        ({"origin_nm": (0, math.nan, 0)}, "finite"),
        ({"origin_nm": (0, "0", 0)}, "finite"),
        ({"origin_nm": (0, 1e300, 0)}, "too far out"),
    ],
)
def test_what_is_no_window_is_refused_in_one_sentence(wrong, says):
    with pytest.raises(InputError, match=says) as caught:
        Grid(**{"shape": (1, 4, 4), **wrong})
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("grid: ")


def test_arrays_are_taken_as_attributes_of_hdf5_come():
    grid = Grid((1, 32, 32), np.array([40.0, 4.0, 4.0]), np.array([0, 8, 8], np.int64))
    assert grid == Grid((1, 32, 32), (40.0, 4.0, 4.0), (0.0, 8.0, 8.0))
    assert Grid(np.array([1, 2, 3])).shape == (1, 2, 3)
    with pytest.raises(InputError, match="voxel_nm must be three numbers"):
        Grid((1, 2, 3), np.array([40.0, 4.0]))
    with pytest.raises(InputError, match="shape must be three numbers"):
        Grid(np.ones((3, 3)))


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 90), st.integers(1, 90)),
    st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    st.integers(1, 5000),
)
@settings(max_examples=40, deadline=None)
def test_blocks_cover_each_voxel_once_where_it_lies(shape, origin, most):
    grid = Grid(shape, (50.0, 4.0, 4.0), origin)
    seen, sizes = np.zeros(shape, np.int64), []
    for corner, block in grid.blocks(most):
        seen[tuple(slice(c, c + n) for c, n in zip(corner, block.shape, strict=True))] += 1
        sizes.append(math.prod(block.shape))
        assert block.start_vx == tuple(s + c for s, c in zip(grid.start_vx, corner, strict=True))
    assert (seen == 1).all()
    assert sizes[0] == max(sizes) <= most


def test_the_first_block_of_an_endless_window_is_there_at_once():
    assert math.prod(next(Grid((10**6,) * 3).blocks(2**18))[1].shape) <= 2**18
