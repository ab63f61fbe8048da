"""How neurites run: with the grain, in bundles; and how tubes are ruled out eight at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes.neurites.grow import grow
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import AXON, Population
from shapes.neurites.tubes import AZ, DZ, RMAX, SQUEEZE
from shapes.partition.point import near_box


def axons(seed: int = 3, edge: float = 6000.0, **more) -> Neurites:
    population = Population(cell_nm=700, radius_nm=60, bend=0, **more)
    low = np.full(3, 3e5)
    return grow(seed, {"axons": (AXON, population)}, low, low + edge, 0.0)


def directions(cells: Neurites) -> np.ndarray:
    """Unit vectors, (n, 3), of straight neurites; nodes too far away to matter are not known."""
    steps = np.nanmean(np.diff(cells.nodes_nm[..., :3], axis=1), axis=1)
    return steps / np.linalg.norm(steps, axis=1, keepdims=True)


def test_neurites_run_every_way_unless_told():
    """A direction drawn evenly from the sphere has a third of its square along each axis."""
    assert (directions(axons()) ** 2).mean(0) == pytest.approx(1 / 3, abs=0.06)


def test_grain_lays_neurites_into_the_sections():
    along = (directions(axons(grain=(0.2, 1, 1))) ** 2).mean(0)
    assert along[0] < 0.15
    assert along[1:] == pytest.approx(0.5 * (1 - along[0]), abs=0.07)
    assert (np.abs(directions(axons(grain=(0, 1, 1)))[:, 0]) < 1e-9).all()


def test_neurites_of_a_block_run_together():
    def likeness(bundle: float) -> float:
        cells = axons(bundle=bundle, bundle_nm=1e6)
        ways = directions(cells)
        return float(np.abs(ways @ ways.T).mean())

    assert likeness(0) == pytest.approx(0.5, abs=0.06)  # of two random directions
    assert likeness(10) > 0.97
    assert likeness(0) < likeness(1) < likeness(3) < likeness(10)


def test_another_block_runs_another_way():
    cells = axons(bundle=10, bundle_nm=2000, nodes=1)
    middles = np.nanmean(cells.nodes_nm[..., :3], axis=1)
    ways = directions(cells)
    blocks = (middles // 2000).astype(int)
    inner = np.abs(middles / 2000 - blocks - 0.5).max(1) < 0.2  # surely begun in this block
    means = [ways[inner & (blocks == b).all(1)] for b in np.unique(blocks[inner], axis=0)]
    means = np.array([m[0] for m in means if len(m)])
    assert len(means) > 8
    assert np.abs(means @ means.T)[np.triu_indices(len(means), 1)].mean() < 0.7


@given(st.integers(0, 1000), st.floats(0, 500), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_tubes_near_a_box_are_those_whose_own_boxes_are(seed, pad, corner):
    cells = axons(seed % 7, 3000.0, flatness={"min": 0.4, "max": 1.0}, ruffle_nm=20)
    low = 3e5 + np.random.default_rng(corner).uniform(-500, 3000, 3)
    high = low + np.random.default_rng(seed).uniform(0, 800, 3)
    chosen = np.empty(len(cells.segments), np.int64)
    count = near_box(cells.segments, cells.blocks, low, high, pad, chosen)
    start, way = cells.segments[:, AZ : AZ + 3], cells.segments[:, DZ : DZ + 3]
    wide = (cells.segments[:, RMAX] + pad / cells.segments[:, SQUEEZE])[:, None]
    meets = (np.minimum(start, start + way) - wide <= high) & (np.maximum(start, start + way) + wide >= low)
    np.testing.assert_array_equal(chosen[:count], np.flatnonzero(meets.all(1)))
