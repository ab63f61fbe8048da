"""A blind test tells nothing before its end, and then an accuracy with its interval, in a file."""

import json

import numpy as np
import pytest

from shapes import InputError
from synthem.studio.blind import MOST_TESTS, BlindTest, BlindTests, wilson
from synthem.studio.errors import RefusedError


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    # of Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_wilson(right, of, low, high):
    assert wilson(right, of) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("right", "of"), [(0, 0), (3, 2), (-1, 4)])
def test_a_share_of_nothing_has_no_interval(right, of):
    with pytest.raises(InputError):
        wilson(right, of)


def made(count=4):
    grey = [np.full((8, 8), k, np.uint8) for k in range(2 * count)]
    return BlindTest.shuffled(grey[:count], grey[count:], {"preset": "epfl"})


def test_crops_are_answered_in_turn_and_counted(tmp_path):
    test = made()
    with pytest.raises(RefusedError, match="8 crops have no answer"):
        test.result()
    with pytest.raises(RefusedError):
        test.answer(1, True)
    assert [image[0, 0] < 4 for image in test.images] == test.real, "an image keeps its origin"
    for k, real in enumerate(test.real):
        test.answer(k, real if k else not real)  # the first wrongly
    result = test.result()
    assert (result["right"], result["crops"], result["accuracy"]) == (7, 8, 0.875)
    assert result["interval_95"] == [round(v, 4) for v in wilson(7, 8)]
    first, second = test.write(tmp_path, "ada"), test.write(tmp_path, "ada")
    assert first != second and first.name.startswith("blind-ada-")
    told = json.loads(first.read_text(encoding="utf-8"))
    assert told["rater"] == "ada" and len(told["answers"]) == 8 and told["preset"] == "epfl"
    with pytest.raises(RefusedError):
        test.answer(8, True)


def test_the_order_is_drawn():
    assert len({tuple(made(8).real) for _ in range(20)}) > 15


def test_tests_are_forgotten_when_there_are_too_many():
    tests = BlindTests()
    names = [tests.add(made(1)) for _ in range(MOST_TESTS + 1)]
    assert len(set(names)) == len(names)
    with pytest.raises(RefusedError):
        tests.get(names[0])
    tests.get(names[-1])
