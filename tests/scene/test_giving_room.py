"""Cells give way to mitochondria, densities lie on flat contacts, and vesicles are round in the image."""

import numpy as np
import pytest

from shapes import Grid
from shapes.mitochondria.give_room import RIM_NM
from synthem import World
from synthem.preset.preset import load_preset
from synthem.scene.annotate import annotate
from synthem.scene.scene import Scene, build_scene

EPFL = load_preset("epfl")


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [build_scene(EPFL.anatomy, 9, Grid((1, 384, 384), (5, 5, 5), (0, 3e4 * k, 0))) for k in range(6)]


def test_no_membrane_cuts_a_mitochondrion(scenes):
    """All of one lies in its own cell, and no nearer to the membrane than its clearance says."""
    gap = EPFL.anatomy.membranes.half_width_nm + EPFL.anatomy.mitochondrion.clearance_nm / 2
    seen = tight = 0
    for scene in scenes:
        layer, part = scene.layers["mitochondrion"], scene.partition
        inside = layer.distance_nm < 0
        rods = scene.objects["mitochondrion"]
        cell_of = {
            i: scene.neurites.cells[o] for o, two in zip(rods.owners, rods.ids, strict=True) for i in two
        }
        cells = np.append(scene.neurites.cells, -1)[part.index[inside]]
        assert (cells == [cell_of[i] for i in layer.ids[inside]]).all()
        assert part.depth_nm[inside].min() > gap - 1
        surface = inside & (layer.distance_nm > -5)
        seen += surface.sum()
        tight += (part.depth_nm[surface] < gap + RIM_NM).sum()
    # where two of neighbouring cells would overlap, each keeps off the membrane between them
    assert seen > 2000 and tight < 0.1 * seen


def test_what_gives_way_is_no_farther_from_a_membrane_than_it_was(scenes):
    """The distance to the membrane changes by no more than a voxel from one to the next."""
    for scene in scenes:
        depth = np.where(scene.partition.index == np.roll(scene.partition.index, 1, 2), 1.0, np.nan)
        step = np.abs(np.diff(scene.partition.depth_nm, axis=2)) * depth[..., 1:]
        near = scene.layers["mitochondrion"].distance_nm[..., 1:] < 16
        assert np.nanmean(step[near] > 12) < 0.03


def test_a_contact_has_its_two_cells_all_around(scenes):
    """No density has a tongue: its room differs by 1.6 at most from side to side."""
    rims = np.concatenate([scene.objects["psd"].rims_nm for scene in scenes])
    assert len(rims) > 10
    assert (rims.max(1) <= 1.6 * rims.min(1) + 1e-6).all() and (rims.min(1) > 60).all()


def test_densities_that_face_the_section_are_not_drawn(scenes):
    """What is drawn with ``psd_en_face`` is all of those whose contact is steep, and none of the others."""
    every, rules = (EPFL.annotation.model_copy(update={"psd_en_face": most}) for most in (1.0, 0.5))
    k = every.classes.index("psd")
    hidden = 0
    for scene in scenes:
        contacts = scene.objects["psd"]
        flat = contacts.ids[np.abs(contacts.normals[:, 0]) > 0.5]
        drawn, all_of = annotate(scene, rules)[k], annotate(scene, every)[k]
        off = np.isin(scene.layers["psd"].ids, flat)
        np.testing.assert_array_equal(drawn, all_of & ~off)
        hidden += (all_of & off).sum()
    assert hidden > 0


def test_vesicles_are_round_in_the_image():
    """However tissue is bent: the axes of those that lie alone differ by a tenth at most."""
    ratios = []
    for seed in range(4):
        scene = World("epfl", seed).scene(Grid((70, 200, 200), (2, 2, 2), (0, 2e4 * seed, 0)))
        layer = scene.layers["vesicle"]
        for i in np.unique(layer.ids[layer.distance_nm < 0]):
            place = np.argwhere((layer.ids == i) & (layer.distance_nm < 0))
            cut = (place == 0).any() or (place == np.array(layer.ids.shape) - 1).any()
            if cut or len(place) < 3000:  # by the window, by a membrane, or by others
                continue
            ratios.append(np.sqrt(np.divide(*np.linalg.eigvalsh(np.cov(place.T))[[2, 0]])))
    assert len(ratios) > 10 and max(ratios) < 1.1


def test_a_sheath_ends_where_it_would_be_thin_and_takes_in_the_membrane_around_it():
    world = World("epfl", 3)
    place = next(world.find("sheath"))
    voxel = np.array((5.0, 5.0, 5.0))
    grid = Grid((1, 300, 300), tuple(voxel), tuple(place - np.array([1, 300, 300]) * voxel / 2))
    scene = world.scene(grid)
    layer, part = scene.layers["sheath"], scene.partition
    outside = (layer.distance_nm < 0) & ~np.isin(
        part.index, np.flatnonzero(scene.objects["sheath"].thickness_nm)
    )
    assert outside.any()
    assert part.depth_nm[outside].max() <= -EPFL.anatomy.sheath.outside_nm
