"""Beam: the point spread of the electron beam in the plane of the section.

Diffraction, aberration and the beam's own size add up to about a Gaussian; an astigmatic lens draws it out
along one axis, and out of focus it is wider (Reimer & Kohl, Transmission Electron Microscopy, chapter 2;
Goldstein et al. 2017, Scanning Electron Microscopy). Focus changes over the field, as no section
is flat.

The sums run in one fixed order, so that the same voxel is the same bit for bit in every window; OpenCV's blur
is not.
"""

import math

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.fields import smooth_noise
from shapes.core.grid import Grid
from shapes.core.streams import stream_key
from synthem.preset.microscope import Beam

STEPS = 3
"""Widths of the point spread that are computed where focus varies; a voxel's own lies between two of them."""


def kernel(sigma_vx: float, radius_vx: int | None = None) -> npt.NDArray[np.float32]:
    """Return weights of a Gaussian that sum to one, cut off at ``radius_vx`` or else at three sigma."""
    radius = math.ceil(3.0 * sigma_vx) if radius_vx is None else radius_vx
    if sigma_vx <= 0:
        return np.ones(1, np.float32)
    at = np.arange(-radius, radius + 1)
    weights: npt.NDArray[np.float64] = np.exp(-0.5 * (at / sigma_vx) ** 2)
    weights /= weights.sum()
    return weights.astype(np.float32)


def oblique_kernel(
    sigma_nm: float,
    astigmatism: float,
    angle_deg: float,
    voxel_yx_nm: tuple[float, float],
    radius_vx: int | None = None,
) -> npt.NDArray[np.float32]:
    """Return weights (y, x) of a Gaussian, ``astigmatism`` times as long as wide, that sum to one.

    The product of its widths is the square of ``sigma_nm``. ``angle_deg`` turns the long axis from x to y.
    """
    if sigma_nm <= 0:
        return np.ones((1, 1), np.float32)
    long, short = sigma_nm * math.sqrt(astigmatism), sigma_nm / math.sqrt(astigmatism)
    sin, cos = math.sin(math.radians(angle_deg)), math.cos(math.radians(angle_deg))
    reach = (math.hypot(long * sin, short * cos), math.hypot(long * cos, short * sin))
    axes = []
    for far, voxel in zip(reach, voxel_yx_nm, strict=True):
        radius = math.ceil(3.0 * far / voxel) if radius_vx is None else radius_vx
        axes.append(voxel * np.arange(-radius, radius + 1))
    y, x = axes
    along, across = x[None] * cos + y[:, None] * sin, y[:, None] * cos - x[None] * sin
    weights: npt.NDArray[np.float64] = np.exp(-0.5 * ((along / long) ** 2 + (across / short) ** 2))
    weights /= weights.sum()
    return weights.astype(np.float32)


@compiled
def _taps(weights, wide, out):  # type: ignore[no-untyped-def]
    """Add to a row a longer one, shifted step by step and weighed: four steps at a time, in their order."""
    nx, count = out.shape[0], weights.shape[0]
    whole = count - count % 4
    for k in range(0, whole, 4):
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for x in range(nx):
            total = out[x] + w0 * wide[x + k]
            total += w1 * wide[x + k + 1]
            total += w2 * wide[x + k + 2]
            out[x] = total + w3 * wide[x + k + 3]
    for k in range(whole, count):
        w = weights[k]
        for x in range(nx):
            out[x] += w * wide[x + k]


@compiled
def _blur(image, wy, wx, out):  # type: ignore[no-untyped-def]
    nz, ny, nx = image.shape
    ry, rx, count = wy.shape[0] // 2, wx.shape[0] // 2, wy.shape[0]
    whole = count - count % 4
    wide = np.empty(nx + 2 * rx, np.float32)
    row = wide[rx : rx + nx]
    for z in range(nz):
        for y in range(ny):
            row[:] = 0.0
            for k in range(0, whole, 4):
                w0, w1, w2, w3 = wy[k], wy[k + 1], wy[k + 2], wy[k + 3]
                s0 = image[z, min(ny - 1, max(0, y + k - ry))]
                s1 = image[z, min(ny - 1, max(0, y + k + 1 - ry))]
                s2 = image[z, min(ny - 1, max(0, y + k + 2 - ry))]
                s3 = image[z, min(ny - 1, max(0, y + k + 3 - ry))]
                for x in range(nx):
                    total = row[x] + w0 * s0[x]
                    total += w1 * s1[x]
                    total += w2 * s2[x]
                    row[x] = total + w3 * s3[x]
            for k in range(whole, count):
                source, w = image[z, min(ny - 1, max(0, y + k - ry))], wy[k]
                for x in range(nx):
                    row[x] += w * source[x]
            wide[:rx], wide[rx + nx :] = row[0], row[nx - 1]
            out[z, y, :] = 0.0
            _taps(wx, wide, out[z, y])


@compiled
def _blur_oblique(image, weights, out):  # type: ignore[no-untyped-def]
    nz, ny, nx = image.shape
    ry, rx = weights.shape[0] // 2, weights.shape[1] // 2
    wide = np.empty(nx + 2 * rx, np.float32)
    for z in range(nz):
        for y in range(ny):
            target = out[z, y]
            for x in range(nx):
                target[x] = 0.0
            for k in range(weights.shape[0]):
                source = image[z, min(ny - 1, max(0, y + k - ry))]
                for x in range(nx):
                    wide[x + rx] = source[x]
                for x in range(rx):
                    wide[x], wide[nx + rx + x] = source[0], source[nx - 1]
                _taps(weights[k], wide, target)


def blur(
    image: npt.NDArray[np.float32], wy: npt.NDArray[np.float32], wx: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Blur each section by odd kernels along y and x; the rim is repeated beyond the edge."""
    out = np.empty_like(image)
    _blur(image, wy, wx, out)
    return out


def upright(params: Beam) -> bool:
    """Return whether the point spread is round or lies along x or y, so that it is two sums in turn."""
    return params.astigmatism == 1 or params.angle_deg % 90 == 0


def beam_kernels(
    params: Beam, voxel_nm: tuple[float, float, float], sigma_nm: float | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the kernels of an upright beam along y and x for a voxel size, by default in focus."""
    sigma_nm = params.sigma_nm if sigma_nm is None else sigma_nm
    ratio = params.astigmatism if params.angle_deg % 180 == 0 else 1 / params.astigmatism
    return (
        kernel(sigma_nm / math.sqrt(ratio) / voxel_nm[1], params.radius_vx),
        kernel(sigma_nm * math.sqrt(ratio) / voxel_nm[2], params.radius_vx),
    )


def widths_nm(params: Beam) -> list[float]:
    """Return the widths of the point spread that are computed: in focus, and if it varies, out of it."""
    if params.defocus_nm == 0:
        return [params.sigma_nm]
    return [math.hypot(params.sigma_nm, params.defocus_nm * k / (STEPS - 1)) for k in range(STEPS)]


def reach_vx(params: Beam, voxel_nm: tuple[float, float, float]) -> tuple[int, int]:
    """Return how many voxels away the beam still mixes in, (y, x)."""
    sigma_nm = widths_nm(params)[-1]
    if upright(params):
        wy, wx = beam_kernels(params, voxel_nm, sigma_nm)
        return len(wy) // 2, len(wx) // 2
    rows, columns = _oblique(params, voxel_nm, sigma_nm).shape
    return rows // 2, columns // 2


def _oblique(params: Beam, voxel_nm: tuple[float, float, float], sigma_nm: float) -> npt.NDArray[np.float32]:
    return oblique_kernel(sigma_nm, params.astigmatism, params.angle_deg, voxel_nm[1:], params.radius_vx)


def _spread(
    image: npt.NDArray[np.float32], params: Beam, voxel_nm: tuple[float, float, float], sigma_nm: float
) -> npt.NDArray[np.float32]:
    """Blur by one width of the point spread."""
    if upright(params):
        return blur(image, *beam_kernels(params, voxel_nm, sigma_nm))
    out = np.empty_like(image)
    _blur_oblique(image, _oblique(params, voxel_nm, sigma_nm), out)
    return out


def beam(
    image: npt.NDArray[np.float32],
    params: Beam,
    voxel_nm: tuple[float, float, float],
    seed: int = 0,
    start: tuple[int, int, int] = (0, 0, 0),
) -> npt.NDArray[np.float32]:
    """Return the image as the beam spreads it.

    Parameters
    ----------
    image : float32 (z, y, x)
        Sections.
    params : Beam
        The point spread.
    voxel_nm : tuple of float
        Voxel size, (z, y, x).
    seed, start
        The world, and the world index of the first voxel: they say where the beam is out of focus.
    """
    if params.defocus_nm == 0:
        return _spread(image, params, voxel_nm, params.sigma_nm)
    y, x = (v / params.defocus_field_nm for v in voxel_nm[1:])
    # four lattice steps a section: neighbours are focused anew
    field = Grid(image.shape, (4.0, y, x), (start[0] * 4.0, start[1] * y, start[2] * x))
    off = np.minimum(np.abs(smooth_noise(stream_key(seed, "beam/focus"), 1.0, field)), np.float32(2))
    at = off * np.float32((STEPS - 1) / 2)
    out = np.zeros_like(image)
    for k, sigma_nm in enumerate(widths_nm(params)):
        share = np.maximum(np.float32(0), np.float32(1) - np.abs(at - np.float32(k)))
        out += share * _spread(image, params, voxel_nm, sigma_nm)
    return out
