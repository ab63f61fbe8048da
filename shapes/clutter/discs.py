"""Discs: flat round bodies, thickest in their middle, alone or stacked."""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, uniform
from shapes.partition.cytoplasm import any_way

_ASIDE, _LEAN = 0.25, 0.05  # how far discs of a stack lie off its axis, in radii, and lean off it


@compiled
def draw_stack(key, z, y, x, edge, p, out):  # type: ignore[no-untyped-def]
    """Write the discs of a stack around the place of a lattice cell; returns how many.

    A row is middle (z, y, x), direction across (3), radius, and half the thickness.
    """
    axis, lean, aside = np.empty(3), np.empty(3), np.empty(3)
    count = min(out.shape[0], max(1, int(np.rint(draw(p.stack, uniform(key, 4), normal(key, 5))))))
    any_way(key, 10, axis)
    wide = draw(p.radius_nm, uniform(key, 6), normal(key, 7))
    up = 0.0
    for k in range(count):
        here = mix(key, 20 + k)
        half = 0.5 * draw(p.thickness_nm, uniform(here, 0), normal(here, 1))
        any_way(here, 10, lean)
        any_way(here, 20, aside)
        norm = along = 0.0
        for c in range(3):
            along += aside[c] * axis[c]
        for c in range(3):
            aside[c] -= along * axis[c]
            out[k, 3 + c] = axis[c] + _LEAN * lean[c]
            norm += out[k, 3 + c] ** 2
        out[k, 6] = min(200.0, wide * (0.8 + 0.4 * uniform(here, 2)))
        out[k, 7] = half
        up += half
        for c in range(3):
            cell = z if c == 0 else (y if c == 1 else x)
            out[k, 3 + c] /= np.sqrt(norm)
            out[k, c] = (cell + uniform(key, c)) * edge + up * axis[c] + _ASIDE * wide * aside[c]
        up += half + p.apart_nm
    # the stack's middle lies at its place
    for k in range(count):
        for c in range(3):
            out[k, c] -= 0.5 * (up - p.apart_nm) * axis[c]
    return count


@compiled
def disc_distance(disc, z, y, x):  # type: ignore[no-untyped-def]
    """Return the distance, to first order, to the surface of a disc; negative within it."""
    ez, ey, ex = z - disc[0], y - disc[1], x - disc[2]
    up = ez * disc[3] + ey * disc[4] + ex * disc[5]
    out2 = max(0.0, ez * ez + ey * ey + ex * ex - up * up)
    q = np.sqrt(out2 / disc[6] ** 2 + up * up / disc[7] ** 2)
    if q < 0.05:
        return -disc[7]
    return (q - 1.0) * q / np.sqrt(out2 / disc[6] ** 4 + up * up / disc[7] ** 4)


@compiled
def rim_of(disc, out):  # type: ignore[no-untyped-def]
    """Write four places on a disc's rim."""
    least = 0
    for c in range(3):
        if abs(disc[3 + c]) < abs(disc[3 + least]):
            least = c
    a, b = (least + 1) % 3, (least + 2) % 3
    long = np.sqrt(disc[3 + a] ** 2 + disc[3 + b] ** 2)
    side, over = np.zeros(3), np.empty(3)
    side[a], side[b] = disc[3 + b] / long, -disc[3 + a] / long
    for c in range(3):
        i, k = (c + 1) % 3, (c + 2) % 3
        over[c] = disc[3 + i] * side[k] - disc[3 + k] * side[i]
    for c in range(3):
        out[0, c], out[1, c] = disc[c] + disc[6] * side[c], disc[c] - disc[6] * side[c]
        out[2, c], out[3, c] = disc[c] + disc[6] * over[c], disc[c] - disc[6] * over[c]


@compiled
def meets(disc, other, gap, rim):  # type: ignore[no-untyped-def]
    """Tell whether two discs come within about ``gap``; ``rim`` (4, 3) is room to write in."""
    for turn in range(2):
        one, two = (disc, other) if turn == 1 else (other, disc)
        far = one[6] + two[6] + gap
        away = (one[0] - two[0]) ** 2 + (one[1] - two[1]) ** 2 + (one[2] - two[2]) ** 2
        rim_of(one, rim)
        if away > far * far:
            continue
        if disc_distance(two, one[0], one[1], one[2]) < gap + one[7]:
            return True
        for part in range(1, 4):
            for m in range(4):
                at = part / 3.0
                thick = one[7] * np.sqrt(1.0 - at * at)
                d = disc_distance(
                    two, one[0] + at * (rim[m, 0] - one[0]), one[1] + at * (rim[m, 1] - one[1]),
                    one[2] + at * (rim[m, 2] - one[2]),
                )  # fmt: skip
                if d < gap + thick:
                    return True
    return False
