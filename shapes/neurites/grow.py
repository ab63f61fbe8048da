"""Growing neurites: axons with boutons, dendrites with spines, axons in sheaths, all as chains of tubes.

Each population has its own lattice of lines (``lattice.py``); thick populations are grown first, and thin
ones give way to them (``giving_way.py``). A node of an axon may swell to a bouton, which a dendrite near by
may meet with a spine. What a tube does not fill, its neighbours share or thin glia fills: see
``partition/point.py``.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.streams import object_id, stream_key
from shapes.neurites.bodies import WIDER, Bodies
from shapes.neurites.course import PUSHED_NM
from shapes.neurites.drift import Drift, drift_field, farthest_nm, lattice_box
from shapes.neurites.giving_way import FAR, GAP_NM, Thick
from shapes.neurites.known import Rows
from shapes.neurites.lattice import LONGER
from shapes.neurites.laying import lay_tubes
from shapes.neurites.nearby import MARGIN, Look, margin_nm, neurites_near
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import (
    AXON,
    DENDRITE,
    FLATTEST,
    FLATTEST_VARICOSITY,
    GLIA,
    MYELINATED,
    SOMA,
    Population,
)
from shapes.neurites.ruffles import highest
from shapes.neurites.spines import add_spines
from shapes.neurites.tubes import COLUMNS

_STRAIGHT = Drift(slope=0.0)
_FIRST = (SOMA, MYELINATED, DENDRITE, GLIA, AXON)  # thick ones, to which the others give way
_Grown = list[tuple[int, Population, Rows]]


def _wider(somata: bool, kind: int) -> float:
    """Return how many times as thick as elsewhere a neurite can be at a soma, where there are any."""
    return WIDER if somata and kind in (DENDRITE, AXON) else 1.0


def _as_thick(parts: _Grown) -> Thick:
    """Return the neurites that others give way to."""
    somata = any(kind == SOMA for kind, _, _ in parts)
    parts = [part for part in parts if len(part[2].keys)]
    if not parts:
        return Thick.none()
    longest = max(part[2].offsets.shape[1] for part in parts)
    total = sum(len(part[2].keys) for part in parts)
    nodes, widest, n = np.zeros((total, longest, 4)), np.empty(total), 0
    for kind, p, rows in parts:
        here, flat = slice(n, n + len(rows.keys)), _typical_flatness(p)
        nodes[here, : rows.offsets.shape[1]] = rows.offsets
        nodes[here, :, 3] /= flat
        widest[here] = _wider(somata, kind) * rows.radii * np.exp(2 * p.wobble) / flat
        n += len(rows.keys)
    return Thick(
        np.concatenate([rows.families for _, _, rows in parts]),
        np.concatenate([rows.lines for _, _, rows in parts]),
        np.concatenate([rows.firsts for _, _, rows in parts]),
        np.concatenate([np.full(len(rows.keys), p.step_nm) for _, p, rows in parts]),
        nodes,
        widest,
        np.concatenate([rows.keys for _, _, rows in parts]),
        sum(len(rows.keys) for kind, _, rows in parts if kind == SOMA),
    )


def grow(
    seed: int,
    populations: dict[str, tuple[int, Population]],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    pads: float | Mapping[int, float],
    keep: float | Mapping[int, float] = 0.0,
    swollen: float | Mapping[int, float] = 0.0,
    drift: Drift = _STRAIGHT,
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
    keep, swollen : float or mapping of int to float
        Nodes within this distance of the box are kept even where their tubes are left out, and nodes of
        swellings within that.
    drift : Drift
        How neurites wander together.
    """

    def of(kind: int, distances: float | Mapping[int, float]) -> float:
        return distances[kind] if isinstance(distances, Mapping) else distances

    order = sorted(populations.items(), key=lambda item: _FIRST.index(item[1][0]))
    spiny = next((p for kind, p in populations.values() if kind == DENDRITE and p.spine_chance > 0), None)
    axons = next((p for kind, p in populations.values() if kind == AXON), None)
    reach = _spine_reach_nm(spiny, axons) if spiny is not None and axons is not None else 0.0
    boutons = of(DENDRITE, pads) + reach if reach else 0.0
    somata = next(((name, p) for name, (kind, p) in populations.items() if kind == SOMA), None)
    # thin neurites ask where the thick ones around them are
    looks, asked, kinds = {}, 0.0, {kind for kind, _ in populations.values()}
    widest = max((_thick_nm(p) for kind, p in populations.values() if kind != AXON), default=0.0)
    for name, (kind, p) in reversed(order):
        own = max(of(kind, pads) + LONGER * p.step_nm + _swell_nm(p), of(kind, keep))
        wider = _wider(somata is not None, kind)
        wide = np.exp(2 * p.wobble) / p.flattest()
        if kind == DENDRITE and reach:
            own = max(own, boutons + reach)
        if asked > 0.0:
            own, wide = max(own, asked), max(wide, FAR * MARGIN * np.exp(2 * p.wobble) / _typical_flatness(p))
        shown = boutons if kind == AXON else 0.0
        thickest = wider * wide * p.radius_nm.highest()
        apart = asked > 0.0 and somata is not None and kind != SOMA
        beside = widest if apart else 0.0
        margin = margin_nm(p, max(max(own, of(kind, swollen)) + thickest, shown), widest + beside)
        looks[name] = Look(own, wide, max(own, of(kind, swollen)), shown, margin, apart)
        farthest = max(own + thickest, of(kind, swollen) + _swollen_nm(p), shown)
        asked = max(asked, farthest + FAR * MARGIN * (PUSHED_NM + GAP_NM))
    box, rim = (low, high), farthest_nm(drift)
    lattice = lattice_box(drift_field(seed, drift, low - rim, high + rim), low, high)
    rim = max(look.margin for look in looks.values())
    field = drift_field(seed, drift, lattice[0] - rim, lattice[1] + rim)
    grown: _Grown = []
    for n, (name, (kind, p)) in enumerate(order):
        thick, key, last = _as_thick(grown), stream_key(seed, f"neurite/{name}"), n + 1 == len(order)
        bodies = _bodies(seed, somata, kind, p)
        rows = neurites_near(bodies, key, p, field, thick, box, lattice, looks[name], last)
        grown.append((kind, p, rows))
    room = 4096
    while True:
        segments, owners = np.empty((room, COLUMNS)), np.empty(room, np.int32)
        count = _lay(
            grown,
            box,
            {kind: of(kind, pads) if kind in kinds else 0.0 for kind in _FIRST},
            boutons,
            segments,
            owners,
        )
        if count <= room:
            return _assembled(grown, segments[:count], owners[:count])
        room = count


def _bodies(seed: int, somata: tuple[str, Population] | None, kind: int, p: Population) -> Bodies:
    """Return the somata that neurites of a population leave: dendrites and axons alone do."""
    if somata is None or kind not in (DENDRITE, AXON):
        return Bodies(False, np.uint64(0), p.row(), kind)
    return Bodies(True, stream_key(seed, f"neurite/{somata[0]}"), somata[1].row(), kind)


def _lay(
    grown: _Grown,
    box: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    pads: Mapping[int, float],
    boutons: float,
    segments: npt.NDArray[np.float64],
    owners: npt.NDArray[np.int32],
) -> int:
    """Write the tubes near a box, and whose they are; returns how many there are, written or not."""
    base = count = 0
    for kind, p, rows in grown:
        row = p.row()
        count = lay_tubes(rows, row, kind, base, box, pads[kind], segments, owners, count)
        if kind == DENDRITE and p.spine_chance > 0:
            for axons in (other for of, _, other in grown if of == AXON):
                count = add_spines(axons, rows, row, base, boutons, box, pads[kind], segments, owners, count)
        base += len(rows.keys)
    return int(count)


def _typical_flatness(p: Population) -> float:
    return max(FLATTEST, min(1.0, p.flatness.typical()))


def _thick_nm(p: Population) -> float:
    return float(p.radius_nm.highest() * np.exp(2 * p.wobble)) / _typical_flatness(p)


def _swollen_nm(p: Population) -> float:
    """Return how thick a swelling is at its broadest."""
    return max(p.bouton_radius_nm.highest(), p.swelling_radius_nm.highest()) / FLATTEST_VARICOSITY


def _swell_nm(p: Population) -> float:
    """Return how far outside its tubes a neurite's ruffles and processes reach."""
    process = (
        p.spine_length_nm.highest() + 2 * p.spine_head_radius_nm.highest() if p.spine_chance > 0 else 0.0
    )
    return float(process + highest(p.ruffle_nm) / (p.stiffness * p.flattest()))


def _spine_reach_nm(dendrites: Population, axons: Population) -> float:
    """Return how far from a bouton's middle its spine can lie, and the dendrite's surface that bears it."""
    return dendrites.spine_length_nm.highest() + axons.bouton_radius_nm.highest() + 1.0


@compiled
def _gather(nodes, varicosity, base, rank, all_nodes, all_varicosity):  # type: ignore[no-untyped-def]
    """Write the nodes of a population to where its neurites belong among all."""
    for r in range(nodes.shape[0]):
        at = rank[base + r]
        all_nodes[at, : nodes.shape[1]], all_nodes[at, nodes.shape[1] :] = nodes[r], np.nan
        all_varicosity[at, : nodes.shape[1]], all_varicosity[at, nodes.shape[1] :] = varicosity[r], 0


def _assembled(grown: _Grown, segments: npt.NDArray[np.float64], owners: npt.NDArray[np.int32]) -> Neurites:
    """Return all populations as one: branches of a neurite follow each other, and so do the tubes of each."""
    sizes = [len(rows.keys) for _, _, rows in grown]
    roots = np.concatenate([rows.roots for _, _, rows in grown])
    order = np.argsort(roots, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    longest = max(rows.nodes.shape[1] for _, _, rows in grown)
    nodes, varicosity = np.empty((len(order), longest, 4)), np.empty((len(order), longest), np.uint8)
    base = 0
    for _, _, rows in grown:
        _gather(rows.nodes, rows.varicosity, base, rank, nodes, varicosity)
        base += len(rows.keys)
    owners = rank[owners]
    by = np.argsort(owners, kind="stable")
    roots = roots[order]
    starts = np.ones(len(roots), np.bool_)
    starts[1:] = roots[1:] != roots[:-1]
    return Neurites(
        keys=np.concatenate([rows.keys for _, _, rows in grown])[order],
        ids=_ids(roots),
        kinds=np.repeat(np.array([kind for kind, _, _ in grown], np.int8), sizes)[order],
        cells=(np.cumsum(starts) - 1).astype(np.int32),
        radii_nm=np.concatenate([rows.radii for _, _, rows in grown])[order],
        nodes_nm=nodes,
        varicosity=varicosity,
        steps_nm=np.repeat(np.array([p.step_nm for _, p, _ in grown]), sizes)[order],
        counts=np.concatenate([rows.counts for _, _, rows in grown])[order],
        segments=segments[by],
        owners=owners[by],
    )


@compiled
def _ids(roots):  # type: ignore[no-untyped-def]
    out = np.empty(roots.shape[0], np.int32)
    for r in range(roots.shape[0]):
        out[r] = object_id(roots[r])
    return out
