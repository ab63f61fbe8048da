"""The cache of kernels: kept between processes, and forgotten when code that a kernel is made of changes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shapes.core import compiled
from shapes.core.compiled import ROOT, sources_of

HELPER = """
from shapes.core.compiled import compiled

@compiled
def helper(x):
    return x + {}
"""
KERNEL = """
from shapes.core.compiled import compiled
from shapes.helper import helper

@compiled
def kernel(x):
    return helper(x)
"""
ASK = "from shapes.kernel import kernel; print(kernel(1), sum(kernel.stats.cache_hits.values()))"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of two kernels, of which one calls the other from another file."""
    core = tmp_path / "code" / "shapes" / "core"
    core.mkdir(parents=True)
    for folder in (core, core.parent):
        (folder / "__init__.py").write_text("")
    (core / "compiled.py").write_bytes(Path(compiled.__file__).read_bytes())
    (core.parent / "helper.py").write_text(HELPER.format(1))
    (core.parent / "kernel.py").write_text(KERNEL)
    return tmp_path / "code"


def ask(package: Path, **environment: str) -> str:
    """What the kernel returns for 1 in a new process, and how often it was found in the cache."""
    known = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA")}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        cwd=package,
        env={**known, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1", **environment},
    )
    return done.stdout.strip()


def test_a_kernel_is_kept_until_code_that_it_is_made_of_changes(package: Path, tmp_path: Path) -> None:
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert ask(package, **cache) == "2 0"
    assert ask(package, **cache) == "2 1"
    helper = package / "shapes" / "helper.py"
    helper.write_text(HELPER.format(7))
    assert ask(package, **cache) == "8 0", "the file of the kernel itself is the same as before"
    helper.write_text(HELPER.format(1))
    assert ask(package, **cache) == "2 1", "kernels of both versions are kept"


def test_the_folder_of_the_package_stays_as_it_is(package: Path, tmp_path: Path) -> None:
    before = sorted(package.rglob("*"))
    ask(package, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert sorted(package.rglob("*")) == before


def test_without_a_folder_that_can_be_written_kernels_go_to_a_temporary_one(
    package: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "tmp").mkdir()
    places = {"NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache"), "TMPDIR": str(tmp_path / "tmp")}
    assert ask(package, **places) == "2 0"
    assert ask(package, **places) == "2 1"


def test_several_processes_may_start_at_once(package: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(package),
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", ASK]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=package) for _ in range(4)
    ]
    assert {run.communicate(timeout=120)[0].split()[0] for run in started} == {b"2"}
    assert ask(package, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == "2 1"


def test_every_kernel_is_compiled_by_the_rule() -> None:
    """A kernel with a cache of numba's own would be kept when it should not be."""
    files = [*(ROOT / "shapes").rglob("*.py"), *(ROOT / "synthem").rglob("*.py")]
    assert [f.name for f in files if "njit" in f.read_text(encoding="utf-8")] == ["compiled.py"]


def test_sources_are_followed_through_other_files() -> None:
    found = {str(path.relative_to(ROOT)) for path in sources_of(ROOT / "shapes" / "synapses" / "crowd.py")}
    assert {"shapes/synapses/crowd.py", "shapes/core/streams.py", "shapes/neurites/tubes.py"} <= found
    assert not any(name.startswith("synthem") for name in found)


def test_kernels_import_from_files_that_can_be_followed() -> None:
    """``import shapes.x``, or a name from a room that loads lazily, would hide what a kernel is made of."""
    for file in (ROOT / "shapes").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "@compiled" not in text:
            continue
        assert not re.search(r"^import (shapes|synthem)", text, re.MULTILINE), file
        for module in re.findall(r"^from ((?:shapes|synthem)[\w.]*) import", text, re.MULTILINE):
            assert ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file(), (file, module)
