"""The Python that pages and docstrings show is run."""

import doctest
import importlib
from pathlib import Path
from typing import Any

import pytest
from pages import PAGES, REPOSITORY, blocks, name

SHOWN = [(page, text) for page in PAGES for text in blocks(page, "python")]
MODULES = [
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    for package in ("shapes", "synthem")
    for path in sorted((REPOSITORY / package).rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize(("page", "text"), SHOWN, ids=[name(page) for page, _ in SHOWN])
def test_blocks_of_pages(page: Path, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(text, name(page), "exec"), names)
    assert "synthem" in names


def test_the_readme_shows_python() -> None:
    assert "README.md" in {name(page) for page, _ in SHOWN}


def test_some_docstrings_have_examples() -> None:
    assert "synthem.world" in MODULES


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried and not failed
