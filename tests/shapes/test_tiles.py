"""Tiles: they cover the window, are aligned with the world, and know where their voxels lie."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes.core.tiles import TILE_VX, cut

sizes = st.tuples(st.integers(1, 20), st.integers(1, 70), st.integers(1, 70))
starts = st.tuples(*[st.integers(-(10**6), 10**6)] * 3)


@given(sizes, starts, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_tiles_hold_their_voxels(shape, start, seed):
    """Every cut lies on the world's lattice of tiles, and every extent is that of the voxels between."""
    tissue = np.random.default_rng(seed).normal(0, 100, (3, *shape))
    tiles = cut(tissue, start)
    for cuts, size, first, tile in zip(tiles.cuts, shape, start, TILE_VX, strict=True):
        assert cuts[0] == 0 and cuts[-1] == size and (np.diff(cuts) > 0).all()
        assert ((cuts[1:-1] + first) % tile == 0).all() and np.diff(cuts).max() <= tile
    for index in np.ndindex(tiles.low_nm.shape[:3]):
        block = (slice(c[k], c[k + 1]) for c, k in zip(tiles.cuts, index, strict=True))
        voxels = tissue[(slice(None), *block)].reshape(3, -1)
        np.testing.assert_array_equal(tiles.low_nm[index], voxels.min(1))
        np.testing.assert_array_equal(tiles.high_nm[index], voxels.max(1))


@given(sizes, starts)
@settings(max_examples=30, deadline=None)
def test_groups_of_tiles_hold_the_tiles(shape, start):
    """Every tile lies within one of the groups, and together they reach no farther than the window."""
    tissue = np.random.default_rng(1).normal(0, 100, (3, *shape))
    tiles = cut(tissue, start)
    low, high = tiles.groups()
    for a, b in zip(tiles.low_nm.reshape(-1, 3), tiles.high_nm.reshape(-1, 3), strict=True):
        assert ((low <= a) & (high >= b)).all(1).any()
    np.testing.assert_array_equal(low.min(0), tissue.min((1, 2, 3)))
    np.testing.assert_array_equal(high.max(0), tissue.max((1, 2, 3)))
