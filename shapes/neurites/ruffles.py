"""Ruffles: slow waves on a neurite's field, so that membranes undulate instead of lying as flat as in a foam.

A neurite has two plane waves of its own, each in another direction and of another length. A wave is made of
parabolas, whose slope is continuous and whose cost is a few multiplications; a sine would cost more than the
tube under it.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.streams import mix, normal, uniform

WAVES = 2
_PEAK_TO_STD = (15.0 / 8.0) ** 0.5  # of one parabolic wave
_LENGTHS = (0.75, 1.3)  # of a neurite's waves, in parts of the typical length
_HALF, _EIGHT, _SIXTEEN, _THIRTY_TWO = np.float32(0.5), np.float32(8), np.float32(16), np.float32(32)


def highest(std_nm: float) -> float:
    """Return the largest value that ruffles of a standard deviation can have."""
    return std_nm * float(_PEAK_TO_STD * WAVES**0.5)


@compiled
def draw_waves(key, std, wavelength, out):  # type: ignore[no-untyped-def]
    """Write a neurite's waves, (2, 4): cycles per nm along (z, y, x), and phase; returns their peak in nm."""
    for w in range(WAVES):
        here = mix(key, w)
        z, y, x = normal(here, 0), normal(here, 1), normal(here, 2)
        cycles = 1.0 / (wavelength * _LENGTHS[w] * max(1e-6, np.sqrt(z * z + y * y + x * x)))
        out[w, 0], out[w, 1], out[w, 2] = z * cycles, y * cycles, x * cycles
        out[w, 3] = uniform(here, 3)
    return std * _PEAK_TO_STD / np.sqrt(WAVES)


@compiled
def steepest(waves, peak):  # type: ignore[no-untyped-def]
    """Return how fast the sum of two waves can change at most, per nm."""
    most = 0.0
    for sign in (-1.0, 1.0):
        total = 0.0
        for c in range(3):
            total += (waves[0, c] + sign * waves[1, c]) ** 2
        most = max(most, total)
    return 8.0 * peak * np.sqrt(most)


@compiled
def wave(cycles):  # type: ignore[no-untyped-def]
    """Return a wave of peak 1 and period 1: a parabola up, and a parabola down."""
    v = cycles - np.floor(cycles + _HALF)
    return _SIXTEEN * v * (_HALF - abs(v))


@compiled
def wave_slope(cycles):  # type: ignore[no-untyped-def]
    """Return how fast a wave rises, per cycle."""
    return _EIGHT - _THIRTY_TWO * abs(cycles - np.floor(cycles + _HALF))
