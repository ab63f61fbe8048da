"""Learn from examples what images tell of the parameters: regression on candidates drawn at random.

Candidates are drawn around a guess, each shows a few windows of its own, and ridge regression finds what the
figures say of every parameter (after Beaumont, Zhang & Balding 2002, and Fearnhead & Prangle 2012). All
figures are used together, so it finds a scale that the misfit alone hardly shows; a parameter that images
tell nothing of stays at the guess.
"""

from dataclasses import dataclass

import numpy as np

from synthem.fit.budget import Clock, TimeIsUpError
from synthem.fit.parameters import Space, Vector
from synthem.fit.renderer import Renderer
from synthem.measure.statistics.distance import Features

WINDOWS = 2
"""Windows that a candidate of the draw shows."""
BATCH = 16
FEWEST = 48
"""With fewer candidates nothing is learned."""
RIDGE = 3.0
FOLDS = 8
FARTHEST = 4.0
"""Figures of the images count as at most this many standard deviations from those of the draw: what no
candidate shows says nothing of the parameters, however much it differs."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned: the vector in 0 … 1, and the standard deviation of what is still not known of it."""

    unit: Vector
    doubt: Vector


def learn(
    space: Space,
    guess: Learned,
    real: Features,
    renderer: Renderer,
    clock: Clock,
    count: int,
    seed: int = 0,
    share: float = 1.0,
) -> Learned:
    """Return the parameters that the real windows suggest.

    Parameters
    ----------
    space : Space
        The parameters.
    guess : Learned
        Candidates are drawn around it, as far as its doubt reaches.
    real : float64 (windows, figures)
        Figures of the real windows.
    renderer : Renderer
        Renders the candidates.
    clock : Clock
        Ends the draw when a share of its time is spent; with fewer than ``FEWEST`` candidates the guess
        stands.
    count : int
        How many candidates to draw.
    seed : int
        Of the draw.
    share : float
        The share of the clock's time that may be spent by then.
    """
    rng = np.random.default_rng([seed, count])
    asked = rng.normal(guess.unit, guess.doubt, (count, len(guess.unit)))
    asked = np.clip(asked, 0.0, 1.0)
    shown: list[Features] = []
    first = int(rng.integers(2**40))
    try:
        for batch in np.array_split(asked, max(1, count // BATCH)):
            clock.check(share)
            presets = [space.preset(unit) for unit in batch]
            figures = renderer.scattered(presets, WINDOWS, first + WINDOWS * sum(map(len, shown)))
            shown.append(figures.mean(1))
    except TimeIsUpError:
        if sum(map(len, shown)) < FEWEST:
            return guess
    figures = np.concatenate(shown)
    return regress(asked[: len(figures)], figures, real.mean(0), guess)


def regress(asked: Features, figures: Features, real: Features, guess: Learned) -> Learned:
    """Return what figures say: of candidates (n, parameters), (n, figures); of the images (figures,).

    The doubt that is left is the error on candidates that a regression has not seen.
    """
    middle, scale = figures.mean(0), figures.std(0) + 1e-9
    seen, target = (figures - middle) / scale, np.clip((real - middle) / scale, -FARTHEST, FARTHEST)
    fold = np.arange(len(seen)) % FOLDS
    off = np.empty_like(asked)
    for k in range(FOLDS):
        base = asked[fold != k].mean(0)
        off[fold == k] = base + seen[fold == k] @ _weights(seen[fold != k], asked[fold != k] - base)
    error = np.asarray(np.sqrt(((off - asked) ** 2).mean(0)), np.float64)
    base = asked.mean(0)
    unit = base + target @ _weights(seen, asked - base)
    # no better than the mean: nothing was learned of it
    told = error < asked.std(0)
    return Learned(np.clip(np.where(told, unit, guess.unit), 0.0, 1.0), np.minimum(error, guess.doubt))


def _weights(figures: Features, values: Features) -> Features:
    gram = figures.T @ figures + RIDGE * np.eye(figures.shape[1])
    return np.asarray(np.linalg.solve(gram, figures.T @ values), np.float64)
