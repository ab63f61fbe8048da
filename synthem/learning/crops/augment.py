"""Augmentation of a crop, image and labels together: small rotations, shifts, scale, flips, grey levels."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from synthem.labels import from_bits, to_bits
from synthem.learning.config import AugmentConfig

Image = npt.NDArray[np.float32]
Labels = npt.NDArray[np.bool_]


def augment(
    image: Image, labels: Labels, config: AugmentConfig, *, rng: np.random.Generator
) -> tuple[Image, Labels]:
    """Draw one augmentation and apply it.

    Parameters
    ----------
    image : float32 (z, y, x)
        Grey levels 0–255.
    labels : bool (class, z, y, x)
        At most 32. They are moved exactly as the image is, by nearest neighbour.

    Returns
    -------
    image, labels
        Of the same shapes. What is moved in from outside the crop is its mirror image.
    """
    count = len(labels)
    # eight classes are moved at once, and up to four times as many beside them
    bits = np.stack([to_bits(labels[k : k + 8]) for k in range(0, count, 8)], axis=-1).astype(np.uint8)
    image, bits = _flip(*_warp(image, bits, config, rng), config, rng)
    image = _jitter(
        _shade(_blur(np.ascontiguousarray(image), config.blur, rng), config.shade, rng), config.grey, rng
    )
    moved = [from_bits(bits[..., k // 8], min(8, count - k)) for k in range(0, count, 8)]
    return image, np.concatenate(moved)


def _warp(
    image: Image, bits: npt.NDArray[np.uint8], config: AugmentConfig, rng: np.random.Generator
) -> tuple[Image, npt.NDArray[np.uint8]]:
    angle, dy, dx, zoom = rng.uniform(-1, 1, 4) * (
        config.rotate_deg,
        config.shift,
        config.shift,
        config.scale,
    )
    if not (angle or dy or dx or zoom):
        return image, bits
    height, width = image.shape[1:]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), float(angle), float(1 + zoom))
    matrix[:, 2] += (dx * width, dy * height)

    def moved(plane: npt.NDArray[Any], how: int) -> npt.NDArray[Any]:
        out: npt.NDArray[Any] = cv2.warpAffine(
            plane, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REFLECT_101
        )
        return out.reshape(plane.shape)

    return (
        np.stack([moved(plane, cv2.INTER_LINEAR) for plane in image]).astype(np.float32),
        np.stack([moved(plane, cv2.INTER_NEAREST) for plane in bits]).astype(np.uint8),
    )


def _flip(
    image: Image, bits: npt.NDArray[np.uint8], config: AugmentConfig, rng: np.random.Generator
) -> tuple[Image, npt.NDArray[np.uint8]]:
    mirrored = tuple(axis for axis in range(3) if rng.random() < 0.5)
    turns = int(rng.integers(4))
    if config.flip:
        image, bits = np.flip(image, mirrored), np.flip(bits, mirrored)
    if config.quarter_turns and image.shape[1] == image.shape[2]:
        image, bits = np.rot90(image, turns, (1, 2)), np.rot90(bits, turns, (1, 2))
    return image, bits


def _blur(image: Image, most_px: float, rng: np.random.Generator) -> Image:
    if not most_px or rng.random() < 0.5:
        return image
    sigma = rng.uniform(0, most_px)
    return np.stack([cv2.GaussianBlur(plane, (0, 0), max(sigma, 0.05)) for plane in image])


def _shade(image: Image, strength: float, rng: np.random.Generator) -> Image:
    if not strength:
        return image
    knots = rng.uniform(-strength, strength, (3, 3)).astype(np.float32)
    drift = cv2.resize(knots, image.shape[:0:-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(image + drift * image.std(), np.float32)


def _jitter(image: Image, strength: float, rng: np.random.Generator) -> Image:
    if not strength:
        return image
    gamma, noise = np.exp(rng.uniform(-strength, strength)), rng.uniform(0, strength) * image.std()
    curved = cv2.pow(np.clip(image, 0, 255).ravel() / np.float32(255), float(gamma)).reshape(image.shape)
    return 255 * curved + np.float32(noise) * rng.standard_normal(image.shape, np.float32)
