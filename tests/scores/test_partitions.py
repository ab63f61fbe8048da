"""Scores of partitions, against scikit-image, scikit-learn and by hand; warping; components."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import measure
from skimage.metrics import adapted_rand_error, contingency_table, variation_of_information
from sklearn.metrics import mutual_info_score, rand_score

from synthem.scores import slabs
from synthem.scores.instances import cells, grown
from synthem.scores.partitions import contingency, partition_scores
from synthem.scores.values import Undefined
from synthem.scores.warping import warped


def maps(seed: int, shape=(4, 12, 15)) -> tuple[np.ndarray, np.ndarray]:
    """True ids with background, and found ones without."""
    rng = np.random.default_rng(seed)
    true = np.kron(rng.integers(0, 7, (shape[0], 4, 5)), np.ones((1, 3, 3), int))
    return true, np.where(rng.random(shape) < 0.2, rng.integers(1, 9, shape), true + 1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_as_scikit_image_and_scikit_learn_have_them(seed):
    true, found = maps(seed)
    got = partition_scores(contingency(true, found))
    error, _, _ = adapted_rand_error(true, found)
    assert got["adapted_rand_error"] == pytest.approx(error)
    inside = true > 0
    t, f = true[inside], found[inside]
    split, merge = variation_of_information(t, f)
    assert (got["vi_split"], got["vi_merge"]) == pytest.approx((split, merge))
    assert got["vi"] == pytest.approx(split + merge)
    assert got["rand_index"] == pytest.approx(rand_score(t, f))
    assert got["rand_error"] == pytest.approx(1 - rand_score(t, f))
    n = contingency_table(t, f).toarray()
    squares = [(a**2).sum() for a in (n, n.sum(0), n.sum(1))]
    assert got["v_rand_merge"] == pytest.approx(squares[0] / squares[1])
    assert got["v_rand_split"] == pytest.approx(squares[0] / squares[2])
    assert got["v_rand"] == pytest.approx(2 * squares[0] / (squares[1] + squares[2]))
    entropies = [measure.shannon_entropy(a) for a in (t, f)]
    shared = mutual_info_score(t, f) / np.log(2)
    assert got["v_info_merge"] == pytest.approx(shared / entropies[0])
    assert got["v_info_split"] == pytest.approx(shared / entropies[1])
    assert got["v_info"] == pytest.approx(2 * shared / sum(entropies))


def test_voxels_of_no_found_object_are_each_one_of_their_own():
    true, found = maps(3)
    found = np.where(found < 4, 0, found)
    alone = found.copy()
    alone[found == 0] = 100 + np.arange((found == 0).sum())
    one, other = (partition_scores(contingency(true, ids)) for ids in (found, alone))
    assert one == pytest.approx(other)


def test_a_split_and_a_merge():
    true = np.repeat([[[1] * 8 + [2] * 8]], 4, 1)
    split, merged = true.copy(), np.ones_like(true)
    split[..., :4] = 3
    a, b = (partition_scores(contingency(true, ids)) for ids in (split, merged))
    assert (a["vi_split"], a["vi_merge"]) == (pytest.approx(0.5), 0)
    assert (b["vi_split"], b["vi_merge"]) == (0, pytest.approx(1))
    assert (a["v_rand_merge"], a["v_rand_split"]) == (1, pytest.approx((0.25 + 2 * 0.0625) / 0.5))
    assert (b["v_rand_split"], b["v_rand_merge"]) == (1, pytest.approx(0.5))
    assert b["v_info_split"] == Undefined("there is but one object that was found")
    same = partition_scores(contingency(true, true))
    assert same["rand_index"] == same["v_rand"] == same["v_info"] == 1 and same["adapted_rand_error"] == 0


def test_no_object_in_the_truth_is_no_score():
    none = partition_scores(contingency(np.zeros((1, 4, 4), int), np.ones((1, 4, 4), int)))
    assert set(none.values()) == {Undefined("there is no object in the truth")}


def test_the_table_is_that_of_all_voxels_but_those_skipped(monkeypatch):
    true, found = maps(4, (9, 12, 15))
    skipped = np.random.default_rng(0).random(true.shape) < 0.3
    monkeypatch.setattr("synthem.scores.partitions.slabs", lambda shape, most: slabs.slabs(shape, 400))
    table = contingency(true, found, skipped)
    want = contingency_table(true[~skipped], found[~skipped]).toarray()
    assert len(table.voxels) == np.count_nonzero(want)
    np.testing.assert_array_equal(want[table.true, table.found], table.voxels)


@pytest.mark.parametrize(("seed", "share"), [(0, 0.3), (1, 0.35), (2, 0.5)])
def test_components_in_slabs_are_those_of_the_whole(seed, share):
    mask = np.random.default_rng(seed).random((17, 20, 23)) < share
    want, count = ndimage.label(mask)
    got, number = slabs.components_of(mask.shape, mask.__getitem__, 3 * 460)
    assert number == count
    np.testing.assert_array_equal(got, want)


def test_large_maps_lie_in_a_file(monkeypatch):
    monkeypatch.setattr(slabs, "IN_MEMORY_VX", 10)
    mask = np.random.default_rng(1).random((5, 6, 7)) < 0.4
    ids, _ = slabs.components(mask)
    assert isinstance(ids, np.memmap)
    np.testing.assert_array_equal(ids, ndimage.label(mask)[0])


def grid_of_cells(size: int = 33) -> np.ndarray:
    membrane = np.zeros((1, size, size), bool)
    membrane[:, 10:12] = membrane[:, 21:23] = True
    membrane[:, :, 15:17] = True
    return membrane


def test_cells_grow_to_the_nearest():
    membrane = grid_of_cells()
    ids, count = cells(membrane)
    assert count == 6
    wide = grown(ids.copy())
    assert (wide > 0).all() and (wide[~membrane] == ids[~membrane]).all()
    far = ndimage.distance_transform_edt(ids[0] == 0)
    for number in range(1, 7):
        to = ndimage.distance_transform_edt(ids[0] != number)
        assert (to <= far + 1)[wide[0] == number].all()
    blank = np.ones((1, 4, 4), bool)
    assert not grown(cells(blank)[0]).any()


def test_thicker_membranes_are_no_error_of_a_partition():
    thin = grid_of_cells()
    thick = ndimage.binary_dilation(thin, iterations=2)
    got = partition_scores(contingency(cells(thin)[0], grown(cells(thick)[0])))
    assert got["v_rand"] == 1 and got["vi"] == 0


@pytest.mark.parametrize("shift", [-2, 0, 1])
def test_moved_borders_are_no_warping_error(shift):
    inside = ~grid_of_cells()[0]
    np.testing.assert_array_equal(warped(inside, np.roll(inside, shift, 1)), np.roll(inside, shift, 1))


def test_a_membrane_moves_only_to_where_it_touches():
    inside = ~grid_of_cells()[0]
    apart = np.roll(inside, 4, 1)
    assert (warped(inside, apart) != apart).sum() > 0


def test_a_merge_a_split_and_a_lost_cell_are_warping_errors():
    inside = ~grid_of_cells()[0]
    merged, split, lost = inside.copy(), inside.copy(), np.zeros((33, 33), bool)
    merged[5, 15:17] = True  # a hole in a membrane, two pixels deep: one of them may be moved
    assert (warped(inside, merged) != merged).sum() == 1
    split[:10, 7] = False  # a membrane that is one pixel wide and 10 long
    assert (warped(inside, split) != split).sum() == 1
    one = np.zeros((33, 33), bool)
    one[10:20, 10:20] = True
    assert (warped(one, lost) != lost).sum() == 1  # shrunk to a point
    assert (warped(lost, one) != one).sum() == 100  # nothing to grow from
    skipped = one.copy()
    np.testing.assert_array_equal(warped(one, lost, skipped), one)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_warping_keeps_the_topology(seed):
    rng = np.random.default_rng(seed)
    one, other = (ndimage.gaussian_filter(rng.normal(size=(60, 60)), 3) > 0 for _ in range(2))
    one[:2] = one[-2:] = one[:, :2] = one[:, -2:] = False  # away from the edges, where borders may leave
    other[:2] = other[-2:] = other[:, :2] = other[:, -2:] = False
    done = warped(one, other)
    assert (done != other).sum() < 0.2 * (one != other).sum()
    counts = [(ndimage.label(m)[1], ndimage.label(~m, np.ones((3, 3)))[1]) for m in (one, done)]
    assert counts[0] == counts[1]
