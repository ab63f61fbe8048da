"""How far apart two sets of windows are, figure by figure: distributions over windows, not points."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthem.measure.statistics.describe import groups_of

Features = npt.NDArray[np.float64]
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Quantiles over windows by which a distribution is compared."""
TOGETHER = 0.3
"""Weight of shifts against that of spreads."""
_LEAST = 0.1  # what hardly varies from window to window is not asked to be matched for ever more closely
_FLOOR = 0.01  # of a figure's size: nothing is asked to be matched more closely


@dataclass(frozen=True, eq=False)
class Target:
    """What is to be matched: quantiles of every figure over the real windows, and the scale of each.

    Attributes
    ----------
    quantiles : float64 (5, figures)
        At ``LEVELS``.
    scale : float64 (figures,)
        Standard deviation over windows: a distance of one is as far as windows differ among themselves.
    weight : float64 (figures,)
        Of the square of a residual; the families count alike, whatever their number of figures.
    white : float64 (figures, figures)
        Takes shifts of the figures to shifts that windows show independently: many figures tell the same,
        such as that there is a mitochondrion more, and that must not count many times.
    """

    quantiles: Features
    scale: Features
    weight: Features
    white: Features

    @classmethod
    def of(cls, real: Features, like: Features | None = None) -> "Target":
        """Make the target of the figures of real windows, (windows, figures).

        ``like`` are those of synthetic windows, which help to tell how figures vary together.
        """
        middle = np.abs(np.median(real, axis=0))
        scale = np.sqrt(real.std(axis=0) ** 2 + (_FLOOR * middle) ** 2 + 1e-6)
        groups = np.array(groups_of())
        names, counts = np.unique(groups, return_counts=True)
        share = dict(zip(names, 1.0 / counts, strict=True))
        weight = np.array([share[group] for group in groups]) / len(LEVELS)
        return cls(np.quantile(real, LEVELS, axis=0), scale, weight, _whitening(real, like, scale))

    def residuals(self, ours: Features) -> Features:
        """Return how far ours are off, weighted: shifts as independent ones, (figures,), then spreads."""
        off = (np.quantile(ours, LEVELS, axis=0) - self.quantiles) / self.scale
        spread = (off - off.mean(0)) * np.sqrt(self.weight)
        return np.concatenate([TOGETHER * (self.white @ off.mean(0)), spread.ravel()])

    def shift(self, ours: Features) -> Features:
        """Return by how many scales the median of each figure is off, (figures,)."""
        shift: Features = (np.median(ours, axis=0) - self.quantiles[len(LEVELS) // 2]) / self.scale
        return shift

    def cost(self, ours: Features) -> float:
        """Return half the sum of residuals, squared where they are small and linear where they are large."""
        return soft_cost(self.residuals(ours))


def _whitening(real: Features, like: Features | None, scale: Features) -> Features:
    """Return the inverse root of the correlation of figures, shrunk as by Ledoit & Wolf (2004)."""
    from sklearn.covariance import ledoit_wolf

    parts = [(part - part.mean(0)) / scale for part in (real, like) if part is not None and len(part) > 1]
    if not parts:
        return np.eye(real.shape[1])
    covariance = ledoit_wolf(np.concatenate(parts), assume_centered=True)[0]
    values, vectors = np.linalg.eigh(covariance)
    white: Features = (vectors / np.sqrt(np.maximum(values, 0) + _LEAST)) @ vectors.T
    return white


def soft_cost(residuals: Features) -> float:
    """Return the soft L1 cost: what cannot be matched at all shall not spoil what can."""
    return float((np.sqrt(1.0 + (residuals / SOFT) ** 2) - 1.0).sum()) * SOFT**2


SOFT = 0.3
"""Weighted residuals above this count linearly."""
