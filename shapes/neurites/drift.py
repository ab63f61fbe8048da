"""The drift: a slow displacement that all neurites share, so that the lines of their lattice wander.

Neurites keep clear of each other on their lattice, where lines are straight; the drift turns the lattice into
tissue, so that lines bend, and neighbours bend together. It is the curl of a smooth random potential, so that
tissue is bent but, to first order, nowhere denser than elsewhere.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shapes.core.compiled import compiled, inlined
from shapes.core.fields import spline_weights
from shapes.core.frozen import Frozen
from shapes.core.streams import cell_key, stream_key, uniform

_EVEN = 3.0**0.5  # half the width of a uniform draw of standard deviation one
_FINER = 4  # points of the drift to a wavelength, between which it runs straight
_ROUNDS, _WITHIN_NM = 60, 0.5
_SAMPLE_NM = 700.0


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

    They are ``spacing`` nm apart, the first has the index ``first`` in the world. Between its points it runs
    straight, so that a place costs little.
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
    z, y, x = (_taps(first[axis], last[axis] - first[axis] + 1, coarse[axis]) for axis in range(3))
    values = np.empty((*(last - first + 1), 3))
    plane = [np.ascontiguousarray(potential[..., axis]) for axis in range(3)]
    values[..., 0] = _blend(plane[2], z.value, y.slope, x.value) - _blend(plane[1], z.value, y.value, x.slope)
    values[..., 1] = _blend(plane[0], z.value, y.value, x.slope) - _blend(plane[2], z.slope, y.value, x.value)
    values[..., 2] = _blend(plane[1], z.slope, y.value, x.value) - _blend(plane[0], z.value, y.slope, x.value)
    return DriftField(values, first, fine)


class _Taps(NamedTuple):
    """What a B-spline and its slope take at finer points: index of the first value, four weights; (n, 5)."""

    value: npt.NDArray[np.float64]
    slope: npt.NDArray[np.float64]


def _taps(first: int, count: int, coarse: int) -> _Taps:
    value, slope = np.empty((count, 5)), np.empty((count, 5))
    for n in range(count):
        cell, part = divmod(int(first) + n, _FINER)
        value[n, 0] = slope[n, 0] = cell - 1 - int(coarse)
        value[n, 1:], slope[n, 1:] = spline_weights(part / _FINER), _slopes(part / _FINER)
    return _Taps(value, slope)


@compiled
def _along(values, taps, out):  # type: ignore[no-untyped-def]
    """Contract the middle axis: values (a, lattice, b) become out (a, n, b), always summed in one order."""
    for i in range(values.shape[0]):
        for j in range(taps.shape[0]):
            k, w0, w1, w2, w3 = int(taps[j, 0]), taps[j, 1], taps[j, 2], taps[j, 3], taps[j, 4]
            for m in range(values.shape[2]):
                out[i, j, m] = (
                    w0 * values[i, k, m]
                    + w1 * values[i, k + 1, m]
                    + w2 * values[i, k + 2, m]
                    + w3 * values[i, k + 3, m]
                )


def _blend(
    values: npt.NDArray[np.float64],
    z: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    x: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return a spline, or its slope, at all points of the finer lattice."""
    for axis, taps in ((2, x), (1, y), (0, z)):
        shape = values.shape
        before, after = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
        out = np.empty((before, len(taps), after))
        _along(values.reshape(before, shape[axis], after), taps, out)
        values = out.reshape(*shape[:axis], len(taps), *shape[axis + 1 :])
    return values


def farthest_nm(drift: Drift) -> float:
    """Return by how much a point can be displaced at most along an axis."""
    return 2.0 * _EVEN * drift.slope * drift.wavelength_nm


@inlined
def into_tissue(field, q, out):  # type: ignore[no-untyped-def]
    """Write where a point of the lattice lies in tissue space."""
    values, first, spacing = field
    z, y, x = q[0] / spacing, q[1] / spacing, q[2] / spacing
    # beyond the field its rim serves: points there are only asked whether they are far away
    iz = min(max(int(np.floor(z)), first[0]), first[0] + values.shape[0] - 2)
    iy = min(max(int(np.floor(y)), first[1]), first[1] + values.shape[1] - 2)
    ix = min(max(int(np.floor(x)), first[2]), first[2] + values.shape[2] - 2)
    tz, ty, tx = z - iz, y - iy, x - ix
    iz, iy, ix = iz - first[0], iy - first[1], ix - first[2]
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
