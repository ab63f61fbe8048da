"""T-bars: the presynaptic densities of insects, a pedestal on the bouton's membrane that bears a platform.

The pedestal stands on the middle of a polyadic contact; the platform is an oblong plate with round edges,
parallel to the membrane. Both lie in the bouton alone, and vesicles keep clear of them.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, object_id, stream_key, uniform
from shapes.core.table import rows
from shapes.core.touched import around, room_for, slabs, voxels
from shapes.mitochondria.rods import POINTS, ROW
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition
from shapes.synapses.apposition import across
from shapes.synapses.contacts import Contacts

_BAND_NM = 16.0
HIGHEST_NM, LONGEST_NM = 100.0, 260.0
"""No T-bar is higher, and no platform longer, so that ``contacts.BESIDE_NM`` covers it."""
_FOOT = 0.4  # how much wider the pedestal is at its foot


class TBars(Block):
    """How likely a synapse is to have a T-bar, and its size.

    ``height_nm`` counts from the inner face of the membrane to the top of the platform, which is
    ``platform_nm`` long, ``breadth`` times as broad and ``thickness_nm`` thick; ``pedestal_nm`` is the
    pedestal's diameter. Figures: pedestal about 50 nm high, platform 100–200 nm long and about half as broad
    (Meinertzhagen & O'Neil 1991; Fröhlich 1985; Wichmann & Sigrist 2010).
    """

    chance: float = Field(default=0.95, ge=0, le=1)
    height_nm: Spread = Spread(mean=58, std=6)
    platform_nm: Spread = Spread(mean=150, std=24)
    breadth: float = Field(default=0.55, gt=0.2, le=1)
    thickness_nm: float = Field(default=18.0, ge=4, le=40)
    pedestal_nm: float = Field(default=34.0, ge=8, le=80)


class Bars(NamedTuple):
    """T-bars that may touch a window, or its vesicles.

    ``feet_nm`` (n, 3) is where a pedestal stands, on the inner face of the membrane; ``axes`` (n, 3, 3) the
    directions inwards, along the platform and across it; ``sizes_nm`` (n, 3) height, and half the length and
    breadth of the platform; ``owners`` (n,) the neurites. ``rods`` (2 n, 10, 4) are what vesicles keep off:
    each platform's rim, then each pedestal.
    """

    feet_nm: npt.NDArray[np.float64]
    axes: npt.NDArray[np.float64]
    sizes_nm: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    rods: npt.NDArray[np.float64]
    missing: int = 0

    @classmethod
    def blank(cls, n: int) -> "Bars":
        """Return room for ``n`` to be drawn into."""
        return cls(
            feet_nm=np.empty((n, 3)),
            axes=np.empty((n, 3, 3)),
            sizes_nm=np.empty((n, 3)),
            owners=np.empty(n, np.int32),
            ids=np.empty(n, np.int32),
            rods=np.zeros((2 * n, ROW, 4)),
        )

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Feet of the pedestals, (n, 3)."""
        return self.feet_nm


@compiled
def _draw(salt, contacts, half, p, out):  # type: ignore[no-untyped-def]
    """Write the T-bars of some contacts; returns how many."""
    middles, normals, thick = contacts.middles_nm, contacts.normals, p.thickness_nm
    feet, axes, sizes, rods = out.feet_nm, out.axes, out.sizes_nm, out.rods
    n = 0
    for s in range(contacts.ids.shape[0]):
        key = mix(salt, np.uint64(contacts.ids[s]))
        if uniform(key, 0) >= p.chance:
            continue
        for c in range(3):
            axes[n, 0, c] = -normals[s, c]
            feet[n, c] = middles[s, c] - half * normals[s, c]
        across(mix(key, 1), axes[n, 0], axes[n, 1], axes[n, 2])
        sizes[n, 0] = min(HIGHEST_NM, max(2.0 * thick, draw(p.height_nm, uniform(key, 1), normal(key, 2))))
        sizes[n, 1] = 0.5 * min(
            LONGEST_NM, max(2.0 * thick, draw(p.platform_nm, uniform(key, 3), normal(key, 4)))
        )
        sizes[n, 2] = max(0.5 * thick, p.breadth * sizes[n, 1])
        out.owners[n], out.ids[n] = contacts.boutons[s, 0], object_id(key)
        for i in range(POINTS):
            # once around the platform, and up the pedestal
            long = (sizes[n, 1] - 0.5 * thick) * (1.0 if i in (1, 2) else -1.0)
            broad = (sizes[n, 2] - 0.5 * thick) * (1.0 if i in (2, 3) else -1.0)
            for c in range(3):
                rods[2 * n, i, c] = (
                    feet[n, c]
                    + (sizes[n, 0] - 0.5 * thick) * axes[n, 0, c]
                    + long * axes[n, 1, c]
                    + broad * axes[n, 2, c]
                )
                rods[2 * n + 1, i, c] = feet[n, c] + sizes[n, 0] * i / POINTS * axes[n, 0, c]
            rods[2 * n, i, 3], rods[2 * n + 1, i, 3] = 0.5 * thick, 0.5 * p.pedestal_nm
        n += 1
    return n


def reach_nm(params: TBars, kind: int, rim_nm: float) -> float:
    """Return 0: the contacts that T-bars stand on have looked around already."""
    return 0.0


def place(tissue: Tissue, params: TBars, placed: dict[str, object]) -> Bars:
    """Set a T-bar on the contacts that a window may show."""
    contacts = placed.get("psd")
    n = len(contacts.ids) if isinstance(contacts, Contacts) else 0
    out = Bars.blank(n)
    if isinstance(contacts, Contacts):
        half = tissue.membranes.half_width_nm
        n = _draw(stream_key(tissue.seed, "t_bar"), contacts, half, params.row(), out)
    return rows(out, slice(n))._replace(rods=out.rods[: 2 * n])


@compiled
def bar_distance(axes, sizes, thick, pedestal, b, ez, ey, ex):  # type: ignore[no-untyped-def]
    """Return the distance to T-bar ``b`` from a place (z, y, x) that counts from its foot."""
    up = ez * axes[b, 0, 0] + ey * axes[b, 0, 1] + ex * axes[b, 0, 2]
    u = ez * axes[b, 1, 0] + ey * axes[b, 1, 1] + ex * axes[b, 1, 2]
    v = ez * axes[b, 2, 0] + ey * axes[b, 2, 1] + ex * axes[b, 2, 2]
    r = 0.5 * thick
    du, dv, dw = max(0.0, abs(u) - sizes[b, 1] + r), max(0.0, abs(v) - sizes[b, 2] + r), up - sizes[b, 0] + r
    platform = np.sqrt(du * du + dv * dv + dw * dw) - r
    # the foot goes on through the membrane, so that no gap is left where that curves away
    rest = min(1.0, max(0.0, 1.0 - up / sizes[b, 0]))
    stem = np.sqrt(u * u + v * v) - 0.5 * pedestal * (1.0 + _FOOT * rest * rest)
    return min(platform, max(stem, up - sizes[b, 0] + r, -up - 0.5 * sizes[b, 0]))


@compiled
def _build(bars, p, tiles, tissue, partition, layer):  # type: ignore[no-untyped-def]
    feet, axes, sizes, owners, ids = bars.feet_nm, bars.axes, bars.sizes_nm, bars.owners, bars.ids
    thick, pedestal, index, out_d = p.thickness_nm, p.pedestal_nm, partition.index, layer.distance_nm
    bounds, boxes = slabs(tiles), room_for(tiles)
    for b in range(ids.shape[0]):
        wide = np.sqrt(sizes[b, 0] ** 2 + sizes[b, 1] ** 2 + sizes[b, 2] ** 2) + 0.5 * pedestal + _BAND_NM
        for m in range(around(tiles, bounds, feet[b], wide, boxes)):
            z0, z1, y0, y1, x0, x1 = voxels(boxes, m)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        if index[z, y, x] != owners[b]:
                            continue
                        ez, ey, ex = (
                            tissue[0, z, y, x] - feet[b, 0],
                            tissue[1, z, y, x] - feet[b, 1],
                            tissue[2, z, y, x] - feet[b, 2],
                        )
                        d = bar_distance(axes, sizes, thick, pedestal, b, ez, ey, ex)
                        if d < _BAND_NM and d < out_d[z, y, x]:
                            out_d[z, y, x] = d
                            layer.ids[z, y, x] = ids[b]


def depths(objects: Bars, tissue: Tissue, params: TBars) -> Depths:
    """Return none: a T-bar is drawn from its own foot."""
    return Depths.nowhere()


def build(objects: Bars, tissue: Tissue, partition: Partition, params: TBars) -> Layer:
    """Return T-bars on the window's voxels: the distance to the surface, in the bouton alone."""
    window = tissue.window
    layer = empty_layer(window.grid.shape)
    _build(objects, params.row(), window.tiles, window.tissue_nm, partition, layer)
    return layer
