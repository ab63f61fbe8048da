"""Membranes: the partition against brute force, the depth against closed forms and distance transforms."""

from functools import cache

import numpy as np
import pytest
from brute_force import fields, segment, straight
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from shapes import Grid
from shapes.core.warp import warp_window
from shapes.neurites.grow import grow
from shapes.neurites.neurites import Neurites
from shapes.neurites.tubes import COLUMNS
from shapes.partition.partition import partition
from shapes.partition.point import NOBODY, Membranes, near, probe
from synthem.preset.preset import load_preset
from synthem.scene.scene import grow_around, populations

GLIA = 60.0


def cells(segments, owners) -> Neurites:
    """Neurites of which nothing but their tubes is known."""
    n = int(max(owners)) + 1
    return Neurites(
        keys=np.arange(n).astype(np.uint64),
        ids=np.arange(1, n + 1, dtype=np.int32),
        kinds=np.zeros(n, np.int8),
        cells=np.arange(n, dtype=np.int32),
        radii_nm=np.full(n, 100.0),
        nodes_nm=np.empty((n, 0, 4)),
        varicosity=np.empty((n, 0), np.uint8),
        steps_nm=np.full(n, 100.0),
        counts=np.zeros(n, np.int32),
        segments=np.array(segments),
        owners=np.array(owners, np.int32),
    )


def share(grid: Grid, segments, owners, reach: float = 1e3, glia: float = 1e3):
    """Partition an undisplaced window among some tubes."""
    tubes = cells(segments, owners)
    return partition(straight(grid), tubes, Membranes.model_construct(glia_nm=glia), reach)


def test_two_parallel_tubes_meet_halfway():
    """The membrane between equal tubes is the plane halfway; the depth is the distance to it."""
    grid = Grid((3, 80, 100), (5.0, 5.0, 5.0), (0, 0, -250))
    tubes = [segment((-1e4, 200, -100), (1e4, 200, -100), 80), segment((-1e4, 200, 100), (1e4, 200, 100), 80)]
    part = share(grid, tubes, [0, 1], reach=40.0, glia=1e3)
    x = grid.centres_nm(2)
    np.testing.assert_array_equal(part.index, np.broadcast_to(x > 0, grid.shape))
    axis = np.abs(grid.centres_nm(1)[:, None] - 200) < 3
    on_the_line = np.broadcast_to(axis & (np.abs(x) < 40), grid.shape)
    true = np.broadcast_to(np.abs(x), grid.shape)
    np.testing.assert_allclose(part.depth_nm[on_the_line], true[on_the_line], atol=0.05)
    close = np.broadcast_to(np.abs(x) < 30, grid.shape)
    assert np.abs(part.depth_nm - true)[close].max() < 3.0, "first order is enough off the line too"
    assert (part.other[close] == 1 - part.index[close]).all()
    assert (part.tilt[close] < 0.01).all(), "these membranes stand upright"
    assert (part.depth_nm <= 40).all()


def test_tubes_in_the_section_meet_in_a_membrane_that_lies_flat():
    grid = Grid((30, 10, 10), (5.0, 5.0, 5.0), (-75, 0, 0))
    tubes = [segment((-100, 25, -1e4), (-100, 25, 1e4), 80), segment((100, 25, -1e4), (100, 25, 1e4), 80)]
    part = share(grid, tubes, [0, 1], reach=60.0)
    z = np.abs(grid.centres_nm(0))
    middle = part.depth_nm[:, 5, 5]
    np.testing.assert_allclose(middle[z < 60], z[z < 60], atol=0.5)
    assert (part.tilt[np.abs(z) < 40] > 0.95).all()


def test_a_stiff_tube_keeps_its_membrane_near_its_own_surface():
    grid = Grid((1, 5, 80), (5.0, 5.0, 5.0), (0, -12, -200))
    tubes = [
        segment((-1e4, 0, -100), (1e4, 0, -100), 60, stiffness=5),
        segment((-1e4, 0, 100), (1e4, 0, 100), 60),
    ]
    part = share(grid, tubes, [0, 1], reach=80.0)
    wall = grid.centres_nm(2)[(part.index[0, 2] == 0).argmin()]
    # 5 (x + 100 − 60) = 100 − x − 60
    assert wall == pytest.approx(-160 / 6, abs=5)


def test_far_from_all_tubes_there_is_glia():
    grid = Grid((1, 5, 100), (5.0, 5.0, 5.0), (0, -12, 0))
    part = share(grid, [segment((-1e4, 0, 0), (1e4, 0, 0), 100)], [0], reach=50.0, glia=GLIA)
    x = grid.centres_nm(2)
    np.testing.assert_array_equal(part.index[0, 2], np.where(x < 160, 0, 1))
    at = (np.abs(x - 160) < 45) & (x < 160)
    np.testing.assert_allclose(part.depth_nm[0, 2, at], 160 - x[at], atol=0.1)
    assert (part.other[0, 2, at] == 1).all()


def test_segments_of_one_neurite_have_no_membrane_between_them():
    grid = Grid((1, 40, 40), (5.0, 5.0, 5.0), (0, -100, -100))
    part = share(
        grid,
        [segment((0, 0, -300), (0, 0, 0), 150), segment((0, 0, 0), (0, 0, 300), 150)],
        [0, 0],
        reach=30.0,
    )
    assert (part.index == 0).all()
    assert (part.other == NOBODY).all()
    assert (part.depth_nm == 30).all()


@cache
def anatomy(name: str = "epfl"):
    return load_preset(name).anatomy


def all_tubes(tissue, seed: int, window) -> Neurites:
    """Every neurite within 1.5 µm of a window: far more than can matter."""
    low, high = window.box_nm
    return grow(seed, populations(tissue), low, high, 1500.0, drift=tissue.drift)


@given(
    st.integers(0, 10_000),
    st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    st.sampled_from([(1, 48, 40), (6, 18, 20)]),
)
@settings(max_examples=12, deadline=None)
def test_each_voxel_belongs_to_the_lowest_of_all_tubes(seed, origin, shape):
    tissue, glia = anatomy(), anatomy().membranes.glia_nm
    window = warp_window(seed, tissue.warp, Grid(shape, (15.0, 15.0, 15.0), origin))
    few = grow_around(seed, tissue, window)
    part = partition(window, few, tissue.membranes, 50.0)
    every = all_tubes(tissue, seed, window)
    by_tube = fields(every.segments, window.tissue_nm.reshape(3, -1).T)
    lowest = by_tube.argmin(0)
    best = by_tube.min(0)
    # a neurite by its id, as the two lists count differently; branches of one are one cell
    ids = np.append(few.ids, -1)[part.index.ravel()]
    wanted = np.where(best < glia, every.ids[every.owners[lowest]], -1)
    owners = every.cells[every.owners]
    rival = np.where(owners[:, None] == owners[lowest], np.inf, by_tube).min(0)
    clear = (rival - best > 0.01) & (np.abs(best - glia) > 0.01)
    np.testing.assert_array_equal(ids[clear], wanted[clear])
    assert clear.mean() > 0.99
    # owner, neighbour and depth as of one point alone, with every tube at hand
    rng = np.random.default_rng(seed)
    everything, scratch = np.arange(len(every.segments)), np.empty(len(every.segments))
    cells = every.cells.max() + 1
    names = np.full(cells + 1, -1)
    names[every.cells] = every.ids
    for at in rng.choice(part.index.size, 60, replace=False):
        z, y, x = window.tissue_nm.reshape(3, -1)[:, at]
        own, neighbour, depth, tilt = probe(
            every.segments,
            owners,
            everything,
            len(everything),
            z,
            y,
            x,
            50.0,
            glia,
            cells,
            scratch,
        )
        if clear[at]:
            assert names[own] == ids[at]
            # alone a point is measured more closely where the membrane lies within a neighbour's tube
            assert depth <= part.depth_nm.flat[at] + 0.05
            same = part.depth_nm.flat[at] == pytest.approx(depth, abs=0.05)
            assert part.tilt.flat[at] == pytest.approx(tilt, abs=0.01) or neighbour == NOBODY or not same


@given(st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_near_drops_no_tube_that_owns_or_bounds_a_point_of_the_ball(seed):
    rng = np.random.default_rng(seed)
    tissue, glia = anatomy(), anatomy().membranes.glia_nm
    home = rng.uniform(-1e5, 1e5, 3)
    every = grow(seed, populations(tissue), home, home, 1500.0, drift=tissue.drift)
    everything = np.arange(len(every.segments))
    chosen, scratch = np.empty(len(everything), np.int64), np.empty(len(everything))
    for _ in range(60):
        centre, radius, depth = home + rng.uniform(-400, 400, 3), rng.uniform(0, 120), rng.uniform(0, 150)
        count = near(every.segments, everything, *centre, radius, depth, glia, chosen)
        for _ in range(10):
            way = rng.normal(size=3)
            at = centre + radius * rng.uniform(0, 1) ** (1 / 3) * way / np.linalg.norm(way)
            args = (*at, depth, glia, len(every.ids), scratch)
            wanted = probe(every.segments, every.owners, everything, len(everything), *args)
            assert probe(every.segments, every.owners, chosen, count, *args) == wanted


@pytest.mark.parametrize("seed", [9, 10, 11, 12])
def test_membranes_are_equally_deep_whichever_way_they_run(seed):
    """Depth against the distance transform of the cells themselves."""
    tissue = anatomy()
    grid = Grid((80, 128, 128), (4.0, 4.0, 4.0), (1e4 * seed, 0, 0))
    window = straight(grid)
    few = grow_around(seed, tissue, window)
    part = partition(window, few, tissue.membranes, 60.0)
    true = np.full(grid.shape, np.inf)
    for who in np.unique(part.index):
        mask = part.index == who
        # the wall between two voxels is half a voxel before the first one outside
        true[mask] = ndimage.distance_transform_edt(mask, sampling=grid.voxel_nm)[mask] - 2.0
    inner = (slice(12, -12),) * 3
    depth, true = part.depth_nm[inner], true[inner]
    band = depth < 40
    error = depth[band] - true[band]
    assert band.mean() > 0.3
    assert abs(np.median(error)) < 1.5
    assert np.quantile(np.abs(error), 0.9) < 6.0


def test_neurites_fill_space_and_glia_is_thin():
    tissue = anatomy()
    window = warp_window(5, tissue.warp, Grid((1, 250, 250), (10.0, 10.0, 10.0)))
    few = grow_around(5, tissue, window)
    part = partition(window, few, tissue.membranes, 30.0)
    glia = part.index == len(few.ids)
    assert ((part.index >= 0) & (part.index <= len(few.ids))).all()
    assert glia.mean() < 0.15
    assert len(np.unique(part.index)) > 20
    assert (part.depth_nm >= 0).all() and (part.depth_nm <= 30).all()
    assert len(few.segments[0]) == COLUMNS
