"""Distances by halves: how far synthetic sections are from real ones, and real ones from each other.

The distance of two samples grows with their scatter, and that with their smallness; and neighbouring sections
are nearly one image. So like is compared with like: a run of synthetic windows with a run of real ones,
against two runs of real ones that are as long and meet nowhere but at their ends. Two samples of one law come
to a ratio of 1 in the median.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import wasserstein_distance

from synthem.measure.statistics.distance import Features

HALVINGS = 16
"""At most so many ways to halve the sections: each begins at another one."""
LEAST = 1e-3
"""No distance between halves is taken to be less, in standard deviations."""
BAND = (5.0, 95.0)
"""Percentiles over halvings of the distance between two halves of the real sections."""

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Distances:
    """By figure: the mean distance to the real windows, and those between halves of these.

    ``apart`` (figures,) and ``among`` (halvings, figures) are Wasserstein's, in standard deviations over real
    windows.
    """

    apart: Features
    among: Features

    @property
    def ratio(self) -> Features:
        """How far the synthetic are off, in units of the mean distance between real halves, (figures,)."""
        return np.asarray(self.apart / self._usual)

    @property
    def null(self) -> Features:
        """The same of each halving of the real ones, (halvings, figures): what a like may come to."""
        return np.asarray(np.maximum(self.among, LEAST) / self._usual)

    @property
    def _usual(self) -> Features:
        return np.asarray(np.maximum(self.among.mean(0), LEAST))


def distances(synthetic: Features, real: Features, ours: Index, theirs: Index, scale: Features) -> Distances:
    """Compare runs of windows.

    Parameters
    ----------
    synthetic, real : float64 (windows, figures)
        Their figures.
    ours, theirs : int64 (windows,)
        The section of each window, as numbers from 0; neighbours have neighbouring ones. No section is in two
        halves.
    scale : float64 (figures,)
        What counts as one.
    """
    sections = int(theirs.max()) + 1
    apart, among = [], []
    starts = np.unique(np.linspace(0, sections, min(HALVINGS, sections), endpoint=False).astype(np.int64))
    for k, start in enumerate(starts):
        first, second = _halves(theirs, int(start))
        own = np.roll(np.argsort(ours, kind="stable"), -(k * len(ours) // len(starts)))
        length = min(len(first), len(second), len(own))
        first, second = _thinned(first, length), _thinned(second, length)
        among.append(_apart(real[first], real[second], scale))
        apart += [_apart(synthetic[own[:length]], real[half], scale) for half in (first, second)]
    return Distances(np.mean(apart, 0), np.array(among))


def _halves(blocks: Index, start: int) -> tuple[Index, Index]:
    """Return the windows of two runs of sections, as nearly equal as sections allow, that begin at one."""
    count = int(blocks.max()) + 1
    order = (blocks - start) % count
    windows = np.cumsum(np.bincount(order, minlength=count))[:-1]
    cut = int(np.abs(windows - len(blocks) / 2).argmin()) + 1
    inside = order < cut
    return np.flatnonzero(inside), np.flatnonzero(~inside)


def _thinned(windows: Index, length: int) -> Index:
    """Return so many of some windows, evenly spread."""
    return windows[np.linspace(0, len(windows) - 1, length).round().astype(np.int64)]


def _apart(one: Features, other: Features, scale: Features) -> Features:
    return np.array([wasserstein_distance(one[:, k], other[:, k]) for k in range(one.shape[1])]) / scale
