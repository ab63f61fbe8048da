"""The lattice that neurites grow on: three families of straight lines, none of which meets another.

Lines along z, y and x pass each cubic cell of a population's lattice as the rods of a cylinder packing do:
half an edge apart where they cross (O'Keeffe & Andersson 1977). A line is divided into stretches, and a
stretch is one neurite, or none. So what runs past any place is known from keys alone, however long it is.

A line is named by its family, which is its axis, and two numbers; places on it count in nodes, ``step_nm``
apart.
"""

import numpy as np

from shapes.core.compiled import compiled, inlined
from shapes.core.streams import cell_key, mix, uniform
from shapes.neurites.lanes import in_lane, lane_place

_SHORTEST = 0.6  # a neurite is at least so much of its stretch long
LONGER = 1.6
"""Times its step a tube is long at most."""


@inlined
def place_line(key, p, f, i, j, out):  # type: ignore[no-untyped-def]
    """Write where a line runs, in nm: the two coordinates across it."""
    g, h = (f + 1) % 3, (f + 2) % 3
    if p.lanes:
        out[g], out[h] = lane_place(key, p, i, j)
    else:
        # each world, and each population, has its lattice elsewhere
        out[g] = (i + uniform(key, 40 + g)) * p.cell_nm
        out[h] = (j + 0.5 + uniform(key, 40 + h)) * p.cell_nm


@compiled
def lines_within(key, p, f, low, high):  # type: ignore[no-untyped-def]
    """Return the lines of a family that can cross a box of the lattice: first and last of either number."""
    g, h = (f + 1) % 3, (f + 2) % 3
    one, two = uniform(key, 40 + g), uniform(key, 40 + h) + 0.5
    slack = 0.0
    if p.lanes:
        one, two, slack = 0.0, 0.0, 1.5
    return (
        int(np.ceil(low[g] / p.cell_nm - one - slack)),
        int(np.floor(high[g] / p.cell_nm - one + slack)),
        int(np.ceil(low[h] / p.cell_nm - two - slack)),
        int(np.floor(high[h] / p.cell_nm - two + slack)),
    )


@inlined
def stretch_nodes(p):  # type: ignore[no-untyped-def]
    """Return how many nodes a stretch has, and how many the longest neurite in it."""
    longest = max(3, int(np.rint(p.length_nm / p.step_nm)) + 1)
    if p.lanes:
        return longest, longest
    return max(longest + 1, int(np.rint(p.cell_nm / p.step_nm))), longest


@inlined
def stretch_at(key, p, f, i, j, at):  # type: ignore[no-untyped-def]
    """Return what the stretch at node ``at`` of a line holds.

    That is: the neurite's key, its first node and how many it has, and the first node of the next stretch.
    The key is 0 where there is none.
    """
    line = cell_key(mix(key, 10 + f), 0, i, j)
    nodes, longest = stretch_nodes(p)
    begin = int(uniform(line, 0) * nodes)
    m = int(np.floor((at + begin) / nodes))
    start = m * nodes - begin
    if p.lanes:
        own = in_lane(key, p, m, i, j) if f == 0 else np.uint64(0)
        return own, start, nodes, start + nodes
    own = mix(line, m)
    if uniform(own, 9) >= p.chance * p.grain[f]:
        return np.uint64(0), start, nodes, start + nodes
    count = max(3, int(longest * (_SHORTEST + (1.0 - _SHORTEST) * uniform(own, 10))))
    first = start + int(uniform(own, 11) * (nodes - count))
    return own, first, count, start + nodes
