"""Objects: how masks become them, how they match, what is measured; against scikit-image and by hand."""

import numpy as np
import pytest
from scipy import ndimage, optimize
from skimage.measure import regionprops

from synthem.scores import slabs
from synthem.scores.agreement import limits_of_agreement
from synthem.scores.detection import Detections, detection_scores, match_points
from synthem.scores.instances import mitochondria
from synthem.scores.matching import THRESHOLDS, Matches, average_precisions, match_scores, matches, overlaps
from synthem.scores.morphology import g_ratio, rings, vesicles_by_density
from synthem.scores.objects import measured
from synthem.scores.partitions import contingency
from synthem.scores.values import Undefined

NM = (5.0, 5.0, 5.0)


def balls(shape, middles, radii) -> np.ndarray:
    """Ids of balls, or discs: the later over the earlier."""
    out = np.zeros(shape, np.int32)
    grid = np.indices(shape)
    for k, (middle, radius) in enumerate(zip(middles, radii, strict=True), 1):
        out[sum((g - m) ** 2 for g, m in zip(grid, middle, strict=True)) <= radius**2] = k
    return out


@pytest.mark.parametrize("shape", [(1, 60, 90), (50, 60, 90)])
def test_a_watershed_parts_mitochondria_that_touch(shape):
    z = shape[0] // 2
    ids = balls(shape, [(z, 30, 25), (z, 30, 58)], [18, 18])
    rim = ndimage.binary_dilation(ids == 1) & (ids == 2) | ndimage.binary_dilation(ids == 2) & (ids == 1)
    core = ndimage.distance_transform_edt(ids > 0) > 5
    boundary = (ids > 0) & ~core | ndimage.binary_dilation(rim, iterations=3) & (ids > 0)
    got, count = mitochondria(ids > 0, boundary, NM)
    assert count == 2 and ndimage.label(ids > 0)[1] == 1
    assert np.array_equal(got > 0, ids > 0) and np.unique(got).tolist() == [0, 1, 2]
    for number in (1, 2):
        own = np.bincount(got[ids == number]).argmax()
        assert ((got == own) == (ids == number)).mean() > 0.99


def test_slivers_are_no_seeds_and_what_holds_none_is_an_object():
    mask, boundary = np.zeros((2, 1, 40, 60), bool)
    mask[:, 5:35, 5:35] = boundary[:, 8:32, 8:32] = True
    boundary[:, 12:28, 12:28] = False  # outside the drawn boundary a sliver of three pixels is left
    mask[:, 10:14, 45:49] = True  # all boundary, or too small
    got, count = mitochondria(mask, boundary, NM)
    assert count == 2
    np.testing.assert_array_equal(got, ndimage.label(mask)[0])


def brute_iou(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    n, m = true.max(), found.max()
    out = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            a, b = true == i + 1, found == j + 1
            out[i, j] = (a & b).sum() / (a | b).sum()
    return out


def made(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    middles = [(0, y, x) for y in range(12, 100, 20) for x in range(12, 100, 20)]
    radii = rng.uniform(4, 8, len(middles))
    moved = [(0, y + rng.normal(0, 2), x + rng.normal(0, 2)) for _, y, x in middles]
    keep = rng.random(len(moved)) < 0.8
    kept = [m for m, k in zip(moved, keep, strict=True) if k] + [(0, 22, 2), (0, 2, 42)]  # two made up
    found = balls((1, 110, 110), kept, [*radii[keep], 3, 2])
    return balls((1, 110, 110), middles, radii), found


def pairs_of(true: np.ndarray, found: np.ndarray):
    sizes = tuple(np.bincount(ids.ravel())[1:] for ids in (true, found))
    return overlaps(contingency(true, found), *sizes), *sizes


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_matches_as_an_assignment_over_all_pairs_has_them(seed):
    true, found = made(seed)
    iou = brute_iou(true, found)
    pairs, *sizes = pairs_of(true, found)
    got = matches(pairs, *sizes)
    scores = match_scores(got)
    wanted = []
    for t in THRESHOLDS:
        i, j = optimize.linear_sum_assignment(-(iou > t).astype(float))
        tp = int((iou[i, j] > t).sum())
        wanted.append(tp / (len(iou) + iou.shape[1] - tp))
    assert average_precisions(got) == pytest.approx(wanted)
    assert scores["map"] == pytest.approx(np.mean(wanted))
    assert (scores["ap_50"], scores["ap_75"]) == (pytest.approx(wanted[0]), pytest.approx(wanted[5]))
    hit = iou[iou > 0.5]
    assert scores["sq"] == pytest.approx(hit.mean())
    assert scores["rq"] == pytest.approx(len(hit) / (sum(iou.shape) / 2))
    assert scores["pq"] == pytest.approx(hit.sum() / (sum(iou.shape) / 2))
    above, below, used = 0, 0, set()
    for i in range(len(iou)):  # Kumar et al. 2017, as it is written there
        j = int(iou[i].argmax())
        if iou[i, j] > 0:
            a, b = true == i + 1, found == j + 1
            above, below = above + (a & b).sum(), below + (a | b).sum()
            used.add(j)
        else:
            below += (true == i + 1).sum()
    below += sum((found == j + 1).sum() for j in range(iou.shape[1]) if j not in used)
    assert scores["aji"] == pytest.approx(above / below)


def test_half_of_an_object_is_no_match():
    true, found = np.zeros((2, 1, 4, 8), int)
    true[...] = 1
    found[..., :4] = 1
    assert match_scores(matches(*pairs_of(true, found)))["ap_50"] == 0  # an IoU of just a half
    assert not len(pairs_of(true, found)[0].matched()[0])
    found[..., 0, 4] = 1
    assert match_scores(matches(*pairs_of(true, found)))["ap_50"] == 1


def test_matches_of_several_images_are_pooled_and_none_is_no_score():
    a, b = (matches(*pairs_of(*made(seed))) for seed in (3, 4))
    both = a + b
    assert both.hits[0] == a.hits[0] + b.hits[0] and both.true == a.true + b.true
    assert match_scores(both)["pq"] == pytest.approx(2 * (a.iou + b.iou) / (both.true + both.found))
    none = match_scores(Matches())
    assert all(isinstance(none[k], Undefined) for k in ("ap_50", "map", "pq", "sq", "rq", "aji"))
    missed = match_scores(Matches(true=3, joint=30))
    assert missed["pq"] == missed["aji"] == 0 and missed["sq"] == Undefined(
        "no object matches above an IoU of .5"
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_points_match_as_one_assignment_over_all_matches_them(seed):
    rng = np.random.default_rng(seed)
    true = rng.uniform(0, 400, (60, 3)) * [0, 1, 1]
    found = np.concatenate([true[:45] + rng.normal(0, 12, (45, 3)), rng.uniform(0, 400, (20, 3))])
    i, j, nm = match_points(true, found, 30)
    far = np.linalg.norm(true[:, None] - found[None], axis=2)
    rows, columns = optimize.linear_sum_assignment(np.where(far <= 30, far, 1e6))
    want = far[rows, columns][far[rows, columns] <= 30]
    assert len(nm) == len(want) and nm.sum() == pytest.approx(want.sum())
    assert len(set(i)) == len(set(j)) == len(nm) and (nm <= 30).all()
    np.testing.assert_allclose(far[i, j], nm)


def test_more_matches_are_worth_any_distance():
    true, found = np.array([[0, 0, 0], [0, 0, 10.0]]), np.array([[0, 0, 9.0], [0, 0, 19.0]])
    i, j, nm = match_points(true, found, 10)
    assert sorted(zip(i, j, strict=True)) == [(0, 0), (1, 1)] and nm.tolist() == [9, 9]
    got = detection_scores(Detections(2, 2, 2, 18.0) + Detections(2, 0, 0, 0))
    assert (got["recall"], got["precision"], got["f1"], got["distance"]) == (0.5, 1, pytest.approx(2 / 3), 9)
    none = detection_scores(Detections())
    assert none["f1"] == Undefined("there is none, neither true nor found")
    assert not len(match_points(true, np.zeros((0, 3)), 10)[0])


@pytest.mark.parametrize(
    ("shape", "voxel"), [((1, 60, 60), (5, 5, 5)), ((1, 60, 60), (50, 4, 6)), ((20, 30, 30), (9, 9, 9))]
)
def test_sizes_and_axes_as_scikit_image_has_them(shape, voxel, monkeypatch):
    rng = np.random.default_rng(0)
    ids, count = ndimage.label(
        ndimage.gaussian_filter(rng.normal(size=shape), (0 if shape[0] == 1 else 2, 2, 2)) > 0.03
    )
    monkeypatch.setattr("synthem.scores.objects.slabs", lambda s: slabs.slabs(s, 900))
    got = measured(ids, count, voxel)
    flat = shape[0] == 1
    props = regionprops(ids[0] if flat else ids, spacing=voxel[1:] if flat else voxel)
    assert got.voxels.tolist() == [int(p.num_pixels) for p in props]
    np.testing.assert_allclose(got.middle_nm[:, 1:] if flat else got.middle_nm, [p.centroid for p in props])
    if voxel[1] == voxel[2]:  # scikit-image adds a square pixel's own moment of 1/12 only in flat ones
        large = got.voxels > 100
        want = [p.axis_major_length for p in props]
        np.testing.assert_allclose(got.axes_nm[large, -1], np.array(want)[large], rtol=2e-2)


def test_a_ring_has_a_g_ratio_and_an_open_one_none():
    y, x = np.indices((120, 250))
    far = [np.hypot(y - 60, x - c) for c in (60, 180)]
    sheath = (far[0] <= 50) & (far[0] > 35) | (far[1] <= 40) & (far[1] > 20)
    ids, inner, outer = rings(sheath)
    np.testing.assert_allclose(g_ratio(inner, outer), [35 / 50, 20 / 40], rtol=0.02)
    assert (ids[60, 60], ids[60, 180]) == (1, 2)
    sheath[60, 200:] = False  # a cut through the second
    assert len(rings(sheath)[1]) == 1


def test_a_ring_within_a_ring_has_its_own():
    y, x = np.indices((120, 120))
    far = np.hypot(y - 60, x - 60)
    ids, inner, outer = rings((far <= 50) & (far > 45) | (far <= 20) & (far > 12))
    np.testing.assert_allclose(g_ratio(inner, outer), [45 / 50, 12 / 20], rtol=0.02)
    assert ids[60, 60] == 2 and ids[60, 90] == 1


def test_vesicles_belong_to_the_nearest_density():
    densities = np.zeros((1, 20, 100), np.int32)
    densities[0, 10, 5:10], densities[0, 10, 60:65] = 1, 2
    at = np.array([[0, 50, 60], [0, 50, 100], [0, 50, 220], [0, 60, 310], [0, 50, 450.0]])
    assert vesicles_by_density(densities, 2, at, NM, 60).tolist() == [2, 1]
    assert vesicles_by_density(densities, 2, at, NM, 200).tolist() == [2, 3]
    assert vesicles_by_density(densities, 2, at[:0], NM, 60).tolist() == [0, 0]


def test_limits_of_agreement():
    got = limits_of_agreement(np.array([10.0, 20, 30]), np.array([11.0, 19, 33]))
    assert (got.number, got.true, got.found, got.bias, got.sd) == (3, 20, 21, 1, 2)
    assert (got.low, got.high) == pytest.approx((1 - 1.96 * 2, 1 + 1.96 * 2))
    one, none = (limits_of_agreement(np.ones(n), 2 * np.ones(n)) for n in (1, 0))
    assert one.bias == 1 and one.sd == one.low == Undefined("one pair alone has no spread")
    assert none.bias == Undefined("nothing to compare")
