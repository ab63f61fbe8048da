"""What is known of the neurites of one population near a box, as ``nearby.py`` writes it, row by row."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled, inlined
from shapes.neurites.bodies import body_of
from shapes.neurites.course import PUSHED_NM, most_crossings, node_place, swellings_beside, thickness
from shapes.neurites.drift import into_tissue
from shapes.neurites.giving_way import CROSSING, beside_line
from shapes.neurites.lattice import place_line, stretch_at


class Rows(NamedTuple):
    """Neurites of one population near a box, a row each.

    ``keys`` and ``roots`` (n,): of each and of the neurite that it branches from in the end. ``families``,
    ``lines`` (n, 3) and ``firsts``: where it lies on the lattice. ``counts``, ``radii``, ``nodes`` (n, m, 4)
    and ``varicosity`` (n, m) as ``Neurites`` has them; ``offsets`` (n, m, 4): how far the nodes are off their
    line, and their radius, 0 where none is known, for those that give way.
    """

    keys: npt.NDArray[np.uint64]
    roots: npt.NDArray[np.uint64]
    families: npt.NDArray[np.int64]
    lines: npt.NDArray[np.float64]
    firsts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int32]
    radii: npt.NDArray[np.float64]
    nodes: npt.NDArray[np.float64]
    offsets: npt.NDArray[np.float64]
    varicosity: npt.NDArray[np.uint8]


def blank(n: int, m: int, last: bool) -> Rows:
    """Return room for so many neurites of so many nodes; nobody gives way to those of the last population."""
    return Rows(
        keys=np.empty(n, np.uint64),
        roots=np.empty(n, np.uint64),
        families=np.empty(n, np.int64),
        lines=np.empty((n, 3)),
        firsts=np.empty(n, np.int64),
        counts=np.empty(n, np.int32),
        radii=np.empty(n),
        nodes=np.empty((n, m, 4)),
        offsets=np.empty((0 if last else n, m, 4)),
        varicosity=np.empty((n, m), np.uint8),
    )


@compiled
def swells_at_all(p):  # type: ignore[no-untyped-def]
    """Tell whether neurites of a population have swellings."""
    return p.bouton_chance + p.swelling_chance > 0.0 and not p.lanes


@inlined
def write_node(q, at, f, line, what, radius, k, rows, n):  # type: ignore[no-untyped-def]
    """Write node ``k`` of the ``n``-th neurite, which lies at ``q`` on the lattice and ``at`` in tissue."""
    for c in range(3):
        rows.nodes[n, k, c] = at[c]
    rows.nodes[n, k, 3] = radius
    # nobody gives way to the last population
    if n < rows.offsets.shape[0]:
        for c in range(3):
            rows.offsets[n, k, c] = 0.0 if c == f else q[c] - line[c]
        rows.offsets[n, k, 3] = radius
    rows.varicosity[n, k] = what


@compiled
def join(bodies, key, p, drift, thick, parent, k, rows, n):  # type: ignore[no-untyped-def]
    """Move node ``k`` of a branch to the node of the neurite that it leaves."""
    _, g, a, b, there, _ = parent
    line, q, at, count = np.empty(3), np.empty(3), np.empty(3), thick.families.shape[0]
    crossing, parallel = np.empty((count + most_crossings(p, 0.0), CROSSING)), np.empty(count, np.int64)
    place_line(key, p, g, a, b, line)
    along = line[g] = there * p.step_nm
    stem, begin, nodes, _ = stretch_at(key, p, g, a, b, there)
    _, radius = thickness(stem, there - begin, p)
    soma = body_of(bodies, key, p, g, a, b, begin, nodes)[0]
    crosses, runs, _, _ = beside_line(thick, g, line, PUSHED_NM, soma, crossing, parallel)
    if swells_at_all(p):
        crosses += swellings_beside(key, p, g, a, b, line, along, along, crossing[crosses:])
    slim = min(radius, PUSHED_NM)
    node_place(key, p, g, a, b, there, slim, line, thick, crossing, crosses, parallel, runs, q)
    into_tissue(drift, q, at)
    for c in range(3):
        rows.nodes[n, k, c] = at[c]
    if n < rows.offsets.shape[0]:
        rows.offsets[n, k, 3] = 0.0
