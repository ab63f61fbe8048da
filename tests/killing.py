"""Commands that are killed at random moments, and run again until they come to their end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

WAYS = (
    ("--workers", "1"),
    ("--workers", "2"),
    ("--workers", "4"),
    ("--scheduler", "local", "--workers", "2"),
)
"""Ways to share the work out: processes, and Dask."""


class Killed(NamedTuple):
    """What came of it."""

    kills: int
    """Runs that were killed before they were done."""
    midway: int
    """Those of them that had begun to write."""
    finished: int
    """Times that the work came to its end, and was as it should be."""


def kill_at_random(
    command: list[str],
    out: Path,
    expected: dict[str, str],
    digests,
    kills: int,
    ways: Sequence[tuple[str, ...]] = WAYS,
    seed: int = 0,
) -> Killed:
    """Run a synthem command, kill it (SIGKILL) at a random moment, and go on so, each time in another way.

    Whenever one comes to its end what it wrote is compared with ``expected``, and work begins anew in another
    folder. Now the command alone is killed, now all its processes at once.
    """
    rng = np.random.default_rng(seed)
    number = killed = midway = finished = 0
    longest = 1.0
    while killed < kills or not finished:
        folder = out / f"{finished}{''.join(out.suffixes)}"
        way = ways[number % len(ways)]
        number += 1
        begun = time.monotonic()
        run = subprocess.Popen(
            [sys.executable, "-P", "-m", "synthem", *command, str(folder), *way],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        # once enough have been killed, the last one may end
        wait = rng.uniform(0.0, longest) if killed < kills else None
        try:
            run.wait(wait)
        except subprocess.TimeoutExpired:
            (os.killpg if rng.random() < 0.5 else os.kill)(run.pid, signal.SIGKILL)
            run.wait()
            killed += 1
            # an export lies beside its folder, under a name of its own, until it is whole
            midway += any(
                any(path.iterdir()) for path in (folder, out / f".{folder.name}.part") if path.is_dir()
            )
            # moments are spread over the time that a run takes, which kills themselves have to find out
            longest *= 1.25
            continue
        finally:
            _, said = run.communicate()
        assert run.returncode == 0, (way, said.decode())
        found = digests(folder)
        assert found == expected, (way, sorted(found.items() ^ expected.items())[:4])
        longest = time.monotonic() - begun
        finished += 1
    return Killed(killed, midway, finished)
