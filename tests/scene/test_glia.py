"""Processes of glial cells, and the glycogen in them."""

from functools import cache
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from skimage.measure import label, regionprops

from shapes import Grid
from shapes.clutter.glycogen import MOST, Glycogen, cluster
from shapes.core.errors import InputError
from shapes.core.spread import Spread
from shapes.neurites.population import DENDRITE, GLIA
from synthem.preset.preset import Preset, load_preset
from synthem.scene.scene import CLUTTER, Scene, build_scene
from synthem.world import World

ASTROCYTES = {
    "cell_nm": 1800, "chance": 0.3, "length_nm": 2200, "step_nm": 220, "bend": 0.6,
    "radius_nm": {"median": 240, "ratio": 1.4},
    "wobble": 0.55, "ruffle_nm": 50, "ruffle_length_nm": 300, "flatness": {"min": 0.55, "max": 0.7},
    "spine_chance": 0.9, "spine_length_nm": {"min": 200, "max": 700},
    "spine_neck_radius_nm": {"min": 60, "max": 120}, "spine_head_radius_nm": {"min": 60, "max": 150},
}  # fmt: skip


@cache
def preset(name: str = "epfl") -> Preset:
    """Return a preset with many glial processes full of glycogen, and a map of it."""
    values = load_preset(name).model_dump(mode="json", exclude_none=True)
    values["anatomy"] |= {"glia": ASTROCYTES, "glycogen": {"per_um3": 40}}
    values["annotation"]["also"] = ["glycogen"]
    return load_preset(values)


@cache
def scenes() -> list[Scene]:
    grids = [Grid((1, 360, 360), (8.0, 8.0, 8.0), (0.0, 1e4 * k, -4e4)) for k in range(8)]
    return [build_scene(preset().anatomy, k, grid) for k, grid in enumerate(grids)]


def kinds(scene: Scene) -> np.ndarray:
    """Return what kind of cell owns each voxel; thin glia counts as ``GLIA``."""
    return np.append(scene.neurites.kinds, GLIA)[scene.partition.index]


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila"])
@given(
    seed=st.integers(0, 2**63 - 1),
    origin=st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    shape=st.sampled_from([(1, 120, 110), (6, 50, 46)]),
    cut=st.floats(0.1, 0.9),
)
@settings(max_examples=3, deadline=None)
def test_two_half_windows_are_the_whole(check_halves, name, seed, origin, shape, cut):
    world = World(preset(name), seed)
    check_halves(world, Grid(shape, world.preset.voxel_nm, origin), cut)


def test_glia_has_no_vesicles_and_no_synapses():
    shown = 0.0
    for scene in scenes():
        glia = kinds(scene) == GLIA
        shown += glia.mean() / len(scenes())
        assert not (glia & (scene.layers["vesicle"].distance_nm < 0)).any()
        density = scene.layers["psd"].distance_nm < 0
        assert not (glia & density).any()
        facing = np.append(scene.neurites.kinds, [GLIA, GLIA])[scene.partition.other]
        assert not (density & (facing == GLIA)).any()
    assert 0.03 < shown < 0.3


def test_no_partner_of_a_polyadic_synapse_is_glia():
    values = load_preset("insect").model_dump(mode="json", exclude_none=True)
    values["anatomy"] |= {"glia": ASTROCYTES}
    values["anatomy"]["psd"]["partners"] = "any"
    world, seen, touched = World(load_preset(values), 0), 0, 0
    for z, y, x in islice(world.find("psd"), 6):
        grid = Grid((4, 200, 200), (8.0, 8.0, 8.0), (z - 16, y - 800, x - 800))
        scene = build_scene(world.preset.anatomy, 0, grid)
        glia, density = kinds(scene) == GLIA, scene.layers["psd"].distance_nm < 0
        assert not (glia & density).any()
        seen, touched = seen + density.sum(), touched + glia.sum()
    assert seen > 200 and touched > 3000


def test_processes_are_more_irregular_than_neurites():
    """By their solidity: how much of its convex hull a profile fills."""
    solid, bare = (
        {True: [], False: []},
        dict.fromkeys(("mitochondrion", "psd", "vesicle", "sheath", *CLUTTER)),
    )
    for seed in range(6):
        scene = build_scene(
            preset().anatomy.model_copy(update=bare), seed, Grid((1, 500, 500), (12.0, 12.0, 12.0))
        )
        index = scene.partition.index[0] + 1
        of_glia = np.append(scene.neurites.kinds, GLIA) == GLIA
        for profile in regionprops(label(index, background=0, connectivity=1), intensity_image=index):
            if profile.area > 800 and min(profile.bbox[:2]) > 0 and max(profile.bbox[2:]) < 500:
                solid[bool(of_glia[int(profile.intensity_max) - 1])].append(profile.solidity)
    assert len(solid[True]) > 8
    assert np.median(solid[True]) < np.median(solid[False]) - 0.08


def test_a_process_is_as_dark_as_the_stain_says():
    greys = {}
    for mean in (110, 160):
        values = preset().model_dump(mode="json", exclude_none=True)
        values["microscope"]["stain"]["glia_process"] = {"mean": mean, "std": 0}
        world, grid = World(load_preset(values), 0), scenes()[0].grid
        inside = (kinds(scenes()[0]) == GLIA) & (scenes()[0].partition.depth_nm > 30)
        assert inside.sum() > 1000
        image = world.patch(grid).clean
        greys[mean] = image[inside].mean(), image[kinds(scenes()[0]) != GLIA].mean()
    assert greys[160][0] - greys[110][0] == pytest.approx(50, abs=12)
    assert greys[160][1] == pytest.approx(greys[110][1], abs=1.5)


def test_glia_with_boutons_is_refused():
    values = preset().model_dump(mode="json", exclude_none=True)
    values["anatomy"]["glia"]["bouton_chance"] = 0.5
    with pytest.raises(InputError, match=r"glia.*no boutons"):
        load_preset(values)


def test_glycogen_is_in_glia_and_in_dendrites_that_store_it():
    for chance, allowed in ((0.0, {GLIA}), (1.0, {GLIA, DENDRITE})):
        store = Glycogen(per_um3=40, dendrite_chance=chance)
        tissue, seen = preset().anatomy.model_copy(update={"glycogen": store}), set()
        for seed in range(4):
            scene = build_scene(tissue, seed, scenes()[seed].grid)
            granules, layer = scene.objects["glycogen"], scene.layers["glycogen"]
            seen |= set(kinds(scene)[layer.distance_nm < 0].tolist())
            assert set(np.append(scene.neurites.kinds, GLIA)[granules.owners].tolist()) <= allowed
            assert ((granules.radii_nm >= 7.5) & (granules.radii_nm <= 15)).all()
            assert len(np.unique(granules.ids)) == len(granules.ids)
        assert seen == allowed


@given(st.integers(0, 2**63 - 1))
@settings(max_examples=60, deadline=None)
def test_granules_of_a_cluster_lie_near_its_middle_and_never_overlap(seed):
    out = np.empty((MOST + 1, 4))
    rows = [Spread(min=low, max=high).row() for low, high in ((6, 40), (60, 200), (7.5, 15))]
    n = cluster(np.uint64(seed), *rows, out)
    assert 1 <= n <= 40
    assert np.linalg.norm(out[:n, :3], axis=1).max() <= 200
    for a, b in cKDTree(out[:n, :3]).query_pairs(31):
        assert np.linalg.norm(out[a, :3] - out[b, :3]) > out[a, 3] + out[b, 3]


def test_granules_without_room_are_counted():
    scene = scenes()[0]
    roomy = preset().anatomy.glycogen.model_copy(update={"clearance_nm": 50})
    tight = build_scene(preset().anatomy.model_copy(update={"glycogen": roomy}), 0, scene.grid)
    few, usual = tight.objects["glycogen"], scene.objects["glycogen"]
    assert set(few.ids) < set(usual.ids)
    assert few.missing + len(few.ids) == usual.missing + len(usual.ids)


def test_granules_are_dark_and_have_a_map_of_their_own():
    held = [(scene.layers["glycogen"].distance_nm < 0).sum() for scene in scenes()]
    fullest = int(np.argmax(held))
    patch, inside = World(preset(), fullest).patch(scenes()[fullest].grid), kinds(scenes()[fullest]) == GLIA
    there = patch.instances["glycogen"] > 0
    assert there.sum() > 50 and not (patch.labels & there).any()
    plain = inside & ~there & ~patch.labels.any(0)
    assert patch.clean[there & inside].mean() < patch.clean[plain].mean() - 15
