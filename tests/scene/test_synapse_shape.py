"""Shapes of a synapse: outlines, holes, layers of docked vesicles, dense cores, darkened surroundings."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.streams import cell_key
from shapes.core.warp import warp_window
from shapes.synapses.apposition import MOVED_NM, SIDES, across
from shapes.synapses.packing import JITTER, face_zone, lattice_site, rotation
from shapes.synapses.psd import _outline
from synthem import World
from synthem.preset.preset import load_preset
from synthem.scene.scene import CLUTTER, build_scene

seeds = st.integers(0, 2**32 - 1)
ROUND = np.ones(SIDES)


def changed(**blocks):
    """Return the epfl preset with keys of its anatomy, or of the stain, set."""
    preset = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    for block, values in blocks.items():
        (preset["microscope"]["stain"] if block == "stain" else preset["anatomy"][block]).update(values)
    return load_preset(preset)


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_no_lobe_of_a_density_passes_its_radius(seed):
    key = np.uint64(seed)
    turns = np.linspace(0, 2 * np.pi, 60)
    rims = [_outline(key, False, ROUND, 1.001 * np.cos(t), 1.001 * np.sin(t)) for t in turns]
    assert min(rims) > 1
    assert _outline(key, False, ROUND, 0.0, 0.0) == 0


def test_a_density_lies_in_the_middle_of_its_contact():
    """Its room lies all around its middle, which is near to where the axes of its two cells meet."""
    world, off, moved = World("epfl", seed=6), [], []
    for place in islice(world.find("psd"), 12):
        contacts = world.scene(Grid((1, 64, 64), (5, 5, 5), tuple(p - 160 for p in place))).objects["psd"]
        zones = {tuple(b): p for b, p in zip(contacts.zones.boutons, contacts.zones.places_nm, strict=True)}
        one, two, turns = np.empty(3), np.empty(3), 2 * np.pi * np.arange(SIDES) / SIDES
        for n, rims in enumerate(contacts.rims_nm):
            across(np.uint64(contacts.ids[n]), contacts.normals[n], one, two)
            sides = np.outer(np.cos(turns), one) + np.outer(np.sin(turns), two)
            off.append(np.linalg.norm(rims**3 @ sides / 1.5 / (rims**2).sum()) / rims.mean())
            moved.append(np.linalg.norm(contacts.middles_nm[n] - zones[tuple(contacts.boutons[n])]))
    assert len(off) > 20 and np.median(off) < 0.12 and np.percentile(off, 90) < 0.3
    assert np.median(moved) > 20 and max(moved) <= 1.05 * MOVED_NM


def test_a_density_keeps_to_its_contact():
    """Where the two cells meet again, beyond what a bent contact takes, there is no speck of it."""
    world, shown, farthest = World("epfl", seed=6), 0, 0.0
    anatomy = world.preset.anatomy.model_copy(update=dict.fromkeys(("mitochondrion", "vesicle", *CLUTTER)))
    half = anatomy.membranes.half_width_nm
    for place in islice(world.find("psd"), 24):
        grid = Grid(
            (24, 60, 60),
            (12.0, 12.0, 12.0),
            tuple(p - n for p, n in zip(place, (144, 360, 360), strict=True)),
        )
        scene, tissue = build_scene(anatomy, 6, grid), warp_window(6, anatomy.warp, grid).tissue_nm
        contacts, layer = scene.objects["psd"], scene.layers["psd"]
        for n, number in enumerate(contacts.ids):
            mine = (layer.distance_nm < 0) & (layer.ids == number)
            if mine.any():
                away = np.abs((tissue[:, mine].T - contacts.middles_nm[n]) @ contacts.normals[n])
                assert away.max() <= half + contacts.thicknesses_nm[n] + 60.0 + 1e-3
                shown, farthest = shown + 1, max(farthest, away.max() - half - contacts.thicknesses_nm[n])
    assert shown > 20 and farthest > 50.0  # and some are bent so much that it tells


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_a_perforated_density_has_one_hole(seed):
    """Somewhere within the outline nothing is left, in a disc of about a fifth of the radius."""
    key = np.uint64(seed)
    grid = np.linspace(-1, 1, 81)
    whole = np.array([[_outline(key, False, ROUND, u, v) < 1 for v in grid] for u in grid])
    holed = np.array([[_outline(key, True, ROUND, u, v) < 1 for v in grid] for u in grid])
    assert (whole | ~holed).all()
    lost = (whole & ~holed).sum() * (grid[1] - grid[0]) ** 2
    assert lost == pytest.approx(np.pi * 0.22**2, rel=0.15)


def test_as_many_densities_are_perforated_as_asked_for():
    presets = [changed(psd={"perforated": share}) for share in (0.0, 0.3, 1.0)]
    tissues = [
        p.anatomy.model_copy(update=dict.fromkeys(("mitochondrion", "vesicle", *CLUTTER))) for p in presets
    ]
    lost = []
    for place in islice(World("epfl", seed=6).find("psd"), 28):
        grid, sizes = Grid((40, 40, 40), (15.0, 15.0, 15.0), tuple(p - 300 for p in place)), []
        for tissue in tissues:
            scene = build_scene(tissue, 6, grid)
            contacts, layer = scene.objects["psd"], scene.layers["psd"]
            # tissue is displaced by less than synapses are apart
            middle = np.linalg.norm(contacts.middles_nm - place, axis=1).argmin()
            sizes.append(((layer.distance_nm < 0) & (layer.ids == contacts.ids[middle])).sum())
        lost.append([1 - size / sizes[0] for size in sizes])
    _, some, every = np.array(lost).T > 0
    assert every.mean() > 0.95
    assert some.mean() == pytest.approx(0.3, abs=0.17)
    # a hole is about a twentieth of the disc, in its thickest part
    assert 0.03 < np.median(np.array(lost)[:, 2]) < 0.15


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_a_layer_of_vesicles_lies_along_the_active_zone(seed):
    rng = np.random.default_rng(seed)
    facing = rng.normal(size=3)
    facing /= np.linalg.norm(facing)
    node, pitch, standoff = rng.uniform(-500, 500, 3), 40.0, 44.0
    zone = node + rng.uniform(100, 300) * facing + 20 * np.cross(facing, rng.normal(size=3))
    turn, centre = rotation(np.uint64(seed)), np.empty(3)
    face_zone(turn, node, zone, facing, pitch, standoff, centre)
    np.testing.assert_allclose(turn.T @ turn, np.eye(3), atol=1e-9)
    assert np.linalg.norm(centre - node) <= pitch / 2 + 1e-9
    site = np.empty(3)
    lattice_site(cell_key(np.uint64(1), 0, 2, 3), centre, turn, pitch, 0, 2, 3, site)
    away = (zone - site) @ facing - standoff
    assert abs(away - pitch * round(away / pitch)) <= JITTER * pitch + 1e-6


def test_most_active_zones_have_vesicles_docked():
    near = []
    world = World("epfl", seed=4)
    for place in islice(world.find("psd"), 24):
        z, y, x = place
        scene = world.scene(Grid((32, 64, 64), (10.0, 10.0, 10.0), (z - 160, y - 320, x - 320)))
        contacts, spheres = scene.objects["psd"], scene.objects["vesicle"]
        # tissue is displaced by less than synapses are apart
        k = np.linalg.norm(contacts.middles_nm - place, axis=1).argmin()
        mine = spheres.centres_nm[spheres.owners == contacts.boutons[k, 0]]
        near.append(np.linalg.norm(mine - contacts.middles_nm[k], axis=1).min(initial=1e3))
    assert np.mean(np.array(near) < 80) > 0.8


@pytest.mark.parametrize(("chance", "share"), [(0, 0), (0.5, 0.5), (1, 1)])
def test_as_many_vesicles_have_a_dense_core_as_asked_for(chance, share):
    world = World(changed(vesicle={"dense_chance": chance}), seed=1)
    z, y, x = next(world.find("psd"))
    layer = world.scene(Grid((40, 280, 280), (5.0, 5.0, 5.0), (z - 100, y - 700, x - 700))).layers["vesicle"]
    deep = layer.distance_nm < -20
    cored = {i: (layer.detail_nm[deep & (layer.ids == i)] < 0).any() for i in np.unique(layer.ids[deep])}
    assert len(cored) > 30
    assert np.mean(list(cored.values())) == pytest.approx(share, abs=0.2 if 0 < share < 1 else 0)


def test_a_halo_darkens_what_lies_around_vesicles_and_nothing_else():
    grid = Grid((1, 400, 400), (5.0, 5.0, 5.0))
    images = [dict(World(changed(stain={"halo": h}), seed=1).stages(grid))["section"] for h in (0.0, 40.0)]
    away = World("epfl", seed=1).scene(grid).layers["vesicle"].distance_nm
    darker = images[0] - images[1]
    assert (darker[away > 16] == 0).all()
    assert darker[(away > 2) & (away < 5)].mean() > 15
    assert (darker >= -1e-3).all()
