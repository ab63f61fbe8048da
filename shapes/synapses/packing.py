"""Where vesicles may lie so that no two touch: a bouton's close-packed lattice, and places for loose ones."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import cell_key, mix, normal, uniform
from shapes.neurites.population import BOUTON

CLUSTER_NM = 430.0
"""Largest distance of a vesicle from its bouton's middle."""
JITTER = 0.17
"""How far a site is moved along each axis, as a part of the lattice's step."""
CLOSEST = 0.9
"""The middles of two vesicles of a crowd, where they touch, are so far apart in parts of the sum of their
radii."""
DOCKED_NM = 150.0
"""About so far from the middle of an active zone every site holds a vesicle."""
_EDGE_NM, _STRAYS = 80.0, 0.08  # a crowd thins out over so much, to this part of it
_NEARBY = 8  # nodes, where an axon is bent and squeezed, from one to the farthest whose vesicles can meet its


class Lattice(NamedTuple):
    """A bouton's lattice: its key, where it lies and is turned, its step, and how full it is where.

    Of its sites a part ``fill`` holds a vesicle within ``crowd`` of the ``heart``, and few do beyond; with
    ``pull`` all do at the active ``zone``.
    """

    key: np.uint64
    centre: npt.NDArray[np.float64]
    turn: npt.NDArray[np.float64]
    pitch: float
    fill: float
    pull: bool
    zone: npt.NDArray[np.float64]
    heart: npt.NDArray[np.float64]
    crowd: float


@compiled
def lattice_site(here, centre, turn, pitch, i, j, k, out):  # type: ignore[no-untyped-def]
    """Write where the vesicle of one lattice site would lie: a face-centred lattice, turned and jittered."""
    u0 = pitch * (j + k) + JITTER * pitch * (2.0 * uniform(here, 0) - 1.0)
    u1 = pitch * (i + k) + JITTER * pitch * (2.0 * uniform(here, 1) - 1.0)
    u2 = pitch * (i + j) + JITTER * pitch * (2.0 * uniform(here, 2) - 1.0)
    for c in range(3):
        out[c] = centre[c] + turn[c, 0] * u0 + turn[c, 1] * u1 + turn[c, 2] * u2


@compiled
def rotation(key):  # type: ignore[no-untyped-def]
    """Return a random rotation: two random directions made upright, and their cross product."""
    m = np.empty((3, 3))
    for c in range(3):
        m[c, 0], m[c, 1] = normal(key, c), normal(key, 3 + c)
    m[:, 0] /= np.sqrt((m[:, 0] ** 2).sum())
    m[:, 1] -= (m[:, 0] * m[:, 1]).sum() * m[:, 0]
    m[:, 1] /= np.sqrt((m[:, 1] ** 2).sum())
    m[0, 2] = m[1, 0] * m[2, 1] - m[2, 0] * m[1, 1]
    m[1, 2] = m[2, 0] * m[0, 1] - m[0, 0] * m[2, 1]
    m[2, 2] = m[0, 0] * m[1, 1] - m[1, 0] * m[0, 1]
    return m


@compiled
def face_zone(turn, node, zone, facing, pitch, standoff, centre):  # type: ignore[no-untyped-def]
    """Turn a bouton's lattice so that a layer lies along its active zone, ``standoff`` from it.

    ``facing`` is the direction of the zone. Writes ``turn`` and the lattice's ``centre``, which is moved from
    the node by half a layer at most.
    """
    along = 0.0
    for c in range(3):
        along += (zone[c] - node[c]) * facing[c]
    off = along - standoff
    off -= pitch * np.round(off / pitch)
    dot = 0.0
    for c in range(3):
        centre[c] = node[c] + off * facing[c]
        dot += turn[c, 1] * facing[c]
        turn[c, 0] = facing[c]
    norm = 0.0
    for c in range(3):
        turn[c, 1] -= dot * facing[c]
        norm += turn[c, 1] ** 2
    for c in range(3):
        turn[c, 1] /= np.sqrt(norm) + 1e-9
    for c in range(3):
        turn[c, 2] = turn[c - 2, 0] * turn[c - 1, 1] - turn[c - 1, 0] * turn[c - 2, 1]


@compiled
def taken(here, at, fill, pull, zone, heart, crowd):  # type: ignore[no-untyped-def]
    """Tell whether a site holds a vesicle: at an active zone all do, and few outside of the crowd."""
    away2 = near2 = 0.0
    for c in range(3):
        away2 += (at[c] - heart[c]) ** 2
        near2 += (at[c] - zone[c]) ** 2
    chance = fill * min(1.0, max(_STRAYS, 0.5 + (crowd - np.sqrt(away2)) / _EDGE_NM))
    if pull:
        chance = max(chance, np.exp(-near2 / (DOCKED_NM * DOCKED_NM)))
    return uniform(here, 4) < chance


@compiled
def most_sites(pitch):  # type: ignore[no-untyped-def]
    """Return how many sites of a lattice there can be in a bouton."""
    return int(4.19 * ((CLUSTER_NM + 3.0 * pitch) / pitch) ** 3 * 0.5) + 1


@compiled
def lattice_sites(lattice, ball, boxes, pad, sites, spots):  # type: ignore[no-untyped-def]
    """Write index and place of the occupied sites in a ball, within ``pad`` of any box; returns how many."""
    key, centre, turn, pitch, fill, pull, zone, heart, crowd = lattice
    lows, highs = boxes
    n = 0
    # a step along a lattice axis is √2 pitches long; the axes are 60° apart
    most = int(np.ceil(ball / pitch * 1.23)) + 1
    stray = JITTER * pitch * 1.7321
    pace, below, above, at = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for c in range(3):
        step = pitch * (turn[c, 0] + turn[c, 1])
        pace[c] = 1.0 / (step if abs(step) > 1e-6 else 1e-6)
        below[c], above[c] = np.inf, -np.inf
        for b in range(lows.shape[0]):
            below[c] = min(below[c], lows[b, c] - pad - centre[c])
            above[c] = max(above[c], highs[b, c] + pad - centre[c])
    for i in range(-most, most + 1):
        for j in range(-most, most + 1):
            if pitch * pitch * (i * i + j * j + 0.5 * (i + j) ** 2) > (ball + stray) ** 2:
                continue
            # of a row of sites only those near the box are asked for
            first, last = -float(most), float(most)
            for c in range(3):
                start = pitch * (turn[c, 0] * j + turn[c, 1] * i + turn[c, 2] * (i + j))
                one, two = (below[c] - stray - start) * pace[c], (above[c] + stray - start) * pace[c]
                first, last = max(first, min(one, two)), min(last, max(one, two))
                if first > last:
                    break
            for k in range(int(np.ceil(first)), int(np.floor(last)) + 1):
                here = cell_key(key, i, j, k)
                lattice_site(here, centre, turn, pitch, i, j, k, at)
                if not taken(here, at, fill, pull, zone, heart, crowd):
                    continue
                away = (at[0] - centre[0]) ** 2 + (at[1] - centre[1]) ** 2 + (at[2] - centre[2]) ** 2
                inside = False
                for b in range(lows.shape[0]):
                    if (
                        lows[b, 0] - pad <= at[0] <= highs[b, 0] + pad
                        and lows[b, 1] - pad <= at[1] <= highs[b, 1] + pad
                        and lows[b, 2] - pad <= at[2] <= highs[b, 2] + pad
                    ):
                        inside = True
                        break
                if inside and away <= ball * ball:
                    sites[n, 0], sites[n, 1], sites[n, 2] = i, j, k
                    spots[n, 0], spots[n, 1], spots[n, 2] = at[0], at[1], at[2]
                    n += 1
    return n


@compiled
def crowded_out(lattice, i, j, k, at, r, radius, q):  # type: ignore[no-untyped-def]
    """Tell whether a neighbouring site of higher rank holds a vesicle that this one would touch."""
    key, centre, turn, pitch, fill, pull, zone, heart, crowd = lattice
    rank = uniform(cell_key(key, i, j, k), 3)
    far = (r + radius.highest) ** 2
    for di in range(-1, 2):
        plane = mix(key, i + di)
        for dj in range(-1, 2):
            row = mix(plane, j + dj)
            for dk in range(-1, 2):
                # the twelve nearest sites of a face-centred lattice; all others are too far to touch
                if abs(di + dj + dk) > 1 or (di == 0 and dj == 0 and dk == 0) or di * dj * dk != 0:
                    continue
                here = mix(row, k + dk)
                if uniform(here, 3) <= rank:
                    continue
                lattice_site(here, centre, turn, pitch, i + di, j + dj, k + dk, q)
                if not taken(here, q, fill, pull, zone, heart, crowd):
                    continue
                apart = (q[0] - at[0]) ** 2 + (q[1] - at[1]) ** 2 + (q[2] - at[2]) ** 2
                # few come so near that their size matters
                if (
                    apart < far
                    and apart < (CLOSEST * (r + draw(radius, uniform(here, 5), normal(here, 6)))) ** 2
                ):
                    return True
    return False


@compiled
def bouton_ball(radius):  # type: ignore[no-untyped-def]
    """Return how far from a bouton's middle its vesicles may lie."""
    return min(CLUSTER_NM, 1.5 * radius)


@compiled
def beside_another(nodes, varicosity, k, at, widest):  # type: ignore[no-untyped-def]
    """Tell whether a place in the ball of bouton ``k`` is left to another that has come close.

    Each keeps off the plane half-way between them by the radius of a vesicle.
    """
    mine = ((at - nodes[k, :3]) ** 2).sum()
    for m in range(max(0, k - _NEARBY), min(nodes.shape[0], k + _NEARBY + 1)):
        if m == k or varicosity[m] != BOUTON:
            continue
        theirs = ((at - nodes[m, :3]) ** 2).sum()
        if theirs < (bouton_ball(nodes[m, 3]) + 2.0 * widest + 1.0) ** 2:
            apart = np.sqrt(((nodes[m, :3] - nodes[k, :3]) ** 2).sum())
            if theirs - mine < 2.0 * apart * (widest + 0.5):
                return True
    return False


@compiled
def loose_place(key, attempt, node, ball, out):  # type: ignore[no-untyped-def]
    """Write where one of a node's loose vesicles would lie: anywhere in a ball around it."""
    here = mix(key, 100 + attempt)
    z, y, x = normal(here, 4), normal(here, 5), normal(here, 6)
    away = ball * uniform(here, 3) ** 0.3333 / (np.sqrt(z * z + y * y + x * x) + 1e-9)
    out[0], out[1], out[2] = node[0] + away * z, node[1] + away * y, node[2] + away * x


@compiled
def keeps_apart(key, attempt, nodes, varicosity, k, node, ball, loose, widest, at, other):  # type: ignore[no-untyped-def]
    """Tell whether a loose vesicle is clear of its node's earlier ones, and nearest to its own node."""
    for earlier in range(attempt):
        if uniform(mix(key, 100 + earlier), 0) < loose:
            loose_place(key, earlier, node, ball, other)
            if ((other - at) ** 2).sum() < (2.0 * widest + 1.0) ** 2:
                return False
    mine = np.sqrt(((at - node[:3]) ** 2).sum())
    for m in range(max(0, k - _NEARBY), min(nodes.shape[0], k + _NEARBY + 1)):
        theirs = np.sqrt(((at - nodes[m, :3]) ** 2).sum())
        # where each of two points is nearer to its own node by a diameter, they are a diameter apart
        if m != k and theirs - mine < 2.0 * widest + 1.0:
            return False
        if varicosity[m] == BOUTON and theirs < bouton_ball(nodes[m, 3]) + 2.0 * widest + 1.0:
            return False
    return True
