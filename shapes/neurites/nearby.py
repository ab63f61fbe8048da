"""Which neurites of a population come near a box of tissue, and where their nodes lie.

Line after line of the lattice is looked at, and of each line stretch after stretch; most are ruled out by
where the line lies.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled, inlined
from shapes.core.table import rows as taken
from shapes.neurites.bodies import WIDER, Bodies, body_axis, body_of, is_bare, outside_body, widened
from shapes.neurites.branches import parent_of, root_of
from shapes.neurites.course import (
    PUSHED_NM,
    most_crossings,
    node_place,
    shaft,
    swelling,
    swellings_beside,
    swollen_nm,
    thickness,
)
from shapes.neurites.drift import DriftField, into_tissue
from shapes.neurites.giving_way import CROSSING, GAP_NM, Thick, beside_line, give_way
from shapes.neurites.known import Rows, blank, join, swells_at_all, write_node
from shapes.neurites.lanes import typical_radius
from shapes.neurites.lattice import LONGER, lines_within, place_line, stretch_at, stretch_nodes
from shapes.neurites.population import (
    AXON,
    BOUTON,
    FLATTEST_VARICOSITY,
    GLIA,
    SHAFT,
    VARICOSITY_EVERY,
    Population,
)

MARGIN = 1.3
"""By so much lattice and tissue differ in length."""
_BENT_NM = 600.0  # giving way differs by less from the middle of a run to its ends
_PLAY_NM = 60.0  # giving way as a thinner one differs by less
_RUN = VARICOSITY_EVERY  # nodes that are ruled out together


@inlined
def outside(at, low, high, pad):  # type: ignore[no-untyped-def]
    """Return the squared distance of a point from a padded box."""
    gap = 0.0
    for c in range(3):
        d = max(0.0, low[c] - pad - at[c], at[c] - high[c] - pad)
        gap += d * d
    return gap


@compiled
def _strays(p):  # type: ignore[no-untyped-def]
    """Return by how much a node lies off its line at most where nothing pushes that aside."""
    return 2.0 * p.stray * p.cell_nm + p.bend * p.step_nm


@compiled
def _loose(p):  # type: ignore[no-untyped-def]
    """Return by how much a node lies off its line at most, thick neurites left out."""
    return _strays(p) + (swollen_nm(p) if swells_at_all(p) else 0.0)


@compiled
def _swollen_run(own, k, p):  # type: ignore[no-untyped-def]
    """Return how thick the swellings are that nodes ``k`` to ``k + 3`` belong to, and what the first is."""
    what, wide = swelling(own, k + 1, p)
    _, after = swelling(own, k + VARICOSITY_EVERY + 1, p)
    return max(wide, after), what


@compiled
def _rows_near(bodies, key, p, drift, thick, box, lattice, look, rows):  # type: ignore[no-untyped-def]
    """Write the neurites of a population near a box; returns how many."""
    low, high = box
    n, line, at_line, at, q = 0, np.zeros(3), np.zeros(3), np.empty(3), np.empty(3)
    swells = swells_at_all(p)
    least_strays, least_loose = _strays(p), _loose(p)
    wider = WIDER if bodies.some else 1.0
    farthest = max(look.span + wider * look.wide * p.radius_nm.highest, look.swollen, look.boutons)
    least, top = lattice[0] - look.margin, lattice[1] + look.margin
    room = thick.families.shape[0] + (most_crossings(p, (top - least).max()) if swells else 0)
    crossing, parallel = np.empty((room, CROSSING)), np.empty(thick.families.shape[0], np.int64)
    found, within = np.empty(stretch_nodes(p)[0], np.int64), np.empty(stretch_nodes(p)[0])
    axis, nobody = np.empty((3, 3)), np.uint64(0)
    for f in range(3):
        if p.grain[f] == 0.0:
            continue
        one, two = (f + 1) % 3, (f + 2) % 3
        i0, i1, j0, j1 = lines_within(key, p, f, least, top)
        a0, a1 = int(np.floor(least[f] / p.step_nm)), int(np.ceil(top[f] / p.step_nm))
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                place_line(key, p, f, i, j, line)
                line[f] = 0.0
                crosses, runs, most, beside = beside_line(
                    thick, f, line, PUSHED_NM, nobody, crossing, parallel
                )
                spared = nobody
                # how far off the line the box is, and where along it the box lies
                aside_nm = 0.0
                for c in range(3):
                    if c != f:
                        aside_nm += max(0.0, lattice[0, c] - line[c], line[c] - lattice[1, c]) ** 2
                # beside a soma two that are neighbours on the lattice can lie as far apart as it is thick
                apart = beside if look.apart else 0.0
                strays, loose = least_strays + apart, least_loose + apart
                moves = most + loose
                if aside_nm > (MARGIN * farthest + moves) ** 2:
                    continue
                ahead = a0
                while ahead <= a1:
                    own, first, nodes, following = stretch_at(key, p, f, i, j, ahead)
                    start, stop = max(ahead, first), min(a1, first + nodes - 1)
                    ahead = following
                    if own == np.uint64(0) or start > stop:
                        continue
                    body = body_of(bodies, key, p, f, i, j, first, nodes)
                    if body[0] != spared:
                        spared = body[0]
                        crosses, runs, _, _ = beside_line(
                            thick, f, line, PUSHED_NM, spared, crossing, parallel
                        )
                    joint = 0
                    if bodies.kind == GLIA:
                        joint = parent_of(bodies, key, p, own, f, i, j, first, nodes)[5]
                    radius = typical_radius(own, p.radius_nm)
                    some = 0
                    span = look.span + (1.0 if spared == nobody else WIDER) * look.wide * radius
                    for group in range(first + (start - first) // _RUN * _RUN, stop + 1, _RUN):
                        run, end = max(group, start), min(group + _RUN - 1, stop)
                        wide, what = 0.0, SHAFT
                        if swells:
                            wide, what = _swollen_run(own, group - first, p)
                        near = max(span, look.swollen) if wide > 0.0 else span
                        near += wide / FLATTEST_VARICOSITY
                        reach = near
                        if what == BOUTON:
                            reach = max(reach, look.boutons)
                        if group - 1 <= first + joint < group + _RUN + 1 and p.branch_chance > 0.0:
                            reach = max(reach, span + 2.0 * p.cell_nm)
                        off = max(0.0, lattice[0, f] - end * p.step_nm, run * p.step_nm - lattice[1, f])
                        if aside_nm + off * off > (MARGIN * reach + moves) ** 2:
                            continue
                        # whole runs of nodes are ruled out by where their middle lies, as its line gives way
                        along = 0.5 * (run + end) * p.step_nm
                        move_a, move_b = give_way(
                            thick, crossing, crosses, parallel, runs, f, line, along, PUSHED_NM
                        )
                        at_line[one], at_line[two] = line[one] + move_a, line[two] + move_b
                        at_line[f] = along
                        into_tissue(drift, at_line, at)
                        half = MARGIN * 0.5 * (end - run) * p.step_nm
                        away = np.sqrt(outside(at, low, high, 0.0)) - loose - half - min(most, _BENT_NM)
                        if away > reach:
                            continue
                        for node in range(run, end + 1):
                            k = node - first
                            # most nodes are ruled out by where their line lies, and how it gives way
                            along = node * p.step_nm
                            move_a, move_b = give_way(
                                thick, crossing, crosses, parallel, runs, f, line, along, PUSHED_NM
                            )
                            at_line[one], at_line[two] = line[one] + move_a, line[two] + move_b
                            at_line[f] = along
                            into_tissue(drift, at_line, at)
                            # farther away boutons matter alone, and where branches leave their stems
                            wanted = near
                            if what == BOUTON and k % VARICOSITY_EVERY == 1:
                                wanted = max(wanted, look.boutons)
                            if abs(k - joint) < 2 and p.branch_chance > 0.0:
                                wanted = max(wanted, span + 2.0 * p.cell_nm)
                            if np.sqrt(outside(at, low, high, 0.0)) - loose - _PLAY_NM <= wanted:
                                found[some], within[some] = node, wanted
                                some += 1
                    if some == 0:
                        continue
                    others = crosses
                    if swells:
                        from_nm, to_nm = found[0] * p.step_nm, found[some - 1] * p.step_nm
                        others += swellings_beside(key, p, f, i, j, line, from_nm, to_nm, crossing[crosses:])
                        # now that one knows what pushes the line aside, many lie too far off
                        left = 0
                        for m in range(some):
                            along = found[m] * p.step_nm
                            move_a, move_b = give_way(
                                thick, crossing, others, parallel, runs, f, line, along, PUSHED_NM
                            )
                            at_line[one], at_line[two] = line[one] + move_a, line[two] + move_b
                            at_line[f] = along
                            into_tissue(drift, at_line, at)
                            if np.sqrt(outside(at, low, high, 0.0)) - strays - _PLAY_NM <= within[m]:
                                found[left] = found[m]
                                left += 1
                        some = left
                        if some == 0:
                            continue
                    n += 1
                    if n > rows.keys.shape[0]:
                        continue
                    r = n - 1
                    rows.keys[r], rows.families[r], rows.firsts[r] = own, f, first
                    rows.counts[r], rows.radii[r], rows.lines[r] = nodes, radius, line
                    rows.roots[r] = root_of(bodies, key, p, own, f, i, j, first, nodes)
                    rows.nodes[r], rows.varicosity[r] = np.nan, SHAFT
                    if r < rows.offsets.shape[0]:
                        rows.offsets[r] = 0.0
                    parent = parent_of(bodies, key, p, own, f, i, j, first, nodes)
                    thick_soma = body_axis(bodies, drift, body, axis) if body[0] != nobody else 0.0
                    for m in range(some):
                        k = found[m] - first
                        what, thick_there = thickness(own, k, p)
                        node_place(
                            key, p, f, i, j, found[m], min(thick_there, PUSHED_NM), line, thick, crossing,
                            others, parallel, runs, q,
                        )  # fmt: skip
                        into_tissue(drift, q, at)
                        if body[0] != nobody:
                            away = outside_body(axis, thick_soma, at)
                            # in its soma there is no neurite
                            if away < -LONGER * p.step_nm or (bodies.kind == AXON and found[m] < body[5]):
                                continue
                            if is_bare(away):
                                what, thick_there = SHAFT, shaft(own, k, p)
                            thick_there = widened(thick_there, away, thick_soma)
                        write_node(q, at, f, line, what, thick_there, k, rows, r)
                        if k == parent[5] and parent[0] != nobody:
                            join(bodies, key, p, drift, thick, parent, k, rows, r)
    return n


class Look(NamedTuple):
    """How far from a box a population's nodes matter, ``wide`` times their radius farther.

    Its ``swollen`` nodes, and its boutons, may matter farther away.

    ``margin`` is how far off on the lattice the lines can lie that they are on. ``apart`` tells whether
    others give way to them, and both to somata.
    """

    span: float
    wide: float
    swollen: float
    boutons: float
    margin: float
    apart: bool


def neurites_near(
    bodies: Bodies, key: np.uint64, p: Population, field: DriftField, thick: Thick,
    box: tuple[npt.NDArray[np.float64], ...], lattice: npt.NDArray[np.float64], look: Look, last: bool,
) -> Rows:  # fmt: skip
    """Return the neurites of one population near a box; others give way to them unless it is the ``last``."""
    row = p.row()
    _, m = stretch_nodes(row)
    room = 1024
    while True:
        rows = blank(room, m, last)
        n = _rows_near(bodies, key, row, field, thick, box, lattice, look, rows)
        if n <= room:
            return taken(rows, slice(n))
        room = n


def margin_nm(p: Population, farthest: float, widest: float) -> float:
    """Return how far off a box of the lattice a line can run whose neurite matters within ``farthest`` of it.

    ``widest`` is the radius of the thickest neurite that it may give way to.
    """
    return float(MARGIN * farthest + _loose(p.row()) + widest + PUSHED_NM + GAP_NM)
