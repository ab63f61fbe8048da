"""Scores of counts: how many voxels of a class were found, missed and made up.

TP and TN are voxels on which both agree (of the class, not of it), FP those that are found and not true, FN
those that are true and not found. Counts are pooled over all images and divided once.
"""

from collections.abc import Sequence

from synthem.scores.counts import Counts
from synthem.scores.values import Undefined, Values, ratio

NOWHERE = "neither true nor found anywhere"


def pixel_scores(counts: Counts, voxels: Sequence[int]) -> list[Values]:
    """Return the scores of each class.

    ======================  =============================================================================
    ``dice``                2 TP / (2 TP + FP + FN) (Dice 1945)
    ``jaccard``             TP / (TP + FP + FN) (Jaccard 1912)
    ``precision``           TP / (TP + FP)
    ``recall``              TP / (TP + FN): sensitivity
    ``specificity``         TN / (TN + FP)
    ``accuracy``            (TP + TN) / all
    ``pixel_error``         (FP + FN) / all: 1 − accuracy, as in ISBI 2012 (Arganda-Carreras et al. 2015)
    ``conformity``          1 − (FP + FN) / TP (Chang et al. 2009): below 0 where errors outnumber TP
    ``support, found``      TP + FN and TP + FP, voxels
    ======================  =============================================================================

    Accuracy, specificity and pixel error grow with the share of background: a rare class has an accuracy near
    one whatever is found.

    Parameters
    ----------
    counts : Counts
    voxels : sequence of int
        By class, how many voxels are judged: TP + FP + FN + TN.
    """
    out: list[Values] = []
    for k, total in enumerate(voxels):
        tp, fp, fn = (int(a[k]) for a in (counts.tp, counts.fp, counts.fn))
        tn, wrong = int(total) - tp - fp - fn, fp + fn
        none = "nothing of it is judged"
        conformity = (
            1 - wrong / tp if tp else Undefined(NOWHERE if not wrong else "no voxel is found rightly")
        )
        out.append(
            {
                "dice": ratio(2 * tp, 2 * tp + wrong, NOWHERE),
                "jaccard": ratio(tp, tp + wrong, NOWHERE),
                "precision": ratio(tp, tp + fp, "nothing was found"),
                "recall": ratio(tp, tp + fn, "there is none in the truth"),
                "specificity": ratio(tn, tn + fp, "the truth is nothing else" if total else none),
                "accuracy": ratio(tp + tn, total, none),
                "pixel_error": ratio(wrong, total, none),
                "conformity": conformity,
                "support": tp + fn,
                "found": tp + fp,
            }
        )
    return out
