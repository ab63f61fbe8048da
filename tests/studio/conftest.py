"""A studio of a small preset beside synthetic patches that stand for real sections."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shapes import Grid
from synthem.data.png_folder import write_png
from synthem.patch import Patch
from synthem.world import World

pytest.importorskip("starlette", reason="the studio's extra is not installed: pip install 'synthem[studio]'")
pytest.importorskip("httpx", reason="starlette's test client wants httpx")

EDGE = 320
CLIENT = "page-of-tests"


@pytest.fixture(scope="session")
def sections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of labelled sections as people have them."""
    world = World("epfl", seed=5)
    patches: list[Patch] = [
        world.patch(Grid((1, EDGE, EDGE), (5, 5, 5), (4000.0 * k, 9000.0, 0.0))) for k in range(3)
    ]
    named = [Patch(p.image, p.labels, p.grid, name=f"section{k}") for k, p in enumerate(patches)]
    return write_png(named, tmp_path_factory.mktemp("studio") / "real")


@pytest.fixture
def studio(sections: Path, tmp_path: Path) -> Iterator[Any]:
    """A studio of ``epfl`` beside these sections, which writes to a folder of its own."""
    from synthem.studio.studio import open_studio

    out = tmp_path / "out"
    out.mkdir()
    made = open_studio("epfl", sections, (5.0, 5.0, 5.0), out)
    yield made
    made.end()


@pytest.fixture
def page(studio: Any) -> Iterator[Any]:
    """Starlette's client, with the token that the page of this studio has."""
    from starlette.testclient import TestClient

    from synthem.studio.app import make_app
    from synthem.studio.guard import TOKEN

    headers = {TOKEN: studio.token}
    with TestClient(make_app(studio), "http://127.0.0.1:8765", headers=headers) as client:
        yield client


@pytest.fixture
def ask(page: Any) -> Any:
    """Return a function that posts a body as the page does."""

    def asked(path: str, **body: Any) -> Any:
        return page.post(f"/api/{path}", json={"client": CLIENT, **body})

    return asked
