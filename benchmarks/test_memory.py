"""Memory stays flat, however many patches a process renders. By hand: pytest benchmarks/test_memory.py -s

20 000 patches, or as many as SYNTHEM_PATCHES says.
"""

import os
from pathlib import Path

from shapes import Grid
from synthem.world import World

PATCHES = int(os.environ.get("SYNTHEM_PATCHES", "20000"))


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory_is_flat():
    """As a data set is made: one world, windows all over it; every tenth patch in a world of its own."""
    world = World("epfl", seed=3)
    after = []
    for k in range(PATCHES):
        of = World(world.preset, seed=k) if k % 10 == 0 else world
        of.patch(Grid((1, 128, 128), (5, 5, 5), (0, 3000 * (k % 500), 3000 * (k // 500))))
        if (k + 1) % (PATCHES // 10) == 0:
            after.append(resident_bytes())
    print("\nMiB after each tenth:", [round(size / 2**20, 1) for size in after])
    assert after[-1] < 1.05 * after[0]
