"""Runs the tools of others, each in a virtual environment of its own.

A folder that ``SYNTHEM_CONSUMERS`` names holds the environments; a tool whose environment is missing is
skipped. How they are made stands at the top of the tests that use them.
"""

import os
import subprocess
from pathlib import Path

import pytest


def run(tool: str, where: Path, script: str, shell: bool = False, **environment: str) -> str:
    """Run Python, or a shell, with an environment's programs in a folder; return what it said."""
    folder = Path(os.environ.get("SYNTHEM_CONSUMERS", "consumers")).absolute() / tool / "bin"
    if not folder.is_dir():
        pytest.skip(f"no environment at {folder}; see the top of this file")
    (where / "check.py").write_text(script)
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env |= {"PATH": f"{folder}:{env['PATH']}", "OMP_NUM_THREADS": "1", **environment}
    call = ["bash", "-e", "-c", script] if shell else [str(folder / "python"), "check.py"]
    done = subprocess.run(call, cwd=where, env=env, capture_output=True, text=True, check=False)
    print(done.stdout[-3000:])  # noqa: T201 (what the tool said)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
