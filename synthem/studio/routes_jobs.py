"""The addresses of what a person leaves with: a fit, the preset as YAML, a data set."""

import os

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.studio.answers import answering, read
from synthem.studio.asked import FitAsked, GenerateAsked, LeaveAsked
from synthem.studio.changes import changed
from synthem.studio.errors import RefusedError
from synthem.studio.fit_job import fit
from synthem.studio.generate_job import generate
from synthem.studio.jobs import Job
from synthem.studio.leave import changes_text, commands, kept, whole_text
from synthem.studio.studio import Studio


def job_routes(studio: Studio) -> list[Route]:
    """Return the routes."""

    async def begin_fit(request: Request) -> Response:
        asked = await read(request, FitAsked)
        tuned, sections = changed(studio.base, asked.changes), studio.known
        if asked.masks and not sections.labelled:
            raise RefusedError(422, "these sections have no masks: fit without")
        studio.fit.start(
            fit, sections.root, tuned, sections.voxel_nm, studio.how, sections.names, asked.minutes,
            asked.tissues, asked.masks, max(1, _processors() - 1),
        )  # fmt: skip
        return JSONResponse(studio.fit.told())

    async def leave(request: Request) -> Response:
        asked = await read(request, LeaveAsked)
        return JSONResponse(
            {
                "text": _text(studio, asked),
                "changed": len(kept(studio.base, asked.changes)),
                "commands": _commands(studio, asked),
                "file": f"{asked.name}.yaml",
            }
        )

    async def save(request: Request) -> Response:
        asked = await read(request, LeaveAsked)
        path = studio.new_path(f"{asked.name}.yaml")
        write_whole(path, _text(studio, asked).encode())
        return JSONResponse({"file": str(path)})

    async def begin_generate(request: Request) -> Response:
        asked = await read(request, GenerateAsked)
        tuned = changed(studio.base, asked.changes)
        seen = studio.tuned_on if kept(studio.base, asked.changes) else tuned.tuned_on
        tuned = tuned.model_copy(update={"name": asked.name, "tuned_on": seen})
        out = studio.new_path(asked.folder)
        studio.generate.start(
            generate, tuned, out, asked.count, asked.seed, dict(asked.balance), asked.layout,
            max(1, _processors() - 1),
        )  # fmt: skip
        return JSONResponse(studio.generate.told())

    def watched(job: Job) -> list[tuple[str, object]]:
        async def told(request: Request) -> Response:
            return JSONResponse(job.told())

        async def stop(request: Request) -> Response:
            job.stop()
            return JSONResponse(job.told())

        return [("", told), ("/stop", stop)]

    out = [
        Route("/api/fit", answering(begin_fit), methods=["POST"]),
        Route("/api/leave", answering(leave), methods=["POST"]),
        Route("/api/save", answering(save), methods=["POST"]),
        Route("/api/generate", answering(begin_generate), methods=["POST"]),
    ]
    for name, job in (("fit", studio.fit), ("generate", studio.generate)):
        for end, handler in watched(job):
            out.append(Route(f"/api/{name}/job{end}", answering(handler), methods=["POST" if end else "GET"]))  # type: ignore[arg-type]
    return out


def _text(studio: Studio, asked: LeaveAsked) -> str:
    try:
        if asked.whole:
            return whole_text(studio.base, asked.changes, studio.tuned_on)
        return changes_text(studio.base, studio.start, asked.changes, studio.tuned_on)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise RefusedError(422, f"these changes cannot be written down: {error}") from error


def _commands(studio: Studio, asked: LeaveAsked) -> list[dict[str, str]]:
    images = None if studio.sections is None else studio.sections.root
    voxel = changed(studio.base, asked.changes).voxel_nm
    file, balance = f"{asked.name}.yaml", dict(asked.balance)
    return commands(file, asked.seed, images, voxel, asked.count, balance, studio.chosen)


def _processors() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
