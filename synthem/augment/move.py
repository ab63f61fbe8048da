"""Moves images and masks along one field of displacements."""

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled, inlined

Steps = npt.NDArray[np.float32]
"""float32 (2, z, y, x): how far from its own place a voxel looks, along y and x in voxels."""


def moved_image(image: npt.NDArray[np.float32], steps: Steps) -> npt.NDArray[np.float32]:
    """Return an image (z, y, x) as the field shows it, between voxels along a straight line."""
    _, height, width = image.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)
    out = np.empty_like(image)
    for z, (dy, dx) in enumerate(zip(*steps, strict=True)):
        plane = np.ascontiguousarray(image[z])
        out[z] = cv2.remap(
            plane, columns + dx, rows + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
    return out


def moved_masks(masks: npt.NDArray[np.bool_], steps: Steps) -> npt.NDArray[np.bool_]:
    """Return masks (class, z, y, x) as the field shows them, each voxel its nearest."""
    out = np.empty_like(masks)
    for k in range(0, len(masks), 8):
        # a number a voxel for eight classes: one look at memory serves them all
        bits, found = (np.zeros(masks.shape[1:], np.uint8) for _ in range(2))
        _nearest(masks[k : k + 8].view(np.uint8), steps, bits, found, out[k : k + 8].view(np.uint8))
    return out


@inlined
def _mirrored(at, count):  # type: ignore[no-untyped-def]
    """Return the index of a place beyond an edge in the mirror that its outermost voxels are."""
    if 0 <= at < count:
        return at
    if count == 1:
        return 0
    at = abs(at) % (2 * count - 2)
    return min(at, 2 * count - 2 - at)


@compiled
def _nearest(masks, steps, bits, found, out):  # type: ignore[no-untyped-def]
    count, nz, ny, nx = masks.shape
    half, one = np.float32(0.5), np.uint8(1)
    for k in range(count):
        shift = np.uint8(k)
        for z in range(nz):
            for y in range(ny):
                for x in range(nx):
                    bits[z, y, x] |= masks[k, z, y, x] << shift
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                i = _mirrored(y + int(np.floor(steps[0, z, y, x] + half)), ny)
                j = _mirrored(x + int(np.floor(steps[1, z, y, x] + half)), nx)
                found[z, y, x] = bits[z, i, j]
    for k in range(count):
        shift = np.uint8(k)
        for z in range(nz):
            for y in range(ny):
                for x in range(nx):
                    out[k, z, y, x] = (found[z, y, x] >> shift) & one


def noise_kept(steps: Steps) -> npt.NDArray[np.float32]:
    """Return the part of white noise that moving leaves: between voxels, an image is a mean of them."""
    out = np.empty(steps.shape[1:], np.float32)
    _kept(steps, out)
    return out


@compiled
def _kept(steps, out):  # type: ignore[no-untyped-def]
    one, two = np.float32(1), np.float32(2)
    nz, ny, nx = out.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                dy = steps[0, z, y, x] - np.floor(steps[0, z, y, x])
                dx = steps[1, z, y, x] - np.floor(steps[1, z, y, x])
                out[z, y, x] = np.sqrt((one - two * dy * (one - dy)) * (one - two * dx * (one - dx)))
