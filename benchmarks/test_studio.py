"""The studio under load: 100 pages whose sliders move fast; memory stays flat and nothing hangs.

``pytest benchmarks/test_studio.py -s`` prints the times. The studio has one core, where ``taskset`` is there.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("starlette")

CLIENTS, ROUNDS, MOVES, EVERY_S = 100, 3, 40, 0.03


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address, token and process id of a studio in a process of its own."""
    out = tmp_path_factory.mktemp("out")
    command = [sys.executable, "-m", "synthem", "studio", "epfl", "--port", "0", "--out", str(out)]
    pinned = ["taskset", "-c", "0"] if Path("/usr/bin/taskset").exists() else []
    process = subprocess.Popen(
        [*pinned, *command], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    line = process.stdout.readline()
    address, token = re.match(r"(http://\S+)/\?token=(\S+)", line).groups()
    yield address, token, process.pid
    process.terminate()
    assert process.wait(20) is not None


def resident_mb(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def asked(client, value, edge=256, path="microscope.beam.sigma_nm"):
    return {"client": client, "changes": {path: value}, "edge": edge, "z": 137.0, "y": 640.0, "x": 640.0}


def test_one_person_waits_for_a_slider(server):
    address, token, _ = server
    with httpx.Client(
        base_url=address, headers={"X-Synthem-Token": token}, timeout=60, trust_env=False
    ) as page:
        page.post("/api/picture", json=asked("person-of-bench", 5.0)).raise_for_status()
        for name, path, values, most in (
            ("microscope", "microscope.beam.sigma_nm", [4 + 0.2 * k for k in range(40)], 0.2),
            ("stain", "microscope.stain.halo", [1.0 + k for k in range(40)], 0.2),
            ("anatomy", "anatomy.axons.wobble", [0.1 + 0.005 * k for k in range(30)], 2.0),
        ):
            times = []
            for value in values:
                begun = time.monotonic()
                page.post("/api/picture", json=asked("person-of-bench", value, path=path)).raise_for_status()
                times.append(time.monotonic() - begun)
            times.sort()
            middle, late = times[len(times) // 2], times[int(0.95 * len(times))]
            print(f"{name}, 256²: median {1000 * middle:.0f} ms, 95th percentile {1000 * late:.0f} ms")
            assert late < most


def test_a_hundred_pages_move_sliders(server):
    address, token, pid = server

    async def page(http, k, counts):
        client, pending = f"page-number-{k:04d}", []
        for move in range(MOVES):
            body = asked(client, 3 + 0.1 * move + 0.001 * k, edge=128)
            pending.append(asyncio.create_task(http.post("/api/picture", json=body)))
            await asyncio.sleep(EVERY_S)
        answers = await asyncio.gather(*pending, return_exceptions=True)
        for answer in answers:
            status = answer.status_code if isinstance(answer, httpx.Response) else type(answer).__name__
            counts[status] = counts.get(status, 0) + 1
        return answers[-1]

    async def load():
        limits = httpx.Limits(max_connections=200)
        counts = {}
        async with httpx.AsyncClient(
            base_url=address, headers={"X-Synthem-Token": token}, timeout=60, limits=limits, trust_env=False
        ) as http:
            last = await asyncio.gather(*(page(http, k, counts) for k in range(CLIENTS)))
            begun = time.monotonic()
            await http.post("/api/picture", json=asked("after-the-load", 9.0))
            return counts, last, time.monotonic() - begun

    memory = []
    for _ in range(ROUNDS):
        begun = time.monotonic()
        counts, last, after = asyncio.run(load())
        memory.append(resident_mb(pid))
        print(
            f"{CLIENTS} pages, {MOVES} moves each: {time.monotonic() - begun:.1f} s, answers {counts}, "
            f"then {1000 * after:.0f} ms for one page, {memory[-1]:.0f} MB"
        )
        assert set(counts) <= {200, 409, 429, 503}, counts
        assert all(getattr(answer, "status_code", 0) == 200 for answer in last), "the last move is answered"
        assert after < 1.0
    assert memory[-1] < 1.05 * memory[0] + 20
