"""Dark ridges, which are mostly membranes: how much of them there is, how far apart, how dark and wide."""

import cv2
import numpy as np
import numpy.typing as npt

from synthem.statistics.fourier import Section, back, frequencies, gaussian, transform

SIGMA_VX = 3.0
"""Size at which ridges are looked for: a membrane of 20–60 nm in voxels of 4–8 nm."""
STRONG = 0.4
"""A ridge is where the curvature exceeds this part of its 98th percentile."""
SHARES = (0.5, 0.8, 0.95)
NAMES = (
    "ridge share",
    "ridge curvature",
    *(f"ridge distance p{100 * share:.0f}" for share in SHARES),
    "ridge spacing",
    "ridge grey",
)


def curvature(window: Section, sigma_vx: float = SIGMA_VX) -> Section:
    """Return the larger principal curvature of the blurred window: positive across dark lines."""
    shape = window.shape
    fy, fx = frequencies(shape)
    low = transform(window) * gaussian(shape, sigma_vx) * np.float32(-4 * np.pi**2 * sigma_vx**2)
    yy, xx, yx = (back(low * part, shape) for part in (fy * fy, fx * fx, fy * fx))
    larger: Section = 0.5 * (yy + xx) + np.sqrt(0.25 * (yy - xx) ** 2 + yx * yx)
    return larger


def ridges(window: Section) -> npt.NDArray[np.float64]:
    """Return the share of ridges, their curvature, distances to them and between them in voxels, their grey.

    ``ridge distance`` is that of all voxels to the nearest ridge; ``ridge spacing`` the mean run between
    ridges along rows and columns; ``ridge grey`` how much darker ridges are than the rest.
    """
    bend = curvature(window)
    strong = float(np.quantile(bend[::2, ::2], 0.98))
    ridge = bend > STRONG * strong
    if not ridge.any() or ridge.all():
        return np.array([float(ridge.mean()), strong, *[float(max(window.shape))] * 4, 0.0])
    away = cv2.distanceTransform((~ridge).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    crossings = sum(int((np.diff(ridge.view(np.int8), axis=axis) == 1).sum()) for axis in (0, 1))
    spacing = 2 * float((~ridge).sum()) / max(1, crossings)
    inside = float((window * ridge).sum(dtype=np.float64))
    count, total = int(ridge.sum()), float(window.sum(dtype=np.float64))
    darker = (total - inside) / (ridge.size - count) - inside / count
    return np.array(
        [float(ridge.mean()), strong, *np.quantile(away[::2, ::2], SHARES), np.log(spacing), darker]
    )
