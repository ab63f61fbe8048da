"""The rules of anatomy, in some thousand small worlds: each holds in every window, wherever it lies.

A rule is a function of what one window shows; all are asked of the same windows, since building one costs
most. What a rule allows is in its docstring.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial import cKDTree

from shapes import Grid
from shapes.core.spread import Spread, draw
from shapes.core.streams import mix as mixed
from shapes.core.streams import normal, object_id, stream_key, uniform
from shapes.core.warp import warp_window, world_points
from shapes.mitochondria.rods import ARM, rod_distance, rod_sight_nm
from shapes.neurites.population import AXON, BOUTON, DENDRITE, MYELINATED
from shapes.neurites.tubes import tube_field, tube_slope
from shapes.synapses.apposition import MOVED_NM
from shapes.synapses.contacts import FADE_NM
from shapes.synapses.crowd import _LOOSE_SITES as LOOSE_SITES
from shapes.synapses.crowd import BAND_NM, CLEAR_NM
from shapes.synapses.packing import CLOSEST, keeps_apart, loose_place
from synthem.labels import CLASSES, channel
from synthem.preset.preset import Preset, load_preset
from synthem.scene.annotate import NEURITE, annotate, instances
from synthem.scene.scene import CLUTTER, Scene, build_scene

PRESETS = ("epfl", "sstem_drosophila", "getmanskaya2022")
KINDS = ("mitochondrion", "psd", "vesicle", "sheath")
GLIA_ID = 2**31 - 1
SPECK_VX = 8
"""Where the distance to a membrane jumps, on the axis of a thin neurite, a rod or a sheath may leave so few
voxels behind."""
FINE_NM = 8.0
"""A density and a sheath may be thin: voxels must be so small to show them in one piece."""


class Look(NamedTuple):
    """A window: its geometry, labels (6, z, y, x) and ids by kind."""

    scene: Scene
    labels: np.ndarray
    ids: dict[str, np.ndarray]

    def label(self, name: str) -> np.ndarray:
        return self.labels[channel(name)]


@cache
def preset(name: str) -> Preset:
    """Return a shipped preset, or one of short internodes, without clutter: test_clutter has that."""
    if name == "internodes":
        values = load_preset("getmanskaya2022").model_dump(mode="json", exclude_none=True)
        values["anatomy"]["sheath"] |= {"internode_nm": {"min": 2600, "max": 3200}, "paranode_nm": 500}
        plain = load_preset(values)
    else:
        plain = load_preset(name)
    return plain.model_copy(update={"anatomy": plain.anatomy.model_copy(update=dict.fromkeys(CLUTTER))})


def mix(key: np.uint64, value: int) -> np.uint64:
    return np.uint64(mixed(np.uint64(key), value))


def look(name: str, seed: int, grid: Grid) -> Look:
    scene = build_scene(preset(name).anatomy, seed, grid)
    labels = annotate(scene, preset(name).annotation)
    return Look(scene, labels, instances(scene, preset(name).annotation))


def places_nm(scene: Scene, where: np.ndarray) -> np.ndarray:
    """Return where voxels lie in tissue space, (n, 3)."""
    return warp_window(scene.seed, scene.anatomy.warp, scene.grid).tissue_nm[:, where].T


def pieces(ids: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield each id with the sizes of its 26-connected pieces, and which of them are clear of the edges."""
    names, flat = np.unique(ids, return_inverse=True)
    for name, box in zip(names, ndimage.find_objects(flat.reshape(ids.shape) + 1), strict=True):
        if name == 0:
            continue
        parts, count = ndimage.label(ids[box] == name, np.ones((3, 3, 3)))
        sizes = np.bincount(parts.ravel())[1:]
        whole = [
            all(
                o.start + p.start > 0 and o.start + p.stop < n
                for o, p, n in zip(box, part, ids.shape, strict=True)
            )
            for part in ndimage.find_objects(parts)
        ]
        yield int(name), sizes, np.array(whole, bool).reshape(count)


def classes_are_exclusive(seen: Look) -> None:
    """A boundary lies in its mitochondrion; all other classes exclude each other."""
    assert not (seen.label("mito_boundary") & ~seen.label("mitochondrion")).any()
    others = [k for k in range(len(CLASSES)) if k != channel("mito_boundary")]
    assert seen.labels[others].sum(0).max() <= 1


def neurites_fill_space(seen: Look) -> None:
    """Every voxel has one owner: a neurite of the window, or glia, which has an id of its own."""
    index, cells = seen.scene.partition.index, seen.scene.neurites
    assert index.min() >= 0 and index.max() <= len(cells.ids)
    assert (seen.ids[NEURITE] > 0).all()
    np.testing.assert_array_equal(seen.ids[NEURITE] == GLIA_ID, index == len(cells.ids))
    owned = index < len(cells.ids)
    np.testing.assert_array_equal(seen.ids[NEURITE][owned], cells.ids[index[owned]])
    # another neurite begins where its neighbour ends
    assert (seen.scene.partition.other != index).all()


def organelles_lie_in_one_neurite(seen: Look) -> None:
    """A mitochondrion, a vesicle and a sheath have one neurite, which is not glia."""
    for kind in ("mitochondrion", "vesicle", "sheath"):
        inside = seen.ids[kind] > 0
        if kind == "sheath":  # which may take in the membrane of its neighbours
            taken = seen.scene.anatomy.sheath.outside_nm if seen.scene.anatomy.sheath else 0.0
            inside &= seen.scene.partition.depth_nm > -min(0.0, taken)
        pairs = np.unique(np.stack([seen.ids[kind][inside], seen.ids[NEURITE][inside]]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1], f"a {kind} in two neurites"
        assert (pairs[1] != GLIA_ID).all(), f"a {kind} in glia"


def mitochondria_keep_off_membranes(seen: Look) -> None:
    """By half their clearance at least; of vesicles see ``test_few_vesicles_come_near_a_membrane``."""
    depth, tissue = seen.scene.partition.depth_nm, seen.scene.anatomy
    if tissue.mitochondrion is not None:
        gap = tissue.membranes.half_width_nm + tissue.mitochondrion.clearance_nm / 2
        assert (depth[seen.label("mitochondrion")] >= gap - 1e-3).all()


def vesicles_never_overlap(seen: Look) -> None:
    """But by a tenth, in a crowd, before tissue is bent; nor do they enter a mitochondrion."""
    if (vesicles := seen.scene.objects.get("vesicle")) is None or not len(vesicles.ids):
        return
    at, radii = vesicles.centres_nm, vesicles.radii_nm
    for a, b in cKDTree(at).query_pairs(2.2 * radii.max()):
        assert np.linalg.norm(at[a] - at[b]) >= CLOSEST * (radii[a] + radii[b])
    assert len(np.unique(vesicles.ids)) == len(vesicles.ids)
    rods = seen.scene.objects["mitochondrion"]
    for rod, owner in enumerate(rods.owners):
        for v in np.flatnonzero(vesicles.owners == owner):
            for points in (rods.fitted, rods.drawn):
                assert rod_distance(points, rod, *at[v]) >= radii[v]


def a_density_joins_two_neurites(seen: Look) -> None:
    """Each lies where a bouton and a dendrite meet and nowhere else, also a symmetric or perforated one."""
    if (contacts := seen.scene.objects.get("psd")) is None:
        return
    cells, part = seen.scene.neurites, seen.scene.partition
    for name in np.unique(seen.ids["psd"][seen.ids["psd"] > 0]):
        here = seen.ids["psd"] == name
        sides = np.unique(np.sort(np.stack([part.index[here], part.other[here]]), 0), axis=1)
        rows = np.flatnonzero(contacts.ids == name)
        (pre, node) = contacts.boutons[rows[0]]
        assert cells.kinds[pre] == AXON and cells.varicosity[pre, node] == BOUTON
        assert sides.shape[1] == 1 and pre in sides
        (post,) = set(sides[:, 0]) - {pre}
        assert cells.kinds[post] == DENDRITE and post in contacts.partners[rows]


def crowds_lie_before_the_density(seen: Look) -> None:
    """What a postsynaptic neurite holds is loose vesicles: the lattices of vesicles are in boutons alone."""
    if (vesicles := seen.scene.objects.get("vesicle")) is None:
        return
    cells = seen.scene.neurites
    assert (cells.kinds[(cells.varicosity == BOUTON).any(1)] == AXON).all()
    for post in np.unique(seen.scene.objects["psd"].partners):
        own = set(vesicles.ids[vesicles.owners == post].tolist())
        assert own <= set(loose_ids(seen.scene, post).ravel().tolist())


def loose_ids(scene: Scene, j: int) -> np.ndarray:
    """Return the ids that loose vesicles of a neurite would have, (nodes, sites)."""
    key = mix(scene.neurites.keys[j], stream_key(scene.seed, "vesicle"))
    nodes, sites = scene.neurites.nodes_nm.shape[1], range(LOOSE_SITES)
    return np.array([[object_id(mix(mix(key, k), 100 + a)) for a in sites] for k in range(nodes)])


def objects_are_in_one_piece(seen: Look) -> None:
    """An object with a piece clear of the window's edges has no second one, but for specks."""
    fine = max(seen.scene.grid.voxel_nm) <= FINE_NM
    for kind in KINDS if fine else ("mitochondrion", "vesicle"):
        for name, sizes, whole in pieces(seen.ids[kind]):
            if kind in ("mitochondrion", "sheath"):
                kept = sizes > SPECK_VX
                sizes, whole = sizes[kept], whole[kept]
            assert not whole.any() or len(sizes) == 1, f"{kind} {name} in pieces of {sizes} voxels"


def mitochondria_never_touch(seen: Look) -> None:
    """Voxels of two mitochondria are never neighbours."""
    never_neighbours(seen.ids["mitochondrion"])


def never_neighbours(ids: np.ndarray) -> None:
    for axis in range(3):
        one, other = np.moveaxis(ids, axis, 0)[:-1], np.moveaxis(ids, axis, 0)[1:]
        assert not ((one > 0) & (other > 0) & (one != other)).any()


def sheaths_nest(seen: Look) -> None:
    """A sheath lies in its axon's shell, as thick as its parameters allow, and holds no other neurite."""
    if (wraps := seen.scene.objects.get("sheath")) is None or not seen.label("sheath").any():
        return
    cells, params, part = seen.scene.neurites, seen.scene.anatomy.sheath, seen.scene.partition
    inside = (seen.ids["sheath"] > 0) & (part.depth_nm > -min(0.0, params.outside_nm))
    for who in np.unique(part.index[inside]):
        mine = inside & (part.index == who)
        assert cells.kinds[who] == MYELINATED
        assert (seen.ids["sheath"][mine] == wraps.ids[who]).all()
        assert params.thinnest_nm <= wraps.thickness_nm[who] <= params.thickest_nm
        assert (part.depth_nm[mine] >= params.outside_nm - 1e-3).all()
        tubes = np.flatnonzero(cells.owners == who)
        for at in places_nm(seen.scene, mine)[:: max(1, mine.sum() // 50)]:
            fields = [tube_field(cells.segments, i, *at) for i in tubes]
            steep = np.linalg.norm(tube_slope(cells.segments, tubes[np.argmin(fields)], *at))
            most = wraps.thickness_nm[who] * (1 + params.unevenness)
            assert -min(fields) / steep <= most + 0.5
    for kind in ("mitochondrion", "vesicle"):
        assert not (inside & seen.label(kind)).any()


def counts_are_met_or_reported(seen: Look) -> None:
    """Of what was drawn, all is placed or counted as missing: rods, synapses, loose vesicles."""
    scene = seen.scene
    low, high = warp_window(scene.seed, scene.anatomy.warp, scene.grid).box_nm
    if (rods := scene.objects.get("mitochondrion")) is not None:
        drawn = [any(near_box(p[:3], low, high, rod_sight_nm(rod)) for p in rod) for rod in rods.drawn]
        assert sum(drawn) == rods.there.sum() + rods.missing
    if (vesicles := scene.objects.get("vesicle")) is None:
        return
    loose = list(loose_vesicles(scene, low, high))
    assert len(loose) == len(set(loose) & set(vesicles.ids.tolist())) + vesicles.missing


def loose_vesicles(scene: Scene, low: np.ndarray, high: np.ndarray) -> Iterator[int]:
    """Yield the ids of all loose vesicles drawn near a box, whether they find room or not."""
    cells, params, at, other = scene.neurites, scene.anatomy.vesicle, np.empty(3), np.empty(3)
    widest, shrink = params.radius_nm.highest(), 1 + scene.anatomy.warp.steepest
    walls = np.zeros(len(cells.ids))
    if "sheath" in scene.objects:
        walls = scene.objects["sheath"].thickness_nm
    for j, nodes in enumerate(cells.nodes_nm):
        held, ids = cells.varicosity[j], None
        balls = np.maximum(0.45 * cells.steps_nm[j], 1.1 * nodes[:, 3])
        pads = balls[:, None] + shrink * (widest + BAND_NM)
        for k in np.flatnonzero(((nodes[:, :3] >= low - pads) & (nodes[:, :3] <= high + pads)).all(1)):
            node, ball = nodes[k], balls[k]
            if (held[max(0, k - 1) : k + 2] == BOUTON).any():
                continue
            if ids is None:
                ids = loose_ids(scene, j)
            key = mix(mix(cells.keys[j], stream_key(scene.seed, "vesicle")), k)
            for attempt in range(LOOSE_SITES):
                here = mix(key, 100 + attempt)
                if uniform(here, 0) >= params.loose_chance:
                    continue
                loose_place(key, attempt, node, ball, at)
                r = draw(params.radius_nm.row(), uniform(here, 8), normal(here, 9))
                apart = keeps_apart(
                    key, attempt, nodes, held, k, node, ball, params.loose_chance, widest, at, other
                )
                off = np.linalg.norm(at - node[:3])
                in_wall = walls[j] > 0 and off > node[3] - walls[j] - r - CLEAR_NM
                if near_box(at, low, high, shrink * (r + BAND_NM)) and apart and not in_wall:
                    yield int(ids[k, attempt])


def near_box(at: np.ndarray, low: np.ndarray, high: np.ndarray, pad: float) -> bool:
    return bool(((at >= low - pad) & (at <= high + pad)).all())


RULES: list[Callable[[Look], None]] = [
    classes_are_exclusive,
    neurites_fill_space,
    organelles_lie_in_one_neurite,
    mitochondria_keep_off_membranes,
    vesicles_never_overlap,
    a_density_joins_two_neurites,
    crowds_lie_before_the_density,
    objects_are_in_one_piece,
    mitochondria_never_touch,
    sheaths_nest,
    counts_are_met_or_reported,
]
windows = st.builds(
    Grid,
    shape=st.sampled_from([(1, 96, 96), (24, 48, 48), (32, 32, 32)]),
    voxel_nm=st.sampled_from([(5.0, 5.0, 5.0), (8.0, 8.0, 8.0), (12.0, 12.0, 12.0)]),
    origin_nm=st.tuples(*[st.floats(-1e6, 1e6)] * 3),
)
seeds = st.integers(0, 2**40)
share = st.floats(0.1, 0.9)


def keep_all(seen: Look) -> None:
    """Ask all rules of one window, naming the one that is broken."""
    for rule in RULES:
        try:
            rule(seen)
        except AssertionError as broken:
            grid = seen.scene.grid
            raise AssertionError(f"{rule.__name__}: seed {seen.scene.seed}, {grid}: {broken}") from broken


@pytest.mark.parametrize("name", PRESETS)
@given(seed=seeds, grid=windows)
@settings(max_examples=120, deadline=None)
def test_the_rules_hold_in_every_window(name, seed, grid):
    keep_all(look(name, seed, grid))


def test_vesicles_of_boutons_that_lie_close_never_overlap():
    """Neurites are bent and squeezed: boutons that follow each other may lie half as far apart as drawn."""
    values = load_preset("sstem_drosophila").model_dump(mode="json", exclude_none=True)
    values["anatomy"]["axons"] |= {"step_nm": 150.0, "bouton_chance": 1.0, "swelling_chance": 0.0}
    tissue, close = load_preset(values).anatomy, 0
    for seed in range(4):
        scene = build_scene(tissue, seed, Grid((24, 64, 64), (12.0, 12.0, 12.0), (3e4 * seed, 0.0, 0.0)))
        vesicles_never_overlap(Look(scene, np.empty(0), {}))
        vesicles = scene.objects["vesicle"]
        for who in np.unique(vesicles.owners):
            boutons = scene.neurites.nodes_nm[who][scene.neurites.varicosity[who] == BOUTON, :3]
            close += len(cKDTree(boutons[~np.isnan(boutons[:, 0])]).query_pairs(600.0))
    assert close > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
@given(seed=seeds, grid=windows)
@settings(max_examples=4000, deadline=None)
def test_the_rules_hold_in_thousands_of_windows(name, seed, grid):
    keep_all(look(name, seed, grid))


@pytest.mark.parametrize("name", PRESETS)
@given(seed=seeds, grid=windows, axis=st.integers(0, 2), cut=share)
@settings(max_examples=25, deadline=None)
def test_a_part_of_a_window_shows_the_same(name, seed, grid, axis, cut):
    seen, size = look(name, seed, grid), grid.shape[axis]
    first, shape, start = int(cut * size), list(grid.shape), list(grid.start_vx)
    shape[axis], start[axis] = size - first, start[axis] + first
    corner = tuple(s * v for s, v in zip(start, grid.voxel_nm, strict=True))
    part = look(name, seed, Grid(tuple(shape), grid.voxel_nm, corner))
    box = tuple(slice(first, None) if a == axis else slice(None) for a in range(3))
    np.testing.assert_array_equal(part.labels, seen.labels[(slice(None), *box)])
    for kind, ids in part.ids.items():
        np.testing.assert_array_equal(ids, seen.ids[kind][box], err_msg=kind)


def around(
    name: str, seed: int, places: np.ndarray, shape: tuple[int, int, int], voxel: float
) -> Iterator[Look]:
    """Yield windows around places of the world."""
    for place in places:
        corner = tuple(float(p - n * voxel / 2) for p, n in zip(place, shape, strict=True))
        yield look(name, seed, Grid(shape, (voxel,) * 3, corner))


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila"])
def test_every_window_knows_whether_a_rod_has_a_middle(name):
    """One without is two mitochondria apart, also in a window that sees one of its ends alone."""
    parted, ends, vx, size = 0, 0, (14.0, 14.0, 14.0), 6
    for seed in range(10):
        grid = Grid((72, 120, 120), vx, (1e4 * seed, -3e4 * seed, 0.0))
        tissue = preset(name).anatomy.model_copy(update={"vesicle": None, "psd": None})
        if name != "epfl":  # long ones in dendrites that are narrow here and there
            rods = {"thinnest_nm": 70.0, "half_length_nm": Spread(min=400, max=700)}
            parts = {"mitochondrion": rods, "dendrites": {"wobble": 0.5}}
            tissue = tissue.model_copy(
                update={key: getattr(tissue, key).model_copy(update=new) for key, new in parts.items()}
            )
        scene = build_scene(tissue, seed, grid)
        layer, rods = scene.layers["mitochondrion"], scene.objects["mitochondrion"]
        whole = layer.ids * (layer.distance_nm < 0)
        never_neighbours(whole)
        for number, sizes, clear in pieces(whole):
            kept = sizes > SPECK_VX
            assert kept.sum() <= 1 or not clear[kept].any(), f"{number} in pieces of {sizes} voxels"
        apart = rods.ids[:, 0] != rods.ids[:, 1]
        for row in [*np.flatnonzero(apart), *np.flatnonzero(~apart & rods.there)[:8]]:
            halves = [number for number in set(rods.ids[row].tolist()) if (whole == number).any()]
            parted += len(halves) == 2
            for number in halves:
                spots = np.argwhere(whole == number)
                # both tips, each in a window of its own
                along = spots @ (rods.fitted[row, ARM - 1, :3] - rods.fitted[row, 0, :3])
                for tip in (spots[np.argmin(along)], spots[np.argmax(along)]):
                    low = np.clip(tip - size // 2, 0, np.array(grid.shape) - size)
                    corner = tuple(float(s + k) * v for s, k, v in zip(grid.start_vx, low, vx, strict=True))
                    end = build_scene(tissue, seed, Grid((size,) * 3, vx, corner)).layers["mitochondrion"]
                    box = tuple(slice(k, k + size) for k in low)
                    np.testing.assert_array_equal(end.ids * (end.distance_nm < 0), whole[box])
                    ends += 1
    assert ends > 40 and (parted > 0 or name == "epfl")


def test_few_vesicles_come_near_a_membrane():
    """To first order a vesicle has room; where a membrane bends sharply, one in a hundred touches it."""
    near = total = 0
    for seed in range(40):
        seen = look("epfl", seed, Grid((24, 64, 64), (8.0, 8.0, 8.0), (2e4 * seed, 0.0, -1e4 * seed)))
        layer, depth = seen.scene.layers["vesicle"], seen.scene.partition.depth_nm
        inside = layer.distance_nm < 0
        low = seen.scene.anatomy.membranes.half_width_nm - 8.0
        near += len(np.unique(layer.ids[inside & (depth < low)]))
        total += len(np.unique(layer.ids[inside]))
    assert total > 200
    assert near <= 0.012 * total


def test_a_sheath_thins_to_nothing_at_its_nodes_of_ranvier():
    """Where nothing is wrapped no sheath is shown; well inside an internode it has the thickness drawn."""
    bare = wrapped = 0
    for seed in range(4):
        box = Grid((24, 24, 24), (160.0, 160.0, 160.0), (3e4 * seed, 1e4, 0.0))
        wraps = build_scene(preset("internodes").anatomy, seed, box).objects["sheath"]
        warp = preset("internodes").anatomy.warp
        for j in np.flatnonzero(wraps.thickness_nm):
            parts, nodes = wraps.parts[j], wraps.nodes_nm[j]
            known = ~np.isnan(nodes[:, 3])
            for k in range(1, len(parts) - 1):
                if not known[k - 1 : k + 2].all() or not (parts[k - 1 : k + 2] == parts[k]).all():
                    continue
                if parts[k] not in (0.0, 1.0):
                    continue
                (place,) = world_points(seed, warp, nodes[k : k + 1, :3])
                # the sheath of a thick axon lies farther out than a node of Ranvier is long
                wide = 96 if parts[k] else 20
                for seen in around("internodes", seed, [place], (1, wide, wide), 16.0):
                    mine = seen.scene.objects["sheath"].ids[seen.scene.objects["sheath"].thickness_nm > 0]
                    assert wraps.ids[j] in mine
                    shown = (seen.ids["sheath"] == wraps.ids[j]).any()
                    assert shown == bool(parts[k])
                    bare, wrapped = bare + (not shown), wrapped + shown
    assert bare > 3 and wrapped > 3


def test_synapses_are_placed_or_reported():
    """Of the boutons that draw a synapse near a window all have one, are out of sight or are counted."""
    drawn = 0
    for seed in range(60):
        seen = look(PRESETS[seed % 3], seed, Grid((1, 96, 96), (12.0, 12.0, 12.0), (0.0, 2e4 * seed, 0.0)))
        scene, cells, params = seen.scene, seen.scene.neurites, seen.scene.anatomy.psd
        low, high = warp_window(scene.seed, scene.anatomy.warp, scene.grid).box_nm
        boutons, sights = 0, {}
        for j, k in zip(*np.nonzero(cells.varicosity == BOUTON), strict=True):
            key = mix(mix(cells.keys[j], stream_key(scene.seed, "psd")), int(k))
            wide = draw(params.radius_nm.row(), uniform(key, 1), normal(key, 2))
            start, pad = cells.nodes_nm[j, k, :3], params.look_nm + wide + MOVED_NM + FADE_NM
            boutons += uniform(key, 0) < params.chance and near_box(start, low, high, pad)
            sights[j, k] = wide + MOVED_NM + FADE_NM
        contacts = scene.objects["psd"]
        hidden = sum(
            not near_box(zone, low, high, sights[j, k])
            for (j, k), zone in zip(contacts.zones.boutons, contacts.zones.places_nm, strict=True)
        )
        assert boutons == len(contacts.ids) + hidden + contacts.missing
        drawn += boutons
    assert drawn > 200
