"""Counts by block: they add up, and what is one column of tissue is never taken for several."""

import numpy as np
import pytest

from synthem.experiment.blocks import EDGE_PX, NEAR, by_column, count_blocks, pooled, stacks_of
from synthem.experiment.confusion import confusion
from synthem.scores.counts import count


def masks(shape, seed=0):
    return np.random.default_rng(seed).random(shape) < 0.3


@pytest.mark.parametrize(
    ("size", "blocks"), [((40, 50), 1), ((256, 256), 1), ((383, 300), 1), ((384, 600), 4), ((768, 1024), 12)]
)
def test_blocks_cover_a_section_and_add_up_to_its_counts(size, blocks):
    found, truth = masks((2, 2, *size)), masks((2, 2, *size), 1)
    known = np.array([[True, True], [False, True]])
    cut = count_blocks("s", found, truth, known)
    assert len(cut) == blocks
    covered = np.zeros(size, int)
    for block in cut:
        top, bottom, left, right = block["block"]
        covered[top:bottom, left:right] += 1
        assert top % EDGE_PX == left % EDGE_PX == 0
    assert (covered == 1).all()
    whole, added = count(found, truth, known), pooled(cut)
    for name in ("tp", "fp", "fn"):
        assert getattr(added, name).tolist() == getattr(whole, name).tolist()


def stacks(*names):
    found = stacks_of(names)
    out = {}
    for name in names:
        out.setdefault(found[name], set()).add(name)
    return sorted(map(sorted, out.values()))


def test_sections_of_a_contiguous_run_are_one_stack():
    names = [f"training{k:04}" for k in (0, 1, 2, NEAR + 2, 2 * NEAR + 3)]
    assert stacks(*names) == [names[:4], names[4:]]


@pytest.mark.parametrize(
    ("names", "apart"),
    [
        (["training0024", "training0025x", "training0026x"], 1),
        (["vol1_z001", "vol1_z002", "vol2_z001", "vol2_z002"], 2),
        (["slice_1_of_165", "slice_2_of_165", "slice_70_of_165"], 2),
        (["axon", "bouton", "glia"], 3),
        (["a7", "b7"], 2),
        (["s1", "s1_001", "s1_002"], 2),
        (["only5"], 1),
    ],
)
def test_names_tell_which_sections_are_neighbours(names, apart):
    assert len(stacks(*names)) == apart


def test_a_column_is_a_place_through_all_sections_of_a_stack():
    cut = [
        block
        for k, name in enumerate(("s001", "s002", "s900"))
        for block in count_blocks(
            name, masks((2, 1, 300, 600), k), masks((2, 1, 300, 600), 9), np.ones((2, 1), bool)
        )
    ]
    columns = by_column(cut)
    assert columns.shape == (2 * 2, 3, 2)
    first = pooled([b for b in cut if b["section"] != "s900" and b["block"][2] == 0])
    np.testing.assert_array_equal(columns[0], [first.tp, first.fp, first.fn])
    np.testing.assert_array_equal(by_column(cut[::-1]), columns)


def test_confusion_counts_each_voxel_once_by_the_class_on_top():
    classes = ("mitochondrion", "mito_boundary", "psd")
    truth, found = np.zeros((3, 1, 1, 5), bool), np.zeros((3, 1, 1, 5), bool)
    truth[0, ..., :3] = True
    truth[1, ..., 2] = True  # a boundary is mitochondrion too
    found[0, ..., 1:4] = True
    found[2, ..., 4] = True
    got = confusion(found, truth, np.ones((3, 1), bool), classes)
    assert got.tolist() == [[1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]]


def test_confusion_leaves_out_what_nobody_labelled():
    truth, found = np.zeros((2, 2, 1, 4), bool), np.ones((2, 2, 1, 4), bool)
    known = np.array([[True, False], [False, False]])
    got = confusion(found, truth, known, ("membrane", "psd"))
    assert got.tolist() == [[0, 0, 0], [0, 0, 0], [4, 0, 0]]
