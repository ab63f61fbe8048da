"""The addresses of the studio, and what each does.

Whatever computes is done in a lane, see ``latest.py``; even presets are checked there, so that of requests
that are superseded nothing but their bodies is read.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from shapes.core.errors import InputError
from synthem.studio.answers import answering, pixels, read, refused
from synthem.studio.asked import Asked, FindAsked, PictureAsked, RealAsked
from synthem.studio.changes import changed
from synthem.studio.controls import controls_of
from synthem.studio.errors import RefusedError
from synthem.studio.guard import Guard
from synthem.studio.latest import Ticket
from synthem.studio.pictures import STAGES, Tissues, take
from synthem.studio.places import centred, place_of
from synthem.studio.routes_blind import blind_routes
from synthem.studio.routes_compare import compare_routes
from synthem.studio.routes_jobs import job_routes
from synthem.studio.studio import Studio

STATIC = Path(__file__).parent / "static"
Handler = Callable[[Request], Awaitable[Response]]
A = TypeVar("A", bound=Asked)


def make_app(studio: Studio, host: str = "127.0.0.1") -> Starlette:
    """Return the application of a studio, guarded; ``host`` is what it is bound to."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        first = asyncio.create_task(studio.pictures.do(("", "first"), lambda ticket: _warm(studio, ticket)))
        yield
        first.cancel()
        await asyncio.to_thread(studio.end)

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    routes = [
        Route("/", page),
        Mount("/static", StaticFiles(directory=STATIC)),
        *_tune_routes(studio),
        *compare_routes(studio),
        *blind_routes(studio),
        *job_routes(studio),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, token=studio.token, host=host)],
        exception_handlers={HTTPException: _http_error},
        lifespan=lifespan,
    )


def _warm(studio: Studio, ticket: Ticket) -> None:
    """Render a small picture: kernels are loaded, or compiled, before anybody waits for them."""
    with contextlib.suppress(InputError):
        preset = changed(studio.base, studio.first_changes())
        take(preset, 0, centred((0.0, 0.0, 0.0), 64, preset.voxel_nm), "tone", Tissues(), ticket)


def _tune_routes(studio: Studio) -> list[Route]:
    async def about(request: Request) -> Response:
        return JSONResponse(_about(studio))

    async def picture(request: Request) -> Response:
        asked = await read(request, PictureAsked)

        def work(ticket: Ticket) -> Response:
            tuned = changed(studio.base, asked.changes)
            grid = centred((asked.z, asked.y, asked.x), asked.edge, tuned.voxel_nm)
            shot = take(tuned, asked.seed, grid, asked.stage, studio.tissues, ticket)
            return pixels(
                shot.image, shot.bits, shot.classes, voxel_nm=list(tuned.voxel_nm), rebuilt=shot.rebuilt
            )

        return await studio.pictures.do((asked.client, "picture", asked.lane), work)

    async def real(request: Request) -> Response:
        asked, sections = await read(request, RealAsked), studio.known

        def work(ticket: Ticket) -> Response:
            crop = sections.crop(asked.number, asked.edge)
            head = {"voxel_nm": list(sections.voxel_nm), "section": crop.section, "corner": crop.corner}
            return pixels(crop.image, crop.bits, crop.classes, **head)

        return await studio.pictures.do((asked.client, "real"), work)

    async def find(request: Request) -> Response:
        asked = await read(request, FindAsked)

        def work(ticket: Ticket) -> Response:
            tuned = changed(studio.base, asked.changes)
            z, y, x = place_of(tuned, asked.seed, asked.what, asked.number, ticket)
            return JSONResponse({"z": z, "y": y, "x": x})

        return await studio.pictures.do((asked.client, "find"), work)

    return [
        Route("/api/about", answering(about), methods=["GET"]),
        Route("/api/picture", answering(picture), methods=["POST"]),
        Route("/api/real", answering(real), methods=["POST"]),
        Route("/api/find", answering(find), methods=["POST"]),
    ]


def _about(studio: Studio) -> dict[str, Any]:
    """Return what the page needs to know at its start."""
    base, sections = studio.base, studio.sections
    return {
        "preset": base.name, "title": base.title, "start": studio.start, "out": str(studio.out),
        "groups": controls_of(base), "changes": studio.first_changes(), "stages": STAGES,
        "voxel_nm": list(base.voxel_nm),
        "real": None if sections is None else {
            "name": sections.root.name, "sections": len(sections.folder.names), "smallest": sections.smallest,
            "voxel_nm": list(sections.voxel_nm), "labelled": sections.labelled,
            "warnings": list(sections.warnings),
        },
    }  # fmt: skip


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    sentences = {404: "there is no such address", 405: "this address takes no such method"}
    return refused(RefusedError(status, sentences.get(status, "this request cannot be answered")))
