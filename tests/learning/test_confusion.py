"""Of each class the share that is found as each class, over all patches together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shapes import Grid
from synthem.learning.inference.confusion import Confusion
from synthem.patch import Patch

PAIR = ("psd", "sheath")


def patch_of(psd, sheath, labelled=(True, True)):
    grid = Grid((1, *psd.shape), (5, 5, 5), (0, 0, 0))
    labels = np.stack([psd, sheath])[:, None]
    return Patch(
        image=np.zeros(grid.shape, np.uint8),
        labels=labels,
        grid=grid,
        classes=PAIR,
        known=labelled,
    )


def test_shares_are_of_the_voxels_of_all_patches_together():
    psd, sheath = np.zeros((2, 4, 4), bool)
    psd[0], sheath[2:] = True, True
    found = np.zeros((2, 1, 4, 4), bool)
    found[1, 0, 0, :3] = True  # three of four voxels of PSD are called sheath
    found[1, 0, 2] = True  # and half of the sheath is found
    confusion = Confusion(PAIR)
    confusion.add(patch_of(psd, sheath), found)
    assert confusion.shares() == {"psd": {"psd": 0, "sheath": 0.75}, "sheath": {"psd": 0, "sheath": 0.5}}
    confusion.add(patch_of(psd, np.zeros_like(sheath)), np.stack([psd, psd])[:, None])
    assert confusion.shares()["psd"] == {"psd": 0.5, "sheath": 0.875}
    assert confusion.shares()["sheath"] == {"psd": 0, "sheath": 0.5}


def test_a_class_that_is_absent_or_unlabelled_has_no_shares():
    some = np.ones((3, 3), bool)
    confusion = Confusion(PAIR)
    confusion.add(patch_of(some, some, (True, False)), np.ones((2, 1, 3, 3), bool))
    assert confusion.shares() == {"psd": {"psd": 1, "sheath": 1}, "sheath": {"psd": None, "sheath": None}}


@given(hnp.arrays(np.bool_, (2, 4, 5)), st.integers(1, 3))
def test_what_finds_just_the_truth_finds_each_class_whole(masks, cut):
    whole, parts = Confusion(PAIR), Confusion(PAIR)
    whole.add(patch_of(*masks), masks[:, None])
    for part in (masks[:, :cut], masks[:, cut:]):
        parts.add(patch_of(*part), part[:, None])
    assert whole.shares() == parts.shares()
    for name, mask in zip(PAIR, masks, strict=True):
        assert whole.shares()[name][name] == (pytest.approx(1) if mask.any() else None)
