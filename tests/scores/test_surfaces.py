"""Distances between outlines, against MONAI and figures worked out by hand."""

import numpy as np
import pytest
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice
from scipy import ndimage

from synthem.scores import slabs
from synthem.scores.surfaces import (
    Surfaces,
    average_distance,
    boundary_dice,
    hausdorff95,
    outline,
    surface_distances,
)
from synthem.scores.values import Undefined

FAR = float("inf")


def blobs(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Smooth objects that keep away from the edges, where MONAI sees an outline and we see none."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2)
    mask = noise > 0.5 * noise.std()
    keep = np.zeros(shape, bool)
    keep[tuple(slice(2, -2) if n > 1 else slice(None) for n in shape)] = True
    return mask & keep


def fuzzy(mask: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return blobs(seed + 50, mask.shape) & (rng.random(mask.shape) < 0.05) | np.roll(mask, 1, -1)


@pytest.mark.filterwarnings("ignore:monai.metrics.utils get_mask_edges:FutureWarning")
@pytest.mark.parametrize(
    ("shape", "voxel"), [((1, 60, 50), (5, 5, 5)), ((1, 50, 60), (50, 4, 6)), ((16, 24, 28), (30, 8, 8))]
)
def test_as_monai_has_them(shape, voxel):
    true = blobs(1, shape)
    found = fuzzy(true, 2)
    own = surface_distances(found, true, voxel, cap_nm=FAR)
    flat = shape[0] == 1
    f, t = (torch.tensor(m[0] if flat else m)[None, None] for m in (found, true))
    given = {"include_background": True, "spacing": voxel[1:] if flat else voxel}
    for tolerance in (0, 6, 15):
        want = compute_surface_dice(f, t, [tolerance], **given)
        assert boundary_dice(own, tolerance) == pytest.approx(float(want))
    want = compute_hausdorff_distance(f, t, percentile=95, **given)
    assert hausdorff95(own, FAR) == pytest.approx(float(want), abs=2e-3)
    want = compute_average_surface_distance(f, t, symmetric=True, **given)
    assert average_distance(own) == pytest.approx(float(want), abs=2e-3)


def test_a_square_that_is_moved():
    true, found = np.zeros((2, 1, 30, 30), bool)
    true[0, 5:15, 5:15] = found[0, 5:15, 7:17] = True
    own = surface_distances(found, true, (5, 5, 5))
    # of 36 outline pixels a side: 2 × 8 of the moved one's rows lie on the true rows
    assert boundary_dice(own, 0) == pytest.approx(2 * 16 / 72)
    assert boundary_dice(own, 10) == 1 and hausdorff95(own) == 10


def test_the_edge_of_the_image_and_what_is_skipped_make_no_outline():
    whole = np.ones((4, 6, 8), bool)
    assert not outline(whole).any()
    half, skipped = whole.copy(), np.zeros_like(whole)
    half[:, :, 4:], skipped[:, :, 4:] = False, True
    assert outline(half)[:, :, 3].all() and outline(half).sum() == 24
    assert not outline(half, skipped).any()


def test_slabs_change_nothing(monkeypatch):
    true = blobs(5, (20, 20, 20))
    found = fuzzy(true, 6)
    whole = surface_distances(found, true, (10, 8, 8), cap_nm=40)
    edges = outline(true)
    monkeypatch.setattr("synthem.scores.surfaces.slabs", lambda shape, most=0: slabs.slabs(shape, 800))
    parts = surface_distances(found, true, (10, 8, 8), cap_nm=40)
    np.testing.assert_array_equal(outline(true), edges)
    for one, other in ((whole.to_true, parts.to_true), (whole.to_found, parts.to_found)):
        np.testing.assert_array_equal(one.nm, other.nm)
        np.testing.assert_array_equal(one.voxels, other.voxels)


def test_pooled_sections_are_one_image():
    true = blobs(7, (1, 40, 40))
    found = fuzzy(true, 8)
    a, b = surface_distances(found, true, (5, 5, 5)), surface_distances(true, true, (5, 5, 5))
    both = a + b
    n, m = a.to_true.total, b.to_true.total
    assert both.to_true.total == n + m and both.to_true.within(0) == a.to_true.within(0) + m
    assert average_distance(Surfaces.none() + a) == average_distance(a)


def test_what_is_far_counts_as_the_cap_and_what_is_missing_says_so():
    true, found, none = np.zeros((3, 1, 100, 100), bool)
    true[0, 10:20, 10:20] = found[0, 10:20, 70:80] = True
    own = surface_distances(found, true, (5, 5, 5), cap_nm=100)
    assert average_distance(own) == 100
    assert hausdorff95(own, 100) == Undefined(
        "over a twentieth of an outline is 100 nm or more from the other"
    )
    for f, t, why in ((none, true, "nothing was found"), (found, none, "there is none in the truth")):
        own = surface_distances(f, t, (5, 5, 5))
        assert hausdorff95(own) == average_distance(own) == Undefined(why) and boundary_dice(own, 9) == 0
    assert boundary_dice(surface_distances(none, none, (5, 5, 5)), 9) == Undefined("neither has an outline")
