"""From nodes to tubes: a neurite's axis, its ruffles, and the processes that leave it any way."""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, uniform
from shapes.neurites.population import DENDRITE, FLATTEST, FLATTEST_VARICOSITY, SHAFT
from shapes.neurites.ruffles import WAVES, draw_waves
from shapes.neurites.spines import direction
from shapes.neurites.tubes import NODE, ruffle_segment, set_segment


@compiled
def _near_box(a, b, radius, low, high, pad):  # type: ignore[no-untyped-def]
    """Tell whether a tube from a to b can come within ``pad`` of a box."""
    wide = radius + pad
    for c in range(3):
        if max(a[c], b[c]) + wide < low[c]:
            return False
        if min(a[c], b[c]) - wide > high[c]:
            return False
    return True


@compiled
def lay_tubes(rows, p, kind, base, box, pad, segments, owners, s):  # type: ignore[no-untyped-def]
    """Write the tubes of a population that come near the box; returns how many there are now."""
    low, high = box
    one, two, tip, head = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    broad, way, waves = np.empty(3), np.empty(3), np.empty((WAVES, 4))
    for r in range(rows.keys.shape[0]):
        own = rows.keys[r]
        peak = draw_waves(mix(own, 3), p.ruffle_nm, p.ruffle_length_nm, waves)
        # what ruffles add to the thickness of a round tube
        swell = WAVES * peak / p.stiffness
        flat = min(1.0, max(FLATTEST, draw(p.flatness, uniform(own, 5), normal(own, 6))))
        for k in range(rows.counts[r]):
            ra = rows.nodes[r, k, 3]
            if np.isnan(ra):
                continue
            for c in range(3):
                one[c] = rows.nodes[r, k, c]
            if k + 1 < rows.counts[r] and not np.isnan(rows.nodes[r, k + 1, 3]):
                rb = rows.nodes[r, k + 1, 3]
                for c in range(3):
                    two[c] = rows.nodes[r, k + 1, c]
                swollen = rows.varicosity[r, k] != SHAFT or rows.varicosity[r, k + 1] != SHAFT
                own_flat = max(flat, FLATTEST_VARICOSITY) if swollen else flat
                if _near_box(one, two, (max(ra, rb) + swell) / own_flat, low, high, pad):
                    if s < segments.shape[0]:
                        direction(mix(own, 2), broad)
                        dot = norm = along = 0.0
                        for c in range(3):
                            dot += broad[c] * (two[c] - one[c])
                            along += (two[c] - one[c]) ** 2
                        for c in range(3):
                            broad[c] -= dot * (two[c] - one[c]) / along
                            norm += broad[c] ** 2
                        for c in range(3):
                            broad[c] /= np.sqrt(norm) + 1e-9
                        stiff = p.stiffness * (p.firmness if swollen else 1.0)
                        set_segment(segments, s, one, two, ra, rb, stiff, own_flat, broad)
                        ruffle_segment(segments, s, waves, peak)
                        segments[s, NODE] = k
                        owners[s] = base + r
                    s += 1
            here = mix(own, 100 + k)
            if kind != DENDRITE and uniform(here, 30) < p.spine_chance:
                direction(mix(here, 31), way)
                neck = draw(p.spine_neck_radius_nm, uniform(here, 32), normal(here, 35))
                bulb = draw(p.spine_head_radius_nm, uniform(here, 33), normal(here, 36))
                long = ra + draw(p.spine_length_nm, uniform(here, 34), normal(here, 37))
                for c in range(3):
                    tip[c] = one[c] + long * way[c]
                    head[c] = tip[c] + bulb * way[c]
                if _near_box(one, head, bulb + swell, low, high, pad):
                    if s + 1 < segments.shape[0]:
                        set_segment(segments, s, one, tip, neck, neck, p.stiffness, 1.0, broad)
                        set_segment(segments, s + 1, tip, head, neck, bulb, p.stiffness, 1.0, broad)
                        for t in range(s, s + 2):
                            ruffle_segment(segments, t, waves, peak)
                            segments[t, NODE] = k
                            owners[t] = base + r
                    s += 2
    return s
