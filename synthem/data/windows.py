"""Where to look in a world: windows at random, and windows around objects.

The anatomy is never bent towards a class budget. A budget chooses among windows of one and the same world.
"""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from shapes import Grid
from synthem.labels import CELLS
from synthem.scene.annotate import PARTS
from synthem.scene.find import Found, block_nm, find_in_block
from synthem.world import World

REGION_CELLS = 256
"""Windows are scattered over a cube of this many windows an edge."""

SECTION_GAP_NM = 500.0
"""Single sections nearer than this show much the same objects: they count as overlapping."""

PLACES, DRAWN = 24, 8
"""At most so many of so many objects or more are drawn before others are looked for."""

BLOCKS, MOST_BLOCKS = 2, 200
"""They come from so many blocks of the world, or from more where these hold too few; where the most of blocks
hold none, a search ends."""

WINDOWS_AN_OBJECT = 2
"""No window is taken around an object that so many windows show already."""

Shares = npt.NDArray[np.float64]
Shown = dict[str, npt.NDArray[np.int32]]


def source_of(kind: str) -> str | None:
    """Return the kind of object that a class is a part of; None for membranes and cells, which have none."""
    return None if kind in ("membrane", *CELLS) else PARTS.get(kind, kind)


class WindowMaker:
    """Makes windows of one shape that never overlap, and tells what each holds.

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
        self._rng = rng
        self._pitch = (max(shape[0], math.ceil(SECTION_GAP_NM / voxel_nm[0])), shape[1], shape[2])
        self._taken: dict[tuple[int, ...], list[tuple[int, int, int]]] = {}
        self._near: dict[str, Iterator[Found]] = {}
        self._spent: set[str] = set()
        self._windows_of: dict[str, Counter[int]] = {}

    def scatter(self) -> Grid:
        """Add a window anywhere."""
        while True:
            cell = self._rng.integers(-REGION_CELLS // 2, REGION_CELLS // 2, 3)
            z, y, x = (int(c) * p for c, p in zip(cell, self._pitch, strict=True))
            if self._free((z, y, x)):
                return self._add((z, y, x))

    def around(self, kind: str) -> Grid:
        """Add a window that shows an object of a class, anywhere over its extent and within the window.

        Of all windows along z that could show an object each is as likely as any other, and the more there
        are, the likelier is the object: so profiles have the sizes that they have in scattered windows. Where
        there is no object to be found, the window lies anywhere.
        """
        source = source_of(kind)
        if source is not None:
            for found in islice(self._near.setdefault(source, self._objects(source)), 100):
                start = self._across(found)
                if self._free(start):
                    return self._add(start)
        return self.scatter()

    def spent(self, kind: str) -> bool:
        """Tell whether the search for objects of a class has come to its end."""
        return source_of(kind) in self._spent

    def holds(self, grid: Grid) -> tuple[Shares, Shown]:
        """Return the share of each class of the world in a window, and the ids that it shows."""
        labels, ids = self.world.annotated(grid)
        shares: Shares = labels.mean(axis=(1, 2, 3), dtype=np.float64)
        return shares, {kind: np.unique(values[values > 0]) for kind, values in ids.items()}

    def count(self, shown: Shown) -> None:
        """Remember that a window shows some objects."""
        for kind, ids in shown.items():
            self._windows_of.setdefault(kind, Counter()).update(ids.tolist())

    def too_many(self, source: str | None, shown: Shown) -> bool:
        """Tell whether a window shows an object that enough windows show already."""
        return source is not None and any(self._is_done(source, int(who)) for who in shown[source])

    def _is_done(self, source: str, who: int) -> bool:
        return self._windows_of.get(source, Counter())[who] >= WINDOWS_AN_OBJECT

    def _objects(self, source: str) -> Iterator[Found]:
        """Objects of a kind, each drawn with a chance in proportion to how many windows along z meet it.

        They are drawn among those of some blocks anywhere in the world, a few of many.
        """
        kind = "psd" if source == "vesicle" and self.world.preset.anatomy.psd is not None else source
        while near := self._some(kind):
            seen: set[int] = set()
            waits = self._rng.exponential(size=len(near)) / [self._room_nm(found) for found in near]
            for k in np.argsort(waits, kind="stable"):
                found = near[int(k)]
                if len(seen) < DRAWN and found.id not in seen and not self._is_done(kind, found.id):
                    seen.add(found.id)
                    yield found
        self._spent.add(source)

    def _some(self, kind: str) -> list[Found]:
        """Return the objects of some blocks, but those that enough windows show; none where all are empty."""
        region = [n * v * REGION_CELLS / 2 for n, v in zip(self._pitch, self.voxel_nm, strict=True)]
        most = [max(1, round(size / block_nm(kind))) for size in region]
        near: list[Found] = []
        for looked in range(MOST_BLOCKS):
            if looked >= BLOCKS and len(near) >= PLACES:
                break
            block = tuple(int(self._rng.integers(-count, count)) for count in most)
            found = find_in_block(
                self.world.preset.anatomy,
                self.world.seed,
                kind,
                block,
                self.world.preset.annotation.psd_en_face,
            )
            near += [one for one in found if not self._is_done(kind, one.id)]
        return near

    def _room_nm(self, found: Found) -> float:
        """Return over what length along z a window may begin that meets an object."""
        return found.extent_nm + (self.shape[0] - 1) * self.voxel_nm[0]

    def _across(self, found: Found) -> tuple[int, int, int]:
        """Return where a window may begin that meets an object."""
        deep = (self.shape[0] - 1) * self.voxel_nm[0]
        first = found.high[0] - self._rng.uniform(0.0, self._room_nm(found))
        place = found.at(min(max(found.place[0], first), first + deep))
        y, x = (
            math.floor(place[a] / self.voxel_nm[a]) - int(self._rng.integers(self.shape[a])) for a in (1, 2)
        )
        return math.floor(first / self.voxel_nm[0]), y, x

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
        return Grid(self.shape, self.voxel_nm, (z, y, x))
