"""What is true of tissue everywhere: things lie where they lie in life, by construction."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from shapes import Grid
from shapes.core.warp import warp_window
from shapes.mitochondria.rods import ARM
from shapes.neurites.population import AXON, BOUTON, DENDRITE, MYELINATED
from shapes.synapses.packing import CLOSEST
from synthem.labels import CLASSES, channel
from synthem.preset.preset import Preset, load_preset
from synthem.scene.annotate import NEURITE, annotate, instances
from synthem.scene.find import NEEDS, find
from synthem.scene.scene import Scene, build_scene

WITH_IDS = ("mitochondrion", "psd", "vesicle", "sheath")
PRESETS = ("epfl", "sstem_drosophila", "getmanskaya2022")
places = st.tuples(*[st.floats(-1e6, 1e6)] * 3)
windows = st.builds(
    Grid,
    shape=st.sampled_from([(1, 160, 150), (1, 60, 240), (12, 48, 44), (40, 24, 22)]),
    voxel_nm=st.sampled_from([(5.0, 5.0, 5.0), (10.0, 8.0, 8.0), (50.0, 4.0, 4.0), (16.0, 16.0, 16.0)]),
    origin_nm=places,
)
scenes = st.tuples(st.sampled_from(PRESETS), st.integers(0, 2**40), windows)
thorough = settings(max_examples=25, deadline=None)


@cache
def preset(name: str) -> Preset:
    """Return a shipped preset, or one of thick dendrites, or of abrupt paranodes."""
    if name == "wrapped":
        values = load_preset("getmanskaya2022").model_dump(mode="json", exclude_none=True)
        values["anatomy"]["sheath"] |= {"paranode_nm": 200}
        return load_preset(values)
    if name != "thick":
        return load_preset(name)
    values = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    values["anatomy"]["dendrites"] |= {"radius_nm": {"min": 360, "max": 480}, "wobble": 0.0}
    return load_preset(values)


def look(name: str, seed: int, grid: Grid) -> tuple[Scene, np.ndarray, dict[str, np.ndarray]]:
    scene = build_scene(preset(name).anatomy, seed, grid)
    labels = annotate(scene, preset(name).annotation)
    return scene, labels, instances(scene, preset(name).annotation)


def look_around(name: str, seed: int, kind: str, count: int = 12, voxel: float = 5.0) -> list[Scene]:
    """Return scenes of windows that hold an object of a kind, some flat and some deep."""
    spots = find(preset(name).anatomy, seed, kind)
    out = []
    for number in range(count):
        place = next(spots)
        shape = (1, 96, 96) if number % 2 else (16, 40, 40)
        corner = [p - n * voxel / 2 for p, n in zip(place, shape, strict=True)]
        out.append(build_scene(preset(name).anatomy, seed, Grid(shape, (voxel,) * 3, tuple(corner))))
    return out


@given(scenes)
@thorough
def test_classes_are_exclusive_and_boundaries_lie_in_mitochondria(which):
    _, labels, _ = look(*which)
    mito, boundary = labels[channel("mitochondrion")], labels[channel("mito_boundary")]
    assert not (boundary & ~mito).any()
    exclusive = [k for k in range(len(CLASSES)) if k != channel("mito_boundary")]
    assert labels[exclusive].sum(0).max() <= 1


@given(scenes)
@thorough
def test_labels_and_instances_name_the_same_voxels(which):
    _, labels, ids = look(*which)
    for name in WITH_IDS:
        np.testing.assert_array_equal(ids[name] > 0, labels[channel(name)], err_msg=name)
    assert set(ids) == {*WITH_IDS, NEURITE}
    assert (ids[NEURITE] > 0).all()
    if which[0] == "getmanskaya2022":
        assert not labels[[channel(c) for c in ("mitochondrion", "mito_boundary", "vesicle")]].any()


@given(scenes)
@thorough
def test_each_organelle_lies_within_one_neurite(which):
    scene, _, ids = look(*which)
    for name in ("mitochondrion", "vesicle", "sheath"):
        inside = ids[name] > 0
        pairs = np.unique(np.stack([ids[name][inside], scene.partition.index[inside]]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1], f"a {name} in two neurites"
        assert (pairs[1] < len(scene.neurites.ids)).all(), f"a {name} in glia"
        if name == "sheath":
            assert (scene.neurites.kinds[pairs[1]] == MYELINATED).all()


@given(scenes)
@thorough
def test_ids_agree_between_overlapping_windows(which):
    name, seed, grid = which
    _, _, ids = look(*which)
    shift = tuple(n // 3 for n in grid.shape)
    corner = tuple((s + k) * v for s, k, v in zip(grid.start_vx, shift, grid.voxel_nm, strict=True))
    part = tuple(n - k for n, k in zip(grid.shape, shift, strict=True))
    _, _, others = look(name, seed, Grid(part, grid.voxel_nm, corner))
    for kind, values in ids.items():
        np.testing.assert_array_equal(
            values[tuple(slice(k, None) for k in shift)], others[kind], err_msg=kind
        )


@given(scenes)
@thorough
def test_mitochondria_and_vesicles_keep_off_the_membrane(which):
    scene, _, ids = look(*which)
    face = scene.anatomy.membranes.half_width_nm
    depth = scene.partition.depth_nm
    assert (depth[ids["mitochondrion"] > 0] >= face).all()
    # a vesicle's room is measured at its middle, to first order: beside a thin neighbour one may touch it
    held = depth[ids["vesicle"] > 0]
    assert (held < face - 8.0).sum() <= max(40, 0.02 * len(held))


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila"])
@pytest.mark.parametrize("seed", range(2))
def test_vesicles_never_overlap_nor_enter_a_mitochondrion(name, seed):
    pairs = touching = 0
    for scene in look_around(name, seed, "psd", 10) + look_around(name, seed, "mitochondrion", 90):
        vesicles, rods = scene.objects["vesicle"], scene.objects["mitochondrion"]
        if not len(vesicles.ids):
            continue
        tree = cKDTree(vesicles.centres_nm)
        for a, b in tree.query_pairs(2.2 * vesicles.radii_nm.max()):
            gap = np.linalg.norm(vesicles.centres_nm[a] - vesicles.centres_nm[b])
            assert gap >= CLOSEST * (vesicles.radii_nm[a] + vesicles.radii_nm[b])
            pairs += 1
        for points, owner in zip(rods.fitted, rods.owners, strict=True):
            mine = vesicles.owners == owner
            for at, radius in zip(vesicles.centres_nm[mine], vesicles.radii_nm[mine], strict=True):
                assert rod_distance(points, at) >= radius
                touching += 1
    assert pairs > 30 and touching > 8, "the windows hold enough to tell"


def rod_distance(points: np.ndarray, at: np.ndarray) -> float:
    """Distance from the surface of a chain of round cones, from the definition."""
    best = np.inf
    for i, ((*a, ra), (*b, rb)) in enumerate(pairwise(points)):
        if i == ARM - 1 or ra == 0 or rb == 0:
            continue
        axis = np.subtract(b, a)
        t = np.clip((at - a) @ axis / (axis @ axis), 0, 1)
        best = min(best, np.linalg.norm(at - a - t * axis) - ra - t * (rb - ra))
    return best


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila", "thick"])
def test_mitochondria_never_touch(name):
    seen = 0
    count, voxel = (20, 25.0) if name == "thick" else (6, 20.0)
    for scene in [
        s for seed in range(4) for s in look_around(name, seed, "mitochondrion", count, voxel=voxel)
    ]:
        layer = scene.layers["mitochondrion"]
        ids = np.where(layer.distance_nm < 0, layer.ids, 0)
        seen += len(np.unique(ids)) - 1
        for axis in range(3):
            one, next_one = np.moveaxis(ids, axis, 0)[:-1], np.moveaxis(ids, axis, 0)[1:]
            assert not ((one > 0) & (next_one > 0) & (one != next_one)).any()
    assert seen > 30


@pytest.mark.parametrize("kind", WITH_IDS)
def test_no_organelle_depends_on_the_others_being_there(kind):
    """Leaving vesicles out moves no mitochondrion; each kind looks as far around as it must by itself.

    But a mitochondrion is cut short beside a density, and cells and their sheaths give way to mitochondria.
    """
    tissue = preset("epfl").anatomy
    needs = {
        *NEEDS.get(kind, ()),
        *{"mitochondrion": ("psd",), "sheath": ("mitochondrion", "psd")}.get(kind, ()),
    }
    idle = {other: None for other in WITH_IDS if other != kind and other not in needs}
    for scene in look_around("epfl", 4, kind, 24, voxel=8.0):
        alone = build_scene(tissue.model_copy(update=idle), 4, scene.grid).layers[kind]
        inside = scene.layers[kind].distance_nm < 0
        np.testing.assert_array_equal(alone.distance_nm < 0, inside)
        np.testing.assert_array_equal(alone.ids[inside], scene.layers[kind].ids[inside])


@pytest.mark.parametrize("name", PRESETS)
def test_a_psd_lies_between_a_bouton_and_a_dendrite(name):
    seen = 0
    for scene in look_around(name, 3, "psd", 16):
        ids = instances(scene, preset(name).annotation)["psd"]
        contacts, cells, part = scene.objects["psd"], scene.neurites, scene.partition
        half = scene.anatomy.membranes.half_width_nm
        for i in np.unique(ids[ids > 0]):
            (k,) = np.flatnonzero(contacts.ids == i)
            pre, node, post = *contacts.boutons[k], contacts.partners[k]
            assert cells.kinds[pre] == AXON and cells.varicosity[pre, node] == BOUTON
            assert cells.kinds[post] == DENDRITE
            here = ids == i
            sides = np.stack([part.index[here], part.other[here]])
            assert (np.sort(sides, 0) == np.sort([pre, post])[:, None]).all()
            assert (part.depth_nm[here] <= half + contacts.thicknesses_nm[k]).all()
            seen += 1
    assert seen >= 10


def test_a_sheath_is_the_outer_shell_of_its_axon():
    wrapped = []
    for scene in look_around("wrapped", 5, "sheath", 24, voxel=12.0):
        sheath, part = scene.layers["sheath"], scene.partition
        inside = sheath.distance_nm < 0
        wraps = scene.objects["sheath"]
        for who in np.unique(part.index[inside]):
            mine = part.index == who
            thick, outside = wraps.thickness_nm[who], scene.anatomy.sheath.outside_nm
            assert thick > 0 and (sheath.ids[inside & mine] == wraps.ids[who]).all()
            # its whole rim is wrapped, but for the gap to the neighbour; towards a node it is thinner
            low, high = warp_window(scene.seed, scene.anatomy.warp, scene.grid).box_nm
            nodes = wraps.nodes_nm[who, :, :3]
            close = ((nodes > low - 500) & (nodes < high + 500)).all(1)
            whole = close.any() and (wraps.parts[who][close] == 1).all()
            rim = mine & (part.depth_nm > outside + 1) & (part.depth_nm < min(20.0, 0.5 * thick))
            if rim.sum() > 100 and whole:
                wrapped.append(inside[rim].mean())
    assert len(wrapped) >= 5
    # where two sheathed axons press on each other the outer face gives way and the inner does not
    assert min(wrapped) > 0.8
    assert np.mean(wrapped) > 0.97


def test_vesicles_crowd_in_boutons():
    """Most vesicles lie in the neurite that has a bouton nearby."""
    held = total = 0
    for scene in look_around("epfl", 2, "psd", 8):
        vesicles, contacts = scene.objects["vesicle"], scene.objects["psd"]
        held += np.isin(vesicles.owners, contacts.boutons[:, 0]).sum()
        total += len(vesicles.owners)
    assert total > 100
    assert held / total > 0.5
