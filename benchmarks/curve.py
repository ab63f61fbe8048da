"""Time and memory of one window, from 64² to 4096² and from 32³ to 384³: python benchmarks/curve.py

Prints the table of benchmarks/README.md. Each window is made in a process of its own, on one thread, after a
small one that loads all kernels; times are of the processor, the median of several. A floor is one draw of
normal noise and one Gaussian blur of the window's size.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from shapes import Grid
from synthem.world import World

EDGES_2D = (64, 128, 256, 512, 1024, 2048, 4096)
EDGES_3D = (32, 64, 128, 256, 384)
RNG = np.random.default_rng(0)


def median(work: Callable[[int], object], rounds: int) -> float:
    """Return the median time of the processor in ms."""
    times = []
    for k in range(rounds):
        start = time.process_time()
        work(k)
        times.append(time.process_time() - start)
    return 1e3 * statistics.median(times)


def floor(shape: tuple[int, ...]) -> Callable[[int], object]:
    """Return what a floor does."""
    if shape[0] == 1:
        return lambda k: cv2.GaussianBlur(RNG.standard_normal(shape[1:], dtype=np.float32), (0, 0), 1.5)
    return lambda k: gaussian_filter(RNG.standard_normal(shape, dtype=np.float32), 1.5)


def measure(shape: tuple[int, int, int]) -> dict[str, float]:
    """Return time, floor and peak memory of one size."""
    cv2.setNumThreads(1)
    world = World("epfl", seed=3)
    world.patch(Grid((1, 64, 64), (5, 5, 5)))
    world.patch(Grid((8, 32, 32), (5, 5, 5)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = int(np.prod(shape))
    rounds = max(1, min(30, 3_000_000 // size))
    took = median(lambda k: world.patch(Grid(shape, (5, 5, 5), (0, 9000.0 * (k + 1), 0))), rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    return {"ms": took, "floors": took / median(floor(shape), max(3, rounds)), "MiB": peak}


def main() -> None:
    """Print the table, or what one size takes."""
    if len(sys.argv) > 1:
        z, y, x = (int(n) for n in sys.argv[1:])
        print(json.dumps(measure((z, y, x))))
        return
    print("| window | time, ms | floors | ns a voxel | memory, MiB |\n| --- | --- | --- | --- | --- |")
    shapes = [(1, n, n) for n in EDGES_2D] + [(n, n, n) for n in EDGES_3D]
    for shape in shapes:
        command = [sys.executable, __file__, *map(str, shape)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        name = f"{shape[1]}²" if shape[0] == 1 else f"{shape[0]}³"
        each = 1e6 * found["ms"] / np.prod(shape)
        print(
            f"| {name} | {found['ms']:.0f} | {found['floors']:.1f} | {each:.0f} | {found['MiB']:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
