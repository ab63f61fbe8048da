"""Tiles that an object can touch: none that shows it is left out, and little else is looked at."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.tiles import cut
from shapes.core.touched import around, room_for, slabs, touched, voxels
from shapes.core.warp import Warp, warp_window

sizes = st.tuples(st.integers(1, 20), st.integers(1, 70), st.integers(1, 70))
starts = st.tuples(*[st.integers(-(10**6), 10**6)] * 3)


@given(sizes, starts, st.integers(0, 99), st.floats(0.1, 400.0))
@settings(max_examples=60, deadline=None)
def test_every_voxel_of_a_ball_is_in_a_tile_that_is_named_once(shape, start, seed, radius):
    rng = np.random.default_rng(seed)
    # no tissue is so torn: whatever a tile's voxels show, the tile knows
    tissue = rng.normal(0, 200, (3, *shape))
    tiles, centre = cut(tissue, start), rng.normal(0, 200, 3)
    boxes = room_for(tiles)
    seen = np.zeros(shape, np.int64)
    for b in range(around(tiles, slabs(tiles), centre, radius, boxes)):
        z0, z1, y0, y1, x0, x1 = voxels(boxes, b)
        seen[z0:z1, y0:y1, x0:x1] += 1
    inside = ((tissue - centre.reshape(3, 1, 1, 1)) ** 2).sum(0) <= radius**2
    assert seen.max(initial=0) <= 1
    assert seen[inside].all()


@given(st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_of_bent_tissue_no_more_is_looked_through_than_tiles_that_meet_the_box(seed):
    window = warp_window(seed, Warp(), Grid((9, 100, 90), (5.0, 5.0, 5.0), (1e4 * seed, 700.0, -300.0)))
    tiles = window.tiles
    low = window.tissue_nm[:, 4, 50, 40] - 30.0
    high = low + 60.0
    boxes = room_for(tiles)
    found = touched(tiles, slabs(tiles), low, high, boxes)
    meet = ((tiles.low_nm <= high) & (tiles.high_nm >= low)).all(-1)
    assert found == meet.sum() < meet.size / 2
    firsts = [tuple(int(c[k]) for c, k in zip(tiles.cuts, at, strict=True)) for at in np.argwhere(meet)]
    assert [tuple(row) for row in boxes[:found, ::2].tolist()] == firsts
