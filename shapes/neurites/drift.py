"""The drift: a slow displacement that all neurites share, so that the lines of their lattice wander.

Neurites keep clear of each other on their lattice, where lines are straight; the drift turns the lattice into
tissue, so that lines bend, and neighbours bend together. It is the curl of a smooth random potential, so that
tissue is bent but, to first order, nowhere denser than elsewhere.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shapes.core.compiled import compiled
from shapes.core.fields import spline_weights
from shapes.core.frozen import Frozen
from shapes.core.streams import cell_key, stream_key, uniform

_EVEN = 3.0**0.5  # half the width of a uniform draw of standard deviation one
_ROUNDS, _WITHIN_NM = 60, 0.5
_SAMPLE_NM = 700.0


class Drift(Frozen):
    """How much neurites bend together: by about ``slope`` radians, over about ``wavelength_nm``."""

    slope: float = Field(default=0.3, ge=0, le=0.4)
    wavelength_nm: float = Field(default=4000.0, ge=1000)


class DriftField(NamedTuple):
    """The drift around a box: its potential (z, y, x, 3) on a lattice of ``spacing`` nm, from index ``first``.

    The potential is in nm: its curl is taken per step of that lattice.
    """

    values: npt.NDArray[np.float64]
    first: npt.NDArray[np.int64]
    spacing: float


@compiled
def _fill(key, first, high, values):  # type: ignore[no-untyped-def]
    for z in range(values.shape[0]):
        for y in range(values.shape[1]):
            for x in range(values.shape[2]):
                here = cell_key(key, first[0] + z, first[1] + y, first[2] + x)
                for c in range(3):
                    values[z, y, x, c] = high * (2.0 * uniform(here, c) - 1.0)


def drift_field(
    seed: int, drift: Drift, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> DriftField:
    """Return the drift of the world of ``seed`` for lattice points (z, y, x) from ``low`` to ``high``, in nm."""
    spacing = drift.wavelength_nm
    first = np.floor(low / spacing).astype(np.int64) - 1
    last = np.floor(high / spacing).astype(np.int64) + 2
    values = np.empty((*(last - first + 1), 3))
    _fill(stream_key(seed, "drift"), first, _EVEN * drift.slope * spacing, values)
    return DriftField(values, first, spacing)


def farthest_nm(drift: Drift) -> float:
    """Return by how much a point can be displaced at most along an axis."""
    return 2.0 * _EVEN * drift.slope * drift.wavelength_nm


@compiled
def _slopes(t):  # type: ignore[no-untyped-def]
    """Return how fast the four weights of a cubic B-spline change, per lattice step."""
    r = 1.0 - t
    return -0.5 * r * r, 1.5 * t * t - 2.0 * t, -1.5 * r * r + 2.0 * r, 0.5 * t * t


@compiled
def into_tissue(field, q, out):  # type: ignore[no-untyped-def]
    """Write where a point of the lattice lies in tissue space."""
    values, first, spacing = field
    z, y, x = q[0] / spacing, q[1] / spacing, q[2] / spacing
    iz, iy, ix = int(np.floor(z)), int(np.floor(y)), int(np.floor(x))
    wz, wy, wx = spline_weights(z - iz), spline_weights(y - iy), spline_weights(x - ix)
    sz, sy, sx = _slopes(z - iz), _slopes(y - iy), _slopes(x - ix)
    # beyond the field its rim serves: points there are only asked whether they are far away
    iz = min(max(iz - 1 - first[0], 0), values.shape[0] - 4)
    iy = min(max(iy - 1 - first[1], 0), values.shape[1] - 4)
    ix = min(max(ix - 1 - first[2], 0), values.shape[2] - 4)
    dz = dy = dx = 0.0
    for i in range(4):
        for j in range(4):
            az = ay = ax = by = bz = 0.0
            for k in range(4):
                pz, py, px = (
                    values[iz + i, iy + j, ix + k, 0],
                    values[iz + i, iy + j, ix + k, 1],
                    values[iz + i, iy + j, ix + k, 2],
                )
                az += wx[k] * pz
                ay += wx[k] * py
                ax += wx[k] * px
                bz += sx[k] * pz
                by += sx[k] * py
            dz += wz[i] * (sy[j] * ax - wy[j] * by)
            dy += wz[i] * wy[j] * bz - sz[i] * wy[j] * ax
            dx += sz[i] * wy[j] * ay - wz[i] * sy[j] * az
    out[0], out[1], out[2] = q[0] + dz, q[1] + dy, q[2] + dx


@compiled
def _onto_lattice(field, p, q, at):  # type: ignore[no-untyped-def]
    """Write which point of the lattice lies at ``p`` in tissue space, to half a nanometre or so."""
    q[:] = p
    for _ in range(_ROUNDS):
        into_tissue(field, q, at)
        off = 0.0
        for c in range(3):
            step = p[c] - at[c]
            # half steps also close in where the drift is steep
            q[c] += 0.7 * step
            off = max(off, abs(step))
        if off < _WITHIN_NM:
            return


@compiled
def lattice_box(field, low, high):  # type: ignore[no-untyped-def]
    """Return the box of the lattice, (2, 3) in nm, of which tissue from ``low`` to ``high`` is made."""
    counts, p, q, at = np.empty(3, np.int64), np.empty(3), np.empty(3), np.empty(3)
    out, slack = np.empty((2, 3)), 0.0
    out[0], out[1] = np.inf, -np.inf
    for c in range(3):
        counts[c] = max(1, int(np.ceil((high[c] - low[c]) / _SAMPLE_NM)))
        slack = max(slack, 0.5 * (high[c] - low[c]) / counts[c])
    for i in range(counts[0] + 1):
        for j in range(counts[1] + 1):
            for k in range(counts[2] + 1):
                if 0 < i < counts[0] and 0 < j < counts[1] and 0 < k < counts[2]:
                    continue  # the rim of a box holds the extremes
                p[0] = low[0] + (high[0] - low[0]) * i / counts[0]
                p[1] = low[1] + (high[1] - low[1]) * j / counts[1]
                p[2] = low[2] + (high[2] - low[2]) * k / counts[2]
                _onto_lattice(field, p, q, at)
                for c in range(3):
                    out[0, c], out[1, c] = min(out[0, c], q[c]), max(out[1, c], q[c])
    for c in range(3):
        out[0, c] -= slack * 0.5
        out[1, c] += slack * 0.5
    return out
