"""Scores of counts and of probabilities, against scikit-learn and figures worked out by hand."""

import numpy as np
import pytest
from scipy.special import expit, logit
from skimage.morphology import skeletonize
from sklearn import metrics

from synthem.scores.centreline import CentreLines, centre_lines, centreline_dice
from synthem.scores.counts import Counts, count
from synthem.scores.curve import Curve, average_precision, curve_of, points
from synthem.scores.pixels import pixel_scores
from synthem.scores.values import Undefined


def one(tp: int, fp: int, fn: int, voxels: int) -> dict:
    return pixel_scores(Counts(*(np.array([n]) for n in (tp, fp, fn))), [voxels])[0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_as_scikit_learn_has_them(seed):
    rng = np.random.default_rng(seed)
    true = rng.random((2, 20, 30)) < 0.3
    found = true ^ (rng.random(true.shape) < 0.1 * (seed + 1))
    (got,) = pixel_scores(count(found[None], true[None]), [true.size])
    t, f = true.ravel(), found.ravel()
    want = {
        "dice": metrics.f1_score(t, f),
        "jaccard": metrics.jaccard_score(t, f),
        "precision": metrics.precision_score(t, f),
        "recall": metrics.recall_score(t, f),
        "specificity": metrics.recall_score(~t, ~f),
        "accuracy": metrics.accuracy_score(t, f),
        "pixel_error": metrics.zero_one_loss(t, f),
    }
    assert {name: got[name] for name in want} == pytest.approx(want)
    assert (got["support"], got["found"]) == (t.sum(), f.sum())


@pytest.mark.parametrize(("counts", "conformity"), [((10, 0, 0), 1), ((10, 2, 3), 0.5), ((4, 4, 6), -1.5)])
def test_conformity(counts, conformity):
    got = one(*counts, 100)["conformity"]
    assert got == pytest.approx(conformity)
    dice = 2 * counts[0] / (2 * counts[0] + counts[1] + counts[2])
    assert got == pytest.approx((3 * dice - 2) / dice)  # Chang et al. 2009


def test_what_cannot_be_divided_says_why():
    blank, missed, made_up, full = one(0, 0, 0, 9), one(0, 0, 4, 9), one(0, 4, 0, 9), one(9, 0, 0, 9)
    assert blank["dice"] == blank["conformity"] == Undefined("neither true nor found anywhere")
    assert missed["precision"] == Undefined("nothing was found") and missed["recall"] == 0
    assert made_up["recall"] == Undefined("there is none in the truth") and made_up["dice"] == 0
    assert made_up["conformity"] == Undefined("no voxel is found rightly")
    assert full["specificity"] == Undefined("the truth is nothing else") and full["accuracy"] == 1
    assert one(0, 0, 0, 0)["accuracy"] == Undefined("nothing of it is judged")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_average_precision_and_curve_as_scikit_learn_has_them(seed):
    rng = np.random.default_rng(seed)
    true = rng.random((3, 16, 16)) < 0.2
    given = np.clip(rng.normal(0.3 + 0.3 * true, 0.2), 0, 1).astype(np.float32)
    curve = curve_of(given, true)
    p = np.clip(np.rint(logit(given) * 40), -500, 500)
    exactly = metrics.average_precision_score(true.ravel(), given.ravel())
    assert average_precision(curve) == pytest.approx(exactly, abs=5e-3)
    assert average_precision(curve) == pytest.approx(metrics.average_precision_score(true.ravel(), p.ravel()))
    precision, recall, thresholds = metrics.precision_recall_curve(true.ravel(), p.ravel())
    got = points(curve)
    np.testing.assert_allclose([q["precision"] for q in got], precision[-2::-1])
    np.testing.assert_allclose([q["recall"] for q in got], recall[-2::-1])
    np.testing.assert_allclose([q["threshold"] for q in got], expit(thresholds[::-1] / 40), rtol=1e-4)


def test_a_curve_leaves_out_what_is_skipped_and_is_pooled():
    rng = np.random.default_rng(3)
    true, p = rng.random((2, 8, 8)) < 0.4, rng.random((2, 8, 8)).astype(np.float32)
    skipped = np.zeros_like(true)
    skipped[:, :, 4:] = True
    some, left, right = (
        curve_of(p, true, skipped),
        curve_of(p[..., :4], true[..., :4]),
        curve_of(p, true, ~skipped),
    )
    np.testing.assert_array_equal(some.true, left.true)
    assert average_precision(some + right) == average_precision(curve_of(p, true))
    assert average_precision(Curve.zero()) == Undefined("there is none in the truth")


def bars(*rows: tuple[int, int]) -> np.ndarray:
    out = np.zeros((1, 30, 40), bool)
    for top, bottom in rows:
        out[:, top:bottom, 2:38] = True
    return out


@pytest.mark.parametrize(
    ("found", "true", "wanted"),
    [
        (bars((9, 12)), bars((9, 12)), 1.0),  # the same
        (bars((8, 13)), bars((9, 12)), 1.0),  # wider: the line is the same
        (bars((9, 12)), bars((9, 12), (20, 23)), 2 / 3),  # one of two: P = 1, S = 1/2
        (bars((9, 12)), bars((20, 23)), 0.0),  # elsewhere
    ],
)
def test_centreline_dice_of_bars(found, true, wanted):
    assert centreline_dice(centre_lines(found, true)) == pytest.approx(wanted)


def test_centreline_dice_is_that_of_the_paper_on_pooled_sections():
    rng = np.random.default_rng(0)
    true, found = (np.repeat(np.repeat(rng.random((2, 12, 12)) < 0.5, 4, 1), 4, 2) for _ in range(2))
    lines = [np.stack([skeletonize(z) for z in m]) for m in (found, true)]
    p, s = (lines[0] & true).sum() / lines[0].sum(), (lines[1] & found).sum() / lines[1].sum()
    parts = centre_lines(found[:1], true[:1]) + centre_lines(found[1:], true[1:])
    assert centreline_dice(parts) == pytest.approx(2 * p * s / (p + s))
    assert centreline_dice(CentreLines(true=3)) == Undefined("nothing was found")
    assert centreline_dice(CentreLines(found=3)) == Undefined("there is none in the truth")
