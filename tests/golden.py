"""Hashes of windows of every preset, by which a change of what the world looks like is noticed.

``python tests/golden.py`` writes ``golden.json`` anew; it refuses where bytes have changed and
``WORLD_VERSION`` in ``synthem/world.py`` has not.
"""

import hashlib
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import binding

from synthem import Grid, Patch, World, preset_names
from synthem.world import WORLD_VERSION

FILE = Path(__file__).with_suffix(".json")
SHAPES = {3: (1, 160, 160), 11: (6, 96, 96)}
"""Shapes of the windows by the seed of their world: a section and a small volume."""
ORIGIN_NM = (1000.0, -2000.0, 3000.0)


def environment() -> dict[str, str]:
    """What rounding may depend on: libraries and processor."""
    libraries = {name: version(name) for name in ("numpy", "scipy", "numba", "opencv-python-headless")}
    return {**libraries, "machine": platform.machine(), "processor": binding.get_host_cpu_name()}


def window(preset: str, seed: int) -> Patch:
    """The window of one preset and seed."""
    world = World(preset, seed)
    return world.patch(Grid(SHAPES[seed], world.preset.voxel_nm, ORIGIN_NM))


def fingerprint(patch: Patch) -> dict[str, Any]:
    """Hashes of all that a patch holds, and a few figures that rounding does not move."""
    arrays = {"image": patch.image, "labels": patch.labels, "clean": patch.clean, **patch.instances}
    hashes = {
        name: hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()[:16] for name, a in arrays.items()
    }
    return {
        "hashes": dict(sorted(hashes.items())),
        "grey": round(float(patch.image.mean()), 1),
        "shares": [round(float(share), 4) for share in patch.labels.mean((1, 2, 3))],
    }


def all_fingerprints() -> dict[str, dict[str, Any]]:
    """The fingerprint of each window, by ``preset/seed``."""
    return {f"{name}/{seed}": fingerprint(window(name, seed)) for name in preset_names() for seed in SHAPES}


def read() -> dict[str, Any]:
    """What was written last."""
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    found = all_fingerprints()
    if FILE.exists():
        old = read()
        changed = [k for k, v in old["windows"].items() if k in found and v["hashes"] != found[k]["hashes"]]
        if changed and old["world_version"] == WORLD_VERSION:
            same = old["environment"] == environment()
            rounding = "" if same else ", unless only rounding differs on this machine"
            sys.exit(f"{', '.join(changed)}: other bytes than before; raise WORLD_VERSION{rounding}")
    content = {"world_version": WORLD_VERSION, "environment": environment(), "windows": found}
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
