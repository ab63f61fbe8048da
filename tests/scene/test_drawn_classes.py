"""Classes beyond the six: each drawn as it is, whatever else is asked for."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from shapes import Grid
from shapes.neurites.population import GLIA, SOMA
from synthem.labels import CELLS, CLASSES, KNOWN, known_classes
from synthem.preset.anatomy import Annotation
from synthem.preset.preset import with_classes
from synthem.scene.annotate import Annotator, annotate, instances
from synthem.scene.scene import Scene
from synthem.world import World

ALL = Annotation(classes=known_classes())
GRID = Grid((2, 160, 160), (50.0, 6.0, 6.0), (1e4, 2e4, 3e4))
SHEETS = 5
SOMATA = {
    "cell_nm": 25000, "chance": 0.5, "length_nm": 1800, "branch_chance": 0, "step_nm": 450, "bend": 0.15,
    "radius_nm": {"min": 3000, "max": 4500}, "wobble": 0.05, "stiffness": 14,
}  # fmt: skip


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A piece of epfl with synapses, each of two sections as five sheets."""
    place = next(World("epfl", 35).find("psd", GRID.origin_nm))
    grid = Grid(GRID.shape, GRID.voxel_nm, (place[0] - 50, place[1] - 480, place[2] - 480))
    return World("epfl", 35).scene(grid.split_sections(SHEETS))


@pytest.fixture(scope="module")
def labels(scene: Scene) -> dict[str, np.ndarray]:
    return dict(zip(ALL.classes, annotate(scene, ALL), strict=True))


@pytest.mark.parametrize("sheets", [1, SHEETS])
def test_a_class_does_not_depend_on_what_else_is_asked_for(scene: Scene, sheets: int) -> None:
    every = dict(zip(ALL.classes, annotate(scene, ALL, sheets), strict=True))
    for name in ALL.classes:
        (alone,) = annotate(scene, Annotation(classes=(name,)), sheets)
        np.testing.assert_array_equal(alone, every[name], err_msg=name)
    turned = Annotation(classes=("er", *reversed(CLASSES)))
    for name, mask in zip(turned.classes, annotate(scene, turned, sheets), strict=True):
        np.testing.assert_array_equal(mask, every[name], err_msg=name)
    assert {"er", "microtubule", "cleft", "axon", "dendrite"} <= {k for k, v in every.items() if v.any()}


@pytest.mark.parametrize("sheets", [1, SHEETS])
def test_ids_do_not_depend_on_what_else_is_asked_for(scene: Scene, sheets: int) -> None:
    every = instances(scene, ALL, sheets)
    assert every.keys() >= {"er", "microtubule", "cleft", "nucleus", "psd", "neurite"}
    assert not every.keys() & {*CELLS, "membrane", "mito_boundary"}
    for asked, kinds in {
        ("er", "axon"): {"er", "neurite"},
        ("mito_boundary",): {"mitochondrion", "neurite"},
        ("cleft",): {"psd", "cleft", "neurite"},
        CLASSES: {"mitochondrion", "psd", "vesicle", "sheath", "neurite"},
    }.items():
        some = instances(scene, Annotation(classes=asked), sheets)
        assert some.keys() == kinds
        for kind, ids in some.items():
            np.testing.assert_array_equal(ids, every[kind], err_msg=kind)
    seen = Annotator(scene, ALL, sheets)
    for kind in ("er", "cleft", "microtubule"):
        np.testing.assert_array_equal(every[kind] > 0, seen.label(kind))


def test_what_an_annotator_names_beside_the_classes_has_the_same_ids(scene: Scene) -> None:
    """Whatever is labelled, ``also`` stands where none of the six does."""
    with_six = instances(scene, Annotation(also=("er",)), SHEETS)["er"]
    few = instances(scene, Annotation(classes=("axon", "dendrite"), also=("er",)), SHEETS)["er"]
    np.testing.assert_array_equal(few, with_six)
    assert (few > 0).any()


def test_er_lies_inside_cells_and_never_in_a_mitochondrion(
    scene: Scene, labels: dict[str, np.ndarray]
) -> None:
    er, depth = labels["er"], scene.partition.depth_nm
    assert er.any() and not (er & labels["mitochondrion"]).any()
    assert (depth[er] > scene.anatomy.membranes.half_width_nm).all()
    assert not (er & labels["glia"]).any()


def test_a_cleft_lies_between_the_two_membranes_of_its_synapse(
    scene: Scene, labels: dict[str, np.ndarray]
) -> None:
    walls, part = scene.anatomy.membranes, scene.partition
    cleft, ids = labels["cleft"], instances(scene, ALL)
    assert (part.depth_nm[cleft] < walls.gap_nm / 2 + walls.bilayer_nm / 2).all()
    touched = 0
    for who in np.unique(ids["cleft"][cleft]):
        own = ids["cleft"] == who
        assert len(np.unique(part.index[own])) > 1 or own.sum() < 30, "it lies on both sides"
        dense = (ids["psd"] == who) & labels["psd"]
        if dense.any():
            # 12 nm beyond is the density's own membrane, which is a part of it
            assert (ndimage.binary_dilation(own, iterations=2) & dense).any()
            touched += 1
    assert touched


@pytest.mark.parametrize("sheets", [1, SHEETS])
def test_kinds_of_cells_fill_the_tissue(scene: Scene, sheets: int) -> None:
    cells = annotate(scene, Annotation(classes=CELLS), sheets)
    assert (cells.sum(0) == 1).all()
    named = instances(scene, Annotation(classes=CELLS), sheets)["neurite"]
    for who in np.unique(named):
        assert cells[:, named == who].all(1).sum() == 1, "a neurite is of one kind"


def test_what_fills_the_gaps_between_tubes_is_glia() -> None:
    """It is no neurite of its own; insect tissue holds some."""
    scene = World("cremi", 5).scene(Grid((1, 192, 192), (40.0, 6.0, 6.0)))
    gaps = scene.partition.index == len(scene.neurites.ids)
    cells = annotate(scene, Annotation(classes=CELLS))
    assert gaps.any() and (cells.sum(0) == 1).all() and cells[CELLS.index("glia")][gaps].all()


def test_what_is_thinner_than_a_section_does_not_break_up(scene: Scene) -> None:
    """Where the sheet in the middle of a section shows it, there it is labelled, as where most sheets do."""
    for name in ("cleft", "microtubule", "er"):
        each = annotate(scene, Annotation(classes=(name,)))[0].reshape(2, SHEETS, *GRID.shape[1:])
        (label,) = annotate(scene, Annotation(classes=(name,)), SHEETS)
        np.testing.assert_array_equal(label, each[:, SHEETS // 2] | (each.sum(1) * 2 > SHEETS))
        assert (label != (each.sum(1) * 2 > SHEETS)).any()


def test_cells_are_whole_and_hold_what_is_in_them(scene: Scene, labels: dict[str, np.ndarray]) -> None:
    """Up to the middle of the membrane, where the neighbour begins; so all four of them have some."""
    for name in ("mitochondrion", "membrane", "microtubule"):
        assert (labels["axon"] & labels[name]).any() or (labels["dendrite"] & labels[name]).any()
    index, cells = scene.partition.index, annotate(scene, Annotation(classes=("glia", "soma")))
    kinds = np.append(scene.neurites.kinds, GLIA)[index]
    np.testing.assert_array_equal(cells, [kinds == GLIA, kinds == SOMA])


def test_a_window_of_sections_with_defects_is_filled_too() -> None:
    """Where tissue moved, cells move with it: only what is torn or lost belongs to none."""
    world = World(with_classes("cremi", (*CELLS, *CLASSES, "t_bar")), 5)
    patch = world.patch(Grid((6, 64, 64), (40.0, 4.0, 4.0)))
    held = patch.labels_of(CELLS).sum(0)
    assert held.max() == 1 and (held > 0).mean() > 0.6
    np.testing.assert_array_equal(held > 0, patch.instances["neurite"] > 0)
    six = World("cremi", 5).patch(patch.grid)
    np.testing.assert_array_equal(patch.labels_of(CLASSES), six.labels)
    np.testing.assert_array_equal(patch.image, six.image)


def test_halves_are_the_whole_for_every_class(check_halves) -> None:
    patch = check_halves(
        World(with_classes("epfl", known_classes()), 3), Grid((1, 96, 96), (5.0, 5.0, 5.0)), 0.5
    )
    assert patch.classes == known_classes()


def test_a_nucleus_lies_in_its_soma() -> None:
    values = World("epfl").preset.model_dump(mode="json", exclude_none=True)
    values["anatomy"] |= {"somata": SOMATA, "nucleus": {}}
    values["annotation"]["classes"] = ["nucleus", "soma"]
    world = World(values, 1)
    place = next(world.find("nucleus"))
    patch = world.patch(Grid((1, 64, 64), (80.0, 80.0, 80.0), (place[0], place[1] - 2560, place[2] - 2560)))
    nucleus, soma = patch.labels
    assert nucleus.any() and not (nucleus & ~soma).any() and (soma & ~nucleus).any()


def test_every_class_of_the_registry_says_what_it_is() -> None:
    assert tuple(KNOWN)[: len(CLASSES)] == CLASSES and set(KNOWN) >= set(CELLS)
    colours = [about.colour for about in KNOWN.values()]
    assert len(set(colours)) == len(colours), "no two look the same"
    assert all(about.meaning and not about.meaning.endswith(".") for about in KNOWN.values())
    for one, other in pairwise(sorted(colours)):
        assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 20


def test_objects_of_other_classes_are_found() -> None:
    world = World(with_classes("epfl", known_classes()), 4)
    for name in ("er", "microtubule", "endosome", "cleft"):
        z, y, x = next(world.find(name))
        patch = world.patch(Grid((1, 64, 64), (5.0, 5.0, 5.0), (z, y - 160, x - 160)))
        assert patch.mask(name).any(), name
