"""A studio that is served until it is interrupted."""

import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from shapes.core.errors import InputError
from synthem.studio.studio import Studio

if TYPE_CHECKING:
    import uvicorn

MOST_CONNECTIONS = 2048


def serve(
    studio: Studio, host: str = "127.0.0.1", port: int = 8765, tell: Callable[[str], None] = print
) -> None:
    """Serve a studio until an interrupt; ``tell`` is given its address, token included, when it listens.

    Raises
    ------
    InputError
        Where the port is taken, or the host is none of this machine.
    """
    server = server_of(studio, host)
    with listening(host, port) as listener:
        listener.listen(MOST_CONNECTIONS)  # who follows the address at once waits, and is not refused
        shown = f"[{host}]" if ":" in host else host
        tell(f"http://{shown}:{listener.getsockname()[1]}/?token={studio.token}")
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def server_of(studio: Studio, host: str) -> "uvicorn.Server":
    """Return the server of a studio: few connections, no web sockets, nothing said of itself."""
    import uvicorn

    from synthem.studio.app import make_app

    config = uvicorn.Config(
        make_app(studio, host),
        log_level="warning",
        access_log=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=3,
        server_header=False,
        ws="none",
    )
    return uvicorn.Server(config)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound; InputError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_REUSEADDR"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"studio: {host}:{port}: {reason}; give another --port, or 0 for any") from error
    return listener
