"""Spines: a dendrite meets boutons near it, each with a spine whose head lies before the bouton."""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, uniform
from shapes.neurites.population import BOUTON
from shapes.neurites.ruffles import WAVES, draw_waves
from shapes.neurites.tubes import NODE, ruffle_segment, set_segment

_BEFORE = 0.6  # of their radii: so far the middles of bouton and head lie from where they are pressed flat
_ASIDE = 0.35  # of the bouton's radius: so far off the straight way a head may lie
_SHAFT_NM = 60.0  # a dendrite that is so near has no spine there: the bouton lies on its shaft


@compiled
def direction(key, out):  # type: ignore[no-untyped-def]
    """Write a direction in space, all equally likely."""
    up = 2.0 * uniform(key, 0) - 1.0
    turn = 2.0 * np.pi * uniform(key, 1)
    flat = np.sqrt(1.0 - up * up)
    out[0], out[1], out[2] = up, flat * np.cos(turn), flat * np.sin(turn)


@compiled
def _known(nodes, counts):  # type: ignore[no-untyped-def]
    """Return the known stretches of axis: first node of each (n, 2), and its middle and reach (n, 4)."""
    room = 0
    for r in range(counts.shape[0]):
        room += counts[r]
    where, balls, n = np.empty((room, 2), np.int64), np.empty((room, 4)), 0
    for r in range(counts.shape[0]):
        for k in range(counts[r] - 1):
            if np.isnan(nodes[r, k, 3]) or np.isnan(nodes[r, k + 1, 3]):
                continue
            length = 0.0
            for c in range(3):
                balls[n, c] = 0.5 * (nodes[r, k, c] + nodes[r, k + 1, c])
                length += (nodes[r, k + 1, c] - nodes[r, k, c]) ** 2
            balls[n, 3] = 0.5 * np.sqrt(length) + max(nodes[r, k, 3], nodes[r, k + 1, 3])
            where[n, 0], where[n, 1] = r, k
            n += 1
    return where[:n], balls[:n]


@compiled
def nearest_dendrite(nodes, where, balls, bouton, longest, out):  # type: ignore[no-untyped-def]
    """Return (row, node, gap) of the dendrite that is nearest to a bouton, and write its axis there.

    Of ``nodes`` (n, m, 4) the known stretches are ``where`` and ``balls`` say; the row is -1 where none is
    within ``longest``.
    """
    best, row, node = longest, -1, 0
    for i in range(where.shape[0]):
        away = 0.0
        for c in range(3):
            away += (balls[i, c] - bouton[c]) ** 2
        if away > (best + bouton[3] + balls[i, 3]) ** 2:
            continue
        r, k = where[i, 0], where[i, 1]
        dot = length = 0.0
        for c in range(3):
            d = nodes[r, k + 1, c] - nodes[r, k, c]
            dot += d * (bouton[c] - nodes[r, k, c])
            length += d * d
        t = min(1.0, max(0.0, dot / max(length, 1e-9)))
        away = 0.0
        for c in range(3):
            away += (bouton[c] - nodes[r, k, c] - t * (nodes[r, k + 1, c] - nodes[r, k, c])) ** 2
        gap = np.sqrt(away) - nodes[r, k, 3] - t * (nodes[r, k + 1, 3] - nodes[r, k, 3]) - bouton[3]
        if gap < best:
            best, row, node = gap, r, k
            for c in range(3):
                out[c] = nodes[r, k, c] + t * (nodes[r, k + 1, c] - nodes[r, k, c])
    return row, node, best


@compiled
def add_spines(axons, dendrites, p, base, near, box, pad, segments, owners, s):  # type: ignore[no-untyped-def]
    """Write the spines that meet the boutons within ``near`` of a box; returns how many tubes there are."""
    low, high = box
    axis, side, way, head, tip = np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    waves = np.empty((WAVES, 4))
    longest = p.spine_length_nm.highest
    where, balls = _known(dendrites.nodes, dendrites.counts)
    for a in range(axons.keys.shape[0]):
        for k in range(axons.counts[a]):
            if axons.varicosity[a, k] != BOUTON or np.isnan(axons.nodes[a, k, 3]):
                continue
            far = False
            for c in range(3):
                at = axons.nodes[a, k, c]
                far = far or at < low[c] - near or at > high[c] + near
            here = mix(axons.keys[a], 100 + k)
            if far or uniform(here, 30) >= p.spine_chance:
                continue
            bouton = axons.nodes[a, k]
            r, node, gap = nearest_dendrite(dendrites.nodes, where, balls, bouton, longest, axis)
            if r < 0 or gap < _SHAFT_NM:
                continue
            neck = draw(p.spine_neck_radius_nm, uniform(here, 32), normal(here, 35))
            bulb = draw(p.spine_head_radius_nm, uniform(here, 33), normal(here, 36))
            norm = 0.0
            for c in range(3):
                way[c] = bouton[c] - axis[c]
                norm += way[c] * way[c]
            norm = np.sqrt(norm)
            direction(mix(here, 31), side)
            dot = 0.0
            for c in range(3):
                way[c] /= norm
                dot += side[c] * way[c]
            aside = _ASIDE * bouton[3]
            for c in range(3):
                head[c] = bouton[c] - _BEFORE * (bouton[3] + bulb) * way[c] + aside * (side[c] - dot * way[c])
            shift = 0.0
            for c in range(3):
                tip[c] = head[c] - 1.2 * bulb * way[c]
                shift += (tip[c] - axis[c]) * way[c]
            most = max(bulb, neck)
            touches = True
            for c in range(3):
                touches = touches and (
                    min(axis[c], head[c]) - most - pad <= high[c]
                    and max(axis[c], head[c]) + most + pad >= low[c]
                )
            if not touches:
                continue
            if s + 1 < segments.shape[0]:
                own = dendrites.keys[r]
                peak = draw_waves(mix(own, 3), p.ruffle_nm, p.ruffle_length_nm, waves)
                if shift > 0.0:
                    set_segment(segments, s, axis, tip, neck, neck, p.stiffness, 1.0, side)
                    set_segment(segments, s + 1, tip, head, neck, bulb, p.stiffness, 1.0, side)
                else:
                    set_segment(segments, s, axis, head, neck, bulb, p.stiffness, 1.0, side)
                    set_segment(segments, s + 1, head, head, bulb, bulb, p.stiffness, 1.0, side)
                for t in range(s, s + 2):
                    ruffle_segment(segments, t, waves, peak)
                    segments[t, NODE] = node
                    owners[t] = base + r
            s += 2
    return s
