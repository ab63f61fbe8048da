"""Who may ask the studio, and how much: names in the address, origin, token and size of every request.

The studio listens on this machine alone, but any page that is open in the same browser can send requests to
it. So a request must name this machine in ``Host`` (a page that had its own name resolved to 127.0.0.1 does
not), come from the studio's own page if it says where it comes from, and bring the token of this start. No
cookie is set: nothing that a browser would send along by itself opens anything.
"""

import json
import secrets
import socket
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 256 * 1024
"""A request holds no more than this."""
MOST_AT_ONCE = 512
"""So many requests are read or waited for at a time; the page asks again where there are more."""
TOKEN = "x-synthem-token"  # noqa: S105 (the name of a header)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (compared with, not bound to)
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}


def names_of(host: str) -> Callable[[str], bool]:
    """Return a function that tells whether a name in ``Host`` may stand for a studio bound to ``host``."""
    own = LOOPBACK | {host.lower()}
    if host not in EVERYWHERE:
        return lambda name: name in own
    own |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def known(name: str) -> bool:
        try:
            ip_address(name)
        except ValueError:
            return name in own
        return True  # nobody else can have a number resolved to this machine

    return known


class TooLargeError(Exception):
    """The body of a request is longer than ``MOST_BYTES``."""


class Guard:
    """Lets through what comes from the studio's own page; everything else gets a status of 4xx.

    Parameters
    ----------
    app : ASGI application
    token : str
        Of this start. Everything below ``/api/`` wants it; the page itself holds nothing.
    host : str
        What the studio is bound to.
    """

    def __init__(self, app: ASGIApp, token: str, host: str = "127.0.0.1") -> None:
        self.app, self._token, self._known = app, token, names_of(host)
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and hand it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is None and self._now >= MOST_AT_ONCE:
            refusal = 429, f"{MOST_AT_ONCE} requests are being answered: try again in a moment"
        if refusal is not None:
            await _refuse(*refusal, answer)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise TooLargeError
            return message

        self._now += 1
        try:
            await self.app(scope, bounded, answer)
        except TooLargeError:
            await _refuse(413, f"a request holds at most {MOST_BYTES} bytes", answer)
        finally:
            self._now -= 1

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Return a status and a sentence where a request is refused."""
        hosts = headers.getlist("host")
        host = hosts[0] if len(hosts) == 1 else ""
        if not self._known(_name(host)):
            return 403, "this address is not the studio's: open the one that the terminal shows"
        origin = headers.get("origin")
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            return 403, "only the studio's own page may send requests"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not _is_page(scope):
            return 403, "only the studio's own page may send requests"
        if scope["path"].startswith("/api/"):
            # bytes: what is no ASCII cannot be compared as text
            if not secrets.compare_digest(headers.get(TOKEN, "").encode(), self._token.encode()):
                return (
                    401,
                    "the token is missing or not of this start: open the address that the terminal shows",
                )
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if scope["method"] == "POST" and kind != "application/json":
                return 415, "a request is JSON: content-type must be application/json"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return 413, f"a request holds at most {MOST_BYTES} bytes"
        return None


def _name(host: str) -> str:
    """Return the name or number in ``Host``, without its port; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".") if host and "@" not in host else ""
    except ValueError:
        return ""


def _is_page(scope: Scope) -> bool:
    """Tell whether the page itself is asked for, as a link in a mail or a notebook does."""
    return bool(scope["path"] == "/" and scope["method"] in ("GET", "HEAD"))


async def _refuse(status: int, sentence: str, send: Send) -> None:
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
