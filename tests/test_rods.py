"""Rods on voxels, apart from the tissue around them."""

import numpy as np
import pytest
from brute_force import straight

from shapes import Grid
from shapes.membranes import Membranes
from shapes.mitochondria import Mitochondria, build
from shapes.neurites import Neurites
from shapes.partition import Partition
from shapes.rods import Rods
from shapes.tissue import Layer, Tissue

GRID = Grid((60, 60, 110), (5.0, 5.0, 5.0), (-150.0, -150.0, -275.0))


def lay(radii: list[float], ids: list[int]) -> Layer:
    """Return one straight rod along x, of points 60 nm apart, in a cell without end."""
    points = np.zeros((1, 5, 4))
    points[0, :, 2], points[0, :, 3] = np.arange(-120, 121, 60), radii
    rods = Rods(points, points, np.zeros(1, np.int32), np.ones(1, np.uint64), np.array([ids], np.int32), 0)
    cells = Neurites.__new__(Neurites)
    tissue = Tissue(0, straight(GRID), cells, Membranes(), np.zeros(1))
    nothing = np.zeros(GRID.shape, np.int32)
    part = Partition(nothing, nothing - 1, np.full(GRID.shape, 1e4, np.float32), np.zeros(GRID.shape))
    return build(rods, tissue, part, Mitochondria())


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
