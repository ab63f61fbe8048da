"""Volumes and data sets that are killed at random moments end with the bytes of an undisturbed run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from killing import WAYS, kill_at_random

VOLUME = [
    "volume",
    "epfl",
    "--seed",
    "4",
    "--shape",
    "40,90,100",
    "--shard",
    "32,32,32",
    "--chunk",
    "16,16,16",
]
DATA = ["generate", "epfl", "--seed", "4", "--count", "60", "--shape", "96,96"]
PNG = [*DATA, "--format", "png"]
KILLS = int(os.environ.get("SYNTHEM_KILLS", "50"))


def undisturbed(command: list[str], folder: Path, digests) -> dict[str, str]:
    run = [sys.executable, "-P", "-m", "synthem", *command, str(folder), "--workers", "1"]
    subprocess.run(run, check=True, capture_output=True, timeout=900)
    return digests(folder)


def test_a_few_kills_change_no_byte_of_a_volume(tmp_path: Path, digests) -> None:
    small = [*VOLUME[:5], "24,40,40", *VOLUME[6:]]
    expected = undisturbed(small, tmp_path / "whole.zarr", digests)
    done = kill_at_random(small, tmp_path, expected, digests, kills=2, ways=WAYS[:2])
    assert done.kills == 2 and done.finished


@pytest.mark.slow
@pytest.mark.parametrize("command", [VOLUME, DATA, PNG], ids=["volume", "hdf5", "png"])
def test_many_kills_change_no_byte(command: list[str], tmp_path: Path, digests) -> None:
    """With 1, 2 and 4 workers, processes and Dask in turn: so a run goes on in another way than it began."""
    expected = undisturbed(command, tmp_path / "whole", digests)
    done = kill_at_random(command, tmp_path, expected, digests, KILLS)
    told = f"{done.kills} kills, {done.midway} of them midway; {done.finished} runs to the end"
    sys.stdout.write(f"\n{command[0]}: {told}\n")
    assert done.kills == KILLS and done.midway > KILLS // 4 and done.finished
