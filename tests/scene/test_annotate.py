"""Labels and instances from geometry: what an annotator would draw on a section of several sheets."""

from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest

from shapes import Grid
from synthem.labels import CLASSES, channel, from_exclusive, to_exclusive
from synthem.preset.anatomy import Annotation
from synthem.preset.preset import load_preset
from synthem.scene.annotate import NEURITE, annotate, instances
from synthem.scene.scene import Scene, build_scene
from synthem.world import World

SHEETS = 5
GRID = Grid((2, 120, 120), (50.0, 6.0, 6.0), (1e4, 2e4, 3e4))


@pytest.fixture(scope="module")
def scene() -> Scene:
    """The first window around a density that shows a mitochondrion, too."""
    for place in islice(World("epfl", 33).find("psd", GRID.origin_nm), 20):
        corner = (place[0] - 50, place[1] - 360, place[2] - 360)
        grid = Grid(GRID.shape, GRID.voxel_nm, corner).split_sections(SHEETS)
        found = build_scene(load_preset("epfl").anatomy, 33, grid)
        if (found.layers["mitochondrion"].distance_nm < 0).mean() > 0.01:
            break
    return found


def test_a_section_is_labelled_as_most_of_its_sheets_are(scene):
    """Vesicles apart, which go before membrane and PSD where their middle lies in the section."""
    each = annotate(scene, Annotation()).reshape(len(CLASSES), 2, SHEETS, 120, 120)
    labels = annotate(scene, Annotation(), SHEETS)
    vesicle = channel("vesicle")
    most, seen = each.sum(2) >= 3, labels[vesicle]
    assert (seen >= most[vesicle]).all() and (seen > most[vesicle]).any()
    for k in range(len(CLASSES)):
        if k != vesicle:
            np.testing.assert_array_equal(labels[k], most[k] & ~(seen & ~most[vesicle]))
    assert (each.any(2) != labels).mean() > 0.001, "the sheets differ"


def test_every_vesicle_is_labelled_in_full_where_its_middle_lies():
    """In sections thicker than a vesicle each has one section, or two where its middle is between them."""
    grid = Grid((3, 160, 160), (50.0, 4.0, 4.0), next(World("cremi", 2).find("vesicle")))
    scene = build_scene(load_preset("cremi").anatomy, 2, grid.split_sections(SHEETS))
    layer = scene.layers["vesicle"]
    labels = annotate(scene, Annotation(), SHEETS)[channel("vesicle")]
    shown = (layer.ids * (layer.distance_nm < 0)).reshape(3, SHEETS, 160, 160)
    held = (layer.ids * (layer.middle & (layer.distance_nm < 0))).reshape(3, SHEETS, 160, 160)
    whole = [i for i in np.unique(held) if i and not _at_rim(shown, i)]
    assert len(whole) > 20
    areas, sections = [], []
    for i in whole:
        here = (shown == i).any(1)
        seen = (here & labels).sum((1, 2))
        areas.append(seen.max() / here.sum((1, 2)).max())
        sections.append((seen > 0.5 * here.sum((1, 2)).max()).sum())
    assert np.mean(np.array(areas) > 0.85) > 0.9
    assert 1.0 <= np.mean(sections) < 1.3


def _at_rim(shown, i):
    part = shown == i
    return part[0, 0].any() or part[-1, -1].any() or part[..., [0, -1], :].any() or part[..., [0, -1]].any()


def test_ids_come_from_the_sheet_nearest_to_the_middle(scene):
    labels = annotate(scene, Annotation(), SHEETS)
    ids = instances(scene, Annotation(), SHEETS)
    each = instances(scene, Annotation())
    middle = each[NEURITE].reshape(2, SHEETS, 120, 120)[:, 2]
    np.testing.assert_array_equal(ids[NEURITE], middle)
    for name in ("mitochondrion", "vesicle"):
        stack = np.where(scene.layers[name].distance_nm < 0, scene.layers[name].ids, 0).reshape(
            2, SHEETS, 120, 120
        )
        inside = labels[channel(name)]
        np.testing.assert_array_equal(ids[name] > 0, inside)
        plain = inside & (stack[:, 2] > 0)
        np.testing.assert_array_equal(ids[name][plain], stack[:, 2][plain])


def test_membranes_are_as_wide_as_the_annotator_draws_them(scene):
    part = scene.partition
    for width in (20.0, 40.0):
        membrane = annotate(scene, Annotation(membrane_width_nm=width))[channel("membrane")]
        assert (part.depth_nm[membrane] < width / 2).all()
        free = np.all([layer.distance_nm > 0 for layer in scene.layers.values()], axis=0)
        np.testing.assert_array_equal(membrane[free], part.depth_nm[free] < width / 2)


def test_the_boundary_is_the_rim_of_the_mitochondrion(scene):
    labels = annotate(scene, Annotation())
    deep = -scene.layers["mitochondrion"].distance_nm
    rim = scene.anatomy.mitochondrion.boundary_nm
    np.testing.assert_array_equal(labels[channel("mito_boundary")], (deep > 0) & (deep < rim))
    assert labels[channel("mito_boundary")].any()


def test_a_voxel_that_two_structures_claim_goes_to_the_one_on_top(scene):
    """A vesicle or a sheath goes before a PSD, and all of them before the membrane."""
    everywhere = {
        name: layer._replace(distance_nm=np.full_like(layer.distance_nm, -5.0))
        for name, layer in scene.layers.items()
    }
    flooded = replace(scene, layers={**scene.layers, "psd": everywhere["psd"]})
    labels = annotate(flooded, Annotation())
    others = [channel(name) for name in ("mitochondrion", "vesicle", "sheath")]
    np.testing.assert_array_equal(labels[channel("psd")], ~labels[others].any(0))
    assert not labels[channel("membrane")].any()


def test_one_code_a_voxel_and_back(scene):
    labels = annotate(scene, Annotation())
    np.testing.assert_array_equal(from_exclusive(to_exclusive(labels)), labels)


def test_membranes_are_followed_through_the_part_of_a_section_that_is_asked_for(scene):
    """The farther they are followed the broader is what lies obliquely; what is upright stays as it was."""
    name = channel("membrane")
    most, *followed = (
        annotate(scene, Annotation(membrane_followed=part), SHEETS)[name] for part in (0, 0.2, 0.6, 1.0)
    )
    for narrow, broad in pairwise(followed):
        assert (broad >= narrow).all() and broad.sum() > 1.05 * narrow.sum()
    assert followed[-1].sum() > 1.2 * most.sum()
    changed, places = 0, 0
    for k in range(6):
        grid = Grid((2, 120, 120), (50.0, 6.0, 6.0), (0.0, 8e3 * k, 0.0)).split_sections(SHEETS)
        other = build_scene(load_preset("epfl").anatomy, 33, grid)
        tilt = other.partition.tilt.reshape(2, SHEETS, 120, 120)
        depth = other.partition.depth_nm.reshape(tilt.shape)
        upright = ((tilt < 0.1) & (depth < 30)).all(1)
        before, after = (
            annotate(other, Annotation(membrane_followed=part), SHEETS)[name] for part in (0, 1.0)
        )
        changed, places = changed + (before[upright] != after[upright]).sum(), places + upright.sum()
    assert places > 50 and changed < 0.12 * places


def test_a_followed_membrane_is_one_band_without_gaps_between_sheets(scene):
    """The middle of a membrane that crosses a section is labelled wherever it does."""
    rules = Annotation(membrane_followed=1.0, membrane_width_nm=8)
    label = annotate(scene, rules, SHEETS)[channel("membrane")]
    layers, shape = scene.layers, (2, SHEETS, 120, 120)
    free = np.min([layers[k].distance_nm for k in ("psd", "sheath", "mitochondrion", "vesicle")], axis=0) > 8
    own = scene.partition.index.reshape(shape)
    crossed = (own != own[:, :1]).any(1) & free.reshape(shape).all(1)
    assert crossed.sum() > 200 and label[crossed].mean() > 0.97


@pytest.mark.parametrize("sheets", [2, 5])
def test_some_sheet_is_followed_however_many_there_are(scene, sheets):
    name = channel("membrane")
    most, middle = (annotate(scene, Annotation(membrane_followed=part), sheets)[name] for part in (0, 0.01))
    assert 0.8 < middle.sum() / most.sum() < 1.6
