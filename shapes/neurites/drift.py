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
_FINER = 4  # points of the drift to a wavelength, between which it runs straight
_ROUNDS, _WITHIN_NM = 60, 0.5
_SAMPLE_NM = 700.0
_Weights = npt.NDArray[np.float64]


@compiled
def _slopes(t):  # type: ignore[no-untyped-def]
    """Return how fast the four weights of a cubic B-spline change, per lattice step."""
    r = 1.0 - t
    return -0.5 * r * r, 1.5 * t * t - 2.0 * t, -1.5 * r * r + 2.0 * r, 0.5 * t * t


class Drift(Frozen):
    """How much neurites bend together: by about ``slope`` radians, over about ``wavelength_nm``."""

    slope: float = Field(default=0.3, ge=0, le=0.4)
    wavelength_nm: float = Field(default=4000.0, ge=1000)


class DriftField(NamedTuple):
    """The drift around a box: displacements (z, y, x, 3) in nm on a lattice of points.

    They are ``spacing`` nm apart, the first has the index ``first`` in the world. Between its points it runs straight, so that a place costs little.
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
    """Return the drift of the world of ``seed`` for lattice places (z, y, x) from ``low`` to ``high`` nm."""
    fine = drift.wavelength_nm / _FINER
    first = np.floor(low / fine).astype(np.int64)
    last = np.floor(high / fine).astype(np.int64) + 1
    coarse = first // _FINER - 1
    potential = np.empty((*(last // _FINER + 2 - coarse + 1), 3))
    _fill(stream_key(seed, "drift"), coarse, _EVEN * drift.slope * drift.wavelength_nm, potential)
    ends = [
        _finer(first[axis], last[axis] - first[axis] + 1, coarse[axis], potential.shape[axis])
        for axis in range(3)
    ]
    (z, dz), (y, dy), (x, dx) = ends

    def along(pz: _Weights, py: _Weights, px: _Weights, component: int) -> npt.NDArray[np.float64]:
        part: npt.NDArray[np.float64] = np.einsum("ai,ijk->ajk", pz, potential[..., component])
        return np.asarray(np.matmul(np.matmul(py, part), px.T))

    curl = (
        along(z, dy, x, 2) - along(z, y, dx, 1),
        along(z, y, dx, 0) - along(dz, y, x, 2),
        along(dz, y, x, 1) - along(z, dy, x, 0),
    )
    return DriftField(np.ascontiguousarray(np.stack(curl, -1)), first, fine)


def _finer(first: int, count: int, coarse: int, lattice: int) -> tuple[_Weights, _Weights]:
    """Return the weights (count, lattice) of a B-spline, and of its slope, at points of the finer lattice."""
    value, slope = np.zeros((count, lattice)), np.zeros((count, lattice))
    for n in range(count):
        cell, part = divmod(int(first) + n, _FINER)
        at, t = cell - 1 - int(coarse), part / _FINER
        value[n, at : at + 4], slope[n, at : at + 4] = spline_weights(t), _slopes(t)
    return value, slope


def farthest_nm(drift: Drift) -> float:
    """Return by how much a point can be displaced at most along an axis."""
    return 2.0 * _EVEN * drift.slope * drift.wavelength_nm


@compiled
def into_tissue(field, q, out):  # type: ignore[no-untyped-def]
    """Write where a point of the lattice lies in tissue space."""
    values, first, spacing = field
    z, y, x = q[0] / spacing - first[0], q[1] / spacing - first[1], q[2] / spacing - first[2]
    # beyond the field its rim serves: points there are only asked whether they are far away
    iz = min(max(int(np.floor(z)), 0), values.shape[0] - 2)
    iy = min(max(int(np.floor(y)), 0), values.shape[1] - 2)
    ix = min(max(int(np.floor(x)), 0), values.shape[2] - 2)
    tz, ty, tx = z - iz, y - iy, x - ix
    for c in range(3):
        a = values[iz, iy, ix, c] + tx * (values[iz, iy, ix + 1, c] - values[iz, iy, ix, c])
        b = values[iz, iy + 1, ix, c] + tx * (values[iz, iy + 1, ix + 1, c] - values[iz, iy + 1, ix, c])
        a += ty * (b - a)
        d = values[iz + 1, iy, ix, c] + tx * (values[iz + 1, iy, ix + 1, c] - values[iz + 1, iy, ix, c])
        b = values[iz + 1, iy + 1, ix, c]
        b += tx * (values[iz + 1, iy + 1, ix + 1, c] - values[iz + 1, iy + 1, ix, c])
        d += ty * (b - d)
        out[c] = q[c] + a + tz * (d - a)


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
