"""Memory stays flat, however many patches a process renders, and however large a volume is.

By hand: pytest benchmarks/test_memory.py -s
20 000 patches, or as many as SYNTHEM_PATCHES says; a volume of
SYNTHEM_VOLUME voxels, 256,1024,1024 by default.
"""

import os
import subprocess
import sys
import time
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


def resident_bytes_of_group(leader: int) -> int:
    """Add up what the processes of a group hold in memory; what they share counts once."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) != leader:
                continue
            lines = (process / "smaps_rollup").read_text().splitlines()
        except (OSError, ProcessLookupError):
            continue  # it has ended meanwhile
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def test_a_volume_stays_under_two_gibibytes(tmp_path):
    """All processes together, two workers, with the shards that the command takes by itself."""
    shape = os.environ.get("SYNTHEM_VOLUME", "256,1024,1024")
    command = ["volume", "epfl", str(tmp_path / "v.zarr"), "--shape", shape, "--seed", "7", "--workers", "2"]
    begun, most = time.monotonic(), 0
    run = subprocess.Popen([sys.executable, "-m", "synthem", *command], start_new_session=True)
    while run.poll() is None:
        most = max(most, resident_bytes_of_group(run.pid))
        time.sleep(0.2)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    told = f"{most / 2**30:.2f} GiB at most, {time.monotonic() - begun:.0f} s, {size / 2**30:.2f} GiB written"
    print(f"\n{shape}: {told}")
    assert run.returncode == 0 and most < 2 * 2**30
