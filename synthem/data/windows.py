"""Where to look in a world: windows at random, windows around objects, and a choice with wanted class shares.

The anatomy is never bent towards a class budget. A budget chooses among windows of one and the same world.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import numpy as np
import numpy.typing as npt

from shapes import Grid
from synthem.labels import CLASSES
from synthem.world import World

REGION_CELLS = 256
"""Windows are scattered over a cube of this many windows an edge."""

SECTION_GAP_NM = 500.0
"""Single sections nearer than this show much the same objects: they count as overlapping."""

AIM, TOLERANCE = 0.02, 0.10
"""Shares are improved until within AIM of their targets; beyond TOLERANCE they are reported as missed."""

PLACES = 24
"""So many objects near one point are looked at before the search moves to another part of the world."""

OFF_MIDDLE_NM = 75.0
"""A section around an object passes at most this far from its middle."""

PAIRS = 500_000
"""At most about so many exchanges of one window for another are weighed against each other."""

Shares = npt.NDArray[np.float64]


class WindowMaker:
    """Makes windows of one shape that never overlap, and measures the class shares in each.

    Parameters
    ----------
    world : World
        Where to look.
    shape : tuple of int
        Voxels of a window, (z, y, x).
    voxel_nm : tuple of float
        Voxel size, (z, y, x).
    rng : numpy.random.Generator
        Decides on all places.
    """

    def __init__(
        self,
        world: World,
        shape: tuple[int, int, int],
        voxel_nm: tuple[float, float, float],
        *,
        rng: np.random.Generator,
    ) -> None:
        self.world, self.shape, self.voxel_nm = world, shape, voxel_nm
        self.grids: list[Grid] = []
        self._rng = rng
        self._pitch = (max(shape[0], math.ceil(SECTION_GAP_NM / voxel_nm[0])), shape[1], shape[2])
        self._taken: dict[tuple[int, ...], list[tuple[int, int, int]]] = {}
        self._near: dict[str, Iterator[tuple[float, float, float]]] = {}

    def scatter(self) -> Grid:
        """Add a window anywhere."""
        while True:
            cell = self._rng.integers(-REGION_CELLS // 2, REGION_CELLS // 2, 3)
            z, y, x = (int(c) * p for c, p in zip(cell, self._pitch, strict=True))
            if self._free((z, y, x)):
                return self._add((z, y, x))

    def around(self, kind: str) -> Grid:
        """Add a window that holds an object of a class, anywhere within the window."""
        places = self._near.setdefault(kind, self._places(kind))
        for _ in range(100):
            place = next(places, None)
            if place is None:
                break
            start = []
            for axis, (nm, voxel, size) in enumerate(zip(place, self.voxel_nm, self.shape, strict=True)):
                shift = self._rng.uniform(-OFF_MIDDLE_NM, OFF_MIDDLE_NM) if axis == 0 and size == 1 else 0.0
                start.append(math.floor((nm + shift) / voxel) - int(self._rng.integers(size)))
            if self._free((start[0], start[1], start[2])):
                return self._add((start[0], start[1], start[2]))
        return self.scatter()

    def shares(self, grid: Grid) -> Shares:
        """Share of voxels of each class in a window, in the order of ``synthem.CLASSES``."""
        share: Shares = self.world.labels(grid).mean(axis=(1, 2, 3), dtype=np.float64)
        return share

    def _places(self, kind: str) -> Iterator[tuple[float, float, float]]:
        """Objects of a class, some near each of many points, so that they come from all over the world."""
        if kind == "membrane":  # it is everywhere
            return
        if kind == "vesicle" and self.world.preset.anatomy.psd is not None:
            kind = "psd"  # one place a bouton, in place of hundreds
        size = [n * v * REGION_CELLS / 2 for n, v in zip(self._pitch, self.voxel_nm, strict=True)]
        while True:
            z, y, x = (float(self._rng.uniform(-s, s)) for s in size)
            yield from islice(self.world.find(kind, near_nm=(z, y, x)), PLACES)

    def _cell(self, start: tuple[int, int, int]) -> tuple[int, ...]:
        return tuple(s // p for s, p in zip(start, self._pitch, strict=True))

    def _free(self, start: tuple[int, int, int]) -> bool:
        """Tell whether a window there would overlap none of those taken."""
        z, y, x = self._cell(start)
        for step in np.ndindex(3, 3, 3):
            for other in self._taken.get((z + step[0] - 1, y + step[1] - 1, x + step[2] - 1), []):
                if all(abs(s - o) < p for s, o, p in zip(start, other, self._pitch, strict=True)):
                    return False
        return True

    def _add(self, start: tuple[int, int, int]) -> Grid:
        self._taken.setdefault(self._cell(start), []).append(start)
        z, y, x = (s * v for s, v in zip(start, self.voxel_nm, strict=True))
        self.grids.append(Grid(self.shape, self.voxel_nm, (z, y, x)))
        return self.grids[-1]


def choose(
    windows: WindowMaker,
    count: int,
    targets: Mapping[str, float],
    tick: Callable[[int, int], None] = lambda done, most: None,
) -> tuple[list[Grid], dict[str, float], list[str]]:
    """Choose windows whose pooled class shares are the targets, among a bounded number of candidates.

    Parameters
    ----------
    windows : WindowMaker
        Makes the candidates; at most ``12 * count + 40`` of them.
    count : int
        How many to choose.
    targets : mapping of str to float
        Wanted share of voxels by class.
    tick : callable
        Told how many candidates were measured and how many there may be.

    Returns
    -------
    tuple
        The windows, the shares that they reach, and a sentence for each target that is missed by more
        than a tenth.
    """
    if not targets:
        return [windows.scatter() for _ in range(count)], {}, []
    names, limit = list(targets), 12 * count + 40
    indices, wanted = [CLASSES.index(name) for name in names], np.array(list(targets.values()))
    relative = np.empty((limit, len(names)))
    grids: list[Grid] = []
    chosen = np.arange(count)

    def measure(grid: Grid) -> None:
        relative[len(grids)] = windows.shares(grid)[indices] / wanted
        grids.append(grid)
        tick(len(grids), limit)

    for _ in range(count):
        measure(windows.scatter())
    while True:
        chosen = _improve(relative[: len(grids)], chosen)
        error = relative[chosen].mean(0) - 1
        off = np.abs(error) > AIM
        if not off.any() or len(grids) >= limit:
            break
        more = max(8, count // 4)
        for k in np.flatnonzero(off):
            for _ in range(min(more, limit - len(grids))):
                measure(windows.around(names[k]) if error[k] < 0 else windows.scatter())
    reached = dict(zip(names, ((error + 1) * wanted).tolist(), strict=True))
    shape = " × ".join(str(n) for n in windows.shape if n > 1)
    short = [
        f"{name}: reached {reached[name]:.3g} of {targets[name]:.3g}: "
        + _reason(relative[: len(grids), k] * wanted[k], targets[name], f"{len(grids)} windows of {shape}")
        for k, name in enumerate(names)
        if abs(error[k]) > TOLERANCE
    ]
    return [grids[int(i)] for i in sorted(chosen)], reached, short


def _improve(relative: Shares, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Exchange windows one by one while that brings the mean of each column nearer to one."""
    chosen = chosen.copy()
    inside = np.zeros(len(relative), bool)
    inside[chosen] = True
    error = relative[chosen].mean(0) - 1
    while np.abs(error).max() > AIM and not inside.all():
        outside = np.flatnonzero(~inside)
        for find in (_quick_exchange, _best_exchange):
            come, leave = find(relative[outside], relative[chosen], error)
            better = error + (relative[outside[come]] - relative[chosen[leave]]) / len(chosen)
            if better @ better < error @ error - 1e-12:
                break
        else:
            break
        inside[[outside[come], chosen[leave]]] = True, False
        chosen[leave], error = outside[come], better
    return chosen


def _quick_exchange(outside: Shares, inside: Shares, error: Shares) -> tuple[int, int]:
    """Choose who comes for an average window, then who leaves for that one: quick, not always the best."""
    come = _nearest(error + (outside - inside.mean(0)) / len(inside))
    return come, _nearest(error + (outside[come] - inside) / len(inside))


def _best_exchange(outside: Shares, inside: Shares, error: Shares) -> tuple[int, int]:
    """Choose the best pair; of very many, the best among those in which an extreme window leaves."""
    rows = np.argsort(-np.square(inside).sum(1), kind="stable")[: max(1, PAIRS // len(outside))]
    errors = error + (outside[:, None] - inside[rows][None]) / len(inside)
    come, row = divmod(_nearest(errors.reshape(-1, errors.shape[-1])), len(rows))
    return come, int(rows[row])


def _nearest(errors: Shares) -> int:
    """Row with the least sum of squares."""
    return int(np.einsum("ij,ij->i", errors, errors).argmin())


def _reason(held: Shares, want: float, tried: str) -> str:
    """Why a target was missed, in words."""
    if held.max() == 0:
        return f"none of {tried} holds any"
    if held.max() < want:
        return f"even the richest of {tried} holds only {held.max():.3g}"
    if held.min() > want:
        return f"even the poorest of {tried} holds {held.min():.3g}"
    return f"{tried} were looked at, and no choice of them comes nearer to all the shares that were asked for"
