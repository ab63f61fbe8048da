"""Growing neurites: axons with boutons, dendrites with spines, axons in sheaths, all as chains of tubes.

Each population has its own lattice of lines (``lattice.py``); thick populations are grown first, and thin ones
give way to them. A node of an axon may swell to a bouton, which a dendrite near by may meet with a spine. What a
tube does not fill, its neighbours share or thin glia fills: see ``partition/point.py``.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, object_id, stream_key, uniform
from shapes.neurites.course import most_crossings, node_place, swelling, swellings_beside, thickness
from shapes.neurites.drift import Drift, DriftField, drift_field, farthest_nm, into_tissue, lattice_box
from shapes.neurites.giving_way import CROSSING, FAR, GAP_NM, Thick, beside_line, give_way
from shapes.neurites.lanes import typical_radius
from shapes.neurites.lattice import lines_within, parent_of, place_line, root_of, stretch_at, stretch_nodes
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import (
    AXON,
    BOUTON,
    DENDRITE,
    FLATTEST,
    FLATTEST_VARICOSITY,
    GLIA,
    MYELINATED,
    SHAFT,
    SOMA,
    VARICOSITY_EVERY,
    Population,
)
from shapes.neurites.ruffles import WAVES, draw_waves, highest
from shapes.neurites.spines import add_spines, direction
from shapes.neurites.tubes import COLUMNS, NODE, ruffle_segment, set_segment

_FIRST = (SOMA, MYELINATED, DENDRITE, GLIA, AXON)  # thick ones, to which the others give way
PUSHED_NM = 150.0  # a thicker neurite gives way as one of this radius
_BENT_NM = 600.0  # giving way differs by less from the middle of a run to its ends
_PLAY_NM = 60.0  # giving way as a thinner one differs by less
_RUN = VARICOSITY_EVERY  # nodes that are ruled out together
_LONGER = 1.6  # times its step a tube is long at most
_MARGIN = 1.3  # by so much lattice and tissue differ in length


class _Rows(NamedTuple):
    """Neurites of one population: what ``Neurites`` says of each, and where it lies on the lattice."""

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


@compiled
def outside(at, low, high, pad):  # type: ignore[no-untyped-def]
    """Return the squared distance of a point from a padded box."""
    gap = 0.0
    for c in range(3):
        d = max(0.0, low[c] - pad - at[c], at[c] - high[c] - pad)
        gap += d * d
    return gap


@compiled
def _swells(p):  # type: ignore[no-untyped-def]
    return p.bouton_chance + p.swelling_chance > 0.0 and not p.lanes


@compiled
def _most_swollen(p):  # type: ignore[no-untyped-def]
    """Return the most room that a swelling of the same population needs."""
    return 1.15 * max(p.bouton_radius_nm.highest, p.swelling_radius_nm.highest) + PUSHED_NM if _swells(p) else 0.0


@compiled
def _swollen_run(own, k, p):  # type: ignore[no-untyped-def]
    """Return how thick the swellings are that nodes ``k`` to ``k + 3`` may belong to, and what the first is."""
    what, wide = swelling(own, k + 1, p)
    _, after = swelling(own, k + VARICOSITY_EVERY + 1, p)
    return max(wide, after), what


@compiled
def _write_node(p, drift, q, at, f, line, own, k, rows, n):  # type: ignore[no-untyped-def]
    """Write node ``k`` of the ``n``-th neurite, which lies at ``q`` on the lattice."""
    what, radius = thickness(own, k, p)
    into_tissue(drift, q, at)
    for c in range(3):
        rows.nodes[n, k, c] = at[c]
        rows.offsets[n, k, c] = 0.0 if c == f else q[c] - line[c]
    rows.nodes[n, k, 3] = rows.offsets[n, k, 3] = radius
    rows.varicosity[n, k] = what


@compiled
def _start_of_branch(key, p, drift, thick, own, f, i, j, first, rows, n):  # type: ignore[no-untyped-def]
    """Move the first node of a branch to the node of the neurite that it leaves."""
    other, g, a, b, there = parent_of(key, p, own, f, i, j, first)
    if other == np.uint64(0):
        return
    line, q, at, count = np.empty(3), np.empty(3), np.empty(3), thick.families.shape[0]
    crossing, parallel = np.empty((count + most_crossings(p, 0.0), CROSSING)), np.empty(count, np.int64)
    place_line(key, p, g, a, b, line)
    along = line[g] = there * p.step_nm
    _, begin, _, _ = stretch_at(key, p, g, a, b, there)
    _, radius = thickness(other, there - begin, p)
    crosses, runs, most = beside_line(thick, g, line, PUSHED_NM, crossing, parallel)
    most = max(most, _most_swollen(p))
    if _swells(p):
        crosses += swellings_beside(key, p, g, a, b, line, along, along, crossing[crosses:])
    slim = min(radius, PUSHED_NM)
    node_place(key, p, g, a, b, there, slim, line, thick, crossing, crosses, parallel, runs, most, q)
    into_tissue(drift, q, at)
    for c in range(3):
        rows.nodes[n, 0, c] = at[c]
    rows.offsets[n, 0, 3] = 0.0


@compiled
def _rows_near(key, p, drift, thick, box, lattice, look, rows):  # type: ignore[no-untyped-def]
    """Write the neurites of a population near a box; returns how many."""
    low, high = box
    n, line, at_line, at, q = 0, np.zeros(3), np.zeros(3), np.empty(3), np.empty(3)
    swells, pushed = _swells(p), _most_swollen(p)
    loose = 2.0 * p.stray * p.cell_nm + p.bend * p.step_nm + pushed
    most_thick = (thick.widest.max() if thick.widest.shape[0] else 0.0) + PUSHED_NM + GAP_NM
    farthest = max(look.span + look.wide * p.radius_nm.highest, look.boutons)
    margin = farthest + most_thick + loose
    least, top = lattice[0] - margin, lattice[1] + margin
    room = thick.families.shape[0] + (most_crossings(p, (top - least).max()) if swells else 0)
    crossing, parallel = np.empty((room, CROSSING)), np.empty(thick.families.shape[0], np.int64)
    half = 0.5 * _RUN * p.step_nm
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
                crosses, runs, most = beside_line(thick, f, line, PUSHED_NM, crossing, parallel)
                # how far off the line the box is, and where along it the box lies
                aside_nm = 0.0
                for c in range(3):
                    if c != f:
                        aside_nm += max(0.0, lattice[0, c] - line[c], line[c] - lattice[1, c]) ** 2
                moves = most + loose
                if aside_nm > (_MARGIN * farthest + moves) ** 2:
                    continue
                ahead = a0
                while ahead <= a1:
                    own, first, nodes, following = stretch_at(key, p, f, i, j, ahead)
                    start, stop = max(ahead, first), min(a1, first + nodes - 1)
                    ahead = following
                    if own == np.uint64(0) or start > stop:
                        continue
                    radius = typical_radius(own, p.radius_nm)
                    begun, all_crosses = False, -1
                    span = look.span + look.wide * radius
                    for group in range(first + (start - first) // _RUN * _RUN, stop + 1, _RUN):
                        run, end = max(group, start), min(group + _RUN - 1, stop)
                        wide, what = 0.0, SHAFT
                        if swells:
                            wide, what = _swollen_run(own, group - first, p)
                        reach = span + wide / FLATTEST_VARICOSITY
                        if what == BOUTON:
                            reach = max(reach, look.boutons)
                        if group == first and p.branch_chance > 0.0:
                            reach = max(reach, span + 2.0 * p.cell_nm)
                        off = max(0.0, lattice[0, f] - end * p.step_nm, run * p.step_nm - lattice[1, f])
                        if aside_nm + off * off > (_MARGIN * reach + moves) ** 2:
                            continue
                        # whole runs of nodes are ruled out by where their middle lies, as its line gives way
                        along = 0.5 * (run + end) * p.step_nm
                        move_a, move_b = give_way(
                            thick, crossing, crosses, parallel, runs, f, line, along, PUSHED_NM, most
                        )
                        at_line[one], at_line[two] = line[one] + move_a, line[two] + move_b
                        at_line[f] = along
                        into_tissue(drift, at_line, at)
                        away = np.sqrt(outside(at, low, high, 0.0)) - loose - _LONGER * half - min(most, _BENT_NM)
                        if away > reach:
                            continue
                        for node in range(run, end + 1):
                            k = node - first
                            # most nodes are ruled out by where their line lies, and how it gives way
                            along = node * p.step_nm
                            move_a, move_b = give_way(
                                thick, crossing, crosses, parallel, runs, f, line, along, PUSHED_NM, most
                            )
                            at_line[one], at_line[two] = line[one] + move_a, line[two] + move_b
                            at_line[f] = along
                            into_tissue(drift, at_line, at)
                            far = np.sqrt(outside(at, low, high, 0.0)) - loose - _PLAY_NM
                            needed = far <= span + wide / FLATTEST_VARICOSITY
                            # of what is farther away boutons matter alone, and where branches leave their stems
                            if not needed and what == BOUTON and k % VARICOSITY_EVERY == 1:
                                needed = far <= look.boutons
                            if not needed and k < 2 and p.branch_chance > 0.0:
                                needed = far <= span + 2.0 * p.cell_nm
                            if not needed:
                                continue
                            if not begun:
                                begun = True
                                if n < rows.keys.shape[0]:
                                    rows.keys[n], rows.families[n], rows.firsts[n] = own, f, first
                                    rows.counts[n], rows.radii[n], rows.lines[n] = nodes, radius, line
                                    rows.nodes[n], rows.varicosity[n], rows.offsets[n] = np.nan, SHAFT, 0.0
                                    rows.roots[n] = root_of(key, p, own, f, i, j, first)
                                n += 1
                            if n > rows.keys.shape[0]:
                                continue
                            if all_crosses < 0:
                                all_crosses = crosses
                                if swells:
                                    all_crosses += swellings_beside(
                                        key, p, f, i, j, line, run * p.step_nm, stop * p.step_nm,
                                        crossing[crosses:],
                                    )  # fmt: skip
                            _, thickness_there = thickness(own, k, p)
                            node_place(
                                key, p, f, i, j, node, min(thickness_there, PUSHED_NM), line, thick, crossing,
                                all_crosses, parallel, runs, max(most, pushed), q,
                            )  # fmt: skip
                            _write_node(p, drift, q, at, f, line, own, k, rows, n - 1)
                            if k == 0:
                                _start_of_branch(key, p, drift, thick, own, f, i, j, first, rows, n - 1)
    return n


@compiled
def near_box(a, b, radius, low, high, pad):  # type: ignore[no-untyped-def]
    """Tell whether a tube from a to b can come within ``pad`` of a box."""
    wide = radius + pad
    for c in range(3):
        if max(a[c], b[c]) + wide < low[c]:
            return False
        if min(a[c], b[c]) - wide > high[c]:
            return False
    return True


@compiled
def _tubes(rows, n, p, kind, base, box, pad, segments, owners, s):  # type: ignore[no-untyped-def]
    """Write the tubes of ``n`` neurites that come near the box; returns how many there are now."""
    low, high = box
    one, two, tip, head = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    broad, way, waves = np.empty(3), np.empty(3), np.empty((WAVES, 4))
    for r in range(n):
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
                if near_box(one, two, (max(ra, rb) + swell) / own_flat, low, high, pad):
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
                if near_box(one, head, bulb + swell, low, high, pad):
                    if s + 1 < segments.shape[0]:
                        set_segment(segments, s, one, tip, neck, neck, p.stiffness, 1.0, broad)
                        set_segment(segments, s + 1, tip, head, neck, bulb, p.stiffness, 1.0, broad)
                        for t in range(s, s + 2):
                            ruffle_segment(segments, t, waves, peak)
                            segments[t, NODE] = k
                            owners[t] = base + r
                    s += 2
    return s


def _blank(n: int, m: int) -> _Rows:
    return _Rows(
        keys=np.empty(n, np.uint64), roots=np.empty(n, np.uint64), families=np.empty(n, np.int64),
        lines=np.empty((n, 3)), firsts=np.empty(n, np.int64), counts=np.empty(n, np.int32), radii=np.empty(n),
        nodes=np.empty((n, m, 4)), offsets=np.empty((n, m, 4)), varicosity=np.empty((n, m), np.uint8),
    )  # fmt: skip


class _Look(NamedTuple):
    """How far from a box a population's nodes matter, ``wide`` times their radius farther, and its boutons."""

    span: float
    wide: float
    boutons: float


def _near(
    key: np.uint64, p: Population, field: DriftField, thick: Thick, box: tuple[npt.NDArray[np.float64], ...],
    lattice: npt.NDArray[np.float64], look: _Look,
) -> _Rows:  # fmt: skip
    """Return the neurites of one population near a box."""
    row = p.row()
    _, m = stretch_nodes(row)
    room = 512
    while True:
        rows = _blank(room, m)
        n = _rows_near(key, row, field, thick, box, lattice, look, rows)
        if n <= room:
            return _Rows(*(column[:n] for column in rows))
        room = n


def _as_thick(parts: list[tuple[int, Population, _Rows]]) -> Thick:
    """Return the neurites that others give way to."""
    parts = [part for part in parts if len(part[2].keys)]
    if not parts:
        return Thick.none()
    longest = max(part[2].offsets.shape[1] for part in parts)
    total = sum(len(part[2].keys) for part in parts)
    nodes, widest, n = np.zeros((total, longest, 4)), np.empty(total), 0
    for _, p, rows in parts:
        here, flat = slice(n, n + len(rows.keys)), _typical_flatness(p)
        nodes[here, : rows.offsets.shape[1]] = rows.offsets
        nodes[here, :, 3] /= flat
        widest[here] = rows.radii * np.exp(2 * p.wobble) / flat
        n += len(rows.keys)
    return Thick(
        np.concatenate([rows.families for _, _, rows in parts]),
        np.concatenate([rows.lines for _, _, rows in parts]),
        np.concatenate([rows.firsts for _, _, rows in parts]),
        np.concatenate([np.full(len(rows.keys), p.step_nm) for _, p, rows in parts]),
        nodes,
        widest,
    )


def grow(
    seed: int,
    populations: dict[str, tuple[int, Population]],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    pads: float | Mapping[int, float],
    keep: float = 0.0,
    drift: Drift = Drift(),
) -> Neurites:
    """Draw all neurites that come within so many nm of a box of tissue space.

    Parameters
    ----------
    seed : int
        The world.
    populations : dict
        Name of each population to its kind (``AXON``, ``DENDRITE``, ``MYELINATED``) and parameters.
    low, high : float64 (3,)
        Corners of the box, (z, y, x) in nm.
    pads : float or mapping of int to float
        Tubes whose surface is farther than this from the box are left out: for all, or kind by kind.
    keep : float
        Nodes within this distance of the box are kept even where their tubes are left out.
    drift : Drift
        How neurites wander together.
    """

    def pad(kind: int) -> float:
        return pads[kind] if isinstance(pads, Mapping) else pads

    order = sorted(populations.items(), key=lambda item: _FIRST.index(item[1][0]))
    spiny = next((p for kind, p in populations.values() if kind == DENDRITE and p.spine_chance > 0), None)
    axons = next((p for kind, p in populations.values() if kind == AXON), None)
    reach = spine_reach_nm(spiny, axons) if spiny is not None and axons is not None else 0.0
    boutons = pad(DENDRITE) + reach if reach else 0.0
    # thin neurites ask where the thick ones around them are
    looks, asked = {}, 0.0
    for name, (kind, p) in reversed(order):
        own = max(pad(kind) + _LONGER * p.step_nm + p.rim_nm(0.0) + swell_nm(p), keep)
        wide = np.exp(2 * p.wobble) / p.flattest()
        if kind == DENDRITE and reach:
            own = max(own, boutons + reach)
        if asked > 0.0:
            own, wide = max(own, asked), max(wide, FAR * _MARGIN * np.exp(2 * p.wobble) / _typical_flatness(p))
        looks[name] = _Look(own, wide, boutons if kind == AXON else 0.0)
        asked = max(asked, own + FAR * _MARGIN * (PUSHED_NM + GAP_NM))
    far = max(max(look.span + look.wide * p.radius_nm.highest(), look.boutons) for look, (_, (_, p)) in zip(reversed(looks.values()), order, strict=True))
    rim = far + farthest_nm(drift) + 4000.0
    field = drift_field(seed, drift, low - rim, high + rim)
    lattice, box = lattice_box(field, low, high), (low, high)
    grown: list[tuple[int, Population, _Rows]] = []
    for name, (kind, p) in order:
        thick = _as_thick(grown)
        key = stream_key(seed, f"neurite/{name}")
        grown.append((kind, p, _near(key, p, field, thick, box, lattice, looks[name])))
    return _assembled(grown, box, pad, boutons)


def _typical_flatness(p: Population) -> float:
    return max(FLATTEST, min(1.0, p.flatness.typical()))


def swell_nm(p: Population) -> float:
    """Return how far outside its tubes a neurite's ruffles and processes reach."""
    process = p.spine_length_nm.highest() + 2 * p.spine_head_radius_nm.highest() if p.spine_chance > 0 else 0.0
    return float(process + highest(p.ruffle_nm) / (p.stiffness * p.flattest()))


def spine_reach_nm(dendrites: Population, axons: Population) -> float:
    """Return how far from a bouton's middle its spine can lie, and the dendrite's surface that bears it."""
    return dendrites.spine_length_nm.highest() + axons.bouton_radius_nm.highest() + 1.0


def _assembled(grown, box, pad, boutons) -> Neurites:  # type: ignore[no-untyped-def]
    room = 4096
    bases = np.cumsum([0, *(len(rows.keys) for _, _, rows in grown)])
    total = int(bases[-1])
    while True:
        segments, owners, s = np.empty((room, COLUMNS)), np.empty(room, np.int32), 0
        for (kind, p, rows), base in zip(grown, bases, strict=False):
            s = _tubes(rows, len(rows.keys), p.row(), kind, base, box, pad(kind), segments, owners, s)
        for (kind, p, rows), base in zip(grown, bases, strict=False):
            if kind == DENDRITE and p.spine_chance > 0:
                for other, _, axons in grown:
                    if other == AXON:
                        s = add_spines(axons, rows, p.row(), base, boutons, box, pad(kind), segments, owners, s)
        if s <= room:
            break
        room = s
    segments, owners = segments[:s], owners[:s]
    longest = max(rows.nodes.shape[1] for _, _, rows in grown)
    nodes, varicosity = np.full((total, longest, 4), np.nan), np.zeros((total, longest), np.uint8)
    for (_, _, rows), base in zip(grown, bases, strict=False):
        here = slice(base, base + len(rows.keys))
        nodes[here, : rows.nodes.shape[1]] = rows.nodes
        varicosity[here, : rows.nodes.shape[1]] = rows.varicosity
    columns = [np.concatenate([getattr(rows, name) for _, _, rows in grown]) for name in ("keys", "roots", "radii", "counts")]
    sizes = [len(rows.keys) for _, _, rows in grown]
    kinds = np.repeat(np.array([kind for kind, _, _ in grown], np.int8), sizes)
    steps = np.repeat(np.array([p.step_nm for _, p, _ in grown]), sizes)
    # branches of one neurite follow each other, and so do their tubes
    order = np.argsort(columns[1], kind="stable")
    rank = np.empty(total, np.int32)
    rank[order] = np.arange(total, dtype=np.int32)
    owners = rank[owners]
    by = np.argsort(owners, kind="stable")
    roots = columns[1][order]
    cells = np.cumsum(np.append(False, roots[1:] != roots[:-1])).astype(np.int32) if total else np.empty(0, np.int32)
    return Neurites(
        keys=columns[0][order], ids=np.array([object_id(root) for root in roots], np.int32), kinds=kinds[order],
        cells=cells, radii_nm=columns[2][order], nodes_nm=nodes[order], varicosity=varicosity[order],
        steps_nm=steps[order], counts=columns[3][order], segments=segments[by], owners=owners[by],
    )  # fmt: skip
