"""The page is whole by itself: nothing from elsewhere, nothing inline, nothing made of markup; it ships."""

import re
from pathlib import Path

import pytest

from synthem.studio.app import STATIC

FILES = sorted(path for path in STATIC.iterdir() if path.is_file())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path):
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//cdn|@import|url\(", text)
    assert "innerHTML" not in text and "outerHTML" not in text and "insertAdjacentHTML" not in text
    assert "eval(" not in text and "new Function" not in text and "document.write" not in text


def test_the_page_has_neither_script_nor_style_in_it():
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", page)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_modules_import_each_other_by_names_that_are_there(path):
    text = path.read_text(encoding="utf-8")
    for names, module in re.findall(r"import \{([^}]*)\} from \"\./([\w.]+)\"", text):
        there = (STATIC / module).read_text(encoding="utf-8")
        for name in names.split(","):
            assert re.search(rf"export (async )?(class|function|const) {name.strip()}\b", there), (
                module,
                name,
            )
    assert not re.search(r"setAttribute\(\"style\"", text)


def test_every_file_is_asked_for(page):
    html = page.get("/").text
    asked = set(re.findall(r"/static/([\w.]+)", html))
    for path in SCRIPTS:
        asked |= set(re.findall(r"from \"\./([\w.]+)\"", path.read_text(encoding="utf-8")))
    assert asked | {"index.html"} == {path.name for path in FILES}
    for name in asked:
        assert page.get(f"/static/{name}").status_code == 200
    assert "javascript" in page.get("/static/main.js").headers["content-type"]


def test_the_files_are_part_of_the_package():
    assert Path(STATIC).parent.name == "studio" and (STATIC.parent / "__init__.py").is_file()
