"""Skeletons run in their own neurites, as trees, and are the same in whichever window one looks."""

import numpy as np
import pytest

from shapes import Grid
from shapes.core.warp import world_points
from synthem import World
from synthem.preset.preset import load_preset
from synthem.scene.scene import build_scene
from synthem.scene.skeletons import skeletons

VOXEL = (20.0, 20.0, 20.0)
GRID = Grid((48, 96, 96), VOXEL)
BLOCK = Grid((32, 80, 80), (50.0, 50.0, 50.0))


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


def most_children(found, kind):
    one_kind = [one for one in found if one.kind == kind]
    assert one_kind
    return max(np.bincount(one.parents[one.parents >= 0], minlength=1).max() for one in one_kind)


def changed(**neurites):
    values = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    for name, fields in neurites.items():
        values["anatomy"][name] |= fields
    return World(load_preset(values), 5)


def test_spines_leave_the_shafts_of_dendrites():
    """Where nothing branches, a node with more than one child is where a spine leaves; axons have none."""
    straight = {"branch_chance": 0.0}
    found = skeletons(changed(axons=straight, dendrites=straight).scene(BLOCK))
    assert most_children(found, "dendrite") >= 2
    assert most_children(found, "axon") == 1


def test_branches_hang_on_their_stems():
    """They share an id: a neurite is one skeleton, whose nodes are each there once."""
    scene = changed(axons={"branch_chance": 1.0}).scene(BLOCK)
    found = skeletons(scene)
    assert len({one.neurite for one in found}) == len(found)
    assert most_children(found, "axon") == 2
    rows = np.bincount(scene.neurites.cells)
    assert rows.max() > 1, "some of the neurites branch"
    for one in found:
        if one.kind == "axon":
            assert len(np.unique(one.nodes_nm, axis=0)) == len(one.nodes_nm)


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila"])
def test_nearly_all_nodes_of_a_window_lie_in_their_own_neurite(name):
    """No shaft is swallowed by others: at least nine of ten of their nodes are in its tissue."""
    grid = Grid((100, 180, 180), (12.0, 12.0, 12.0))
    scene = build_scene(load_preset(name).anatomy, 7, grid)
    cells, start = scene.neurites, np.array(grid.start_vx)
    known = ~np.isnan(cells.nodes_nm[..., 3])
    places = world_points(scene.seed, scene.anatomy.warp, cells.nodes_nm[known][:, :3])
    at = np.floor(places / grid.voxel_nm).astype(int) - start
    there = ((at >= 0) & (at < grid.shape)).all(1)
    owner = scene.partition.index[tuple(at[there].T)]
    of = np.append(cells.cells, -1)[owner]
    own = of == np.broadcast_to(cells.cells[:, None], known.shape)[known][there]
    assert there.sum() > 150
    assert own.mean() >= 0.9


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
