"""Epithelia: liver and urothelium, cell bodies that fill space and hold their organelles all over."""

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.clutter.discs import disc_distance
from shapes.core.errors import InputError
from shapes.mitochondria.rods import rod_distance
from shapes.neurites.population import SOMA
from synthem.preset.preset import load_preset
from synthem.scene.scene import Scene, build_scene
from synthem.world import World, replay

EPITHELIA = ("sbfsem_liver", "urocell")
BANDS = {"endosome": 25.0, "fusiform_vesicle": 12.0}


@cache
def scene(name: str, seed: int = 3) -> Scene:
    """Return a section of several cells, in voxels of 60 nm, with nuclei and mitochondria alone."""
    bare = dict.fromkeys(("er", "endosome", "glycogen", "fusiform_vesicle"))
    anatomy = load_preset(name).anatomy.model_copy(update=bare)
    return build_scene(anatomy, seed, Grid((1, 350, 350), (60.0, 60.0, 60.0)))


@cache
def close(name: str) -> list[Scene]:
    """Return a few windows, in voxels of 10 nm."""
    anatomy = load_preset(name).anatomy
    corners = [(4e4 * k, -3e4 * k, 2e4 * k) for k in range(4)]
    return [build_scene(anatomy, 7, Grid((2, 240, 240), (10.0, 10.0, 10.0), at)) for at in corners]


@pytest.mark.parametrize("name", EPITHELIA)
@given(
    seed=st.integers(0, 2**63 - 1),
    origin=st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    shape=st.sampled_from([(1, 150, 110), (7, 50, 46), (24, 30, 28)]),
    cut=st.floats(0.1, 0.9),
)
@settings(max_examples=5, deadline=None)
def test_two_half_windows_are_the_whole(check_halves, name, seed, origin, shape, cut):
    world = World(name, seed)
    check_halves(world, Grid(shape, world.preset.voxel_nm, origin), cut)


@pytest.mark.parametrize("kind", ["mitochondrion", "endosome", "fusiform_vesicle", "nucleus"])
def test_there_is_no_seam_through_an_organelle(check_halves, kind):
    world = World("urocell", 11)
    annotation = world.preset.annotation.model_copy(update={"also": ("er", "nucleus")})
    world = World(world.preset.model_copy(update={"annotation": annotation}), 11)
    for place, _ in zip(world.find(kind), range(3), strict=False):
        corner = tuple(p - n * 10 for p, n in zip(place, (4, 20, 20), strict=True))
        seen = check_halves(world, Grid((8, 40, 40), (20.0, 20.0, 20.0), corner), 0.5)
        assert seen.instances[kind].any()


@pytest.mark.parametrize("name", EPITHELIA)
def test_replay_is_the_same_patch(name):
    world = World(name, 5)
    patch = world.patch(Grid((2, 60, 70), world.preset.voxel_nm, (1e5, -7e5, 3.3)))
    assert replay(json.loads(json.dumps(patch.trace))) == patch


@pytest.mark.parametrize("name", EPITHELIA)
def test_cell_bodies_fill_space_and_are_large(name):
    seen = scene(name)
    cells, index = seen.neurites, seen.partition.index
    assert (cells.kinds == SOMA).all(), "no neurites"
    assert (index == len(cells.ids)).mean() < 0.15, "hardly any space between them"
    sizes = np.sort(np.unique(index[index < len(cells.ids)], return_counts=True)[1]) * 60.0**2 * 1e-6
    assert 4 <= len(sizes) <= 30 and sizes[-3:].min() > 40, "square micrometres of a profile"


@pytest.mark.parametrize(("name", "low", "high"), [("sbfsem_liver", 0.14, 0.26), ("urocell", 0.08, 0.2)])
def test_the_share_of_mitochondria_in_the_cytoplasm(name, low, high):
    inside = within = 0
    for seed in (3, 4):
        seen = scene(name, seed)
        cytoplasm = (seen.partition.index < len(seen.neurites.ids)) & (seen.layers["nucleus"].distance_nm > 0)
        inside += (seen.layers["mitochondrion"].distance_nm < 0).sum()
        within += cytoplasm.sum()
    assert low < inside / within < high


@pytest.mark.parametrize("name", EPITHELIA)
def test_what_a_cell_body_holds_keeps_clear_of_nucleus_and_membrane(name):
    for seen in [scene(name), *close(name)]:
        in_nucleus, depth = seen.layers["nucleus"].distance_nm < 0, seen.partition.depth_nm
        for kind in ("mitochondrion", "er", "endosome", "fusiform_vesicle", "glycogen"):
            within = seen.layers[kind].distance_nm < 0
            assert not (within & in_nucleus).any(), kind
            if within.any():
                assert depth[within].min() >= seen.anatomy.membranes.half_width_nm - 1e-3, kind


@pytest.mark.parametrize("name", EPITHELIA)
def test_mitochondria_of_a_cell_body_never_touch_and_most_are_whole(name):
    small = total = 0
    for seen in close(name):
        layer = seen.layers["mitochondrion"]
        ids, inside = layer.ids, layer.distance_nm < 0
        for axis in (1, 2):
            one, two = (np.take(ids, range(a, ids.shape[axis] + a - 1), axis) for a in (0, 1))
            both = np.take(inside, range(ids.shape[axis] - 1), axis)
            both = both & np.take(inside, range(1, ids.shape[axis]), axis)
            assert not (both & (one != two)).any()
        rods, thinnest = seen.objects["mitochondrion"].drawn, seen.anatomy.mitochondrion.thinnest_nm
        radii = rods[:, :5, 3]
        total += len(radii)
        small += (radii[:, 2] < thinnest).sum()
    assert total > 20 and small == 0


def test_reticulum_of_liver_lies_in_sheets_around_mitochondria():
    """Between cisternae there is a period, and the first lies close to a mitochondrion."""
    away, anywhere = [], []
    for seen in close("sbfsem_liver"):
        place = np.moveaxis(np.indices(seen.partition.index.shape), 0, -1)[0, ::7, ::7].reshape(-1, 3)
        inside = seen.layers["er"].distance_nm < 0
        assert 0.03 < inside.mean() < 0.3
        from_mito = seen.layers["mitochondrion"].distance_nm
        ring = (from_mito > 0) & (from_mito < 16)
        assert not (inside & ring & (from_mito < 5)).any(), "it keeps off them"
        objects, start = seen.objects["mitochondrion"], np.array(seen.grid.start_vx)
        near = np.argwhere(inside)[:: max(1, inside.sum() // 40)]
        for some, out in ((near, away), (place[:: max(1, len(place) // 40)], anywhere)):
            for at in some:
                z, y, x = (start + at + 0.5) * 10.0
                who = seen.partition.index[tuple(at)]
                mine = np.flatnonzero(objects.owners == who)
                out.append(min([rod_distance(objects.drawn, r, z, y, x) for r in mine], default=1e4))
    assert max(away) < 900, "nowhere far from mitochondria"
    assert np.median(away) < np.median(anywhere) + 100


def test_fusiform_vesicles_are_flat_discs_that_never_meet():
    seen = [build_scene(load_preset("urocell").anatomy, s, Grid((12, 200, 200), (12.0,) * 3)) for s in (1, 2)]
    for one in seen:
        discs = one.objects["fusiform_vesicle"]
        assert len(discs.ids) > 30
        wide, thick = 2 * discs.shapes[:, 6], 2 * discs.shapes[:, 7]
        assert wide.min() > 60 and wide.max() <= 400 and thick.min() >= 30 and thick.max() <= 80
        assert np.median(wide / thick) > 3
        np.testing.assert_allclose(np.linalg.norm(discs.shapes[:, 3:6], axis=1), 1, atol=1e-6)
        for a in discs.shapes[:40]:
            for b in discs.shapes:
                if a is not b and (a[:3] != b[:3]).any():
                    assert disc_distance(b, *a[:3]) > 0, "no middle lies in another"
        mito, endo = one.layers["mitochondrion"].distance_nm, one.layers["endosome"].distance_nm
        inside = one.layers["fusiform_vesicle"].distance_nm < 0
        assert not (inside & ((mito < 0) | (endo < 0))).any()


def test_a_stack_has_discs_side_by_side():
    discs = build_scene(load_preset("urocell").anatomy, 1, Grid((10, 200, 200), (12.0,) * 3)).objects[
        "fusiform_vesicle"
    ]
    middles, ways = discs.shapes[:, :3], discs.shapes[:, 3:6]
    stacked = 0
    for i in range(len(middles)):
        apart = np.linalg.norm(middles - middles[i], axis=1)
        for j in np.flatnonzero((apart > 0) & (apart < 110)):
            stacked += abs(ways[i] @ ways[j]) > 0.9
    assert stacked > 0.3 * len(middles)


def test_a_tissue_needs_cells():
    values = load_preset("urocell").model_dump(mode="json")
    values["anatomy"]["somata"] = values["anatomy"]["nucleus"] = None
    with pytest.raises(InputError, match="give at least one of axons"):
        load_preset(values)
