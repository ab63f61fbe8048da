"""Clutter: what is no class lies where it lies in life, and changes nothing else."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.clutter.chains import MEMBRANE_NM, OFF_MITOCHONDRIA_NM, stretch_depth
from shapes.clutter.endosomes import DENSE, MULTIVESICULAR, inner_vesicles
from shapes.core.spread import Spread
from shapes.core.streams import mix, stream_key
from shapes.core.warp import warp_window
from shapes.mitochondria.rods import rod_distance
from shapes.neurites.population import BOUTON
from shapes.partition.generator import FAR_NM
from synthem.preset.anatomy import Annotation
from synthem.preset.preset import Preset, load_preset
from synthem.scene.annotate import annotate
from synthem.scene.scene import CLUTTER, Scene, build_scene
from synthem.world import World

DENSELY = {
    "er": {"lanes_per_um2": 40, "chance": 0.9, "axon_chance": 1.0, "branch_chance": 0.6},
    "endosome": {"per_um3": 40, "axon_chance": 0.6},
    "microtubule": {"density": 0.7},
    "glycogen": {"per_um3": 60, "dendrite_chance": 1.0},
}


@cache
def preset(name: str) -> Preset:
    """Return a shipped preset with thick dendrites, more clutter than in life, and maps of all of it."""
    values = load_preset(name).model_dump(mode="json", exclude_none=True)
    values["anatomy"]["dendrites"] |= {"cell_nm": 1100.0, "radius_nm": {"min": 350, "max": 450}}
    values["anatomy"]["mitochondrion"] |= {
        "bouton_chance": 0.3,
        "dendrite_chance": 1.0,
        "radius_nm": {"mean": 212, "std": 30},
        "half_length_nm": {"min": 120, "max": 250},
        "thinnest_nm": 105,
    }
    values["anatomy"] |= DENSELY
    values["annotation"]["also"] = list(CLUTTER)
    return load_preset(values)


def without(name: str) -> Preset:
    plain = preset(name)
    anatomy = plain.anatomy.model_copy(update=dict.fromkeys(CLUTTER))
    return plain.model_copy(update={"anatomy": anatomy})


@cache
def scenes() -> list[Scene]:
    shapes = [(1, 300, 300)] * 16 + [(24, 80, 80)] * 4
    return [
        build_scene(preset("epfl").anatomy, k, Grid(shape, origin_nm=(900.0 * k, 5e4, -3e5)))
        for k, shape in enumerate(shapes)
    ]


def shown(scene: Scene, kind: str) -> np.ndarray:
    return np.where(scene.layers[kind].distance_nm < 0, scene.layers[kind].ids, 0)


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila"])
@given(
    seed=st.integers(0, 2**63 - 1),
    origin=st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    shape=st.sampled_from([(1, 120, 110), (6, 60, 50), (24, 21, 40)]),
    cut=st.floats(0.1, 0.9),
)
@settings(max_examples=8, deadline=None)
def test_two_half_windows_are_the_whole(check_halves, name, seed, origin, shape, cut):
    world = World(preset(name), seed)
    shown = check_halves(world, Grid(shape, world.preset.voxel_nm, origin), cut).instances
    assert set(CLUTTER) <= set(shown)


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila"])
@pytest.mark.parametrize("seed", range(4))
def test_clutter_moves_nothing_else(name, seed):
    grid = Grid((2, 150, 150), load_preset(name).voxel_nm, (-2e4, 9e3 * seed, 0))
    some, none = World(preset(name), seed).patch(grid), World(without(name), seed).patch(grid)
    np.testing.assert_array_equal(some.labels, none.labels)
    for kind, ids in none.instances.items():
        if kind in CLUTTER:
            assert not ids.any()
        else:
            np.testing.assert_array_equal(some.instances[kind], ids, err_msg=kind)
    changed = some.image != none.image
    assert 0.005 < changed.mean() < 0.9


@pytest.mark.parametrize("kind", CLUTTER)
def test_it_lies_inside_one_neurite_clear_of_membranes(kind):
    seen = 0
    for scene in scenes():
        ids, part = shown(scene, kind), scene.partition
        inside = ids > 0
        face = scene.anatomy.membranes.half_width_nm + getattr(scene.anatomy, kind).clearance_nm
        assert (part.depth_nm[inside] >= face).all()
        pairs = np.unique(np.stack([ids[inside], part.index[inside]]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1], f"a {kind} in two neurites"
        assert (pairs[1] < len(scene.neurites.ids)).all() or kind == "glycogen", f"a {kind} in glia"
        near = (part.depth_nm >= face) & (part.depth_nm < face + 5)
        seen += (inside & near).sum()
    assert seen > 5, "some of it runs along a membrane"


def from_mitochondria(scene: Scene, where: np.ndarray) -> np.ndarray:
    """Distance of voxels to the nearest mitochondrion of their neurite, as drawn."""
    tissue = warp_window(scene.seed, scene.anatomy.warp, scene.grid).tissue_nm
    rods, own = scene.objects["mitochondrion"], scene.partition.index[where]
    out = np.full(len(own), np.inf)
    for n, (z, y, x) in enumerate(tissue[:, where].T):
        for r in np.flatnonzero(rods.owners == own[n]):
            out[n] = min(out[n], rod_distance(rods.drawn, r, z, y, x))
    return out


@pytest.mark.parametrize("kind", ["er", "endosome", "glycogen"])
def test_it_keeps_clear_of_mitochondria(kind):
    close = 0
    for scene in scenes():
        inside = shown(scene, kind) > 0
        assert (scene.layers["mitochondrion"].distance_nm[inside] > 0).all()
        gap = from_mitochondria(scene, inside)
        assert (gap >= OFF_MITOCHONDRIA_NM).all()
        close += (gap < OFF_MITOCHONDRIA_NM + 12).sum()
    assert close > 5, "some of it touches one"


def test_every_neurite_has_one_reticulum_with_one_id():
    for scene in scenes():
        chains = scene.objects["er"]
        pairs = np.unique(np.stack([chains.ids, chains.owners]), axis=1)
        assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1] > 3


def test_boutons_are_left_to_their_vesicles():
    seen = 0
    for scene in scenes():
        cells, chains = scene.neurites, scene.objects["er"]
        for j, k in zip(*np.nonzero(cells.varicosity == BOUTON), strict=True):
            ball = min(430.0, 1.5 * cells.nodes_nm[j, k, 3])
            points = chains.points[chains.owners == j].reshape(-1, 4)
            away = np.linalg.norm(points[:, :3] - cells.nodes_nm[j, k, :3], axis=1)
            # side branches may reach in a little
            assert (away[points[:, 3] > 0] > ball - 260).all()
            seen += (away < ball).sum()
    assert seen > 20


def test_ids_agree_between_windows():
    seen = dict.fromkeys(CLUTTER, 0)
    for seed in range(6):
        world = World(preset("epfl"), seed)
        whole = world.patch(Grid((4, 200, 200)))
        part = world.patch(Grid((2, 150, 160), origin_nm=(5.0, 100.0, 55.0)))
        for kind in CLUTTER:
            np.testing.assert_array_equal(part.instances[kind], whole.instances[kind][1:3, 20:170, 11:171])
            seen[kind] += part.instances[kind].any()
    assert min(seen.values()) > 0


@pytest.mark.parametrize("flat", [1.0, 0.5])
def test_a_stretch_is_an_elliptical_tube(flat):
    """Its surface is where the closed form says, and next to it the distance is that from the ellipse."""
    points = np.array([[[0, 0, 0, 20.0], [100, 0, 0, 20.0]]])
    broad = np.array([[0, 1.0, 0, flat]])
    for angle in np.linspace(0, 2 * np.pi, 17):
        y, x = 20 / flat * np.cos(angle), 20 * np.sin(angle)
        assert stretch_depth(points, broad, 0, 0, 50.0, y, x) == pytest.approx(0, abs=1e-6)
        normal = np.array([np.cos(angle) * flat, np.sin(angle)])
        ny, nx = normal / np.linalg.norm(normal)
        for off in (-1.0, 1.0):
            d = stretch_depth(points, broad, 0, 0, 50.0, y + off * ny, x + off * nx)
            assert d == pytest.approx(off, abs=0.06)
    if flat == 1.0:
        assert stretch_depth(points, broad, 0, 0, 130.0, 40.0, 0.0) == pytest.approx(30.0)
        assert stretch_depth(points, broad, 0, 0, -25.0, 0.0, 0.0) == pytest.approx(5.0)


def test_vesicles_of_a_multivesicular_body_lie_inside_its_membrane():
    points = np.array([[[0, 0, 0, 70.0], [40, 0, 0, 70.0]]])
    out, counts, deepest = np.empty((7, 4)), [], 0.0
    radius = Spread(min=18, max=25).row()
    for k in range(200):
        count = inner_vesicles(points, 0, np.uint64(mix(stream_key(1, "x"), k)), radius, out)
        counts.append(count)
        for z, y, x, r in out[:count]:
            away = np.hypot(np.hypot(y, x), z - min(40.0, max(0.0, z)))
            assert 18 <= r <= 25 and away + r <= 70 - MEMBRANE_NM
            deepest = max(deepest, away + r)
    assert min(counts) >= 2 and max(counts) == 7 and deepest > 55


def test_what_an_endosome_holds_is_drawn_inside_it():
    held = {MULTIVESICULAR: 0, DENSE: 0}
    for scene in scenes():
        bodies, layer = scene.objects["endosome"], scene.layers["endosome"]
        assert (layer.detail_nm[layer.distance_nm >= 0] == FAR_NM).all()
        for number, holds in zip(bodies.chains.ids, bodies.holds, strict=True):
            mine = (layer.ids == number) & (layer.distance_nm < 0)
            if holds == DENSE:
                assert (layer.detail_nm[mine] == -FAR_NM).all()
            elif holds == MULTIVESICULAR:
                rings = mine & (layer.detail_nm < 0)
                free = rings & (scene.partition.depth_nm > 26)
                free[free] = from_mitochondria(scene, free) > OFF_MITOCHONDRIA_NM + 15
                assert (layer.distance_nm[free] <= -MEMBRANE_NM).all()
                held[MULTIVESICULAR] += free.any()
            else:
                assert (layer.detail_nm[mine] == FAR_NM).all()
            held[DENSE] += holds == DENSE
    assert min(held.values()) > 2


def test_endosomes_without_room_are_counted():
    tissue = preset("epfl").anatomy
    large = tissue.endosome.model_copy(update={"smallest_nm": 1e4})
    grid = Grid((1, 400, 400))
    objects = build_scene(tissue.model_copy(update={"endosome": large}), 1, grid).objects["endosome"]
    usual = build_scene(tissue, 1, grid).objects["endosome"]
    assert len(objects.keys) == 0
    assert objects.missing == usual.missing + len(usual.keys) > usual.missing


def test_microtubules_are_as_thick_as_they_are():
    """The minor axis of a profile, from its moments, is the diameter."""
    widths = []
    for seed in range(6):
        scene = build_scene(preset("epfl").anatomy, seed, Grid((1, 600, 600), (2.0, 2.0, 2.0)))
        ids, free = shown(scene, "microtubule"), scene.partition.depth_nm >= 25
        ids[:, [0, -1]] = ids[..., [0, -1]] = 0
        for number in np.unique(ids[ids > 0]):
            mine = ids == number
            if mine.sum() > 80 and free[mine].all():
                spots = 2.0 * np.argwhere(mine[0])
                widths.append(4 * np.sqrt(np.linalg.eigvalsh(np.cov(spots.T))[0]))
    assert len(widths) > 30
    assert np.median(widths) == pytest.approx(24, abs=3)


def test_no_class_lies_under_an_extra_label():
    grid, seen = Grid((3, 250, 250), (50.0, 4.0, 4.0)), dict.fromkeys(CLUTTER, 0)
    for name in ("epfl", "sstem_drosophila"):
        for seed in range(3):
            patch = World(preset(name), seed).patch(grid)
            for kind in CLUTTER:
                assert not (patch.labels & (patch.instances[kind] > 0)).any()
                seen[kind] += patch.instances[kind].any()
    assert min(seen.values()) > 0


def test_by_default_there_are_no_extra_labels():
    world = World("epfl", 5)
    assert not set(CLUTTER) & set(world.patch(Grid((1, 60, 60))).instances)
    assert Annotation().also == ()
    scene = world.scene(Grid((1, 60, 60)))
    assert annotate(scene, Annotation()).shape == (6, 1, 60, 60)
