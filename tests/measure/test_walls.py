"""Walls against pictures whose profiles, widths and bends are known."""

import cv2
import numpy as np
import pytest

from synthem.measure.statistics.walls import NAMES, walls

RNG = np.random.default_rng(8)
NOISE = RNG.normal(0, 3, (256, 256)).astype(np.float32)


def cells(period: int, width: int = 5, dark: float = 60, wave: float = 0.0) -> np.ndarray:
    """Cells of one period between walls of a width, which may wave along their length."""
    y, x = np.mgrid[:256, :256]
    bent = wave * np.sin(2 * np.pi * y / 16)
    wall = ((x + bent) % period < width) | ((y % (4 * period)) < width)
    return cv2.GaussianBlur(np.where(wall, dark, 160).astype(np.float32), (0, 0), 1.0) + NOISE


def figures(image: np.ndarray) -> dict[str, float]:
    return dict(zip(NAMES, walls(image.astype(np.float32)), strict=True))


def test_small_profiles_are_told_from_large_ones() -> None:
    small, large = figures(cells(20)), figures(cells(40))
    assert np.exp(large["wall spacing"] - small["wall spacing"]) == pytest.approx(2.3, rel=0.25)
    assert np.exp(large["typical region"] - small["typical region"]) > 3
    assert large["regions between walls"] < small["regions between walls"]
    assert large["wall distance p80"] > 1.7 * small["wall distance p80"]


def test_the_width_of_walls_is_seen_whatever_their_contrast() -> None:
    thin, thick, pale = figures(cells(40, 3)), figures(cells(40, 9)), figures(cells(40, 9, dark=120))
    assert thick["answer of 3.2 vx width"] > thin["answer of 3.2 vx width"] + 0.2
    assert thick["answer of 1.2 vx width"] < thin["answer of 1.2 vx width"] - 0.2
    assert thick["grey at 2 vx from walls"] < thin["grey at 2 vx from walls"] - 0.2
    for name in ("answer of 3.2 vx width", "grey at 2 vx from walls", "wall spacing"):
        assert pale[name] == pytest.approx(thick[name], abs=0.12), name
    assert thick["wall contrast"] == pytest.approx(2.5 * pale["wall contrast"], rel=0.15)


def test_walls_that_bend_answer_less_to_long_filters() -> None:
    straight, bent = figures(cells(40)), figures(cells(40, wave=3.0))
    assert bent["answer of 12 vx length"] < straight["answer of 12 vx length"] - 0.1
    assert bent["answer of 3 vx length"] > straight["answer of 3 vx length"] + 0.03
    assert bent["roundness of regions"] < straight["roundness of regions"]


def test_profiles_of_several_greys_are_various() -> None:
    tint = np.kron(RNG.choice([-30.0, 30.0], (6, 6)), np.ones((43, 43)))[:256, :256].astype(np.float32)
    plain = cells(43)
    assert figures(plain + tint)["variety between walls"] > figures(plain)["variety between walls"] + 0.3


def test_a_window_without_walls_has_figures_too() -> None:
    flat = np.full((64, 64), 100.0, np.float32)
    flat[3, 3] = 101.0
    assert np.isfinite(walls(flat)).all() and len(walls(flat)) == len(NAMES)
    assert len(set(NAMES)) == len(NAMES)
