"""The addresses of blind tests."""

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shapes.core.grid import Grid
from synthem.studio.answers import answering, pixels, read
from synthem.studio.asked import AnswerAsked, BlindAsked, ResultAsked
from synthem.studio.blind import BlindTest
from synthem.studio.changes import changed
from synthem.studio.errors import RefusedError
from synthem.studio.latest import Ticket
from synthem.studio.leave import kept
from synthem.studio.pictures import Tissues, take
from synthem.studio.studio import Studio


def blind_routes(studio: Studio) -> list[Route]:
    """Return the routes."""

    async def begin(request: Request) -> Response:
        asked = await read(request, BlindAsked)
        tuned, sections = changed(studio.base, asked.changes), studio.known
        if tuned.voxel_nm[1:] != sections.voxel_nm[1:]:
            edges = " × ".join(f"{edge:g}" for edge in sections.voxel_nm)
            raise RefusedError(422, f"a blind test wants voxels like the real sections', voxel_nm {edges}")
        if asked.edge > sections.smallest:
            raise RefusedError(
                422, f"the smallest real section has {sections.smallest} pixels, not {asked.edge}"
            )

        def work(ticket: Ticket) -> Response:
            half, edge, nothing = asked.crops // 2, asked.edge, Tissues(1)
            rng = np.random.default_rng()
            synthetic = []
            for _ in range(half):
                ticket.check()
                place = tuple(rng.uniform(-1e5, 1e5, 3).tolist())
                grid = Grid((1, edge, edge), tuned.voxel_nm, place)
                synthetic.append(take(tuned, asked.seed, grid, "tone", nothing, ticket).image)
            about = {
                "preset": studio.start, "changes": kept(studio.base, asked.changes), "seed": asked.seed,
                "images": sections.root.name, "edge_vx": edge, "voxel_nm": list(tuned.voxel_nm),
            }  # fmt: skip
            test = BlindTest.shuffled(sections.crops_unseen(half, edge), synthetic, about)
            return JSONResponse({"test": studio.blind.add(test), "crops": len(test.images)})

        return await studio.figures.do((asked.client, "blind"), work)

    async def crop(request: Request) -> Response:
        test = studio.blind.get(request.path_params["test"])
        number = request.path_params["number"]
        if number > len(test.answers) or number >= len(test.images):
            raise RefusedError(404, f"there is no crop {number} to be seen yet")
        image = test.images[number]
        return pixels(image, np.zeros(image.shape, np.uint8), ())

    async def answer(request: Request) -> Response:
        asked = await read(request, AnswerAsked)
        test = studio.blind.get(asked.test)
        test.answer(asked.number, asked.real)
        return JSONResponse({"answered": len(test.answers), "done": test.done})

    async def result(request: Request) -> Response:
        asked = await read(request, ResultAsked)
        test = studio.blind.get(asked.test)
        path = test.write(studio.out, asked.rater)
        return JSONResponse(test.result() | {"file": str(path)})

    return [
        Route("/api/blind", answering(begin), methods=["POST"]),
        Route("/api/blind/{test:str}/{number:int}", answering(crop), methods=["GET"]),
        Route("/api/blind/answer", answering(answer), methods=["POST"]),
        Route("/api/blind/result", answering(result), methods=["POST"]),
    ]
