"""Cristae and dark granules: what is in the matrix of a mitochondrion.

All cristae of one lie across a common wave, lamellae and rows of tubes among each other, and begin at the
inner membrane. Everything is drawn from the mitochondrion's key and where its rod lies.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, uniform
from shapes.mitochondria.rods import POINTS

GRANULE_NM = -1000.0
"""In the layer's detail this is added to the distance to a granule, within it."""
MOST_GRANULES = 4
_TUBES_EVERY = 1.9  # from one tube of a tubular crista to the next, in parts of its width


@compiled
def cristae_wave(key, period, out):  # type: ignore[no-untyped-def]
    """Write what all cristae of a mitochondrion share: across, lean, bends, period, second way across."""
    uz, uy, ux = normal(key, 60), normal(key, 61), normal(key, 62)
    norm = np.sqrt(uz * uz + uy * uy + ux * ux) + 1e-9
    out[0], out[1], out[2] = uz / norm, uy / norm, ux / norm
    lean = 2.4 * uniform(key, 63) - 1.2
    out[3], out[4] = np.cos(lean), np.sin(lean)
    out[5], out[6] = 6.3 * uniform(key, 64), 6.3 * uniform(key, 65)
    out[7] = draw(period, uniform(key, 70), normal(key, 71))
    # across the first, and not along any one axis
    flat = np.sqrt(out[1] ** 2 + out[2] ** 2) + 1e-9
    out[8], out[9], out[10] = 0.0, out[2] / flat, -out[1] / flat


@compiled
def crista(key, wave, thickness, tubular, tube, along, oz, oy, ox, wall):  # type: ignore[no-untyped-def]
    """Return the signed distance to the nearest crista: a wavy lamella or a row of tubes.

    Each goes part of the way across, from the inner membrane on one side.
    """
    v = oz * wave[0] + oy * wave[1] + ox * wave[2]
    w = np.sqrt(max(0.0, oz * oz + oy * oy + ox * ox - v * v))
    bent = 14.0 * np.sin(v / 42.0 + wave[5]) + 10.0 * np.sin((along + w) / 57.0 + wave[6])
    phase = (along * wave[3] + v * wave[4] + bent) / wave[7]
    k = np.floor(phase)
    own = mix(key, 1000 + int(k))
    off = abs(phase - k - 0.5) * wave[7]
    if uniform(own, 2) < tubular:
        turns = (oz * wave[8] + oy * wave[9] + ox * wave[10]) / (_TUBES_EVERY * tube) + uniform(own, 3)
        beside = (turns - np.floor(turns) - 0.5) * _TUBES_EVERY * tube
        sheet = np.sqrt(off * off + beside * beside) - 0.5 * tube
    else:
        sheet = off - 0.5 * thickness
    side = 1.0 if uniform(own, 0) < 0.5 else -1.0
    end = side * v - (0.2 + 1.1 * uniform(own, 1)) * 60.0
    return max(sheet, end, wall)


@compiled
def draw_granules(rods, r, key, chance, radius, thinnest, out):  # type: ignore[no-untyped-def]
    """Write places and radii of a mitochondrion's granules; returns how many."""
    if uniform(key, 80) >= chance:
        return 0
    count = 1 + int(MOST_GRANULES * uniform(key, 81))
    for g in range(count):
        own = mix(key, 2000 + g)
        at = 0.5 + (POINTS - 2) * uniform(own, 0)
        i = int(at)
        for c in range(3):
            # as far from the axis as the thinnest rod has a matrix
            aside = 0.5 * thinnest * (2.0 * uniform(own, 1 + c) - 1.0)
            out[g, c] = rods[r, i, c] + (at - i) * (rods[r, i + 1, c] - rods[r, i, c]) + aside
        out[g, 3] = draw(radius, uniform(own, 5), normal(own, 6))
    return count


@compiled
def granule(granules, count, z, y, x):  # type: ignore[no-untyped-def]
    """Return the distance to the nearest granule."""
    best = 1e9
    for g in range(count):
        ez, ey, ex = z - granules[g, 0], y - granules[g, 1], x - granules[g, 2]
        best = min(best, np.sqrt(ez * ez + ey * ey + ex * ex) - granules[g, 3])
    return best
