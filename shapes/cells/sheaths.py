"""Axon sheaths: compact myelin, wrapped in lamellae around one axon each.

A sheath is the outer shell of a myelinated neurite: its inner face is a tube as much thinner as the g-ratio
says, its outer face is the neurite's membrane. The neurite is stiff, so that all others begin outside it and
the two faces run together. Along the axon the sheath is interrupted by nodes of Ranvier, towards which its
lamellae end one after the other (paranodes); here and there the lamellae part, or leave a pale tongue of
cytoplasm on their inner side.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shapes.core.block import Block
from shapes.core.compiled import compiled, inlined
from shapes.core.span import Span
from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, object_id, stream_key, uniform
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import MYELINATED
from shapes.neurites.ruffles import WAVES, draw_waves, wave
from shapes.neurites.tubes import NODE, axis_place, tube_field, tube_slope
from shapes.partition.depths import Depths
from shapes.partition.generator import FAR_NM, Layer, Tissue, empty_layer
from shapes.partition.partition import Partition

_BAND_NM = 25.0
_NODE_NM = 1000.0  # a node of Ranvier is about 1 µm long


class Sheaths(Block):
    """How thick myelin is: g-ratio 0.6–0.8 (inner over outer diameter), a lamella every 11–12 nm.

    ``outside_nm`` is the gap between the middle of the membrane to the neighbour and the outermost lamella;
    below 0 the sheath takes in that membrane, as in sections that do not tell the two apart. From one node
    of Ranvier to the next it is ``internode_nm``; over ``paranode_nm`` before a node, and before the end of
    the axon, the sheath thins, and ends where it would be thinner than ``ends_nm``, which is hardly more
    than two membranes. Its thickness varies by ``unevenness``; ``splits`` is how much of it has lamellae
    that part. In life internodes are 50–300 µm long, and paranodes 3–5 µm (Rosenbluth 2009): shorter ones
    show a network more of the rare ends.
    """

    g_ratio: Spread = Spread(min=0.62, max=0.8)
    thickest_nm: float = Field(default=220.0, gt=10)
    thinnest_nm: float = Field(default=35.0, gt=5)
    lamella_nm: float = Field(default=11.5, gt=4)
    ends_nm: float = Field(default=17.0, gt=0)
    outside_nm: float = Field(default=4.0, ge=-20)
    internode_nm: Spread = Spread(min=8000, max=20000)
    paranode_nm: float = Field(default=2500.0, gt=0)
    unevenness: float = Field(default=0.12, ge=0, lt=0.5)
    splits: float = Field(default=0.15, ge=0, le=1)


class Wraps(NamedTuple):
    """Sheaths of a window, by neurite: ``thickness_nm`` (n,) and ``ids`` (n,), 0 for a neurite without.

    ``parts`` (n, m) says how much of its thickness a sheath has at each of the nodes ``nodes_nm`` (n, m, 4).
    """

    thickness_nm: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int32]
    parts: npt.NDArray[np.float64]
    nodes_nm: npt.NDArray[np.float64]
    keys: npt.NDArray[np.uint64]
    missing: int = 0

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Nodes of the axons where they are well wrapped, (n, 3)."""
        return self.nodes_nm[self._wrapped][:, :3]

    @property
    def span(self) -> Span:
        """How far along z the stretch of axon around each of these nodes reaches, half-way to the next."""
        nodes, known = self.nodes_nm, ~np.isnan(self.nodes_nm[..., 3])
        tips = [nodes]
        for step in (-1, 1):
            next_known = np.roll(known, -step, 1)
            next_known[:, 0 if step < 0 else -1] = False
            tips.append(np.where(next_known[..., None], 0.5 * (nodes + np.roll(nodes, -step, 1)), nodes))
        ids = np.broadcast_to(self.ids[:, None], known.shape)
        return Span.of(np.stack(tips, 2)[self._wrapped], ids[self._wrapped])

    @property
    def _wrapped(self) -> npt.NDArray[np.bool_]:
        return (self.parts > 0.6) & ~np.isnan(self.nodes_nm[..., 3])


@compiled
def _part(key, along, step, count, p):  # type: ignore[no-untyped-def]
    """Return how much of its thickness, 0 … 1, a sheath has at a place along the axon, counted in nodes."""
    long = max(2.0 * p.paranode_nm, draw(p.internode_nm, uniform(key, 3), normal(key, 4)))
    at = along * step
    # nodes of Ranvier are evenly spaced from one that lies anywhere
    past = (at - uniform(key, 5) * long) % long
    away = min(min(past, long - past) - 0.5 * _NODE_NM, at, (count - 1) * step - at)
    return min(1.0, max(0.0, away / p.paranode_nm))


@compiled
def _thicknesses(salt, axes, radii, p, out):  # type: ignore[no-untyped-def]
    steps, counts, thick = axes.steps_nm, axes.counts, out.thickness_nm
    for j in range(axes.keys.shape[0]):
        if axes.kinds[j] == MYELINATED:
            key = mix(axes.keys[j], salt)
            outer = radii[j]
            out.keys[j] = key
            g_ratio = draw(p.g_ratio, uniform(key, 0), normal(key, 1))
            thick[j] = min(p.thickest_nm, max(p.thinnest_nm, outer * (1.0 - g_ratio)))
            out.ids[j] = object_id(key)
            for k in range(counts[j]):
                part = _part(key, float(k), steps[j], counts[j], p)
                out.parts[j, k] = part if thick[j] * part >= p.ends_nm else 0.0


def thicknesses(seed: int, cells: Neurites, params: Sheaths) -> Wraps:
    """Draw the thickness of each neurite's sheath; the g-ratio counts on the axon's typical radius."""
    n, parts = len(cells.ids), np.zeros(cells.nodes_nm.shape[:2])
    out = Wraps(np.zeros(n), np.zeros(n, np.int32), parts, cells.nodes_nm, np.zeros(n, np.uint64))
    _thicknesses(stream_key(seed, "sheath"), cells.axes, cells.radii_nm, params.row(), out)
    return out


def reach_nm(params: Sheaths, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its sheaths depend on."""
    return params.outside_nm + _BAND_NM + rim_nm


def place(tissue: Tissue, params: Sheaths, placed: dict[str, object]) -> Wraps:
    """Draw the sheaths of the neurites of a window."""
    return thicknesses(tissue.seed, tissue.neurites, params)


@compiled
def _swell(waves, z, y, x):  # type: ignore[no-untyped-def]
    """Return a smooth number, -1 … 1, at a place."""
    total = 0.0
    for w in range(WAVES):
        total += wave(waves[w, 0] * z + waves[w, 1] * y + waves[w, 2] * x + waves[w, 3])
    return total / WAVES


@compiled
def _boxes(index, other, thick, boxes):  # type: ignore[no-untyped-def]
    """Write the box of each wrapped neurite and what lies beside it, empty if unseen.

    It is given by its first voxel and its end along z, y and x.
    """
    nz, ny, nx = index.shape
    boxes[:, 0::2], boxes[:, 1::2] = nz + ny + nx, 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                for j in (index[z, y, x], other[z, y, x]):
                    if 0 <= j < thick.shape[0] and thick[j] > 0.0:
                        for c, at in ((0, z), (2, y), (4, x)):
                            boxes[j, c], boxes[j, c + 1] = min(boxes[j, c], at), max(boxes[j, c + 1], at + 1)


@inlined
def _draw_course(key, waves):  # type: ignore[no-untyped-def]
    """Write waves (3, WAVES, 4) of what varies along a sheath: thickness, parting lamellae, inner tongue."""
    draw_waves(mix(key, 6), 1.0, 1500.0, waves[0])
    draw_waves(mix(key, 7), 1.0, 500.0, waves[1])
    draw_waves(mix(key, 8), 1.0, 700.0, waves[2])


@inlined
def _myelin(into, deep_in, deep, waves, z, y, x, p):  # type: ignore[no-untyped-def]
    """Return the distance to a sheath and that to the dark lines in it, of a place ``into`` its axon.

    The place lies ``deep_in`` below the membrane's middle, by which the outer face is cut; ``deep`` is how
    thick the sheath is there on the average.
    """
    deep *= 1.0 + p.unevenness * _swell(waves[0], z, y, x)
    d = max(into - deep, p.outside_nm - deep_in)
    if d >= _BAND_NM:
        return d, FAR_NM
    lamella = p.lamella_nm
    turns = into / lamella
    lines = (abs(turns - np.floor(turns) - 0.5) - 0.25) * lamella
    # where lamellae part they leave a pale lens between them
    part = p.splits - 0.5 + 0.5 * _swell(waves[1], z, y, x)
    lens = abs(into - 0.55 * deep) - 0.5 * deep * part
    inner = deep - into - 2.0 * lamella * (_swell(waves[2], z, y, x) - 0.3)
    return d, max(lines, min(FAR_NM, -min(lens, inner)))


@compiled
def wrap_profile(partition, own, thick, key, number, p, tissue, layer):  # type: ignore[no-untyped-def]
    """Write a sheath of one thickness that is wrapped inwards from the membrane of cell ``own``."""
    index, other, depth = partition.index, partition.other, partition.depth_nm
    waves = np.empty((3, WAVES, 4))
    _draw_course(key, waves)
    nz, ny, nx = index.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if index[z, y, x] != own and other[z, y, x] != own:
                    continue
                deep_in = depth[z, y, x] if index[z, y, x] == own else -depth[z, y, x]
                if deep_in < p.outside_nm - _BAND_NM:
                    continue
                pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                d, inside = _myelin(deep_in, deep_in, thick, waves, pz, py, px, p)
                if d < _BAND_NM and d < layer.distance_nm[z, y, x]:
                    layer.distance_nm[z, y, x], layer.detail_nm[z, y, x] = d, inside
                    layer.ids[z, y, x] = number


@compiled
def _build(tissue, partition, tubes, wraps, boxes, axes, p, layer):  # type: ignore[no-untyped-def]
    segments, owners, index, other = tubes.segments, tubes.owners, partition.index, partition.other
    thick, keys, out_d = wraps.thickness_nm, wraps.keys, layer.distance_nm
    mine, waves = np.empty(segments.shape[0], np.int64), np.empty((3, WAVES, 4))
    for j in range(thick.shape[0]):
        if thick[j] == 0.0 or boxes[j, 1] == 0:
            continue
        _draw_course(keys[j], waves)
        count = 0
        for i in range(segments.shape[0]):
            if owners[i] == j:
                mine[count] = i
                count += 1
        for z in range(boxes[j, 0], boxes[j, 1]):
            for y in range(boxes[j, 2], boxes[j, 3]):
                for x in range(boxes[j, 4], boxes[j, 5]):
                    # the neighbour's side of the membrane counts as outside
                    if index[z, y, x] != j and other[z, y, x] != j:
                        continue
                    deep_in = partition.depth_nm[z, y, x]
                    deep_in = deep_in if index[z, y, x] == j else -deep_in
                    if deep_in < p.outside_nm - _BAND_NM:
                        continue
                    pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                    best, at = np.inf, 0
                    for i in range(count):
                        f = tube_field(segments, mine[i], pz, py, px)
                        if f < best:
                            best, at = f, mine[i]
                    along = segments[at, NODE] + axis_place(segments, at, pz, py, px)
                    deep = thick[j] * _part(keys[j], along, axes.steps_nm[j], axes.counts[j], p)
                    # it ends before it is uneven, or it would end in islands
                    if deep < p.ends_nm:
                        continue
                    sz, sy, sx = tube_slope(segments, at, pz, py, px)
                    into = -best / max(1e-6, np.sqrt(sz * sz + sy * sy + sx * sx))
                    d, inside = _myelin(into, deep_in, deep, waves, pz, py, px, p)
                    if d < _BAND_NM:
                        out_d[z, y, x] = d
                        layer.detail_nm[z, y, x] = inside
                        layer.ids[z, y, x] = wraps.ids[j]


def depths(objects: Wraps, tissue: Tissue, params: Sheaths) -> Depths:
    """Return the wrapped neurites, all along; only a sheath's outer face asks for the membrane."""
    owners = np.flatnonzero(objects.thickness_nm).astype(np.int32)
    n = len(owners)
    return Depths(owners, np.zeros((n, 3)), np.full(n, np.inf), np.full(n, params.outside_nm + _BAND_NM))


def build(objects: Wraps, tissue: Tissue, partition: Partition, params: Sheaths) -> Layer:
    """Return sheaths on the window's voxels; the detail is the distance to the dark lines in them."""
    layer = empty_layer(tissue.window.grid.shape, detail=True)
    cells, boxes = tissue.neurites, np.empty((len(objects.ids), 6), np.int64)
    if not objects.thickness_nm.any():
        return layer
    _boxes(partition.index, partition.other, objects.thickness_nm, boxes)
    if boxes[:, 1].any():
        _build(
            tissue.window.tissue_nm, partition, cells.tubes, objects, boxes, cells.axes, params.row(), layer
        )
    return layer
