"""The envelope of a nucleus: two membranes with a space between, which pores interrupt.

Pores are laid out on the six faces of a cube around the nucleus, each face in square cells of equal angle; a
cell holds at most one, off its rim, so that no pore asks for more than its own cell.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.streams import mix, uniform

AWAY_NM = 1e4
"""Distance to the nearest pore where the cell has none."""
_TAKEN = 0.85  # of the cells, so that pores are no crystal
_PLAY = 0.4  # of a cell's edge, within which its pore lies


@compiled
def cells_a_side(axes, per_um2):  # type: ignore[no-untyped-def]
    """Return how many cells a face has a side, for so many pores on the surface of an ovoid."""
    total, p = 0.0, 1.6075  # Thomsen's formula, to 1 %
    for c in range(3):
        total += (axes[c] * axes[(c + 1) % 3]) ** p
    area = 4.0 * np.pi * (total / 3.0) ** (1.0 / p)
    return max(1, round(np.sqrt(1e-6 * area * per_um2 / (6.0 * _TAKEN))))


@compiled
def pore(key, u, axes, side, radius):  # type: ignore[no-untyped-def]
    """Return the distance to the wall of the nearest pore, negative within it.

    ``u`` (3,) is a place in the nucleus' own frame in parts of its ``axes``: 1 long at the surface.
    """
    long = np.sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2])
    if side == 0 or long < 0.1:
        return AWAY_NM
    face = 0
    for c in range(1, 3):
        if abs(u[c]) > abs(u[face]):
            face = c
    one, two = (face + 1) % 3, (face + 2) % 3
    s = side * (0.5 + np.arctan(u[one] / abs(u[face])) * 0.6366197723675814)
    t = side * (0.5 + np.arctan(u[two] / abs(u[face])) * 0.6366197723675814)
    i, j = min(side - 1, max(0, int(s))), min(side - 1, max(0, int(t)))
    here = mix(mix(mix(key, face if u[face] > 0.0 else face + 3), i), j)
    if uniform(here, 0) >= _TAKEN:
        return AWAY_NM
    a = np.tan(((i + 0.5 + _PLAY * (uniform(here, 1) - 0.5)) / side - 0.5) / 0.6366197723675814)
    b = np.tan(((j + 0.5 + _PLAY * (uniform(here, 2) - 0.5)) / side - 0.5) / 0.6366197723675814)
    norm = long / np.sqrt(1.0 + a * a + b * b)
    d = axes[face] * (u[face] - (norm if u[face] > 0.0 else -norm))
    e, f = axes[one] * (u[one] - norm * a), axes[two] * (u[two] - norm * b)
    return np.sqrt(d * d + e * e + f * f) - radius


@compiled
def envelope(depth, to_pore, half):  # type: ignore[no-untyped-def]
    """Return the distance to the envelope's surface, negative between its two outer faces.

    ``depth`` is how far inside the outer face a place lies, ``half`` half the thickness; around a pore the
    two membranes run into each other, in a rounded rim.
    """
    beside = max(0.0, half - to_pore)
    return np.sqrt((depth - half) ** 2 + beside * beside) - half
