"""Choosing windows whose pooled class shares are the budgets, as blindly as that allows.

A window that is taken because it holds much of a class shows large profiles rather than many. So windows
around objects are taken as they come, in place of scattered ones, until the budgets are met; only what that
cannot reach is chosen by what windows hold.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes import Grid
from synthem.data.windows import WINDOWS_AN_OBJECT, WindowMaker, source_of
from synthem.labels import channels

AIM, TOLERANCE = 0.02, 0.10
"""Shares are improved until within AIM of their targets; beyond TOLERANCE they are reported as missed."""

PAIRS = 500_000
"""At most about so many exchanges of one window for another are weighed against each other."""

Shares = npt.NDArray[np.float64]


class Choice(NamedTuple):
    """Windows that were chosen, and what they hold.

    ``reached`` are the pooled shares of the classes that have a budget, ``shortfalls`` a sentence for each
    that is missed by more than a tenth, and ``objects`` how many distinct objects of each the windows show;
    membranes are no objects.
    """

    grids: list[Grid]
    reached: dict[str, float]
    shortfalls: list[str]
    objects: dict[str, int]


class _Pool:
    """Candidates: where they are, what they hold in parts of what is wanted, and which objects they show."""

    def __init__(
        self, windows: WindowMaker, targets: Mapping[str, float], limit: int, tick: Callable[[int, int], None]
    ) -> None:
        self.windows, self.limit, self._tick = windows, limit, tick
        self.names, self.wanted = list(targets), np.array(list(targets.values()))
        self.grids: list[Grid] = []
        self.shown: list[dict[str, npt.NDArray[np.int32]]] = []
        self._relative = np.empty((limit, len(self.names)))
        self._indices = channels(self.names, windows.world.classes)
        self.looked = 0

    @property
    def full(self) -> bool:
        """Whether no further window may be looked at."""
        return self.looked >= self.limit

    @property
    def relative(self) -> Shares:
        """Share of each class over its target, (candidates, classes)."""
        return self._relative[: len(self.grids)]

    def error(self, chosen: npt.NDArray[np.int64]) -> Shares:
        """Return by which part of its target each class is off in the chosen windows together."""
        error: Shares = self.relative[chosen].mean(0) - 1
        return error

    def scatter(self) -> None:
        """Look at a window anywhere."""
        self._take(*self._look(self.windows.scatter()))

    def around(self, name: str) -> bool:
        """Look at a window around an object; False where it shows one that enough windows show already."""
        grid, shares, shown = self._look(self.windows.around(name))
        if self.windows.too_many(source_of(name), shown):
            return False
        self._take(grid, shares, shown)
        return True

    def distinct(self, chosen: npt.NDArray[np.int64]) -> dict[str, int]:
        """Return how many objects of each class that has any the chosen windows show."""
        sources = {name: source for name in self.names if (source := source_of(name))}
        return {
            name: len(set[int]().union(*(self.shown[int(i)][source].tolist() for i in chosen)))
            for name, source in sources.items()
        }

    def _look(self, grid: Grid) -> tuple[Grid, Shares, dict[str, npt.NDArray[np.int32]]]:
        shares, shown = self.windows.holds(grid)
        self.looked += 1
        self._tick(self.looked, self.limit)
        return grid, shares, shown

    def _take(self, grid: Grid, shares: Shares, shown: dict[str, npt.NDArray[np.int32]]) -> None:
        self._relative[len(self.grids)] = shares[self._indices] / self.wanted
        self.grids.append(grid)
        self.shown.append(shown)
        self.windows.count(shown)


def choose(
    windows: WindowMaker,
    count: int,
    targets: Mapping[str, float],
    tick: Callable[[int, int], None] = lambda done, most: None,
) -> Choice:
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
    """
    if not targets:
        return Choice([windows.scatter() for _ in range(count)], {}, [], {})
    pool = _Pool(windows, targets, 12 * count + 40, tick)
    for _ in range(count):
        pool.scatter()
    chosen = _mix(pool, count)
    while True:
        chosen = _improve(pool.relative, chosen)
        error = pool.error(chosen)
        off = np.abs(error) > AIM
        if not off.any() or pool.full:
            break
        for k in np.flatnonzero(off):
            for _ in range(min(max(8, count // 4), pool.limit - pool.looked)):
                if error[k] < 0:
                    pool.around(pool.names[k])
                else:
                    pool.scatter()
    reached = dict(zip(pool.names, ((error + 1) * pool.wanted).tolist(), strict=True))
    short = [
        f"{name}: reached {reached[name]:.3g} of {targets[name]:.3g}: {_reason(pool, k)}"
        for k, name in enumerate(pool.names)
        if abs(error[k]) > TOLERANCE
    ]
    chosen = np.sort(chosen)
    return Choice([pool.grids[int(i)] for i in chosen], reached, short, pool.distinct(chosen))


def _mix(pool: _Pool, count: int) -> npt.NDArray[np.int64]:
    """Replace scattered windows by windows around objects of the class that is shortest, as they come."""
    chosen, left = np.arange(count), count
    classes = np.array([source_of(name) is not None for name in pool.names])
    while left and not pool.full:
        error = np.where(classes, pool.error(chosen), np.inf)
        k = int(error.argmin())
        if error[k] >= -AIM or pool.windows.spent(pool.names[k]):
            break
        if pool.around(pool.names[k]):
            left -= 1
            chosen[left] = len(pool.grids) - 1
    return chosen


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


def _reason(pool: _Pool, k: int) -> str:
    """Why a target was missed, in words."""
    held, want, name = pool.relative[:, k] * pool.wanted[k], pool.wanted[k], pool.names[k]
    shape = " × ".join(str(n) for n in pool.windows.shape if n > 1)
    tried = f"{len(held)} windows of {shape}"
    if held.max() == 0:
        return f"none of {tried} holds any"
    if pool.windows.spent(name) and held.mean() < want:
        return (
            f"no further {source_of(name)} was found, and one that {WINDOWS_AN_OBJECT} windows show already "
            "gives no more"
        )
    if held.max() < want:
        return f"even the richest of {tried} holds only {held.max():.3g}"
    if held.min() > want:
        return f"even the poorest of {tried} holds {held.min():.3g}"
    return f"{tried} were looked at, and no choice of them comes nearer to all the shares that were asked for"
