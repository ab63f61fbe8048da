"""Exports that are killed at random moments end with the bytes of an undisturbed one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from killing import kill_at_random

KILLS = int(os.environ.get("SYNTHEM_KILLS", "50"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nnunet", "huggingface", "ome-zarr", "cremi", "meshes"])
def test_many_kills_change_no_byte_of_an_export(name: str, tmp_path: Path, digests) -> None:
    """An export is one process, so there is one way to do it."""
    synthem = [sys.executable, "-P", "-m", "synthem"]
    data = tmp_path / "data"
    made = ["--count", "150", "--shape", "12,96,96"]
    subprocess.run([*synthem, "generate", "epfl", str(data), *made], check=True, capture_output=True)
    command = ["export", str(data), "--as", name, "--name", "killed"]
    whole = tmp_path / "whole"
    subprocess.run([*synthem, *command[:2], str(whole), *command[2:]], check=True, capture_output=True)
    # options first: the folder comes last
    command = ["export", *command[2:], str(data)]
    done = kill_at_random(command, tmp_path, digests(whole), digests, KILLS, ways=[()])
    sys.stdout.write(
        f"\n{name}: {done.kills} kills, {done.midway} of them midway; {done.finished} to the end\n"
    )
    assert done.kills == KILLS and done.midway > KILLS // 8 and done.finished
