"""What the page is answered with: pictures as bytes with a head, and errors as one sentence."""

import json
import struct
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shapes.core.errors import InputError
from synthem.labels import colour_of, exclusive
from synthem.studio.asked import Asked
from synthem.studio.errors import ChangeError, RefusedError

A = TypeVar("A", bound=Asked)


async def read(request: Request, model: type[A]) -> A:
    """Return the body of a request as what may be asked for.

    Raises
    ------
    RefusedError
        Where it is not; the sentence names the key.
    """
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:120]
        said = " ".join(first["msg"].removeprefix("Value error, ").split())[:200]
        raise RefusedError(400, f"{place}: {said}" if place else said) from error


def pixels(
    image: npt.NDArray[np.uint8], bits: npt.NDArray[np.unsignedinteger], classes: tuple[str, ...], **head: Any
) -> Response:
    """Return a picture: the length of a head (uint32), the head (JSON), the greys, the labels as bits.

    The head says ``height``, ``width``, ``bytes`` of a label, and the ``classes``, with the colour of each
    and its place among those that lie over one another (``above``, the topmost last).
    """
    order = exclusive(classes)
    head |= {
        "height": image.shape[0], "width": image.shape[1], "bytes": bits.dtype.itemsize,
        "classes": [{"name": n, "colour": colour_of(n), "above": order.index(n)} for n in classes],
    }  # fmt: skip
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 4)  # so that what follows can be read in place
    little = bits.astype(bits.dtype.newbyteorder("<"), copy=False)
    body = struct.pack("<I", len(text)) + text + image.tobytes() + little.tobytes()
    return Response(body, media_type="application/octet-stream")


def refused(error: Exception) -> JSONResponse:
    """Return what a person can mend, or has to wait for, as one sentence with a status of 4xx."""
    status = error.status if isinstance(error, RefusedError) else 422
    content: dict[str, Any] = {"error": str(error)}
    if isinstance(error, ChangeError):
        content["path"] = error.path
    return JSONResponse(content, status)


def answering(handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler that answers what was refused."""

    async def handled(request: Request) -> Response:
        try:
            return await handle(request)
        except InputError as error:
            return refused(error)
        except MemoryError:
            return refused(RefusedError(422, "that takes more memory than there is: ask for less"))
        except OSError as error:
            return refused(RefusedError(409, f"{error.filename or 'a file'}: {error.strerror or error}"))

    return handled
