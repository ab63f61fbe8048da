"""Patches without end: chunks of windows, each a small data set of a world of its own.

A chunk is what ``synthem generate`` writes for its seed, so it has class budgets as any data set has, none of
its windows overlap, and none of another chunk show the same tissue. It follows from the stream's seed and the
chunk's key alone: any process can make any patch, and nothing has to be remembered but where one stands.
"""

from functools import lru_cache

from shapes.core.streams import stream_key
from synthem.data.plan import Plan, Request, make_patch, plan_request
from synthem.patch import Patch
from synthem.preset.preset import Preset
from synthem.world import World

CHUNK = 16
"""Windows that are chosen together. More come nearer to budgets, and the first takes longer to come."""

PLANS = 16
"""A process remembers the windows of so many chunks."""


def chunk_request(request: Request, key: tuple[int, ...]) -> Request:
    """Return what a chunk is as a data set of its own.

    Parameters
    ----------
    request : Request
        What is asked of all; its seed is the stream's, its count that of a chunk.
    key : tuple of int
        The chunk's name. Other keys and other seeds give other worlds.
    """
    name = "/".join(map(str, ("stream", *key)))
    return request.model_copy(update={"seed": int(stream_key(request.seed, name)) >> 1})


def endless_patch(request: Request, key: tuple[int, ...], index: int) -> Patch:
    """Render one patch of a chunk; it depends on nothing but these three.

    The first patch of a chunk waits until all its windows are chosen, if there are budgets to meet.
    """
    own = chunk_request(request, key)
    return make_patch(_plan(own.model_dump_json()), index)


@lru_cache(maxsize=PLANS)
def _plan(request: str) -> Plan:
    own = Request.model_validate_json(request)
    return plan_request(World(Preset.model_validate(own.preset), own.seed), own)
