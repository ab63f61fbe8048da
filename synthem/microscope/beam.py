"""Beam: the point spread of the electron beam in the plane of the section.

The sums run in one fixed order, so that the same voxel is the same bit for bit in every window; OpenCV's blur
is not.
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from synthem.preset import Beam


def kernel(sigma_vx: float, radius_vx: int | None = None) -> npt.NDArray[np.float32]:
    """Return weights of a Gaussian that sum to one, cut off at ``radius_vx`` or else at three sigma."""
    radius = math.ceil(3.0 * sigma_vx) if radius_vx is None else radius_vx
    if sigma_vx <= 0:
        return np.ones(1, np.float32)
    at = np.arange(-radius, radius + 1)
    weights: npt.NDArray[np.float64] = np.exp(-0.5 * (at / sigma_vx) ** 2)
    weights /= weights.sum()
    return weights.astype(np.float32)


@njit(cache=True)
def _blur(image, wy, wx, out):  # type: ignore[no-untyped-def]
    nz, ny, nx = image.shape
    ry, rx = wy.shape[0] // 2, wx.shape[0] // 2
    row = np.empty(nx, np.float32)
    for z in range(nz):
        for y in range(ny):
            row[:] = 0.0
            for k in range(wy.shape[0]):
                source = image[z, min(ny - 1, max(0, y + k - ry))]
                w = wy[k]
                for x in range(nx):
                    row[x] += w * source[x]
            target = out[z, y]
            for x in range(nx):
                target[x] = 0.0
            for k in range(wx.shape[0]):
                w = wx[k]
                shift = k - rx
                low, high = max(0, -shift), min(nx, nx - shift)
                for x in range(low, high):
                    target[x] += w * row[x + shift]
                for x in range(0, min(low, nx)):
                    target[x] += w * row[0]
                for x in range(max(high, 0), nx):
                    target[x] += w * row[nx - 1]


def blur(
    image: npt.NDArray[np.float32], wy: npt.NDArray[np.float32], wx: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Blur each section by odd kernels along y and x; the rim is repeated beyond the edge."""
    out = np.empty_like(image)
    _blur(image, wy, wx, out)
    return out


def beam_kernels(
    params: Beam, voxel_nm: tuple[float, float, float]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the kernels of a beam along y and x for a voxel size."""
    return (
        kernel(params.sigma_nm / voxel_nm[1], params.radius_vx),
        kernel(params.sigma_nm / voxel_nm[2], params.radius_vx),
    )


def beam(
    image: npt.NDArray[np.float32], params: Beam, voxel_nm: tuple[float, float, float]
) -> npt.NDArray[np.float32]:
    """Return the image as the beam spreads it."""
    return blur(image, *beam_kernels(params, voxel_nm))
