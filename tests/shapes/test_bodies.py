"""Neurons: dendrites and an axon that leave a soma are one cell with it; glial processes are stars."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from shapes import Grid
from shapes.core.warp import warp_window
from shapes.neurites.drift import Drift
from shapes.neurites.grow import grow
from shapes.neurites.lattice import LONGER
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import AXON, DENDRITE, GLIA, SHAFT, SOMA, Population
from synthem.measure.neuropil import measured
from synthem.preset.anatomy import Anatomy
from synthem.preset.preset import load_preset
from synthem.scene.scene import Scene, build_scene, grow_around, populations

SOMATA = {
    "cell_nm": 25000, "chance": 0.6, "length_nm": 1800, "step_nm": 450, "bend": 0.15,
    "radius_nm": {"min": 3000, "max": 4500}, "wobble": 0.05, "stiffness": 14,
    "flatness": {"min": 0.9, "max": 1.0},
}  # fmt: skip
IDLE = dict.fromkeys(("mitochondrion", "psd", "vesicle", "sheath"))


@cache
def tissue(**more: object) -> Anatomy:
    """A tissue of somata, dendrites and few axons."""
    return Anatomy.model_validate(
        {
            "warp": {"amplitude_nm": 0},
            "axons": {"cell_nm": 1000, "radius_nm": 90, "bouton_chance": 0.5, "grain": [0.6, 1, 1]},
            "dendrites": {"cell_nm": 2300, "step_nm": 450, "length_nm": 50000, "grain": [0.5, 1, 1],
                          "radius_nm": {"median": 340, "ratio": 1.3}, "stiffness": 1.3},
            "somata": SOMATA,
            **IDLE,
            **more,
        }
    )  # fmt: skip


def grown(anatomy: Anatomy, seed: int, middle: np.ndarray, half: float, *kinds: int) -> Neurites:
    some = {name: part for name, part in populations(anatomy).items() if not kinds or part[0] in kinds}
    return grow(seed, some, middle - half, middle + half, 0.0, drift=anatomy.drift)


@cache
def somata(seed: int) -> np.ndarray:
    """Middles and radii of a world's somata, (n, 4)."""
    cells = grown(tissue(), seed, np.zeros(3), 35000.0, SOMA)
    middles = cells.nodes_nm[np.arange(len(cells.counts)), cells.counts // 2]
    return middles[~np.isnan(middles[:, 3])]


@cache
def neurons() -> list[tuple[np.ndarray, Neurites, int]]:
    """Somata with all around them: middle and radius, the neurites, and the soma's row."""
    out = []
    for seed in range(2):
        for middle in somata(seed)[:12]:
            cells = grown(tissue(), seed, middle[:3], 1.2 * middle[3])
            at = cells.nodes_nm[np.arange(len(cells.counts)), cells.counts // 2]
            (row,) = np.flatnonzero((cells.kinds == SOMA) & (at == middle).all(1))
            out.append((middle, cells, int(row)))
    return out


def outside(cells: Neurites, soma: int, nodes: np.ndarray) -> np.ndarray:
    """How far from a soma's surface nodes lie, negative inside."""
    axis = cells.nodes_nm[soma, : cells.counts[soma]]
    return np.linalg.norm(nodes[:, None, :3] - axis[None, :, :3], axis=2).min(1) - axis[:, 3].max()


def leaving(away: np.ndarray) -> int:
    """How many times an axis leaves a soma: stretches of it that begin or end inside."""
    known = np.flatnonzero(away < 1500)
    runs = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1)
    return sum(bool(run.size) and bool(away[run].min() < 0) for run in runs)


def test_dendrites_and_one_axon_leave_a_soma_with_its_id():
    found = neurons()
    assert len(found) >= 20
    dendrites, axons = [], []
    for _, cells, row in found:
        own = np.flatnonzero(cells.ids == cells.ids[row])
        assert len(np.unique(cells.cells[own])) == 1
        first = {kind: own[cells.kinds[own] == kind] for kind in (DENDRITE, AXON)}
        dendrites.append(sum(leaving(outside(cells, row, cells.nodes_nm[j])) for j in first[DENDRITE]))
        axons.append(sum(leaving(outside(cells, row, cells.nodes_nm[j])) for j in first[AXON]))
    assert 3 <= np.mean(dendrites) <= 6
    assert max(dendrites) <= 6
    assert max(axons) == 1
    assert np.mean(axons) > 0.8


def test_neurites_of_a_soma_end_under_its_membrane_and_are_thicker_there():
    ratios = []
    for middle, cells, row in neurons():
        for j in np.flatnonzero((cells.ids == cells.ids[row]) & (cells.kinds != SOMA)):
            nodes = cells.nodes_nm[j]
            away = outside(cells, row, nodes)
            assert np.nanmin(away) > -LONGER * cells.steps_nm[j] - 0.3 * middle[3]
            if cells.kinds[j] == AXON:
                assert (cells.varicosity[j][away < 2500] == SHAFT).all()
            else:
                ratios += (nodes[np.abs(away) < 500, 3] / cells.radii_nm[j]).tolist()
    assert np.median(ratios) > 1.5


def test_windows_far_apart_on_one_neuron_agree_on_its_id():
    """Where a window shows a dendrite alone, its id is that of a soma that the window does not know."""
    far = 0
    for middle in somata(0)[:5]:
        whole = grown(tissue(), 0, middle[:3], 20000.0, SOMA, DENDRITE)
        at = whole.nodes_nm[np.arange(len(whole.counts)), whole.counts // 2]
        (row,) = np.flatnonzero((whole.kinds == SOMA) & (at == middle).all(1))
        for j in np.flatnonzero((whole.ids == whole.ids[row]) & (whole.kinds == DENDRITE)):
            away = np.linalg.norm(whole.nodes_nm[j, :, :3] - middle[:3], axis=1)
            k = int(np.nanargmax(away))
            part = grown(tissue(), 0, whole.nodes_nm[j, k, :3], 100.0, SOMA, DENDRITE)
            (n,) = np.flatnonzero(part.keys == whole.keys[j])
            assert part.ids[n] == whole.ids[row]
            far += away[k] > 15000 and whole.keys[row] not in part.keys
    assert far > 5


def test_nodes_around_a_soma_are_the_same_whatever_a_window_knows():
    """Those that a window needs; farther away it may know nodes that nothing asks for."""
    anatomy = Anatomy.model_validate(
        load_preset("epfl").anatomy.model_dump(mode="json", exclude_none=True) | {"somata": SOMATA}
    )
    rng, same = np.random.default_rng(0), 0
    for middle in somata(1)[:5]:
        way = rng.normal(size=3)
        at = middle[:3] + way / np.linalg.norm(way) * middle[3] * rng.uniform(0.8, 1.4)
        place = tuple(float(np.floor(c / 15) * 15) for c in at)
        window = warp_window(1, anatomy.warp, Grid((1, 48, 40), (15.0,) * 3, place))
        few, (low, high) = grow_around(1, anatomy, window), window.box_nm
        every = grow(1, populations(anatomy), low, high, 1500.0, drift=anatomy.drift)
        rows = {int(key): j for j, key in enumerate(every.keys)}
        for j in range(len(few.keys)):
            if (i := rows.get(int(few.keys[j]))) is None:
                continue
            assert few.ids[j] == every.ids[i]
            one, two = few.nodes_nm[j], every.nodes_nm[i]
            off = np.maximum(0, np.maximum(low - one[:, :3], one[:, :3] - high))
            near = (np.linalg.norm(off, axis=1) < 2500) & ~np.isnan(one[:, 3]) & ~np.isnan(two[:, 3])
            np.testing.assert_array_equal(one[near], two[near])
            same += near.sum()
    assert same > 1000


@cache
def volume() -> tuple[Scene, int]:
    """A soma and what is around it, in voxels of 160 nm; and the id of the neuron."""
    middle = somata(0)[0]
    place = tuple(float(np.floor(c / 160) - 40) * 160 for c in middle[:3])
    scene = build_scene(tissue(), 0, Grid((80, 80, 80), (160.0,) * 3, place))
    return scene, int(scene.neurites.ids[scene.partition.index[40, 40, 40]])


def test_a_neuron_is_in_one_piece_without_a_membrane_inside():
    scene, neuron = volume()
    cells, index, other = scene.neurites, scene.partition.index, scene.partition.other
    own = np.append(cells.ids, 0)[index] == neuron
    kinds = np.append(cells.kinds, -1)[index]
    assert (own & (kinds == SOMA)).any() and (own & (kinds == DENDRITE)).sum() > 1000
    pieces, _ = ndimage.label(own, np.ones((3, 3, 3)))
    assert (pieces[own] == pieces[40, 40, 40]).mean() > 0.95
    number = np.append(cells.cells, [-1, -2])
    assert (number[index] != number[np.where(other < 0, -1, other)])[other >= 0].all()


def test_neuropil_with_neurons_is_traced_as_well_as_without():
    scene, _ = volume()
    found = measured(scene)
    assert found.own > 0.9 and 0.05 < found.dendrite_um < 1


def test_a_soma_is_no_branch_and_glial_processes_are_stars_unless_told():
    block = {"cell_nm": 2000, "radius_nm": 200}
    anatomy = tissue(glia=None).model_copy()
    assert anatomy.somata is not None and anatomy.somata.branch_chance == 0
    values = tissue().model_dump(mode="json", exclude_none=True)
    assert Anatomy.model_validate(values | {"glia": block}).glia.branch_chance == 1  # type: ignore[union-attr]
    told = Anatomy.model_validate(values | {"glia": block | {"branch_chance": 0.2}})
    assert told.glia is not None and told.glia.branch_chance == 0.2


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_glial_processes_leave_a_middle_every_way(chance):
    """A star's processes have one id and meet at one node, from which they go to both sides."""
    glia = Population(cell_nm=3000, length_nm=7000, step_nm=250, radius_nm=200, branch_chance=chance)
    low = np.full(3, 1e5)
    cells = grow(1, {"glia": (GLIA, glia)}, low, low + 26000.0, 0.0, drift=Drift())
    stars = [meeting(cells, cell, low + 6000, low + 20000) for cell in range(int(cells.cells.max()) + 1)]
    arms = np.array([n for n in stars if n])
    assert len(arms) > 10
    assert (arms == 2).all() if chance == 0 else np.mean(arms >= 4) > 0.4


def meeting(cells: Neurites, cell: int, low: np.ndarray, high: np.ndarray) -> int:
    """How many processes of a cell leave the node where most meet, 0 where that lies outside a box."""
    arms: dict[tuple[float, ...], int] = {}
    for j in np.flatnonzero(cells.cells == cell):
        for k in np.flatnonzero(~np.isnan(cells.nodes_nm[j, :, 3])):
            place = tuple(np.round(cells.nodes_nm[j, k, :3], 6).tolist())
            arms[place] = arms.get(place, 0) + int(k > 0) + int(k < cells.counts[j] - 1)
    place = max(arms, key=arms.__getitem__)
    return arms[place] if (low <= place).all() and (place <= high).all() else 0
