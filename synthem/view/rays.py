"""Kernels that follow rays through a volume of objects: what each meets first, what clear ones let pass.

An object's surface is where a cubic B-spline of its own voxels falls to a half: smooth, of any voxel size,
and with a crease between two objects that touch. Objects thinner than a voxel along two axes have none.
"""

import math

import numpy as np

from shapes.core.compiled import compiled

_STEP_VX = 0.5
_BISECTIONS = 6
_REACH_VX, _SIGMA_VX = 4, 1.6  # what a normal is taken from
_FAINT, _RIM = 0.1, 0.75  # opacity of a clear surface seen face on, and from the side


@compiled
def plain(ids):  # type: ignore[no-untyped-def]
    """Tell from where to the next voxel the spline meets nothing, or one object alone."""
    nz, ny, nx = ids.shape
    out = np.zeros(ids.shape, np.bool_)
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                # the eight voxels around hold more than half of the weight wherever something does
                some = 0
                for c in range(8):
                    some |= ids[min(k + c // 4, nz - 1), min(j + c // 2 % 2, ny - 1), min(i + c % 2, nx - 1)]
                alike = some == 0
                if some != 0 and 0 < k < nz - 2 and 0 < j < ny - 2 and 0 < i < nx - 2:
                    alike = True
                    for c in range(64):
                        there = ids[k - 1 + c // 16, j - 1 + c // 4 % 4, i - 1 + c % 4]
                        alike = alike and there == ids[k, j, i]
                out[k, j, i] = alike
    return out


@compiled
def _spline(t, w):  # type: ignore[no-untyped-def]
    """Write the four weights of a cubic B-spline at a fraction ``t`` of a voxel."""
    s = 1.0 - t
    w[0] = s * s * s / 6.0
    w[1] = 2.0 / 3.0 - t * t + t * t * t / 2.0
    w[2] = 2.0 / 3.0 - s * s + s * s * s / 2.0
    w[3] = t * t * t / 6.0


@compiled
def _look(ids, room, z, y, x, w):  # type: ignore[no-untyped-def]
    """Return the object at a point in voxels, or 0, and how many voxels on it stays so."""
    nz, ny, nx = ids.shape
    k, j, i = math.floor(z), math.floor(y), math.floor(x)
    k, j, i = min(max(k, 0), nz - 1), min(max(j, 0), ny - 1), min(max(i, 0), nx - 1)
    leap = room[k, j, i]
    return (ids[k, j, i], leap - 1) if leap else (_inside(ids, z, y, x, w), 0)


@compiled
def _inside(ids, z, y, x, w):  # type: ignore[no-untyped-def]
    """Return the id that holds more than half of the spline's weight at a point in voxels, or 0."""
    nz, ny, nx = ids.shape
    iz, iy, ix = math.floor(z), math.floor(y), math.floor(x)
    _spline(z - iz, w[0])
    _spline(y - iy, w[1])
    _spline(x - ix, w[2])
    best, lead = 0, 0.0
    # whoever holds more than half of the votes leads at the end of the first pass
    for turn in range(2):
        if turn:
            lead = 0.0
        for a in range(4):
            k = iz - 1 + a
            for b in range(4):
                j = iy - 1 + b
                wzy = w[0, a] * w[1, b]
                for c in range(4):
                    i = ix - 1 + c
                    there = 0 <= k < nz and 0 <= j < ny and 0 <= i < nx
                    name = ids[k, j, i] if there else 0
                    weight = wzy * w[2, c]
                    if turn:
                        lead += weight if name == best else 0.0
                    elif name == best:
                        lead += weight
                    elif lead >= weight:
                        lead -= weight
                    else:
                        best, lead = name, weight - lead
    return best if lead > 0.5 else 0


@compiled
def _normal(ids, name, z, y, x, voxel, bell, out):  # type: ignore[no-untyped-def]
    """Write the outward normal in nm of an object at a point in voxels; ``bell`` is room for weights."""
    nz, ny, nx = ids.shape
    iz, iy, ix = round(z), round(y), round(x)
    for c, off in enumerate((iz - z, iy - y, ix - x)):
        for d in range(-_REACH_VX, _REACH_VX + 1):
            bell[c, d + _REACH_VX] = math.exp(-0.5 * ((d + off) / _SIGMA_VX) ** 2)
    out[0] = out[1] = out[2] = 0.0
    for k in range(max(iz - _REACH_VX, 0), min(iz + _REACH_VX + 1, nz)):
        for j in range(max(iy - _REACH_VX, 0), min(iy + _REACH_VX + 1, ny)):
            # a row's weight, and its first moment along x
            total, moment = 0.0, 0.0
            for i in range(max(ix - _REACH_VX, 0), min(ix + _REACH_VX + 1, nx)):
                weight = bell[2, i - ix + _REACH_VX] if ids[k, j, i] == name else 0.0
                total += weight
                moment += weight * (i - x)
            plane = bell[0, k - iz + _REACH_VX] * bell[1, j - iy + _REACH_VX]
            out[0] -= plane * total * (k - z)
            out[1] -= plane * total * (j - y)
            out[2] -= plane * moment
    out /= voxel
    length = math.sqrt(out[0] ** 2 + out[1] ** 2 + out[2] ** 2)
    if length > 0:
        out /= length


@compiled
def _span(start, ray, shape, spare):  # type: ignore[no-untyped-def]
    """Return where a ray enters and leaves the volume, and a little around it; all in voxels."""
    enter, leave = 0.0, 1e30
    for c in range(3):
        low, high = -0.5 - spare, shape[c] - 0.5 + spare
        if abs(ray[c]) < 1e-12:
            if start[c] < low or start[c] > high:
                return 1.0, 0.0
        else:
            one, two = (low - start[c]) / ray[c], (high - start[c]) / ray[c]
            enter, leave = max(enter, min(one, two)), min(leave, max(one, two))
    return enter, leave


@compiled
def _crossing(ids, start, ray, before, after, name, w):  # type: ignore[no-untyped-def]
    """Return where between two points a ray comes to lie in an object, or no longer does."""
    was = _inside(ids, start[0] + before * ray[0], start[1] + before * ray[1], start[2] + before * ray[2], w)
    for _ in range(_BISECTIONS):
        t = 0.5 * (before + after)
        now = _inside(ids, start[0] + t * ray[0], start[1] + t * ray[1], start[2] + t * ray[2], w)
        if (now == name) == (was == name):
            before = t
        else:
            after = t
    return 0.5 * (before + after)


@compiled
def _enter(shape, voxel, corner, axes, pixel, row, column, start):  # type: ignore[no-untyped-def]
    """Write where a pixel's ray starts, in voxels; returns where it enters and leaves the volume."""
    for c in range(3):
        at = corner[c] + pixel * (row * axes[1, c] + column * axes[0, c])
        start[c] = at / voxel[c] - 0.5
    return _span(start, axes[2] / voxel, shape, 1.0)


@compiled
def _walk(ids, room, start, ray, before, t, leave, last, w):  # type: ignore[no-untyped-def]
    """Go along a ray to where another object than ``last`` lies; returns (before, there, id, next step).

    ``before`` is the last place still in ``last``; where nothing else follows, ``there`` is past ``leave``.
    """
    a_voxel, step = 1 / np.abs(ray).max(), 0.0
    while t < leave:
        name, leap = _look(ids, room, start[0] + t * ray[0], start[1] + t * ray[1], start[2] + t * ray[2], w)
        step = max(_STEP_VX, leap) * a_voxel
        if name != last:
            return before, t, name, step
        before = t
        t += step
    return before, t, last, step


@compiled
def _surface(ids, start, ray, before, after, name, voxel, w, bell, normal):  # type: ignore[no-untyped-def]
    """Return where between two points a ray meets an object's surface, and write the normal there."""
    t = _crossing(ids, start, ray, before, after, name, w)
    z, y, x = start[0] + t * ray[0], start[1] + t * ray[1], start[2] + t * ray[2]
    _normal(ids, name, z, y, x, voxel, bell, normal)
    return t


@compiled
def _prepared(axes, voxel):  # type: ignore[no-untyped-def]
    """Return the rays' step in voxels, and room to write in: spline weights, normal, start and kernel."""
    bell = np.empty((3, 2 * _REACH_VX + 1))
    return axes[2] / voxel, np.empty((3, 4)), np.empty(3), np.empty(3), bell


@compiled
def first_hits(ids, room, voxel, corner, axes, pixel, depth, index, normal):  # type: ignore[no-untyped-def]
    """Write depth, id and normal of the first object on each pixel's ray."""
    ray, w, n, start, bell = _prepared(axes, voxel)
    for row in range(depth.shape[0]):
        for column in range(depth.shape[1]):
            t, leave = _enter(ids.shape, voxel, corner, axes, pixel, row, column, start)
            before, t, name, _ = _walk(ids, room, start, ray, t, t, leave, 0, w)
            if name:
                depth[row, column] = _surface(ids, start, ray, before, t, name, voxel, w, bell, n)
                index[row, column] = name
                normal[row, column] = n


@compiled
def film(ids, room, voxel, corner, axes, pixel, depth, colours, light, passed):  # type: ignore[no-untyped-def]
    """Add up the light of all clear surfaces that stand before ``depth``, and the share that passes them."""
    ray, w, n, start, bell = _prepared(axes, voxel)
    for row in range(depth.shape[0]):
        for column in range(depth.shape[1]):
            t, leave = _enter(ids.shape, voxel, corner, axes, pixel, row, column, start)
            before, leave = t, min(leave, depth[row, column])
            last, rest = 0, 1.0
            while t < leave and rest > 0.02:
                before, t, name, step = _walk(ids, room, start, ray, before, t, leave, last, w)
                if name != last:
                    of = name if name else last
                    _surface(ids, start, ray, before, t, of, voxel, w, bell, n)
                    facing = abs(n[0] * axes[2, 0] + n[1] * axes[2, 1] + n[2] * axes[2, 2])
                    share = _FAINT + (_RIM - _FAINT) * (1 - facing) ** 3
                    for c in range(3):
                        light[row, column, c] += rest * share * colours[of, c] * (0.5 + 0.5 * facing)
                    rest *= 1 - share
                    before, last = t, name
                    t += step
            passed[row, column] = rest
