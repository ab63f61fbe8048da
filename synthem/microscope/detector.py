"""Detector: shot and read noise, of which a part is smooth over a voxel or two, as in real detectors."""

import numpy as np
import numpy.typing as npt
from numba import njit

from shapes.streams import stream_key, white_noise
from synthem.microscope.beam import blur, kernel
from synthem.preset import Detector


@njit(cache=True)
def _add(image, white, smooth, share, read, shot, out):  # type: ignore[no-untyped-def]
    own, common = np.float32(np.sqrt(1.0 - share)), np.float32(np.sqrt(share))
    nz, ny, nx = image.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                g = image[z, y, x]
                strength = np.sqrt(read * read + shot * shot * max(g, np.float32(0.0)) / np.float32(255.0))
                out[z, y, x] = g + strength * (own * white[z, y, x] + common * smooth[z, y, x])


def detector(
    image: npt.NDArray[np.float32], params: Detector, seed: int, start: tuple[int, int, int]
) -> npt.NDArray[np.float32]:
    """Return the image with noise whose value depends on the voxel's place in the world alone.

    Parameters
    ----------
    image : float32 (z, y, x)
        What reaches the detector, in grey levels.
    params : Detector
        Standard deviations in grey levels; see there.
    seed, start
        The world, and the world index of the first voxel, (z, y, x).
    """
    white = white_noise(stream_key(seed, "detector/white"), start, image.shape)
    weights = kernel(params.correlation_vx)
    rim = len(weights) // 2
    wide = (image.shape[0], image.shape[1] + 2 * rim, image.shape[2] + 2 * rim)
    smooth = blur(
        white_noise(stream_key(seed, "detector/smooth"), (start[0], start[1] - rim, start[2] - rim), wide),
        weights,
        weights,
    )
    smooth = smooth[:, rim : wide[1] - rim, rim : wide[2] - rim] / np.float32(
        (weights.astype(np.float64) ** 2).sum()
    )
    out = np.empty_like(image)
    _add(image, white, smooth, params.correlated, np.float32(params.read), np.float32(params.shot), out)
    return out
