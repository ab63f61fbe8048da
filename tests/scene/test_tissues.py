"""Other tissues than hippocampus: insect neuropil with T-bars, and white matter."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.errors import InputError
from shapes.core.streams import mix, object_id
from shapes.mitochondria.rods import rod_distance
from shapes.neurites.grow import grow
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import AXON, BOUTON, DENDRITE, MYELINATED, Population
from shapes.synapses.contacts import BESIDE_NM
from shapes.synapses.tbars import bar_distance
from synthem.labels import channel
from synthem.preset.preset import load_preset
from synthem.scene.annotate import annotate
from synthem.scene.scene import Scene, build_scene
from synthem.world import World

SYNAPSES = 9


@cache
def synapses() -> list[Scene]:
    """Return windows of insect neuropil around a synapse each."""
    world, out = World("insect", 5), []
    for place, _ in zip(world.find("psd"), range(SYNAPSES), strict=False):
        corner = tuple(p - 200 for p in place)
        out.append(world.scene(Grid((50, 50, 50), (8.0, 8.0, 8.0), corner)))
    return out


@cache
def white_matter() -> list[Scene]:
    anatomy = load_preset("white_matter").anatomy
    return [
        build_scene(anatomy, seed, Grid((1, 300, 300), (50.0, 15.0, 15.0), (0, 7e4 * seed, 0)))
        for seed in range(3)
    ]


def whole(mask: np.ndarray) -> bool:
    """Tell whether a profile lies within its section."""
    return not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


@pytest.mark.parametrize("name", ["insect", "white_matter"])
@given(
    seed=st.integers(0, 2**63 - 1),
    origin=st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    shape=st.sampled_from([(1, 120, 110), (7, 50, 46), (24, 30, 28)]),
    cut=st.floats(0.1, 0.9),
)
@settings(max_examples=5, deadline=None)
def test_two_half_windows_are_the_whole(check_halves, name, seed, origin, shape, cut):
    world = World(name, seed)
    check_halves(world, Grid(shape, world.preset.voxel_nm, origin), cut)


@pytest.mark.parametrize("partners", ["dendrites", "any"])
def test_synapses_and_t_bars_have_no_seams(check_halves, partners):
    preset = load_preset("insect")
    psd = preset.anatomy.psd.model_copy(update={"partners": partners})
    preset = preset.model_copy(update={"anatomy": preset.anatomy.model_copy(update={"psd": psd})})
    seen = {"psd": 0, "t_bar": 0, "vesicle": 0}
    for scene in synapses()[:6]:
        low = tuple(o + 100 for o in scene.grid.origin_nm)
        found = check_halves(World(preset, 5), Grid((20, 25, 25), (8.0, 8.0, 8.0), low), 0.5).instances
        for kind in seen:
            seen[kind] += found[kind].any()
    assert min(seen.values()) >= 3


def test_insect_profiles_are_small_and_some_are_large():
    sizes = []
    for seed in range(4):
        index = World("insect", seed).scene(Grid((1, 400, 400), (8.0, 8.0, 8.0))).partition.index[0]
        for j, area in zip(*np.unique(index, return_counts=True), strict=True):
            if area > 20 and whole(index == j):
                sizes.append(2 * 8.0 * np.sqrt(area / np.pi))
    assert len(sizes) > 200
    assert 150 <= np.median(sizes) <= 250
    assert 450 < np.percentile(sizes, 98) < 1000


def test_most_insect_synapses_have_several_partners_which_are_dendrites():
    counts = []
    for scene in synapses():
        layer, contacts, cells = scene.layers["psd"], scene.objects["psd"], scene.neurites
        seen = np.unique(layer.ids[layer.distance_nm < 0])
        for number, (pre, node) in zip(contacts.ids, contacts.boutons, strict=True):
            who = [
                j
                for j in range(len(cells.keys))
                if object_id(np.uint64(mix(np.uint64(number), np.uint64(cells.keys[j])))) in seen
            ]
            if who:
                counts.append(len(who))
                assert cells.kinds[pre] == AXON and cells.varicosity[pre, node] == BOUTON
                assert (cells.kinds[who] == DENDRITE).all()
    assert len(counts) >= SYNAPSES
    assert np.mean(np.array(counts) >= 2) > 0.5
    assert max(counts) <= 9


def test_a_t_bar_stands_in_its_bouton_on_the_membrane():
    feet = shown = 0
    for scene in synapses():
        layer, bars, part = scene.layers["t_bar"], scene.objects["t_bar"], scene.partition
        inside = layer.distance_nm < 0
        params, half = scene.anatomy.t_bar, scene.anatomy.membranes.half_width_nm
        assert (bars.sizes_nm[:, 0] <= params.height_nm.highest()).all()
        assert (bars.sizes_nm[:, 1] <= params.platform_nm.highest() / 2).all()
        for k, number in enumerate(bars.ids):
            mine = inside & (layer.ids == number)
            if mine.sum() < 50:
                continue
            shown += 1
            assert (part.index[mine] == bars.owners[k]).all()
            # nothing is farther from the membrane than the T-bar is high; depths are known near membranes
            deep = part.depth_nm[mine]
            assert deep.min() < half + 30
            assert deep.max() <= half + bars.sizes_nm[k, 0] + 30
            feet += (deep < half).any()
    assert shown >= SYNAPSES - 3 and feet >= shown - 2


def test_a_t_bar_is_a_pedestal_with_a_platform():
    axes, sizes = np.eye(3)[None], np.array([[60.0, 75.0, 40.0]])
    at = lambda z, y, x: bar_distance(axes, sizes, 18.0, 34.0, 0, z, y, x)  # noqa: E731
    assert at(60.0, 0.0, 0.0) == pytest.approx(0) and at(70.0, 60.0, 30.0) == pytest.approx(10)
    assert at(51.0, 75.0, 0.0) == pytest.approx(0) and at(51.0, 0.0, 40.0) == pytest.approx(0)
    assert at(51.0, 0.0, 44.0) == pytest.approx(4) and at(51.0, 79.0, 0.0) == pytest.approx(4)
    assert at(20.0, 0.0, 0.0) < -16 and at(20.0, 30.0, 0.0) > 5, "beside the pedestal there is none"
    assert at(-40.0, 0.0, 0.0) > 0


def test_vesicles_keep_off_t_bars():
    near = 0
    for scene in synapses():
        bars, vesicles = scene.objects["t_bar"], scene.objects["vesicle"]
        for r, owner in enumerate(np.repeat(bars.owners, 2)):
            for at, radius in zip(vesicles.centres_nm, vesicles.radii_nm, strict=True):
                gap = rod_distance(bars.rods, r, *at) - radius
                if owner in vesicles.owners and gap < 60:
                    mine = vesicles.owners[(vesicles.centres_nm == at).all(1)][0] == owner
                    assert gap >= 0 or not mine
                    near += mine
    assert near > 10


def test_no_t_bar_reaches_farther_than_contacts_look():
    params = load_preset("insect").anatomy.t_bar
    widest = load_preset("insect").anatomy.vesicle.radius_nm.highest()
    far = np.hypot(params.height_nm.highest() + 20, params.platform_nm.highest() / 2)
    assert far + 2 * widest + 20 < BESIDE_NM


def test_t_bars_want_polyadic_synapses():
    values = load_preset("insect").model_dump(mode="json", exclude_none=True)
    values["anatomy"]["psd"]["polyadic"] = False
    with pytest.raises(InputError, match="polyadic"):
        load_preset(values)


def test_t_bars_are_no_psd_and_have_a_map_of_their_own():
    shown = 0
    for scene in synapses()[:3]:
        low = tuple(o + 100 for o in scene.grid.origin_nm)
        patch = World("insect", 5).patch(Grid((20, 25, 25), (8.0, 8.0, 8.0), low))
        bar = patch.instances["t_bar"] > 0
        assert not (patch.labels & bar).any()
        if bar.sum() > 20:
            shown += patch.clean[bar].mean() < patch.clean[~bar].mean() - 20
    assert shown >= 2


def test_white_matter_is_mostly_fibres():
    sheath, fibres = [], []
    for scene in white_matter():
        labels = annotate(scene, load_preset("white_matter").annotation)
        sheath.append(labels[channel("sheath")].mean())
        wrapped = np.append(scene.neurites.kinds == MYELINATED, False)
        fibres.append(wrapped[scene.partition.index].mean())
        assert not labels[channel("psd")].any()
    assert 0.15 < np.mean(sheath) < 0.35
    assert 0.35 < np.mean(fibres) < 0.7


def test_a_fibre_has_one_round_sheath_of_a_plausible_thickness():
    ratios, axons, roundness = [], [], []
    for scene in white_matter():
        index, layer = scene.partition.index[0], scene.layers["sheath"]
        sheath = layer.distance_nm[0] < 0
        ids = np.where(sheath, layer.ids[0], 0)
        for j in np.unique(index[sheath]):
            mine = index == j
            assert len(np.unique(ids[mine & sheath])) == 1, "sheaths never overlap"
            if not whole(mine) or (ids[mine] > 0).mean() < 0.2:
                continue
            inner = mine & ~sheath & (scene.partition.depth_nm[0] > 30)
            ratios.append(np.sqrt(inner.sum() / (inner.sum() + (mine & sheath).sum())))
            axons.append(30 * np.sqrt(inner.sum() / np.pi))
            spots = np.argwhere(mine)
            one, two = np.linalg.eigvalsh(np.cov(spots.T))
            # the area of an ellipse of these moments
            roundness.append(mine.sum() / (4 * np.pi * np.sqrt(one * two)))
    assert len(ratios) > 40
    assert 0.65 < np.median(ratios) < 0.78
    assert np.percentile(ratios, 5) > 0.55 and np.percentile(ratios, 95) < 0.87
    assert 380 < np.median(axons) < 600
    assert np.percentile(roundness, 10) > 0.97, "rings keep their shape where they touch"


def lanes(**change: object) -> tuple[Population, Neurites]:
    values = {
        "cell_nm": 700, "lanes": True, "bend": 0, "grain": (1, 0, 0), "length_nm": 6000, "step_nm": 500,
        "radius_nm": {"median": 300, "ratio": 1.6}, "wobble": 0,
    }  # fmt: skip
    population = Population.model_validate(values | change)
    low = np.array([0.0, -9000.0, 0.0])
    return population, grow(3, {"x": (MYELINATED, population)}, low, low + np.array([1.0, 6000, 6000]), 0.0)


def test_neurites_in_lanes_leave_each_other_room():
    _, cells = lanes()
    middles = np.nanmean(cells.nodes_nm[:, :, 1:3], axis=1)
    gaps = []
    for i in range(len(middles)):
        away = np.linalg.norm(middles - middles[i], axis=1) - cells.radii_nm - cells.radii_nm[i]
        # what follows in the same lane is in line with it
        gaps.append(away[np.linalg.norm(middles - middles[i], axis=1) > 1].min())
    assert len(gaps) > 40
    assert min(gaps) >= 0
    assert np.median(gaps) < 80, "and not more than they need"


def test_lanes_are_straight():
    for change in ({"bend": 0.1}, {"grain": (1, 1, 1)}, {"spine_chance": 0.5}):
        with pytest.raises(ValueError, match="lanes run along z"):
            lanes(**change)


def test_lanes_agree_between_boxes():
    population, cells = lanes()
    low = np.array([0.0, -6000.0, 2000.0])
    some = grow(3, {"x": (MYELINATED, population)}, low, low + np.array([1.0, 900, 900]), 0.0)
    assert len(some.ids) >= 1
    assert set(some.ids) <= set(cells.ids)
