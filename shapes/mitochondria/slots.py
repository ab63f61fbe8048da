"""Slots: where along a neurite mitochondria lie, and how they branch.

An axon holds one in each varicosity; a dendrite is divided into slots along its axis, and a thick one into
three lanes around it, so that two never meet. One that branches in a slot of three lanes takes a second lane,
or part of the way to it, for its side arm; one that lies alone parts into two. A soma has a ring of lanes
around its nucleus.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, uniform
from shapes.mitochondria.rods import ARM, ARM_PART, MIDDLE, POINTS, ROW, SLACK_NM, rod_chain, rod_touches
from shapes.neurites.population import AXON, BOUTON, CORE, GLIA, SHAFT, SOMA, VARICOSITY_EVERY

_BESIDE, _SLIM = (
    0.3,
    0.55,
)  # in a bouton one lies so far off its middle, and is so thick, in parts of its radius
_IN_GLIA = 0.25  # processes of glia are thin and irregular: few mitochondria have room, as in life
_AROUND_NUCLEUS = 24  # lanes, between nucleus and membrane; each is divided into slots of its own
_THICK_ARM = 0.6  # a rod that lies alone parts where each half is so thick, in parts of the rod, or more
_ASIDE_NM = 80.0  # of an arm and its rod, so much cytoplasm is between them at most


@compiled
def arm_step_nm(half, thick):  # type: ignore[no-untyped-def]
    """Return how far apart two points of a side arm can lie."""
    return max(half / MIDDLE, (half / MIDDLE + 2.0 * thick + _ASIDE_NM) / 3.0)


@compiled
def _bare(points):  # type: ignore[no-untyped-def]
    """Write that a rod has no side arm."""
    for i in range(ARM, ROW):
        points[i, :3], points[i, 3] = points[MIDDLE, :3], 0.0


@compiled
def _branch(points, other, apart, thick):  # type: ignore[no-untyped-def]
    """Write a rod's side arm: from its middle across towards another chain, which lies ``apart``, and on."""
    part = min(1.0, (2.0 * points[MIDDLE, 3] + _ASIDE_NM) / apart)
    for c in range(3):
        points[ARM, c] = points[MIDDLE, c]
        for i in range(MIDDLE + 1, POINTS):
            points[ARM + i, c] = points[i, c] + part * (other[i, c] - points[i, c])
        for i in range(1, 3):
            points[ARM + i, c] = points[ARM, c] + i / 3.0 * (points[ARM + 3, c] - points[ARM, c])
    for i in range(ARM, ROW):
        points[i, 3] = min(thick, points[MIDDLE, 3])


@compiled
def _part(points, one, other):  # type: ignore[no-untyped-def]
    """Turn the second half of a rod to one side, and give it an arm to the other."""
    apart = 0.0
    for i in range(MIDDLE + 1, POINTS):
        points[i] = one[i]
    for c in range(3):
        apart += (one[MIDDLE + 1, c] - other[MIDDLE + 1, c]) ** 2
    # as far as its own chain
    _branch(points, other, min(np.sqrt(apart), 2.0 * points[MIDDLE, 3] + _ASIDE_NM), other[MIDDLE + 1, 3])


@compiled
def axon_rod(own, nodes, varicosity, step, count, centre, wall, p, points):  # type: ignore[no-untyped-def]
    """Write the rod that an axon holds at a node, without an arm; tells whether there is one.

    ``own`` is the axon's key for mitochondria. In a swelling it lies along the axis; in a bouton it is
    slimmer, and lies on one side, for there are vesicles, too.
    """
    if varicosity[centre] == SHAFT:
        return False
    key = mix(mix(own, centre), 0)
    bouton = varicosity[centre] == BOUTON
    if uniform(key, 0) >= (p.bouton_chance if bouton else 1.0):
        return False
    thick = draw(p.radius_nm, uniform(key, 1), normal(key, 2))
    long = draw(p.half_length_nm, uniform(key, 3), normal(key, 4))
    long = min(long, 0.5 * VARICOSITY_EVERY * step - thick - SLACK_NM)
    angle, away = 6.2831853 * uniform(key, 6), 0.0
    if bouton:
        thick, away = min(thick, _SLIM * nodes[centre, 3]), _BESIDE * nodes[centre, 3]
    _bare(points)
    return rod_chain(
        nodes, step, count, centre, long, thick, p.radius_nm.highest, wall, angle, away, own, points
    )


@compiled
def draw_rods(salt, axes, walls, p, longest, box, pad, out, owners, rod_keys):  # type: ignore[no-untyped-def]
    """Draw every rod that can come within ``pad`` of the box; returns how many."""
    nodes, varicosity, steps, counts = axes.nodes_nm, axes.varicosity, axes.steps_nm, axes.counts
    keys, kinds, (low, high) = axes.keys, axes.kinds, box
    radius, widest, thinnest = p.radius_nm, p.radius_nm.highest, p.thinnest_nm
    n = 0
    points, one, other = np.empty((ROW, 4)), np.empty((ROW, 4)), np.empty((ROW, 4))
    for j in range(keys.shape[0]):
        slot_nodes = int(np.ceil(2.0 * (longest + SLACK_NM) / steps[j]))
        offset = int(uniform(mix(keys[j], salt), 0) * slot_nodes)
        for centre in range(counts[j]):
            room = nodes[j, centre, 3]
            if np.isnan(room):
                continue
            lanes = 1
            if kinds[j] == AXON:
                if axon_rod(
                    mix(keys[j], salt),
                    nodes[j],
                    varicosity[j],
                    steps[j],
                    counts[j],
                    centre,
                    walls[j],
                    p,
                    points,
                ) and rod_touches(points, low, high, pad):
                    if n < out.shape[0]:
                        out[n], owners[n] = points, j
                        rod_keys[n] = mix(mix(mix(keys[j], salt), centre), 0)
                    n += 1
                continue
            first = mix(mix(mix(keys[j], salt), centre), 0)
            soma = kinds[j] == SOMA
            if soma and p.somata_per_um3 > 0.0:
                continue  # they lie all over it: see scatter.py
            branches = not soma and walls[j] == 0.0 and uniform(first, 5) < p.branch_chance
            if centre % slot_nodes != offset and not soma:
                continue
            chance = p.dendrite_chance * (_IN_GLIA if kinds[j] == GLIA else 1.0)
            # all lanes of a slot lie around the axis, or one rod lies on it
            if soma:
                lanes = _AROUND_NUCLEUS
            elif walls[j] == 0.0 and room > 2.4 * draw(radius, uniform(first, 1), normal(first, 2)):
                lanes = 3
            for lane in range(lanes):
                key = mix(mix(mix(keys[j], salt), centre), lane)
                if uniform(key, 0) >= chance:
                    continue
                if soma:
                    own = int(uniform(mix(mix(keys[j], salt), 5000 + lane), 0) * slot_nodes)
                    if centre % slot_nodes != own:
                        continue
                if lanes == 3 and lane == 1 and branches and uniform(first, 0) < chance:
                    continue  # the first lane's arm lies there
                thick = draw(radius, uniform(key, 1), normal(key, 2))
                long = draw(p.half_length_nm, uniform(key, 3), normal(key, 4))
                angle, away, most = 0.0, 0.0, widest
                if lanes == 3:
                    # the middles of two lanes are 0.55 √3 of the room apart
                    angle, away, most = 2.0943951 * lane, 0.55 * room, min(widest, 0.47 * room - 10.0)
                    thick = min(thick, 0.42 * room - 10.0)
                elif soma:
                    angle = 6.2831853 * (lane + 0.2 * uniform(key, 7)) / _AROUND_NUCLEUS
                    away = (CORE + (1.0 - CORE) * (0.45 + 0.15 * uniform(key, 8))) * room
                    thick = min(thick, 0.45 * (1.0 - CORE) * room)
                if not rod_chain(
                    nodes[j], steps[j], counts[j], centre, long, thick, most, walls[j], angle, away,
                    mix(keys[j], salt), points,
                ):  # fmt: skip
                    continue
                _bare(points)
                # thin enough that an arm between two lanes is clear of the third
                slim = min(0.8 * thick, 0.33 * room - 20.0)
                arm = lanes == 3 and lane == 0 and branches and slim >= ARM_PART * thinnest
                if arm and rod_chain(
                    nodes[j], steps[j], counts[j], centre, long, thick, most, walls[j], 2.0943951, away,
                    mix(keys[j], salt), other,
                ):  # fmt: skip
                    _branch(points, other, 1.7321 * away, slim)
                slim = min(0.8 * thick, 0.42 * room - 20.0)
                if lanes == 1 and branches and slim >= max(_THICK_ARM * thick, ARM_PART * thinnest):
                    turn, away = 6.2831853 * uniform(key, 6), 0.45 * room
                    if rod_chain(
                        nodes[j], steps[j], counts[j], centre, long, slim, most, walls[j], turn, away,
                        mix(keys[j], salt), one,
                    ) and rod_chain(
                        nodes[j], steps[j], counts[j], centre, long, slim, most, walls[j], turn + 3.1415927,
                        away, mix(keys[j], salt), other,
                    ):  # fmt: skip
                        _part(points, one, other)
                if rod_touches(points, low, high, pad):
                    if n < out.shape[0]:
                        out[n] = points
                        owners[n] = j
                        rod_keys[n] = key
                    n += 1
    return n
