"""How the voxels of an image lie in a store: levels of a pyramid, each cut into shards, each of chunks."""

from collections.abc import Iterator
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

from pydantic import model_validator

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from shapes.core.grid import Grid, Triple

Index = tuple[int, int, int]


class Box(NamedTuple):
    """A box of voxels, (z, y, x)."""

    start: Index
    shape: Index

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """What takes the box out of an array."""
        z, y, x = (slice(s, s + n) for s, n in zip(self.start, self.shape, strict=True))
        return z, y, x

    def within(self, box: "Box") -> "Box":
        """Return this box as counted from the first voxel of another."""
        return Box(_three(s - b for s, b in zip(self.start, box.start, strict=True)), self.shape)


class Level(NamedTuple):
    """One level of a pyramid; everything is (z, y, x)."""

    shape: Index
    voxel_nm: Triple
    offset_nm: Triple
    """How far the centre of its first voxel lies from that of the first level's."""
    factor: Index
    """How many voxels of the level before make one; 1 along each axis of the first."""
    shard: Index
    chunk: Index

    @property
    def shards(self) -> Iterator[Index]:
        """The numbers of its shards, in order."""
        return product(*(range(-(-n // s)) for n, s in zip(self.shape, self.shard, strict=True)))  # type: ignore[return-value]

    def box(self, index: Index) -> Box:
        """Return the voxels of a shard that lie within the image."""
        z, y, x = (i * s for i, s in zip(index, self.shard, strict=True))
        sizes = (min(s, n - a) for a, s, n in zip((z, y, x), self.shard, self.shape, strict=True))
        return Box((z, y, x), tuple(sizes))  # type: ignore[arg-type]


class Layout(Frozen):
    """How an image lies in a store; everything is (z, y, x).

    Attributes
    ----------
    shape : tuple of int
        Voxels of the whole image.
    voxel_nm : tuple of float
        Edges of a voxel.
    shard_vx : tuple of int
        Voxels of a shard, which is one file and is written at once; a whole number of chunks. An image that
        is smaller has smaller ones.
    chunk_vx : tuple of int
        Voxels of a chunk, which is what a viewer reads at once.

    Raises
    ------
    InputError
        Where a size is not positive, or a shard is no whole number of chunks.
    """

    shape: Index
    voxel_nm: Triple
    shard_vx: Index = (256, 256, 256)
    chunk_vx: Index = (64, 64, 64)

    @model_validator(mode="after")
    def _fits(self) -> "Layout":
        Grid(self.shape, self.voxel_nm)
        if any(c < 1 or s < c or s % c for s, c in zip(self.shard_vx, self.chunk_vx, strict=True)):
            raise InputError(
                f"a shard must be a whole number of chunks along each axis, not {self.shard_vx} of "
                f"{self.chunk_vx} voxels"
            )
        return self

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The levels: each halves the axes whose voxels are finest, until one shard holds all.

        An axis is halved where its voxels are less than twice as long as the shortest edge of any, so that
        sections that are thick stay as they are until the others have caught up.
        """
        shape, voxel, factor = self.shape, self.voxel_nm, (1, 1, 1)
        levels = [self._level(shape, voxel, factor)]
        while any(n > s for n, s in zip(shape, self.shard_vx, strict=True)):
            # an axis that is one voxel deep has nothing to halve
            fine = min(v for v, n in zip(voxel, shape, strict=True) if n > 1)
            factor = _three(2 if v < 2 * fine and n > 1 else 1 for v, n in zip(voxel, shape, strict=True))
            shape = _three(-(-n // f) for n, f in zip(shape, factor, strict=True))
            voxel = _three(v * f for v, f in zip(voxel, factor, strict=True))
            levels.append(self._level(shape, voxel, factor))
        return tuple(levels)

    def _level(self, shape: Index, voxel: Triple, factor: Index) -> Level:
        chunk = _three(min(c, n) for c, n in zip(self.chunk_vx, shape, strict=True))
        # shards are cut down to what an image needs, and stay whole numbers of chunks
        shard = _three(
            min(s // c, -(-n // c)) * c for s, c, n in zip(self.shard_vx, chunk, shape, strict=True)
        )
        offset = _three((v - own) / 2 for v, own in zip(voxel, self.voxel_nm, strict=True))
        return Level(shape, voxel, offset, factor, shard, chunk)


def _three(values: Any) -> Any:
    z, y, x = values
    return z, y, x


def parts(box: Box, size: Index) -> Iterator[Box]:
    """Cut a box into parts of at most some size, (z, y, x)."""
    for index in product(*(range(-(-n // s)) for n, s in zip(box.shape, size, strict=True))):
        inner = [i * s for i, s in zip(index, size, strict=True)]
        start = _three(b + i for b, i in zip(box.start, inner, strict=True))
        yield Box(start, _three(min(s, n - i) for s, n, i in zip(size, box.shape, inner, strict=True)))
