"""Skeletons run in their own neurites, as trees, and are the same in whichever window one looks."""

import numpy as np
import pytest

from shapes import Grid
from synthem import World
from synthem.scene.skeletons import skeletons

VOXEL = (20.0, 20.0, 20.0)
GRID = Grid((48, 96, 96), VOXEL)


@pytest.fixture(scope="module")
def shown():
    world = World("epfl", 5)
    return skeletons(world.scene(GRID)), world.annotated(GRID)[1]["neurite"]


def test_nodes_lie_in_their_neurites_and_parents_come_first(shown):
    found, ids = shown
    assert {one.kind for one in found} >= {"axon", "dendrite"}
    for one in found:
        at = np.floor(one.nodes_nm / VOXEL).astype(int) - GRID.start_vx
        assert (ids[tuple(at.T)] == one.neurite).all()
        assert (one.parents < np.arange(len(one.parents))).all() and one.parents[0] == -1
        assert (one.radii_nm > 0).all()


def test_spines_leave_the_shafts_of_dendrites():
    """A node with more than one child is where a spine leaves the shaft; axons have none."""
    found = skeletons(World("epfl", 5).scene(Grid((32, 80, 80), (50.0, 50.0, 50.0))))
    for kind, most in (("dendrite", 2), ("axon", 1)):
        children = [
            np.bincount(one.parents[one.parents >= 0], minlength=1) for one in found if one.kind == kind
        ]
        assert max(count.max() for count in children) >= most
        assert kind == "dendrite" or max(count.max() for count in children) == 1


def test_a_window_inside_tells_the_same(shown):
    inner = Grid((48, 60, 60), VOXEL, (0.0, 360.0, 360.0))
    low, high = np.multiply(inner.start_vx, VOXEL), np.add(inner.start_vx, inner.shape) * VOXEL
    whole = {one.neurite: one.nodes_nm for one in shown[0]}
    there = skeletons(World("epfl", 5).scene(inner))
    assert there
    for one in there:
        nodes = whole[one.neurite]
        nodes = nodes[((nodes >= low) & (nodes < high)).all(1)]
        np.testing.assert_allclose(sorted(map(tuple, one.nodes_nm)), sorted(map(tuple, nodes)), atol=0.01)


def test_length_is_that_of_the_edges(shown):
    one = max(shown[0], key=lambda s: len(s.parents))
    steps = [one.nodes_nm[k] - one.nodes_nm[p] for k, p in enumerate(one.parents) if p >= 0]
    assert one.length_nm == pytest.approx(sum(np.sqrt((s**2).sum()) for s in steps))
