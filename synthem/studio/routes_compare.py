"""The addresses of comparisons with real sections, and of the surfaces in 3D."""

import io

from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthem.studio.answers import answering, read
from synthem.studio.asked import SurfaceAsked, Tuned
from synthem.studio.changes import changed
from synthem.studio.compare import windows_of
from synthem.studio.latest import Ticket
from synthem.studio.studio import Studio


def compare_routes(studio: Studio) -> list[Route]:
    """Return the routes."""

    async def compare(request: Request) -> Response:
        asked = await read(request, Tuned)
        known = studio.known

        def work(ticket: Ticket) -> Response:
            tuned = changed(studio.base, asked.changes)
            _ = known.windows  # read before anything is rendered: it says what is wrong with them
            ticket.check()
            windows = windows_of(tuned, studio.real.edge, studio.compared, ticket, asked.seed)
            return JSONResponse(
                studio.real.against(windows)
                | {"windows": len(windows), "real_windows": studio.real.count, "edge": studio.real.edge}
            )

        return await studio.figures.do((asked.client, "compare"), work)

    async def counts(request: Request) -> Response:
        asked = await read(request, Tuned)
        _ = studio.known

        def work(ticket: Ticket) -> Response:
            tuned = changed(studio.base, asked.changes)
            return JSONResponse({"rows": studio.counts.against(tuned, ticket, asked.seed)})

        return await studio.figures.do((asked.client, "counts"), work)

    async def surface(request: Request) -> Response:
        asked = await read(request, SurfaceAsked)

        def work(ticket: Ticket) -> Response:
            tuned = changed(studio.base, asked.changes)
            near, view = (asked.z, asked.y, asked.x), (asked.turn, asked.rise)
            picture = studio.surfaces.picture(tuned, asked.seed, near, asked.show, view, ticket)
            with io.BytesIO() as file:
                Image.fromarray(picture).save(file, "PNG")
                return Response(file.getvalue(), media_type="image/png")

        return await studio.figures.do((asked.client, "surface"), work)

    return [
        Route("/api/compare", answering(compare), methods=["POST"]),
        Route("/api/counts", answering(counts), methods=["POST"]),
        Route("/api/surface", answering(surface), methods=["POST"]),
    ]
