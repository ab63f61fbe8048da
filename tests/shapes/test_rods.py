"""Rods and their arms: on voxels, apart from the tissue around them, and in the tissue."""

from functools import cache

import numpy as np
import pytest
from brute_force import straight
from scipy import ndimage

from shapes import Grid
from shapes.core.warp import warp_window, world_points
from shapes.mitochondria.mitochondria import Mitochondria, build
from shapes.mitochondria.rods import ARM, MIDDLE, POINTS, ROW, Rods
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import DENDRITE
from shapes.partition.cytoplasm import Cores
from shapes.partition.generator import Layer, Tissue
from shapes.partition.partition import Partition
from shapes.partition.point import Membranes
from synthem.preset.preset import Preset, load_preset
from synthem.scene.scene import CLUTTER, build_scene, place_objects
from synthem.world import World

GRID = Grid((60, 60, 110), (5.0, 5.0, 5.0), (-150.0, -150.0, -275.0))


def alone(points: np.ndarray, ids: list[int]) -> tuple[Rods, Tissue, Partition, Mitochondria]:
    """Return what ``build`` takes for one rod in a cell without end."""
    row = Mitochondria().row()
    rods = Rods(
        points, points, np.zeros(1, np.int32), np.ones(1, np.uint64), np.array([ids], np.int32), 0, row
    )
    cells = Neurites.__new__(Neurites)
    object.__setattr__(cells, "cells", np.zeros(1, np.int32))
    tissue = Tissue(0, straight(GRID), cells, Membranes(), np.zeros(1), Cores.none())
    nothing = np.zeros(GRID.shape, np.int32)
    part = Partition(nothing, nothing - 1, np.full(GRID.shape, 1e4, np.float32), np.zeros(GRID.shape))
    return rods, tissue, part, Mitochondria()


def lay(radii: list[float], ids: list[int]) -> Layer:
    """Return one straight rod along x, of points 60 nm apart."""
    points = np.zeros((1, ROW, 4))
    points[0, :POINTS, 2], points[0, :POINTS, 3] = np.arange(-120, 121, 60), radii
    return build(*alone(points, ids))


def test_halves_without_a_middle_lie_apart():
    """Although the balls at their ends overlap."""
    layer = lay([80, 80, 0, 80, 80], [5, 6])
    inside = layer.distance_nm < 0
    places = (np.arange(110) * 5.0 - 275)[np.nonzero(inside)[2]]
    first, second = places[layer.ids[inside] == 5], places[layer.ids[inside] == 6]
    assert first.max() == pytest.approx(-15, abs=6) and second.min() == pytest.approx(15, abs=6)
    assert set(np.unique(layer.ids[inside])) == {5, 6}


def test_a_rod_with_a_middle_is_whole():
    layer = lay([80, 80, 80, 80, 80], [5, 5])
    row = (layer.distance_nm < 0)[30, 30]
    assert row[np.flatnonzero(row)[0] : np.flatnonzero(row)[-1] + 1].all()
    assert row.sum() == pytest.approx((240 + 160) / 5, abs=2)


def forked(radii: list[float], arm: list[float]) -> Layer:
    """Return a straight rod along x whose arm leaves its middle along y, in points 60 nm apart."""
    points = np.zeros((1, ROW, 4))
    points[0, :POINTS, 2], points[0, :POINTS, 3] = np.arange(-120, 121, 60), radii
    points[0, ARM:, 1], points[0, ARM:, 3] = 30.0 * np.arange(5), arm
    return build(*alone(points, [7, 7]))


def test_an_arm_is_joined_to_its_rod_without_a_corner_or_a_wall():
    layer = forked([50] * 5, [50] * 5)
    there = layer.distance_nm < 0
    assert ndimage.label(there)[1] == 1 and set(np.unique(layer.ids[there])) == {7}
    # in the middle of both, nothing of the outer boundary runs between rod and arm
    row = layer.distance_nm[30, :, 55]
    assert (row[30:48] < -40).all()
    at = lambda y, x: layer.distance_nm[30, 30 + y // 5, 55 + x // 5]  # noqa: E731
    assert at(60, 60) < 5 and at(55, 55) < 0, "the corner between them is rounded off"
    assert at(-60, 60) == pytest.approx(10, abs=4), "across from the arm nothing changes"


def test_without_its_first_point_an_arm_is_none():
    layer = forked([50] * 5, [50, 0, 50, 0, 50])
    np.testing.assert_array_equal(layer.distance_nm, lay([50] * 5, [7, 7]).distance_nm)


def branching(chance: float) -> Preset:
    values = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    # long and thin enough that many arms find room
    values["anatomy"]["mitochondrion"] |= {
        "branch_chance": chance,
        "dendrite_chance": 1.0,
        "radius_nm": {"mean": 212, "std": 30},
        "half_length_nm": {"min": 280, "max": 480},
        "thinnest_nm": 105,
    }
    return load_preset(values)


def arms(seed: int, chance: float) -> tuple[Rods, np.ndarray]:
    """Return the mitochondria of a box of 3 × 5 × 5 µm, and what kind of neurite each is in."""
    tissue = branching(chance).anatomy
    tissue = tissue.model_copy(update=dict.fromkeys(("psd", "vesicle", *CLUTTER)))
    box = warp_window(seed, tissue.warp, Grid((60, 100, 100), (50.0, 50.0, 50.0)))
    placed = place_objects(tissue, seed, box)
    rods = placed[1]["mitochondrion"]
    return rods, placed[0].neurites.kinds[rods.owners]


def test_a_part_of_the_mitochondria_in_dendrites_branches():
    drawn = {}
    for chance in (0.0, 0.3, 1.0):
        found = [arms(seed, chance) for seed in range(3)]
        has = np.concatenate([rods.drawn[:, ARM, 3] > 0 for rods, _ in found])
        kinds = np.concatenate([kinds for _, kinds in found])
        assert not has[kinds != DENDRITE].any()
        drawn[chance] = has[kinds == DENDRITE].sum()
    assert drawn[0.0] == 0 and drawn[1.0] > 40
    assert 0.15 < drawn[0.3] / drawn[1.0] < 0.45


@cache
def forks() -> list[tuple[int, np.ndarray, int]]:
    """Return seed, place and id of rods whose arm has room in full."""
    warp, out = branching(1.0).anatomy.warp, []
    for seed in range(4):
        rods, _ = arms(seed, 1.0)
        for r in np.flatnonzero((rods.fitted[:, :, 3] > 0).all(1)):
            out.append((seed, world_points(seed, warp, rods.fitted[[r], MIDDLE, :3])[0], rods.ids[r, 0]))
    return out


def test_a_branching_mitochondrion_is_one_object_in_one_neurite():
    assert len(forks()) >= 12
    several = 0
    for seed, place, number in forks()[:4]:
        corner = tuple(float(p) - 800 for p in place)
        scene = build_scene(branching(1.0).anatomy, seed, Grid((80, 80, 80), (20.0, 20.0, 20.0), corner))
        layer, part = scene.layers["mitochondrion"], scene.partition
        mine = (layer.distance_nm < 0) & (layer.ids == number)
        assert ndimage.label(mine, np.ones((3, 3, 3)))[1] == 1
        assert len(np.unique(part.index[mine])) == 1
        assert (layer.detail_nm[mine] < 0).any(), "it has cristae"
        # some section shows it as two profiles
        several += any(
            ndimage.label(np.take(mine, k, axis))[1] > 1 for axis in range(3) for k in range(0, 80, 4)
        )
    assert several >= 3


def test_a_branching_mitochondrion_has_no_seams(check_halves):
    for seed, place, number in forks()[:4]:
        corner = tuple(float(p) - off for p, off in zip(place, (0, 275, 275), strict=True))
        shown = check_halves(World(branching(1.0), seed), Grid((2, 110, 110), origin_nm=corner), 0.47)
        assert (shown.instances["mitochondrion"] == number).any()


@pytest.mark.parametrize("kind", ["mitochondrion", "endosome"])
def test_what_has_room_is_as_thick_as_the_preset_says(kind: str) -> None:
    """In roomy dendrites rods of a fixed radius are even but for their tips, and fill their volume."""
    described = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    anatomy = described["anatomy"]
    roomy = {"cell_nm": 2000, "length_nm": 5400, "step_nm": 450, "bend": 0, "wobble": 0, "radius_nm": 620}
    anatomy |= dict.fromkeys(("er", "microtubule", "psd", "vesicle", "sheath", "myelinated"))
    anatomy |= {"warp": {"amplitude_nm": 0}, "dendrites": {**roomy, "stiffness": 5}}
    rod = {"bouton_chance": 0, "dendrite_chance": 1, "branch_chance": 0, "clearance_nm": 10, "bulge_nm": 40}
    anatomy["mitochondrion"] = {**rod, "radius_nm": 150, "half_length_nm": 400, "thinnest_nm": 60}
    anatomy["endosome"] = {"per_um3": 5, "dense": 0, "radius_nm": 80}
    scene = World(load_preset(described), 1).scene(Grid((150, 150, 150), (20.0, 20.0, 20.0)))
    if kind == "endosome":
        radii = scene.objects[kind].chains.points[:, :, 3]
        assert len(radii) > 20 and np.quantile(radii, 0.75) == pytest.approx(80, rel=1e-6)
        return
    rods, layer = scene.objects[kind], scene.layers[kind]
    there = rods.fitted[:, :POINTS, 3] > 0
    assert there[:, MIDDLE].sum() > 20
    assert np.median(rods.fitted[there[:, MIDDLE], MIDDLE, 3]) == pytest.approx(150, rel=1e-6)
    fits = (rods.fitted[:, :POINTS, 3] > 0.999 * rods.drawn[:, :POINTS, 3]).all(1)
    ids = layer.ids * (layer.distance_nm < 0)
    ratios = []
    for points, (one, other) in zip(rods.fitted[fits, :POINTS], rods.ids[fits], strict=True):
        inside = (points[:, :3] > 150).all() and (points[:, :3] < 2850).all()
        if inside and one == other:
            h, r = np.linalg.norm(np.diff(points[:, :3], axis=0), axis=1), points[:, 3]
            frusta = (np.pi * h / 3 * (r[1:] ** 2 + r[1:] * r[:-1] + r[:-1] ** 2)).sum()
            ratios.append((ids == one).sum() * 20.0**3 / (frusta + 2 / 3 * np.pi * (r[0] ** 3 + r[-1] ** 3)))
    assert np.median(ratios) == pytest.approx(1, abs=0.03)
