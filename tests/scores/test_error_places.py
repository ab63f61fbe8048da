"""Errors by how near they are to a true boundary, and as pictures."""

import numpy as np
import pytest

from synthem.scores.error_places import MADE_UP, MISSED, RIGHT, Errors, count_errors, error_map, error_scores
from synthem.scores.values import Undefined


def square(low: int, high: int) -> np.ndarray:
    out = np.zeros((1, 40, 40), bool)
    out[:, low:high, low:high] = True
    return out


@pytest.mark.parametrize(("grow", "near"), [(1, (1, 1, 1, 1)), (-1, (1, 1, 1, 1))])
def test_a_border_that_is_off_by_a_pixel_errs_next_to_it(grow, near):
    scores = error_scores(count_errors(square(10 - grow, 30 + grow), square(10, 30)))
    corners = 4 if grow > 0 else 0  # are √2 away
    total = 22**2 - 20**2 if grow > 0 else 20**2 - 18**2
    assert scores["false positives" if grow > 0 else "false negatives"] == total
    assert scores["within 1 px"] == pytest.approx(1 - corners / total)
    assert [scores[f"within {n} px"] for n in (2, 3, 5)] == [1, 1, 1]


def test_a_strip_errs_by_its_depth():
    true, found = np.zeros((2, 1, 10, 40), bool)
    true[..., :20], found[..., :30] = True, True
    scores = error_scores(count_errors(found, true))
    assert [scores[f"within {n} px"] for n in (1, 2, 3, 5)] == pytest.approx([0.1, 0.2, 0.3, 0.5])


def test_in_an_empty_section_no_boundary_is_near():
    none = np.zeros((1, 40, 40), bool)
    scores = error_scores(count_errors(square(10, 20), none))
    assert scores["false positives"] == 100 and scores["within 5 px"] == 0
    scores = error_scores(count_errors(~square(10, 20), ~none))
    assert scores["false negatives"] == 100 and scores["within 5 px"] == 0
    assert error_scores(Errors())["within 1 px"] == Undefined("there is no error")


def test_sections_are_pooled_and_what_is_skipped_is_left_out():
    true, found = square(10, 30), square(9, 31)
    both = count_errors(np.concatenate([found, true]), np.concatenate([true, found]))
    assert both == count_errors(found, true) + count_errors(true, found)
    skipped = np.zeros_like(true)
    skipped[:, :20] = True
    half = count_errors(found, true, skipped)
    assert half.made_up == 42
    assert count_errors(found, true, np.ones_like(true)) == Errors()


def test_a_map_shows_each_kind_in_its_colour():
    found, true, skipped = np.zeros((3, 2, 3), bool)
    found[0, :2] = true[0, 1:] = skipped[1, 2] = True
    image = np.full((2, 3), 100, np.uint8)
    got = error_map(image, found, true, skipped).astype(int)
    for x, colour, opacity in ((0, MADE_UP, 0.75), (1, RIGHT, 0.35), (2, MISSED, 0.75)):
        np.testing.assert_allclose(got[0, x], (1 - opacity) * 100 + opacity * np.array(colour), atol=1)
    assert (got[1, 0] == 100).all() and (got[1, 2] == 40).all()
    assert error_map(None, found, true).shape == (2, 3, 3)
