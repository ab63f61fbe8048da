"""How neurites run: on a lattice, with the grain, in branches, around thick ones; with spines to boutons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes.neurites.drift import Drift, drift_field, farthest_nm, into_tissue, lattice_box
from shapes.neurites.grow import grow
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import AXON, BOUTON, DENDRITE, Population
from shapes.neurites.tubes import AX, AZ, DZ, RMAX, SQUEEZE
from shapes.partition.point import near_box

LOW = np.full(3, 3e5)
PLAIN = {"cell_nm": 700, "radius_nm": 40, "bend": 0, "stray": 0, "wobble": 0, "length_nm": 20000}


def axons(seed: int = 3, edge: float = 4000.0, drift: float = 0.0, at=LOW, **more) -> Neurites:
    population = Population(**PLAIN | more)
    low = np.asarray(at, float)
    return grow(seed, {"axons": (AXON, population)}, low, low + edge, 0.0, drift=Drift(slope=drift))


def directions(cells: Neurites) -> np.ndarray:
    """Unit vectors, (n, 3), of straight neurites; a branch's first step leads away from its stem."""
    steps = np.diff(cells.nodes_nm[:, 1:, :3], axis=1)
    steps = steps[~np.isnan(steps).any(2).all(1)]
    steps = np.nanmean(steps, axis=1)
    return steps / np.linalg.norm(steps, axis=1, keepdims=True)


def test_as_many_neurites_run_along_each_axis_unless_told():
    assert (directions(axons(edge=8000.0)) ** 2).mean(0) == pytest.approx(1 / 3, abs=0.06)


def test_grain_lays_neurites_into_the_sections():
    along = (directions(axons(edge=8000.0, grain=(0.2, 1, 1))) ** 2).mean(0)
    assert along[0] == pytest.approx(0.2 / 2.2, abs=0.05)
    assert (np.abs(directions(axons(grain=(0, 1, 1)))[:, 0]) < 1e-9).all()


def test_lines_never_meet():
    """Where two lines cross they are half an edge apart, so that no axis runs through another's tube."""
    cells = axons(branch_chance=0)
    for j in range(len(cells.ids)):
        own, rest = cells.segments[cells.owners == j], cells.segments[cells.owners != j]
        for tube in own:
            for t in np.linspace(0, 1, 7):
                at = tube[AZ : AX + 1] + t * tube[DZ : DZ + 3]
                axis = rest[:, DZ : DZ + 3]
                along = ((at - rest[:, AZ : AX + 1]) * axis).sum(1) / (axis**2).sum(1)
                nearest = rest[:, AZ : AX + 1] + np.clip(along, 0, 1)[:, None] * axis
                assert np.linalg.norm(nearest - at, axis=1).min() > 349


def test_a_neurite_is_tens_of_micrometres_long_and_the_same_at_both_its_ends():
    """Two windows 12 µm apart on one axon know it by one key and id, and count its nodes alike."""
    whole = axons(drift=0.3, edge=16000.0)
    known = ~np.isnan(whole.nodes_nm[..., 3])
    longest = int(known.sum(1).argmax())
    first, last = np.flatnonzero(known[longest])[[1, -2]]
    assert (last - first) * whole.steps_nm[longest] > 10_000
    for k in (first, last):
        place = whole.nodes_nm[longest, k, :3]
        part = axons(drift=0.3, edge=200.0, at=place - 100.0)
        (j,) = np.flatnonzero(part.keys == whole.keys[longest])
        assert part.ids[j] == whole.ids[longest]
        np.testing.assert_array_equal(part.nodes_nm[j, k], whole.nodes_nm[longest, k])


def test_no_neurite_is_longer_than_the_preset_says():
    cells = axons(edge=30000.0, cell_nm=4000, length_nm=9000)
    assert cells.counts.max() <= 9000 / 300 + 1
    assert np.median(cells.counts) > 0.6 * 9000 / 300


def test_a_branch_begins_at_a_node_of_its_stem_and_shares_its_id():
    cells, branches = axons(edge=9000.0, branch_chance=1.0, drift=0.2), 0
    for cell in np.unique(cells.cells):
        rows = np.flatnonzero(cells.cells == cell)
        assert len(np.unique(cells.ids[rows])) == 1
        assert (np.diff(rows) == 1).all(), "branches follow each other"
        starts = cells.nodes_nm[rows, 0, :3]
        nodes = cells.nodes_nm[rows][..., :3]
        for n, start in enumerate(starts):
            others = np.delete(nodes, n, axis=0).reshape(-1, 3)
            if not np.isnan(start).any() and len(rows) > 1:
                branches += bool((np.abs(others - start).max(1) < 1e-6).any())
    assert branches > 20
    assert len(np.unique(axons(branch_chance=0).ids)) == len(axons(branch_chance=0).ids)


def crowd(seed: int, spines: float = 0.0) -> Neurites:
    thin = Population(cell_nm=600, radius_nm=50, bouton_chance=0.4, wobble=0.1)
    thick = Population(cell_nm=2200, radius_nm=400, flatness=1, wobble=0, spine_chance=spines)
    tubes = {"axons": (AXON, thin), "dendrites": (DENDRITE, thick)}
    return grow(seed, tubes, LOW, LOW + 3000.0, 0.0, drift=Drift(slope=0.2))


def test_axons_run_around_dendrites():
    """Few nodes of axons lie in dendrites, which take a fifth of the place: some have no way out."""
    inside = total = 0
    for seed in range(4):
        cells = crowd(seed)
        tubes = cells.segments[cells.kinds[cells.owners] == DENDRITE]
        for node in cells.nodes_nm[cells.kinds == AXON].reshape(-1, 4):
            if np.isnan(node[3]) or (node[:3] < LOW).any() or (node[:3] > LOW + 3000).any():
                continue
            axis = tubes[:, DZ : DZ + 3]
            along = ((node[:3] - tubes[:, AZ : AX + 1]) * axis).sum(1) / (axis**2).sum(1)
            nearest = tubes[:, AZ : AX + 1] + np.clip(along, 0, 1)[:, None] * axis
            inside += bool((np.linalg.norm(nearest - node[:3], axis=1) < 400).any())
            total += 1
    assert total > 500
    assert inside < 0.12 * total


def test_spines_reach_boutons():
    """What a dendrite has besides its shaft ends beside a bouton."""
    bare, spiny = crowd(1), crowd(1, spines=1.0)
    assert len(spiny.segments) > len(bare.segments) + 10
    nodes = spiny.nodes_nm[spiny.varicosity == BOUTON]
    heads = spiny.segments[spiny.kinds[spiny.owners] == DENDRITE]
    shafts = {tuple(row[AZ : AX + 1]) for row in bare.segments}
    heads = np.array([row for row in heads if tuple(row[AZ : AX + 1]) not in shafts])
    ends = heads[1::2, AZ : AX + 1] + heads[1::2, DZ : DZ + 3]
    away = np.linalg.norm(ends[:, None] - nodes[None, :, :3], axis=2) - nodes[None, :, 3]
    assert (away.min(1) < 300).all()


@given(st.integers(0, 2**40), st.tuples(*[st.floats(-1e6, 1e6)] * 3))
@settings(max_examples=15, deadline=None)
def test_the_drift_is_the_same_in_any_window_and_does_not_fold(seed, place):
    drift, at = Drift(slope=0.3, wavelength_nm=3000), np.array(place)
    small = drift_field(seed, drift, at - 1500, at + 1500)
    large = drift_field(seed, drift, at - 5000, at + 4000)
    one, two, rng = np.empty(3), np.empty(3), np.random.default_rng(seed)
    for point in at + rng.uniform(-1000, 1000, (20, 3)):
        into_tissue(small, point, one)
        into_tissue(large, point, two)
        np.testing.assert_array_equal(one, two)
        assert np.abs(one - point).max() <= farthest_nm(drift)
        ahead = point + np.array([100.0, 0, 0])
        into_tissue(large, ahead, two)
        assert two[0] > one[0] - 20


def test_the_drift_makes_tissue_nowhere_much_denser():
    """It is a curl: the volume of a small box stays the same, within what second order does."""
    field = drift_field(5, Drift(), LOW - 3e4, LOW + 3e4)
    volumes, one, two = [], np.empty(3), np.empty(3)
    for point in LOW + np.random.default_rng(0).uniform(-2e4, 2e4, (400, 3)):
        into_tissue(field, point, one)
        edges = []
        for axis in np.eye(3):
            into_tissue(field, point + 50 * axis, two)
            edges.append((two - one) / 50)
        volumes.append(np.linalg.det(edges))
    assert np.mean(volumes) == pytest.approx(1, abs=0.05)
    assert np.std(volumes) < 0.25
    assert np.min(volumes) > 0


def test_a_box_of_the_lattice_holds_all_that_a_box_of_tissue_is_made_of():
    drift = Drift()
    rim, rng, at = farthest_nm(drift), np.random.default_rng(2), np.empty(3)
    for seed in range(5):
        field = drift_field(seed, drift, LOW - rim - 3000, LOW + 3000 + rim + 3000)
        lattice = lattice_box(field, LOW, LOW + 3000)
        for point in rng.uniform(LOW - 3000, LOW + 6000, (3000, 3)):
            into_tissue(field, point, at)
            if (at >= LOW).all() and (at <= LOW + 3000).all():
                assert (point >= lattice[0] - 1).all() and (point <= lattice[1] + 1).all()


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
