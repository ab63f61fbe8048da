"""How much memory there is, asked before work begins rather than found out in the middle of it."""

import os
from collections.abc import Callable
from pathlib import Path

from shapes.core.errors import InputError

BYTES_PER_VOXEL = 80
"""What rendering and storing one voxel takes: labels, ids, grey levels and their intermediates."""


def available_bytes() -> int | None:
    """Return how much memory can be had: the least of what machine and container leave; None if unknown."""
    known = [value for ask in (_machine, _linux, _control_group, _limit) if (value := ask()) is not None]
    return min(known, default=None)


def check_room(need: int, what: str) -> None:
    """Raise InputError where something needs more bytes than there are."""
    there_is = available_bytes()
    if there_is is not None and need > there_is:
        raise InputError(
            f"{what} takes about {need / 2**30:.3g} GiB of memory, and {there_is / 2**30:.3g} GiB are there"
        )


def check_memory(shape: tuple[int, int, int], workers: int = 1) -> int:
    """Return how many of the wanted workers can render a patch of this shape at the same time.

    Raises
    ------
    InputError
        Where not even one patch fits into the memory there is.
    """
    need = BYTES_PER_VOXEL * shape[0] * shape[1] * shape[2]
    there_is = available_bytes()
    if there_is is None:
        return workers
    if need > there_is:
        raise InputError(
            f"a patch of {' × '.join(map(str, shape))} voxels takes about {need / 2**30:.3g} GiB of memory, "
            f"and {there_is / 2**30:.3g} GiB are there: ask for a smaller shape"
        )
    return max(1, min(workers, there_is // need))


def _machine() -> int | None:
    """Ask for all of the machine's memory, where the system tells (not on Windows)."""
    ask: Callable[[str], int] | None = getattr(os, "sysconf", None)
    try:
        return ask("SC_PAGE_SIZE") * ask("SC_PHYS_PAGES") if ask else None
    except (ValueError, OSError):
        return None


def _linux() -> int | None:
    """Ask Linux what it can give without swapping."""
    for line in _text("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _control_group() -> int | None:
    """Ask what is left of a container's limit."""
    limit, used = _text("/sys/fs/cgroup/memory.max"), _text("/sys/fs/cgroup/memory.current")
    return max(0, int(limit) - int(used)) if limit.isdigit() and used.isdigit() else None


def _limit() -> int | None:
    """Ask what is left of the limit that a shell or a queue set for this process (not on Windows)."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        used = int(_text("/proc/self/statm").split()[0]) * resource.getpagesize()
    except (ImportError, IndexError, ValueError):
        return None
    return max(0, limit - used) if limit != resource.RLIM_INFINITY else None


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
