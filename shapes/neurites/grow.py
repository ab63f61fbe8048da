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
from shapes.neurites.course import node_place, thickness
from shapes.neurites.drift import Drift, DriftField, drift_field, farthest_nm, into_tissue, lattice_box
from shapes.neurites.giving_way import Thick
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
    Population,
)
from shapes.neurites.ruffles import WAVES, draw_waves
from shapes.neurites.spines import add_spines, direction
from shapes.neurites.tubes import COLUMNS, NODE, ruffle_segment, set_segment

_FIRST = (SOMA, MYELINATED, DENDRITE, GLIA, AXON)  # thick ones, to which the others give way
_PUSHED_NM = 150.0  # a thicker neurite gives way as one of this radius
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
def _rows_near(key, p, drift, thick, most, box, lattice, span, wide, boutons, rows):  # type: ignore[no-untyped-def]
    """Write the neurites of a population near a box; returns how many.

    ``span`` is how far off nodes matter, ``wide`` how many times a neurite's radius farther, and ``boutons``
    how far off its boutons do.
    """
    low, high = box
    n, line, at_line, q, at = 0, np.zeros(3), np.empty(3), np.empty(3), np.empty(3)
    loose = most + 2.0 * p.stray * p.cell_nm + p.bend * p.step_nm
    margin = loose + max(span + wide * p.radius_nm.highest, boutons)
    least, top = lattice[0] - margin, lattice[1] + margin
    for f in range(3):
        if p.grain[f] == 0.0:
            continue
        i0, i1, j0, j1 = lines_within(key, p, f, least, top)
        a0, a1 = int(np.floor(least[f] / p.step_nm)), int(np.ceil(top[f] / p.step_nm))
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                place_line(key, p, f, i, j, line)
                line[f] = 0.0
                ahead = a0
                while ahead <= a1:
                    own, first, count, following = stretch_at(key, p, f, i, j, ahead)
                    start, stop = max(ahead, first), min(a1, first + count - 1)
                    ahead = following
                    if own == np.uint64(0) or start > stop:
                        continue
                    radius = typical_radius(own, p.radius_nm)
                    near, far = span + wide * radius, 0.0
                    before = True
                    for node in range(start, stop + 1):
                        k = node - first
                        for c in range(3):
                            at_line[c] = line[c]
                        at_line[f] = node * p.step_nm
                        into_tissue(drift, at_line, at)
                        if outside(at, low, high, near + loose) > 0.0:
                            continue
                        if before:
                            before = False
                            if n < rows.keys.shape[0]:
                                rows.keys[n], rows.families[n], rows.firsts[n] = own, f, first
                                rows.counts[n], rows.radii[n], rows.lines[n] = count, radius, line
                                rows.nodes[n], rows.varicosity[n], rows.offsets[n] = np.nan, SHAFT, 0.0
                                rows.roots[n] = root_of(key, p, own, f, i, j, first)
                            n += 1
                        if n > rows.keys.shape[0]:
                            continue
                        what, thickness_there = thickness(own, k, p)
                        slim, parted = min(thickness_there, _PUSHED_NM), False
                        if k == 0:
                            # a branch begins at a node of the neurite that it leaves
                            other, g, a, b, there = parent_of(key, p, own, f, i, j, first)
                            parted = other != np.uint64(0)
                            if parted:
                                place_line(key, p, g, a, b, at_line)
                                at_line[g] = 0.0
                                node_place(key, p, g, a, b, there, slim, at_line, thick, most, q)
                        if not parted:
                            node_place(key, p, f, i, j, node, slim, line, thick, most, q)
                        into_tissue(drift, q, at)
                        for c in range(3):
                            rows.nodes[n - 1, k, c] = at[c]
                            rows.offsets[n - 1, k, c] = q[c] - line[c]
                        rows.offsets[n - 1, k, f] = 0.0
                        rows.nodes[n - 1, k, 3] = rows.offsets[n - 1, k, 3] = thickness_there
                        if k == 0 and parted:
                            rows.offsets[n - 1, k, 3] = 0.0
                        rows.varicosity[n - 1, k] = what
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


def _near(
    key: np.uint64, p: Population, field: DriftField, thick: Thick, box: tuple[npt.NDArray[np.float64], ...],
    lattice: npt.NDArray[np.float64], span: float, wide: float, boutons: float,
) -> _Rows:  # fmt: skip
    """Return the neurites of one population near a box."""
    row = p.row()
    _, m = stretch_nodes(row)
    pushed = [float(thick.widest.max(initial=0.0)) + _PUSHED_NM + 25.0] if len(thick.widest) else []
    if p.bouton_chance + p.swelling_chance > 0:
        pushed.append(max(p.bouton_radius_nm.highest(), p.swelling_radius_nm.highest()) + 100.0)
    most, room = max(pushed, default=0.0), 256
    while True:
        rows = _blank(room, m)
        n = _rows_near(key, row, field, thick, most, box, lattice, span, wide, boutons, rows)
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
        here, flat = slice(n, n + len(rows.keys)), max(FLATTEST, min(1.0, p.flatness.typical()))
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
    spans, wides, asked = {}, {}, 0.0
    for name, (kind, p) in reversed(order):
        own = max(pad(kind) + p.step_nm, keep)
        if kind == AXON:
            own = max(own + p.thickest_nm(), boutons)
            spans[name], wides[name] = own, 0.0
        else:
            own = max(own, boutons + reach if kind == DENDRITE else 0.0, asked)
            spans[name], wides[name] = own, 1.0 / p.flattest() if asked == 0.0 else 2.0 * _MARGIN / p.flattest() ** 0.5
        asked = max(asked, spans[name]) + 2.0 * _MARGIN * (_PUSHED_NM + 25.0)
    far = max(spans[name] + wides[name] * p.radius_nm.highest() for name, (_, p) in order)
    rim = far + farthest_nm(drift) + 4000.0
    field = drift_field(seed, drift, low - rim, high + rim)
    lattice, box = lattice_box(field, low, high), (low, high)
    grown: list[tuple[int, Population, _Rows]] = []
    for name, (kind, p) in order:
        thick = _as_thick(grown)
        key = stream_key(seed, f"neurite/{name}")
        grown.append((kind, p, _near(key, p, field, thick, box, lattice, spans[name], wides[name], 0.0)))
    return _assembled(grown, box, pad, boutons)


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
