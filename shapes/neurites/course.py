"""The course of a neurite: which way it sets out, where its nodes lie, and which of them swell.

Directions are a neurite's own, its bundle's and the grain's of the tissue; at every node it bends a little.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import cell_key, mix, normal, uniform
from shapes.neurites.lanes import typical_radius
from shapes.neurites.population import (
    BOUTON,
    BOUTON_FLANK,
    SHAFT,
    SWELLING,
    SWELLING_FLANK,
    VARICOSITY_EVERY,
)


@compiled
def direction(key, out):  # type: ignore[no-untyped-def]
    """Write a direction in space, all equally likely."""
    up = 2.0 * uniform(key, 0) - 1.0
    turn = 2.0 * np.pi * uniform(key, 1)
    flat = np.sqrt(1.0 - up * up)
    out[0], out[1], out[2] = up, flat * np.cos(turn), flat * np.sin(turn)


@compiled
def _share(bundle_key, middle, p, way, shared):  # type: ignore[no-untyped-def]
    """Turn a direction towards that of the bundle which a neurite belongs to."""
    if p.bundle > 0.0:
        z, y, x = middle[0] // p.bundle_nm, middle[1] // p.bundle_nm, middle[2] // p.bundle_nm
        direction(cell_key(bundle_key, int(z), int(y), int(x)), shared)
        for c in range(3):
            way[c] += p.bundle * shared[c]


@compiled
def set_out(key, bundle_key, middle, p, way, shared):  # type: ignore[no-untyped-def]
    """Write the direction in which a neurite leaves its middle: its own, its bundle's, and the grain's."""
    direction(mix(key, 1), way)
    _share(mix(bundle_key, 1), middle, p, way, shared)
    norm = 0.0
    for c in range(3):
        way[c] *= p.grain[c]
        norm += way[c] * way[c]
    way /= np.sqrt(norm) + 1e-9


@compiled
def broad_side(key, bundle_key, middle, p, way, broad, shared):  # type: ignore[no-untyped-def]
    """Write the broad side of a neurite that leaves its middle along ``way``: at right angles to that."""
    direction(mix(key, 2), broad)
    _share(mix(bundle_key, 2), middle, p, broad, shared)
    dot = norm = 0.0
    for c in range(3):
        dot += broad[c] * way[c]
    for c in range(3):
        broad[c] -= dot * way[c]
        norm += broad[c] * broad[c]
    broad /= np.sqrt(norm) + 1e-9


@compiled
def outside(at, low, high, pad):  # type: ignore[no-untyped-def]
    """Return the squared distance of a point from a padded box."""
    gap = 0.0
    for c in range(3):
        d = max(0.0, low[c] - pad - at[c], at[c] - high[c] - pad)
        gap += d * d
    return gap


@compiled
def draw_axis(  # type: ignore[no-untyped-def]
    key, bundle_key, middle, p, reach, box, pad, keep, nodes, varicosity, way, at,
):  # fmt: skip
    """Draw the nodes of one neurite and what each is; nodes from which no tube can reach the box stay NaN."""
    low, high = box
    thick = typical_radius(key, p.radius_nm)
    slack = reach - p.nodes * p.step_nm + keep
    nodes[:] = np.nan
    varicosity[:] = SHAFT
    for side in range(2):
        set_out(key, bundle_key, middle, p, way, at)
        for c in range(3):
            way[c] *= 1.0 - 2.0 * side
            at[c] = middle[c]
        for k in range(p.nodes + 1):
            i = p.nodes + k if side == 0 else p.nodes - k
            here = mix(key, 100 + i)
            if k > 0:
                norm = 0.0
                for c in range(3):
                    way[c] += p.bend * normal(here, c)
                    norm += way[c] * way[c]
                norm = np.sqrt(norm)
                for c in range(3):
                    way[c] /= norm
                    at[c] += p.step_nm * way[c]
            nodes[i, 0], nodes[i, 1], nodes[i, 2] = at[0], at[1], at[2]
            nodes[i, 3] = thick * np.exp(p.wobble * min(2.0, max(-2.0, normal(here, 3))))
            # a swelling is as long as a mitochondrion: it takes in its neighbours, a bouton less so
            middle_at = i - i % VARICOSITY_EVERY + 1
            if abs(i - middle_at) <= 1:
                there = mix(key, 100 + middle_at)
                u = uniform(there, 20)
                if u < p.bouton_chance + p.swelling_chance:
                    wide = p.bouton_radius_nm if u < p.bouton_chance else p.swelling_radius_nm
                    swollen = draw(wide, uniform(there, 21), normal(there, 22))
                    if i == middle_at:
                        varicosity[i] = BOUTON if u < p.bouton_chance else SWELLING
                    else:
                        swollen *= BOUTON_FLANK if u < p.bouton_chance else SWELLING_FLANK
                    nodes[i, 3] = max(nodes[i, 3], swollen)
            if outside(at, low, high, pad) > (slack + (p.nodes - k) * p.step_nm) ** 2:
                break
