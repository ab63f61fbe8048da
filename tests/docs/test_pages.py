"""Pages point at what is there; the site's list of pages is whole; the citation names the version."""

import re
from pathlib import Path

import pytest
import yaml
from pages import PAGES, REPOSITORY, name, without_code

import synthem

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    words = (re.sub(r"[^\w\s-]", "", head.lower()) for head in HEADING.findall(without_code(page)))
    return {re.sub(r"\s+", "-", head.strip()) for head in words}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_and_pictures_are_there(page: Path) -> None:
    links = [link for link in LINK.findall(without_code(page)) if "://" not in link]
    for link in links:
        file, _, anchor = link.partition("#")
        target = (page.parent / file) if file else page
        assert target.exists(), f"{name(page)} points at {link}"
        assert not anchor or anchor in anchors(target), f"{name(page)}: no heading is called {link}"


def test_every_page_and_picture_is_used() -> None:
    docs = REPOSITORY / "docs"
    listed = set(re.findall(r"[\w/-]+\.md", (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")))
    assert listed == {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    shown = {(page.parent / link).resolve() for page in PAGES for link in LINK.findall(without_code(page))}
    assert set(docs.rglob("*.png")) <= shown


def test_the_readme_begins_with_the_two_commands() -> None:
    head = (REPOSITORY / "README.md").read_text(encoding="utf-8").split("```")[1].splitlines()
    assert head[1].startswith("pip install . && synthem demo")
    assert head[2].startswith("pip install '.[test]' && pytest -n 2")


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["title"], citation["version"]) == ("synthem", synthem.__version__)
    assert citation["license"] == "MIT" and citation["references"][0]["year"] == 2022
