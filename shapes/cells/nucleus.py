"""Nuclei: one ovoid in each soma, with an envelope, and chromatin that is dense at its rim and in clumps.

An ovoid lies well inside its soma's membrane; where a neighbour dents the soma, the ovoid is dented, too.
Clumps are a band-limited field of the world, of which a nucleus takes what lies above a threshold of its own;
towards the envelope the threshold sinks, so that clumps join to a rim, and at the pores it does not.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from scipy.special import ndtri

from shapes.cells.envelope import cells_a_side, pore
from shapes.clutter.chains import axis_frame
from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.fields import smooth_noise
from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, object_id, stream_key, uniform
from shapes.core.table import rows
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import CORE, SOMA
from shapes.neurites.ruffles import WAVES, draw_waves, wave, wave_slope
from shapes.partition.cytoplasm import Cores
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition

BAND_NM = 40.0
"""How far outside a nucleus distances are still written, by which what else a soma holds keeps clear."""
NUCLEOLUS_NM = 5000.0
"""In a nucleolus the detail is the distance to its surface less this."""
CHANNEL_NM = 30.0
"""Chromatin stays so far off the wall of a pore, the less the farther in."""
_FINE, _FINE_PART = 0.4, 0.45  # clumps have finer ones on them
_COVERED = 1.6  # at the envelope all but 5 % is dense
_RISE = 0.45  # over so many of its spacings the field rises by one standard deviation


class Nuclei(Block):
    """How large nuclei are, and what they hold.

    A nucleus takes a ``share`` of its soma's radius; its surface undulates by about ``lobe_nm`` over
    ``lobe_length_nm``, and keeps ``clearance_nm`` from the soma's membrane. The envelope is two membranes of
    ``membrane_nm`` with ``space_nm`` between. Of the chromatin a part ``clumps`` is dense, with features of
    about twice ``clump_nm``, and more towards the envelope: all along it but at pores, and ever less up to
    ``rim_nm`` from it. ``nucleolus_chance`` hold one nucleolus.

    Figures, all from memory: membranes of 7–8 nm, perinuclear space 20–40 nm (Alberts et al., Molecular
    Biology of the Cell); pores 100–120 nm across, 10–15 a square micrometre (Maul & Deaven 1977). Thickness
    of rim and clumps, and the size of nucleoli, are estimates of ours.
    """

    share: Spread = Spread(min=0.76, max=0.85)
    lobe_nm: float = Field(default=90.0, ge=0, le=300)
    lobe_length_nm: float = Field(default=4000.0, ge=2500)
    clearance_nm: float = Field(default=60.0, ge=30, le=300)
    membrane_nm: float = Field(default=8.0, gt=0, le=15)
    space_nm: float = Field(default=28.0, ge=10, le=60)
    pores_per_um2: float = Field(default=12.0, ge=0, le=20)
    pore_radius_nm: float = Field(default=50.0, gt=10, le=60)
    rim_nm: float = Field(default=200.0, gt=20, le=400)
    clumps: Spread = Spread(min=0.05, max=0.25)
    clump_nm: float = Field(default=120.0, ge=40, le=600)
    nucleolus_chance: float = Field(default=0.6, ge=0, le=1)
    nucleolus_radius_nm: Spread = Spread(min=450, max=900)

    @model_validator(mode="after")
    def _fits_its_soma(self) -> "Nuclei":
        if not 0.3 <= self.share.lowest() <= self.share.highest() <= CORE:
            raise ValueError(f"share must lie between 0.3 and {CORE} throughout, so that there is cytoplasm")
        if not 0.0 < self.clumps.lowest() <= self.clumps.highest() <= 0.5:
            raise ValueError("clumps must lie between 0 and 0.5 throughout: it is a part of the chromatin")
        return self

    @property
    def envelope_nm(self) -> float:
        """Thickness of both membranes and the space between."""
        return 2.0 * self.membrane_nm + self.space_nm

    def depth_nm(self, half_width_nm: float) -> float:
        """Return up to which distance from the membrane of its soma a nucleus is shaped by it."""
        return half_width_nm + self.clearance_nm + self.envelope_nm + self.rim_nm


class Ovoids(NamedTuple):
    """The nuclei that touch a window.

    ``owners`` (n,) count into the neurites; ``frames`` (n, 3, 3) are the directions of their ``axes`` (n, 3),
    the first along the soma; ``waves`` (n, 2, 4) and ``peaks`` (n,) their lobes; ``nucleoli`` (n, 4) place
    and radius, 0 without; ``thresholds`` (n,) what of the field is dense.
    """

    centres_nm: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint64]
    frames: npt.NDArray[np.float64]
    axes: npt.NDArray[np.float64]
    waves: npt.NDArray[np.float64]
    peaks: npt.NDArray[np.float64]
    nucleoli: npt.NDArray[np.float64]
    thresholds: npt.NDArray[np.float64]
    missing: int = 0

    @property
    def radii_nm(self) -> npt.NDArray[np.float64]:
        """Of a ball around each nucleus and its band, (n,)."""
        return np.asarray(self.axes.max(1, initial=0.0) + WAVES * self.peaks + BAND_NM)


@compiled
def _draw(cells, p, out, i):  # type: ignore[no-untyped-def]
    """Write the i-th nucleus but for its threshold; its peak is NaN where its soma's middle is not known."""
    nodes, j, key, peaks = cells.nodes_nm, out.owners[i], out.keys[i], out.peaks
    at = cells.counts[j] // 2
    middle, frame, axes, nucleolus = out.centres_nm[i], out.frames[i], out.axes[i], out.nucleoli[i]
    full = np.empty((4, 3))
    if np.isnan(axis_frame(nodes, j, float(at), key, full)) or np.isnan(nodes[j, at - 1, 3]):
        peaks[i] = np.nan
        return
    middle[:], frame[0], frame[1], frame[2] = full[0], full[3], full[1], full[2]
    thick = min(nodes[j, at, 3], nodes[j, at - 1, 3], nodes[j, at + 1, 3])
    part = draw(p.share, uniform(key, 0), normal(key, 1))
    peak = draw_waves(mix(key, 2), p.lobe_nm, p.lobe_length_nm, out.waves[i])
    # a soma bends, so that not all of its length can be used
    axes[0] = part * (thick + 0.8 * at * cells.steps_nm[j]) - peak
    axes[1] = part * thick - peak
    axes[2] = axes[1] * (0.85 + 0.15 * uniform(key, 3))
    peaks[i], nucleolus[3] = peak, 0.0
    if uniform(key, 4) < p.nucleolus_chance:
        wide = draw(p.nucleolus_radius_nm, uniform(key, 5), normal(key, 6))
        nucleolus[3] = min(wide, 0.45 * axes[2])
        away = 0.8 * (axes[2] - 1.5 * nucleolus[3]) * np.cbrt(uniform(key, 7))
        turn, up = 6.2831853 * uniform(key, 8), 2.0 * uniform(key, 9) - 1.0
        flat = np.sqrt(1.0 - up * up)
        for c in range(3):
            way = up * frame[0, c] + flat * (np.cos(turn) * frame[1, c] + np.sin(turn) * frame[2, c])
            nucleolus[c] = middle[c] + away * way


def reach_nm(params: Nuclei, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that can dent a nucleus in it."""
    return 1.6 * params.depth_nm(40.0) + rim_nm


def known(seed: int, cells: Neurites, params: Nuclei) -> Ovoids:
    """Draw the nuclei of all somata whose middle is known; every soma has one, so that none is missing."""
    salt = stream_key(seed, "nucleus")
    somata = np.flatnonzero(cells.kinds == SOMA).astype(np.int32)
    n, keys = len(somata), np.array([mix(cells.keys[j], salt) for j in somata], np.uint64)
    clumps = [draw(params.clumps.row(), uniform(key, 20), normal(key, 21)) for key in keys]
    drawn = Ovoids(
        centres_nm=np.zeros((n, 3)),
        owners=somata,
        ids=np.array([object_id(key) for key in keys], np.int32),
        keys=keys,
        frames=np.empty((n, 3, 3)),
        axes=np.empty((n, 3)),
        waves=np.empty((n, WAVES, 4)),
        peaks=np.empty(n),
        nucleoli=np.zeros((n, 4)),
        thresholds=-ndtri(clumps),
    )
    for i in range(n):
        _draw(cells.axes, params.row(), drawn, i)
    return rows(drawn, ~np.isnan(drawn.peaks))


def cores(seed: int, cells: Neurites, params: Nuclei) -> Cores:
    """Return what the nuclei of all somata whose middle is known take up, lobes included."""
    drawn = known(seed, cells, params)
    lobes = WAVES * drawn.peaks[:, None]
    return Cores(drawn.owners, drawn.centres_nm, drawn.frames, drawn.axes + lobes)


def place(tissue: Tissue, params: Nuclei, placed: dict[str, object]) -> Ovoids:
    """Draw the nuclei that touch a window."""
    drawn = known(tissue.seed, tissue.neurites, params)
    low, high = tissue.window.box_nm
    gaps = np.maximum(0.0, np.maximum(low - drawn.centres_nm, drawn.centres_nm - high))
    return rows(drawn, (gaps**2).sum(1) <= drawn.radii_nm**2)


@compiled
def _surface(e, frame, axes, waves, peak, u):  # type: ignore[no-untyped-def]
    """Return the distance, to first order, to the surface of an ovoid with lobes, at ``e`` from its middle.

    Written is ``u``, the place in its own frame in parts of its axes.
    """
    q2 = steep2 = 0.0
    for c in range(3):
        u[c] = (e[0] * frame[c, 0] + e[1] * frame[c, 1] + e[2] * frame[c, 2]) / axes[c]
        q2 += u[c] * u[c]
        steep2 += (u[c] / axes[c]) ** 2
    q, steep = np.sqrt(q2), np.sqrt(steep2)
    if q < 0.1:
        return -0.9 * axes[2]
    d = (q - 1.0) * q / steep
    slope = 0.0
    for c in range(3):
        n = 0.0
        for k in range(3):
            n += u[k] / axes[k] * frame[k, c] / steep
        for w in range(WAVES):
            cycles = waves[w, 0] * e[0] + waves[w, 1] * e[1] + waves[w, 2] * e[2] + waves[w, 3]
            n += peak * wave_slope(cycles) * waves[w, c]
        slope += n * n
    for w in range(WAVES):
        d += peak * wave(waves[w, 0] * e[0] + waves[w, 1] * e[1] + waves[w, 2] * e[2] + waves[w, 3])
    return d / max(0.3, np.sqrt(slope))


@compiled
def _chromatin(inside, to_pore, to_nucleolus, field, threshold, rim, spacing):  # type: ignore[no-untyped-def]
    """Return the distance to dense chromatin, negative in it, at some depth ``inside`` of the envelope."""
    least = threshold
    if inside < rim:
        least -= (threshold + _COVERED) * (1.0 - inside / rim)
    if to_nucleolus < spacing:
        least -= 0.8 * threshold * (1.0 - to_nucleolus / spacing)
    d = _RISE * spacing * (least - field)
    if inside < rim:
        d = max(d, CHANNEL_NM * (1.0 - inside / rim) - to_pore)
    return d


@compiled
def _build(i, ovoids, p, thickness, gap, asked, tissue, partition, field, layer):  # type: ignore[no-untyped-def]
    index, depth, rim, nucleoli = partition.index, partition.depth_nm, p.rim_nm, ovoids.nucleoli
    owner, middle, peak, key = ovoids.owners[i], ovoids.centres_nm[i], ovoids.peaks[i], ovoids.keys[i]
    out_id, out_d, out_detail = layer.ids, layer.distance_nm, layer.detail_nm
    nz, ny, nx = index.shape
    e, u, side = np.empty(3), np.empty(3), 0
    frame, own_axes, own_waves = ovoids.frames[i], ovoids.axes[i], ovoids.waves[i]
    if p.pores_per_um2 > 0.0:
        side = cells_a_side(own_axes, p.pores_per_um2)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if index[z, y, x] != owner:
                    continue
                for c in range(3):
                    e[c] = tissue[c, z, y, x] - middle[c]
                d = _surface(e, frame, own_axes, own_waves, peak, u)
                if depth[z, y, x] < asked:
                    d = max(d, gap - depth[z, y, x])
                if d >= BAND_NM:
                    continue
                out_id[z, y, x], out_d[z, y, x] = ovoids.ids[i], d
                inside = -d - thickness
                to_pore = 1e4
                if inside < rim and d < 0.0:
                    to_pore = pore(key, u, own_axes, side, p.pore_radius_nm)
                if inside <= 0.0:
                    out_detail[z, y, x] = to_pore
                    continue
                within = 1e4
                if nucleoli[i, 3] > 0.0:
                    away = 0.0
                    for c in range(3):
                        away += (tissue[c, z, y, x] - nucleoli[i, c]) ** 2
                    # as uneven as the clumps around it
                    within = np.sqrt(away) - nucleoli[i, 3] * (1.0 + 0.1 * field[z, y, x])
                if within < 0.0:
                    out_detail[z, y, x] = within - NUCLEOLUS_NM
                else:
                    out_detail[z, y, x] = _chromatin(
                        inside, to_pore, within, field[z, y, x], ovoids.thresholds[i], rim, p.clump_nm
                    )


def depths(objects: Ovoids, tissue: Tissue, params: Nuclei) -> Depths:
    """Return the somata around each nucleus: there their membrane may press on it."""
    deep = params.depth_nm(tissue.membranes.half_width_nm)
    return Depths(objects.owners, objects.centres_nm, objects.radii_nm, np.full(len(objects.owners), deep))


def build(objects: Ovoids, tissue: Tissue, partition: Partition, params: Nuclei) -> Layer:
    """Return nuclei on the window's voxels; the distance is to the outer face of the envelope.

    Within the envelope the detail is the distance to the wall of a pore, negative in the pore; farther in, to
    dense chromatin, negative in it; in a nucleolus, the distance to its surface less ``NUCLEOLUS_NM``.
    """
    grid = tissue.window.grid
    layer = empty_layer(grid.shape, detail=True)
    if not np.isin(objects.owners, partition.index).any():
        return layer
    broad = smooth_noise(stream_key(tissue.seed, "nucleus/clumps"), params.clump_nm, grid)
    fine = smooth_noise(stream_key(tissue.seed, "nucleus/fine"), _FINE * params.clump_nm, grid)
    field = (broad + _FINE_PART * fine) / np.float32(np.hypot(1.0, _FINE_PART))
    half = tissue.membranes.half_width_nm
    for i in range(len(objects.owners)):
        _build(
            i, objects, params.row(), params.envelope_nm, half + params.clearance_nm, params.depth_nm(half),
            tissue.window.tissue_nm, partition, field, layer,
        )  # fmt: skip
    return layer
