"""Realism: how far synthetic sections are from real ones, figure by figure, and what gives them away.

Two answers are given, never one number: the distance of every statistic, in units of the distance between two
halves of the real data, with the band in which such halves lie themselves; and how well a classifier tells
the two apart on sections that it has not seen, with the figures that it goes by.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.measure.halves import BAND, Distances, distances
from synthem.measure.statistics import NAMES, describe, groups_of
from synthem.measure.statistics.distance import Features

FOLDS = 5
REPEATS = 8
"""Shuffles of a figure, for its importance."""
FEWEST = 4
"""With fewer sections than this the quarters of each stand for sections."""
SHOWN = 15
CLIP = 8.0
"""Standard deviations beyond which a figure is off, by however much, for the classifiers."""


class Figure(Frozen):
    """One statistic: medians over windows, the distance between both sets, and how much it gives away.

    ``distance`` is Wasserstein's, of runs as long as half of the real sections, in standard deviations over
    real windows; ``ratio`` that over the mean distance between two halves of the real sections; ``null`` the
    5th and 95th percentile of such distances in the same unit; ``importance`` by how much the log loss of the
    logistic classifier rises on unseen sections when the figure is shuffled.
    """

    name: str
    group: str
    synthetic: float
    real: float
    distance: float
    ratio: float
    null: tuple[float, float]
    importance: float


class Classifier(Frozen):
    """How well one classifier tells synthetic from real on unseen sections; 0.5 is not at all."""

    name: str
    auc: float
    auc_std: float
    accuracy: float
    accuracy_std: float


class Group(Frozen):
    """A family of figures: the median of their ratios, and its 5th and 95th percentile for real halves."""

    ratio: float
    null: tuple[float, float]


class Realism(Frozen):
    """The report; ``model_dump_json`` takes it to JSON."""

    synthetic_windows: int
    real_windows: int
    synthetic_sections: int
    real_sections: int
    classifiers: list[Classifier]
    groups: dict[str, Group]
    figures: list[Figure]
    notes: list[str]

    def ranked(self) -> list[Figure]:
        """Return the figures that give the synthetic away, the worst first: the work list."""
        return sorted(self.figures, key=lambda f: (-round(f.importance, 3), -f.ratio))

    def tables(self) -> tuple[Table, Table]:
        """Return what a terminal shows: the summary, and the work list."""
        summary = Table(
            title=f"{self.synthetic_windows} synthetic windows against {self.real_windows} of "
            f"{self.real_sections} real sections"
        )
        for head in ("", "value", "real halves"):
            summary.add_column(head, justify="left" if not head else "right")
        for one in self.classifiers:
            summary.add_row(
                f"{one.name}: AUC (accuracy)",
                f"{one.auc:.3f} ± {one.auc_std:.3f} ({one.accuracy:.2f} ± {one.accuracy_std:.2f})",
            )
        for name, group in self.groups.items():
            summary.add_row(
                f"{name}: median distance, in halves of the real data",
                f"{group.ratio:.1f}",
                _band(group.null),
            )
        summary.caption = (
            "AUC 0.5: not to be told apart; distance 1: as far apart as halves of the real sections are, "
            "which lie within the last column (5th–95th percentile)"
        )
        work = Table(title="What gives it away")
        for head in ("figure", "synthetic", "real", "distance, sd", "in halves", "real halves", "importance"):
            work.add_column(head, justify="left" if head == "figure" else "right", no_wrap=True)
        for f in self.ranked()[:SHOWN]:
            work.add_row(
                f"{f.group}: {f.name}", f"{f.synthetic:.3g}", f"{f.real:.3g}", f"{f.distance:.2f}",
                f"{f.ratio:.1f}", _band(f.null), f"{f.importance:.3f}",
            )  # fmt: skip
        work.caption = "importance: rise of the log loss on unseen sections when the figure is shuffled"
        return summary, work


def features_of(images: npt.NDArray[np.uint8]) -> Features:
    """Return the figures of some windows, (windows, figures)."""
    return np.array([describe(image) for image in images])


def realism(
    synthetic: Features,
    real: Features,
    synthetic_sections: Sequence[str],
    real_sections: Sequence[str],
    *,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> Realism:
    """Compare the figures of synthetic and real windows.

    Parameters
    ----------
    synthetic, real : float64 (windows, figures)
        Of windows of one size.
    synthetic_sections, real_sections : sequences of str
        Which section each window is of: windows of a section are never in both halves of a test.
    seed : int
        Of folds' trees and shuffles.

    Raises
    ------
    InputError
        Where there are too few sections or windows for a test.
    """
    ours, theirs = _blocks(synthetic_sections), _blocks(real_sections)
    folds = min(FOLDS, len(set(ours)), len(set(theirs)))
    if folds < 2 or min(len(synthetic), len(real)) < 8:
        raise InputError(
            "realism: at least 8 windows of two sections are wanted on either side; there are "
            f"{len(synthetic)} synthetic of {len(set(ours))} and {len(real)} real of {len(set(theirs))}"
        )
    scale = _scale(real)
    found = distances(synthetic, real, ours, theirs, scale)
    low, high = np.percentile(found.null, BAND, axis=0)
    classifiers, importance = tell_apart(synthetic, real, _folds(ours, folds), _folds(theirs, folds), seed)
    medians = np.median(synthetic, 0), np.median(real, 0)
    figures = [
        Figure(
            name=name, group=group, synthetic=float(medians[0][k]), real=float(medians[1][k]),
            distance=float(found.apart[k]), ratio=float(found.ratio[k]),
            null=(float(low[k]), float(high[k])), importance=float(importance[k]),
        )
        for k, (name, group) in enumerate(zip(NAMES, groups_of(), strict=True))
    ]  # fmt: skip
    return Realism(
        synthetic_windows=len(synthetic),
        real_windows=len(real),
        synthetic_sections=len(set(synthetic_sections)),
        real_sections=len(set(real_sections)),
        classifiers=classifiers,
        groups=_groups(found),
        figures=figures,
        notes=list(notes),
    )


def _groups(found: Distances) -> dict[str, Group]:
    """Return the median ratio of each family of figures, and that of every halving of the real sections."""
    of = np.array(groups_of())
    out = {}
    for name in dict.fromkeys(groups_of()):
        low, high = np.percentile(np.median(found.null[:, of == name], 1), BAND)
        out[name] = Group(ratio=float(np.median(found.ratio[of == name])), null=(float(low), float(high)))
    return out


def _band(null: tuple[float, float]) -> str:
    return f"{null[0]:.1f}–{null[1]:.1f}"


def quartered(sections: Sequence[str], places: Sequence[tuple[int, int]]) -> tuple[list[str], bool]:
    """Return sections, or, where there are too few of them, the quarters of each; and whether it is so."""
    if len(set(sections)) >= FEWEST:
        return list(sections), False
    out = []
    for name, (y, x) in zip(sections, places, strict=True):
        own = np.array([p for s, p in zip(sections, places, strict=True) if s == name])
        middle = (own.min(0) + own.max(0)) / 2
        out.append(f"{name}/{int(y > middle[0])}{int(x > middle[1])}")
    return out, True


def _blocks(sections: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return each window's section as a number; neighbours in a stack have neighbouring numbers."""
    order = {name: k for k, name in enumerate(dict.fromkeys(sections))}
    return np.array([order[name] for name in sections])


def _folds(blocks: npt.NDArray[np.int64], folds: int) -> npt.NDArray[np.int64]:
    """Return the fold of each window: runs of neighbouring sections, for neighbours are nearly one image."""
    return blocks * folds // (int(blocks.max()) + 1)


def _scale(real: Features) -> Features:
    """Return the spread of each figure over real windows, at least a hundredth of its median."""
    scale: Features = np.sqrt(real.std(0) ** 2 + (0.01 * np.abs(np.median(real, 0))) ** 2 + 1e-9)
    return scale


def _log_loss(scores: Features, y: npt.NDArray[np.int64]) -> Features:
    """Return the mean log loss of log odds, (..., windows), against classes 0 and 1."""
    loss: Features = np.logaddexp(0.0, scores * (1 - 2 * y)).mean(-1)
    return loss


def tell_apart(
    synthetic: Features,
    real: Features,
    ours: npt.NDArray[np.int64],
    theirs: npt.NDArray[np.int64],
    seed: int,
) -> tuple[list[Classifier], Features]:
    """Cross-validate two classifiers; returns them, and each figure's importance for the logistic one.

    Parameters
    ----------
    synthetic, real : float64 (windows, figures)
        What is told apart.
    ours, theirs : int64 (windows,)
        The fold of each window, from 0; each fold has windows of both sides.
    seed : int
        Of the trees, and of the shuffles by which importance is found.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    figures = np.concatenate([synthetic, real])
    y = np.repeat([1, 0], [len(synthetic), len(real)])
    fold = np.concatenate([ours, theirs])
    folds = int(fold.max()) + 1
    makers: dict[str, Callable[[], Any]] = {
        "forest": lambda: RandomForestClassifier(
            200, min_samples_leaf=2, class_weight="balanced", random_state=seed % 2**32, n_jobs=1
        ),
        "logistic": lambda: LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000),
    }
    rng = np.random.default_rng(seed)
    out, importance = [], np.zeros(figures.shape[1])
    for name, make in makers.items():
        aucs, accuracies = [], []
        for k in range(folds):
            train, test = fold != k, fold == k
            # in spreads of the real windows: scaled by all of them, what differs most would shrink the most
            known = figures[train & (y == 0)]
            x = np.clip((figures - np.median(known, 0)) / _scale(known), -CLIP, CLIP)
            model: Any = make()
            model.fit(x[train], y[train])
            chance = model.predict_proba(x[test])[:, 1]
            aucs.append(float(roc_auc_score(y[test], chance)))
            accuracies.append(float(balanced_accuracy_score(y[test], chance > 0.5)))
            if name == "logistic":
                # all shuffles of all figures in one call, for speed
                copies = np.repeat(x[test][None], REPEATS * x.shape[1], axis=0)
                for j in range(REPEATS * x.shape[1]):
                    copies[j, :, j % x.shape[1]] = rng.permutation(copies[j, :, j % x.shape[1]])
                scores = model.decision_function(copies.reshape(-1, x.shape[1])).reshape(len(copies), -1)
                risen = _log_loss(scores, y[test]) - _log_loss(model.decision_function(x[test]), y[test])
                importance += risen.reshape(REPEATS, -1).mean(0) / folds
        out.append(
            Classifier(
                name=name, auc=float(np.mean(aucs)), auc_std=float(np.std(aucs)),
                accuracy=float(np.mean(accuracies)), accuracy_std=float(np.std(accuracies)),
            )
        )  # fmt: skip
    return out, importance
