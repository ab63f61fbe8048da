"""How much memory a patch takes is known before work begins, and is what it takes."""

import subprocess
import sys
from pathlib import Path

import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data import memory
from synthem.data.memory import check_memory, patch_bytes
from synthem.preset.preset import load_preset

MEASURE = """
import gc, sys
from shapes import Grid
from synthem.world import World

def held(key):
    line = next(line for line in open("/proc/self/status") if line.startswith(key))
    return int(line.split()[1]) * 1024

world, shape = World(sys.argv[1], 3), tuple(map(int, sys.argv[2].split(",")))
world.patch(Grid((1, 48, 48), world.preset.voxel_nm, (5000.0, 5000.0, 5000.0)))
gc.collect()
before = held("VmRSS")
open("/proc/self/clear_refs", "w").write("5")  # the peak counts from here
world.patch(Grid(shape, world.preset.voxel_nm, (1000.0, -2000.0, 3000.0)))
print(held("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is asked of Linux")
@pytest.mark.parametrize(
    ("name", "shape"), [("epfl", (48, 256, 256)), ("isbi2012", (5, 256, 256)), ("urisc", (1, 384, 384))]
)
def test_a_patch_takes_what_is_expected(name: str, shape: tuple[int, int, int]) -> None:
    """One sheet a section, in blocks; five; eight, restacked. No less is expected, nor half as much again."""
    command = [sys.executable, "-P", "-c", MEASURE, name, ",".join(map(str, shape))]
    measured = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    preset = load_preset(name)
    assert measured > 2**27
    assert measured <= patch_bytes(preset, Grid(shape, preset.voxel_nm)) <= 1.5 * measured


def test_memory_is_asked_for_before_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    epfl = load_preset("epfl")
    with pytest.raises(InputError, match=r"100000 × 100000 × 100000 voxels of epfl takes about .* GiB"):
        check_memory(epfl, Grid((100_000,) * 3))
    small, large = Grid((1, 64, 64)), Grid((4, 512, 512))
    assert check_memory(epfl, small, 3) == 3
    monkeypatch.setattr(memory, "available_bytes", lambda: int(2.5 * patch_bytes(epfl, small)))
    assert check_memory(epfl, small, 8) == 2
    with pytest.raises(InputError, match="smaller shape"):
        check_memory(epfl, large, 8)
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    assert check_memory(epfl, large, 8) == 8


def test_available_memory_is_a_sensible_number() -> None:
    there_is = memory.available_bytes()
    assert there_is is None or 2**26 < there_is < 2**50
