"""Learn from examples what images tell of the parameters: regression on candidates drawn at random.

Candidates are drawn around a guess, each shows a few windows of its own, and ridge regression finds what the
figures say of every parameter (after Beaumont, Zhang & Balding 2002, and Fearnhead & Prangle 2012). All
figures are used together, so it finds a scale that the misfit alone hardly shows; a parameter that images
tell nothing of stays at the guess. A scene costs as much as dozens of pictures of it, so each is seen through
several microscopes. What is learned from far candidates is coarse: a second draw, around what the first one
taught and as wide as its doubt, teaches the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synthem.fit.budget import Clock, TimeIsUpError
from synthem.fit.parameters import Space, Vector
from synthem.fit.renderer import Renderer
from synthem.measure.statistics.distance import Features

VIEWS = 3
"""Candidates that share an anatomy and its window, each with a microscope of its own."""
BATCH = 8
FEWEST = 48
"""With fewer candidates nothing is learned."""
FIRST = 0.45
"""Part of the candidates, and of the time, that the first draw takes."""
NARROWEST = 0.02
"""The second draw is at least so wide, in parts of a parameter's range."""
RIDGES = (3.0, 30.0, 100.0, 300.0, 1000.0)
"""Of these every parameter has the one that errs least on candidates that it has not seen."""
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
    between: Callable[[Learned], Learned] = lambda learned: learned,
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
    between : callable
        Given what the first draw taught, returns what the second draws around.
    """
    begun = clock.spent / clock.seconds
    parts = ((round(FIRST * count), begun + FIRST * (share - begun)), (count - round(FIRST * count), share))
    for turn, (many, until) in enumerate(parts):
        taught = _taught(space, guess, real, renderer, clock, many, seed + turn, until)
        if taught is None:
            break
        guess = taught if turn else between(taught)
    return guess


def _taught(
    space: Space,
    guess: Learned,
    real: Features,
    renderer: Renderer,
    clock: Clock,
    count: int,
    seed: int,
    share: float,
) -> Learned | None:
    """Return what one draw teaches, None where there was no time for it."""
    rng = np.random.default_rng([seed, count])
    scenes = -(-count // VIEWS)
    asked = rng.normal(guess.unit, np.maximum(guess.doubt, NARROWEST), (scenes, VIEWS, len(guess.unit)))
    asked[:, :, space.anatomy] = asked[:, :1, space.anatomy]
    asked = np.clip(asked, 0.0, 1.0)
    shown: list[Features] = []
    first, seen = int(rng.integers(2**40)), 0
    try:
        for batch in np.array_split(asked, max(1, scenes // BATCH)):
            clock.check(share)
            presets = [space.preset(unit) for scene in batch for unit in scene]
            shown.append(renderer.scattered(presets, 1, first + seen, VIEWS)[:, 0])
            seen += len(batch)
    except TimeIsUpError:
        if seen * VIEWS < FEWEST:
            return None
    return regress(asked[:seen].reshape(seen * VIEWS, -1), np.concatenate(shown), real.mean(0), guess, VIEWS)


def regress(asked: Features, figures: Features, real: Features, guess: Learned, together: int = 1) -> Learned:
    """Return what figures say: of candidates (n, parameters), (n, figures); of the images (figures,).

    The doubt that is left is the error on candidates that a regression has not seen; so many in a row as are
    ``together`` share a scene, and are seen or unseen together.
    """
    middle, scale = figures.mean(0), figures.std(0) + 1e-9
    seen, target = (figures - middle) / scale, np.clip((real - middle) / scale, -FARTHEST, FARTHEST)
    fold = np.arange(len(seen)) // together % FOLDS
    base = asked.mean(0)
    errors, units = [], []
    for ridge in RIDGES:
        off = np.empty_like(asked)
        for k in range(FOLDS):
            mean = asked[fold != k].mean(0)
            off[fold == k] = mean + seen[fold == k] @ _weights(
                seen[fold != k], asked[fold != k] - mean, ridge
            )
        errors.append(np.sqrt(((off - asked) ** 2).mean(0)))
        units.append(base + target @ _weights(seen, asked - base, ridge))
    best = np.argmin(errors, axis=0)
    error, unit = (np.take_along_axis(np.array(v), best[None], 0)[0] for v in (errors, units))
    # no better than the mean: nothing was learned of it
    told = error < asked.std(0)
    return Learned(np.clip(np.where(told, unit, guess.unit), 0.0, 1.0), np.minimum(error, guess.doubt))


def _weights(figures: Features, values: Features, ridge: float) -> Features:
    gram = figures.T @ figures + ridge * np.eye(figures.shape[1])
    return np.asarray(np.linalg.solve(gram, figures.T @ values), np.float64)
