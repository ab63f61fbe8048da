"""Detector: shot and read noise, of which a part is smooth over a voxel or two, as in real detectors.

Counts of electrons are Poisson, so shot noise grows with the root of the signal; what the electronics add
does not, and a scan line shares part of it (Reimer, Scanning Electron Microscopy, chapter 5; Goldstein et al.
2017).
On the sections of EPFL6, what a Gaussian of 3 pixels leaves has a deviation of 13 and correlates by 0.40 with
the next pixel and 0.27–0.35 with the one after.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from shapes.grid import Grid, Triple
from shapes.lattice import smooth_noise
from shapes.streams import stream_key, white_noise
from synthem.microscope.beam import blur, kernel
from synthem.optics import Detector


@njit(cache=True)
def _add(image, white, smooth, share, read, shot, gain, out):  # type: ignore[no-untyped-def]
    own, common = np.float32(np.sqrt(1.0 - share)), np.float32(np.sqrt(share))
    nz, ny, nx = image.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                g = image[z, y, x]
                strength = np.sqrt(read * read + shot * shot * max(g, np.float32(0.0)) / np.float32(255.0))
                out[z, y, x] = gain * g + strength * (own * white[z, y, x] + common * smooth[z, y, x])


def detector(
    image: npt.NDArray[np.float32],
    params: Detector,
    seed: int,
    start: tuple[int, int, int],
    voxel_nm: Triple = (5.0, 5.0, 5.0),
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
    voxel_nm : tuple of float
        Voxel size, (z, y, x): how much of a scan line a voxel is.
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
    gain = np.float32(params.gain)
    read, shot = np.float32(params.read), gain * np.float32(params.shot)
    _add(image, white, smooth, params.correlated, read, shot, gain, out)
    if params.rows > 0:
        # a line's offset is white from line to line and from section to section: four lattice steps apart
        x = voxel_nm[2] / params.row_length_nm
        rows = Grid(image.shape, (4.0, 4.0, x), (start[0] * 4.0, start[1] * 4.0, start[2] * x))
        out += np.float32(params.rows) * smooth_noise(stream_key(seed, "detector/rows"), 1.0, rows)
    if params.saturation is not None:
        np.minimum(out, np.float32(params.saturation), out=out)
    return out
