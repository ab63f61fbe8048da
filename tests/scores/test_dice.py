"""Scores are counted over the whole set, then divided; what is undefined stays undefined."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shapes.core.errors import InputError
from synthem.scores.counts import Counts, count
from synthem.scores.dice import dice, jaccard, mean_dice, score_table

MASKS = hnp.arrays(np.bool_, (2, 3, 6, 5))


def test_known_values():
    truth = np.zeros((1, 1, 2, 5), bool)
    prediction = truth.copy()
    truth[0, 0, 0, :4] = True
    prediction[0, 0, 0, 2:5] = True
    c = count(prediction, truth)
    assert (c.tp, c.fp, c.fn) == ([2], [1], [2])
    assert dice(c)[0] == pytest.approx(4 / 7) and jaccard(c)[0] == pytest.approx(2 / 5)
    assert c.support[0] == 4 and c.predicted[0] == 3


@given(MASKS, MASKS)
def test_dice_and_jaccard_agree_and_are_symmetric(a, b):
    c, swapped = count(a, b), count(b, a)
    d, j = dice(c), jaccard(c)
    np.testing.assert_allclose(d, 2 * j / (1 + j))
    np.testing.assert_array_equal(d, dice(swapped))


@given(MASKS, MASKS, st.integers(1, 4))
def test_pooling_parts_equals_the_whole(a, b, cut):
    whole = count(a, b)
    parts = count(a[..., :cut], b[..., :cut]) + count(a[..., cut:], b[..., cut:])
    for name in ("tp", "fp", "fn"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_pooled_dice_is_not_the_mean_of_dices():
    small = Counts(np.array([1]), np.array([0]), np.array([0]))
    large = Counts(np.array([0]), np.array([50]), np.array([49]))
    assert dice(small + large)[0] == pytest.approx(2 / 101)


def test_absent_class_is_nan_and_null_with_its_support():
    c = Counts(np.array([0, 3]), np.array([0, 0]), np.array([0, 1]))
    assert np.isnan(dice(c)[0]) and np.isnan(jaccard(c)[0])
    table = score_table(c, ["sheath", "psd"])
    assert json.loads(json.dumps(table, allow_nan=False))["sheath"] == {
        "dice": None,
        "jaccard": None,
        "support": 0,
        "predicted": 0,
    }
    assert mean_dice(c) == pytest.approx(6 / 7)


def test_false_alarms_on_an_absent_class_score_zero_and_stay_out_of_the_mean():
    c = Counts(np.array([0, 3]), np.array([5, 0]), np.array([0, 0]))
    assert dice(c)[0] == 0 and mean_dice(c) == 1


def test_unlabelled_class_counts_nothing():
    ones = np.ones((2, 1, 4, 4), bool)
    c = count(~ones, ones, known=(True, False))
    assert c.fn.tolist() == [16, 0] and np.isnan(dice(c)[1])


def test_shapes_must_agree():
    with pytest.raises(InputError, match="same"):
        count(np.zeros((1, 1, 2, 2), bool), np.zeros((1, 1, 2, 3), bool))


@given(hnp.arrays(np.bool_, (2, 5, 4, 3)), hnp.arrays(np.bool_, (2, 5, 4, 3)))
def test_unlabelled_sections_count_nothing(a, b):
    known = np.ones((2, 5), bool)
    known[:, 3:] = False
    some, alone = count(a, b, known), count(a[:, :3], b[:, :3])
    np.testing.assert_array_equal([some.tp, some.fp, some.fn], [alone.tp, alone.fp, alone.fn])
