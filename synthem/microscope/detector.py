"""Detector: shot and read noise, of which a part is smooth over a voxel or two, as in real detectors.

Counts of electrons are Poisson, so shot noise grows with the root of the signal; what the electronics add
does not, and a scan line shares part of it (Reimer, Scanning Electron Microscopy, chapter 5; Goldstein et al.
2017). On the sections of EPFL6, what a Gaussian of 3 pixels leaves has a deviation of 13, correlates by 0.39
along x and 0.42 along y with the next pixel, by 0.26 and 0.35 with the one after, and is weaker where the
image is bright.
"""

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.fields import smooth_noise
from shapes.core.grid import Grid, Triple
from shapes.core.streams import stream_key, white_noise
from synthem.microscope.beam import blur, kernel
from synthem.preset.microscope import Detector


@compiled
def _add(image, white, smooth, ry, rx, unit, share, read, shot, gain, dark, out):  # type: ignore[no-untyped-def]
    own, common, full = np.float32(np.sqrt(1.0 - share)), np.float32(np.sqrt(share)), np.float32(255.0)
    nz, ny, nx = image.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                g = image[z, y, x]
                signal = max(full - g if dark else g, np.float32(0.0))
                strength = np.sqrt(read * read + shot * shot * signal / full)
                even = smooth[z, y + ry, x + rx] / unit
                out[z, y, x] = gain * g + strength * (own * white[z, y, x] + common * even)


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
    wy, wx = kernel(params.correlation_vx * params.elongation), kernel(params.correlation_vx)
    ry, rx = len(wy) // 2, len(wx) // 2
    wide = (image.shape[0], image.shape[1] + 2 * ry, image.shape[2] + 2 * rx)
    smooth = blur(
        white_noise(stream_key(seed, "detector/smooth"), (start[0], start[1] - ry, start[2] - rx), wide),
        wy,
        wx,
    )
    unit = np.float32(np.sqrt((wy.astype(np.float64) ** 2).sum() * (wx.astype(np.float64) ** 2).sum()))
    out = np.empty_like(image)
    gain = np.float32(params.gain)
    read, shot = np.float32(params.read), gain * np.float32(params.shot)
    _add(image, white, smooth, ry, rx, unit, params.correlated, read, shot, gain, params.backscatter, out)
    if params.rows > 0:
        # a line's offset is white from line to line and from section to section: four lattice steps apart
        x = voxel_nm[2] / params.row_length_nm
        rows = Grid(image.shape, (4.0, 4.0, x), (start[0] * 4.0, start[1] * 4.0, start[2] * x))
        out += np.float32(params.rows) * smooth_noise(stream_key(seed, "detector/rows"), 1.0, rows)
    if params.saturation is not None:
        np.minimum(out, np.float32(params.saturation), out=out)
    return out


def noiseless(image: npt.NDArray[np.float32], params: Detector) -> npt.NDArray[np.float32]:
    """Return what the detector would give of an image without any noise: its gain and saturation."""
    if params.gain != 1.0:
        image = image * np.float32(params.gain)
    return image if params.saturation is None else np.minimum(image, np.float32(params.saturation))
