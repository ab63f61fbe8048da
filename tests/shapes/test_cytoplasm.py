"""Places in the cytoplasm of cell bodies."""

import numpy as np

from shapes.core.streams import cell_key, stream_key
from shapes.partition.cytoplasm import Cores, any_way, cells_within, edge_nm, in_core, place_in


def test_a_lattice_has_so_many_cells_to_a_cubic_micrometre():
    assert round(edge_nm(8.0), 6) == 500.0


def test_every_place_that_reaches_into_a_box_is_looked_at():
    box, edge, pad = (np.array([-700.0, 100.0, 0.0]), np.array([-200.0, 900.0, 50.0])), 330.0, 120.0
    first, last, at, cell = np.empty(3, np.int64), np.empty(3, np.int64), np.empty(3), np.empty(3)
    cells_within(box, pad, edge, first, last)
    key, hits = stream_key(1, "places"), 0
    for z, y, x in np.ndindex(12, 12, 12):
        cell[:] = z - 6, y - 4, x - 6
        place_in(np.uint64(cell_key(key, int(cell[0]), int(cell[1]), int(cell[2]))), cell, edge, 1.0, at)
        assert ((at >= cell * edge) & (at <= (cell + 1) * edge)).all()
        if ((at > box[0] - pad) & (at < box[1] + pad)).all():
            hits += 1
            assert ((cell >= first) & (cell <= last)).all()
    assert hits > 5


def test_directions_are_of_length_one_and_go_everywhere():
    key, way, total = stream_key(2, "ways"), np.empty(3), []
    for k in range(400):
        any_way(np.uint64(cell_key(key, 0, 0, k)), 7, way)
        total.append(way.copy())
    np.testing.assert_allclose(np.linalg.norm(total, axis=1), 1.0, atol=1e-6)
    assert np.abs(np.mean(total, 0)).max() < 0.15


def test_a_core_takes_its_ovoid_and_a_rim_in_its_own_cell_alone():
    frame = np.array([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    cores = Cores(np.array([4], np.int32), np.zeros((1, 3)), frame, np.array([[3000.0, 1000.0, 1000.0]]))
    assert in_core(cores, 4, np.array([0.0, 2900.0, 0.0]), 0.0), "its first axis lies along y"
    assert not in_core(cores, 4, np.array([2900.0, 0.0, 0.0]), 0.0)
    assert not in_core(cores, 4, np.array([1050.0, 0.0, 0.0]), 0.0)
    assert in_core(cores, 4, np.array([1050.0, 0.0, 0.0]), 100.0)
    assert not in_core(cores, 5, np.array([0.0, 0.0, 0.0]), 0.0)
    assert not in_core(Cores.none(), 4, np.array([0.0, 0.0, 0.0]), 0.0)
