"""The studio under load: 100 pages whose sliders move fast; memory stays flat and nothing hangs.

``pytest benchmarks/test_studio.py -s`` prints the times. The studio has one core, where ``taskset`` is there.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("starlette")

CLIENTS, ROUNDS, MOVES, EVERY_S = 100, 3, 30, 0.1


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
    try:
        process.wait(20)
    finally:
        process.kill()
        process.stdout.close()


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


async def sent(address, token, body):
    """Send a request as a browser does that aborts: return its status, on a connection of its own."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        data = json.dumps(body).encode()
        head = (
            f"POST /api/picture HTTP/1.1\r\nHost: {host}:{port}\r\nX-Synthem-Token: {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + data)
        line = await reader.readline()
        while await reader.read(2**16):
            pass
        return int(line.split()[1])
    finally:
        writer.close()


async def page(address, token, k):
    """Move a slider, aborting what has no answer yet at the next move; return the statuses, and the last."""
    statuses, asked_now = Counter(), None
    for move in range(MOVES):
        if asked_now is not None:
            if asked_now.done():
                statuses[asked_now.result()] += 1
            else:
                asked_now.cancel()
                statuses["aborted"] += 1
        body = asked(f"page-number-{k:04d}", 3 + 0.1 * move + 0.001 * k, edge=128)
        asked_now = asyncio.create_task(sent(address, token, body))
        await asyncio.sleep(EVERY_S)
    last = await asked_now
    while last == 429:  # as the page does
        statuses[last] += 1
        await asyncio.sleep(0.4)
        last = await sent(address, token, body)
    return statuses + Counter([last]), last


def test_a_hundred_pages_move_sliders(server):
    address, token, pid = server

    async def load():
        pages = await asyncio.gather(*(page(address, token, k) for k in range(CLIENTS)))
        begun = time.monotonic()
        status = await sent(address, token, asked("after-the-load", 9.0))
        counts = sum((counts for counts, _ in pages), Counter())
        return counts, [last for _, last in pages], status, time.monotonic() - begun

    memory = []
    for _ in range(ROUNDS):
        begun = time.monotonic()
        counts, last, status, after = asyncio.run(asyncio.wait_for(load(), 120))
        memory.append(resident_mb(pid))
        print(
            f"{CLIENTS} pages, {MOVES} moves each: {time.monotonic() - begun:.1f} s, answers {dict(counts)}; "
            f"then {1000 * after:.0f} ms for one page, {memory[-1]:.0f} MB"
        )
        assert set(counts) <= {200, 409, 429, 503, "aborted"}, counts
        assert last == [200] * CLIENTS and status == 200, "the last move of each is answered"
        assert after < 1.0
    assert memory[-1] < 1.05 * memory[0] + 20
