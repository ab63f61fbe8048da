"""Counter-based random streams: every number is a hash of kind, place and count, never of earlier draws.

A stream is a 64-bit key, mixed from ``(seed, kind, lattice cell, ...)``; its k-th number is ``uniform(key,
k)``. So any object can be drawn alone, in any order, in any window, on any worker, and adding one kind of
object moves no other. The mixer is the finaliser of SplitMix64 (Steele, Lea & Flood 2014), which passes
BigCrush when fed with a counter.
"""

from functools import cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from shapes.core.compiled import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_S33, _S16, _LOW16, _LOW2 = np.uint64(33), np.uint64(16), np.uint64(0xFFFF), np.int64(3)
_UNIT = 1.0 / 9007199254740992.0  # 2**-53


def stream_key(seed: int, kind: str) -> np.uint64:
    """Return the key of a kind of object in the world of ``seed``: kinds never share a stream."""
    return np.uint64(int.from_bytes(blake2b(f"{seed}/{kind}".encode(), digest_size=8).digest(), "little"))


@compiled
def mix(key, value):  # type: ignore[no-untyped-def]
    """Return the key of a sub-stream: ``value`` (an integer) hashed into ``key``."""
    h = (key ^ (np.uint64(value) * _GOLDEN)) + _GOLDEN
    h = (h ^ (h >> _S30)) * _M1
    h = (h ^ (h >> _S27)) * _M2
    return h ^ (h >> _S31)


@compiled
def cell_key(key, z, y, x):  # type: ignore[no-untyped-def]
    """Return the key of one cell of a world lattice."""
    return mix(mix(mix(key, z), y), x)


@compiled
def uniform(key, k):  # type: ignore[no-untyped-def]
    """Return the k-th number of a stream, uniform in the open interval (0, 1)."""
    return (float(mix(key, k) >> _S11) + 0.5) * _UNIT


@compiled
def normal(key, k):  # type: ignore[no-untyped-def]
    """Return the k-th number of a stream as a standard normal.

    By Acklam's inverse of the normal distribution (2003): its relative error stays below 1.2e-9. It spends
    the same k-th uniform, so take another k where both are wanted.
    """
    u = uniform(key, k)
    q = u - 0.5
    if abs(q) < 0.47575:
        r = q * q
        top = (
            (((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.3577518672690)
            * r
            - 30.66479806614716
        ) * r + 2.506628277459239
        low = (
            (((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972)
            * r
            - 13.28068155288572
        ) * r + 1.0
        return q * top / low
    t = np.sqrt(-2.0 * np.log(min(u, 1.0 - u)))
    top = (
        (((-0.007784894002430293 * t - 0.3223964580411365) * t - 2.400758277161838) * t - 2.549732539343734)
        * t
        + 4.374664141464968
    ) * t + 2.938163982698783
    low = (
        ((0.007784695709041462 * t + 0.3224671290700398) * t + 2.445134137142996) * t + 3.754408661907416
    ) * t + 1.0
    return top / low if q < 0 else -top / low


@compiled
def object_id(key):  # type: ignore[no-untyped-def]
    """Return an object's instance id, 1 … 2³¹ − 1: the same in every window that shows the object."""
    return max(np.int32(1), np.int32(mix(key, 77) >> _S33))


@cache
def normal_table() -> npt.NDArray[np.float32]:
    """Return 65 536 equiprobable quantiles of the standard normal: 16 random bits make one draw."""
    quantiles = ndtri((np.arange(65536) + 0.5) / 65536)
    table: npt.NDArray[np.float32] = (quantiles / quantiles.std()).astype(np.float32)
    return table


@compiled
def _white(key, z0, y0, x0, table, out):  # type: ignore[no-untyped-def]
    depth, height, width = out.shape
    for z in range(depth):
        plane = mix(key, z0 + z)
        for y in range(height):
            row = mix(plane, y0 + y)
            x = 0
            while x < width:
                at = x0 + x
                # one hash serves an aligned group of four voxels
                bits = mix(row, at >> 2)
                lane = at & _LOW2
                while lane < 4 and x < width:
                    out[z, y, x] = table[(bits >> (np.uint64(lane) * _S16)) & _LOW16]
                    lane += 1
                    x += 1


def white_noise(
    key: np.uint64, start: tuple[int, int, int], shape: tuple[int, int, int]
) -> npt.NDArray[np.float32]:
    """Return standard normal noise on an integer lattice of the world.

    Parameters
    ----------
    key : uint64
        The stream.
    start, shape : tuple of int
        First index and number of points along (z, y, x). Point (i, j, k) of the lattice has one value for
        ever, whichever box it is asked for in.

    Returns
    -------
    float32 (z, y, x)
    """
    out = np.empty(shape, np.float32)
    _white(key, start[0], start[1], start[2], normal_table(), out)
    return out
