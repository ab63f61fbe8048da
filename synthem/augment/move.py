"""Moves images and masks along one field of displacements."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from synthem.labels import from_bits, to_bits

Steps = npt.NDArray[np.float32]
"""float32 (2, z, y, x): how far from its own place a voxel looks, along y and x in voxels."""


def moved_image(image: npt.NDArray[np.float32], steps: Steps) -> npt.NDArray[np.float32]:
    """Return an image (z, y, x) as the field shows it, between voxels along a straight line."""
    return _moved(image, steps, cv2.INTER_LINEAR)


def noise_kept(steps: Steps) -> npt.NDArray[np.float32]:
    """Return the part of white noise that moving leaves: between voxels, an image is the mean of its neighbours."""
    share = steps - np.floor(steps)
    y, x = 1 - 2 * share * (1 - share)
    return np.sqrt(y * x)


def moved_masks(masks: npt.NDArray[np.bool_], steps: Steps) -> npt.NDArray[np.bool_]:
    """Return masks (class, z, y, x) as the field shows them, each voxel its nearest."""
    parts = []
    for k in range(0, len(masks), 8):  # eight at a time, a bit each
        part = masks[k : k + 8]
        bits = _moved(to_bits(part).astype(np.uint8), steps, cv2.INTER_NEAREST)
        parts.append(from_bits(bits, len(part)))
    return np.concatenate(parts) if parts else masks


def _moved(stack: npt.NDArray[Any], steps: Steps, how: int) -> npt.NDArray[Any]:
    _, height, width = stack.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)
    out = np.empty_like(stack)
    for z, (dy, dx) in enumerate(zip(*steps, strict=True)):
        out[z] = cv2.remap(
            np.ascontiguousarray(stack[z]), columns + dx, rows + dy, how, borderMode=cv2.BORDER_REFLECT_101
        )
    return out
