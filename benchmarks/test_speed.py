"""How long a patch takes, as a ratio to its floor. Run by hand: pytest benchmarks -s

The floor of a patch is one draw of normal noise and one Gaussian blur of its size: no image with noise and
blur costs less. Times are noisy, so both are taken in turn in one run, and the ratio of their medians counts.
"""

import statistics
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from shapes import Grid
from synthem.world import World

RNG = np.random.default_rng(0)


def floor_2d() -> None:
    cv2.GaussianBlur(RNG.standard_normal((256, 256), dtype=np.float32), (0, 0), 1.5)


def floor_3d() -> None:
    gaussian_filter(RNG.standard_normal((128, 128, 128), dtype=np.float32), 1.5)


def ratio(floor, patch, rounds: int) -> float:
    patch(0)
    times = ([], [])
    for k in range(rounds):
        for into, work in zip(times, (lambda: floor(), lambda k=k: patch(k + 1)), strict=True):
            start = time.perf_counter()
            work()
            into.append(time.perf_counter() - start)
    return statistics.median(times[1]) / statistics.median(times[0])


@pytest.fixture(autouse=True)
def one_thread():
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize("preset", ["epfl", "getmanskaya2022"])
def test_patch_256(benchmark, preset):
    world = World(preset, seed=3)
    places = iter(range(10**6))

    def patch(k: int):
        return world.patch(Grid((1, 256, 256), (5, 5, 5), (0, 3000 * k, 0)))

    benchmark.extra_info["ratio_to_floor"] = measured = ratio(floor_2d, patch, 60)
    benchmark.pedantic(lambda: patch(next(places)), rounds=40, warmup_rounds=2)
    print(f"\n{preset}: a 256 × 256 patch takes {measured:.1f} of its floor")
    assert measured < 20


def test_patch_128_cubed(benchmark):
    world = World("epfl", seed=3)

    def patch(k: int):
        return world.patch(Grid((128, 128, 128), (5, 5, 5), (0, 3000 * k, 0)))

    benchmark.extra_info["ratio_to_floor"] = measured = ratio(floor_3d, patch, 5)
    benchmark.pedantic(lambda: patch(1), rounds=3)
    print(f"\nepfl: a 128³ patch takes {measured:.1f} of its floor")
    assert measured < 20


def test_import(benchmark):
    def start() -> None:
        subprocess.run([sys.executable, "-c", "import synthem"], check=True)

    benchmark.pedantic(start, rounds=5, warmup_rounds=1)
