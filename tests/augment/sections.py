"""Sections that a test knows everything about."""

import cv2
import numpy as np

STILL = (5.0, 5.0, 5.0)


def flat(noise: float, grey: float = 130.0, shape: tuple[int, int, int] = (1, 192, 192), seed: int = 0):
    """An even grey with white noise."""
    rng = np.random.default_rng(seed)
    return (grey + noise * rng.standard_normal(shape)).astype(np.float32)


def blocks(
    edge: int = 24, shape: tuple[int, int, int] = (1, 192, 192), seed: int = 1, share: float = 0.4
) -> np.ndarray:
    """A mask of squares, another in each section; bool (z, y, x)."""
    rng = np.random.default_rng(seed)
    nz, ny, nx = shape
    coarse = rng.random((nz, -(-ny // edge), -(-nx // edge))) < share
    return coarse.repeat(edge, 1).repeat(edge, 2)[:, :ny, :nx]


def tissue(sigma: float, noise: float, seed: int = 1, edge: int = 24) -> np.ndarray:
    """Squares of 80 on 170, blurred and noisy; float32 (1, 192, 192)."""
    sharp = np.where(blocks(edge, seed=seed)[0], 80.0, 170.0).astype(np.float32)
    soft = cv2.GaussianBlur(sharp, (0, 0), sigma) if sigma else sharp
    return soft[None] + flat(noise, 0.0, seed=seed + 1)
