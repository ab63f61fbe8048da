"""Sections of one file or data set, unread: a picture, a TIFF stack, an array in HDF5, Zarr, MRC or NIfTI.

Every kind of file gives a ``Volume``: sections are read one by one, and windows of them where the file allows
it. What is stored in blocks of several sections is decoded a block at a time, of which the last is kept.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError

Array = npt.NDArray[Any]
Voxel = tuple[float | None, float, float]
"""Edges in nanometres, (z, y, x), as a file tells them; of single sections it often says no thickness."""

Index = tuple[int, int, int]

EVERYWHERE = (slice(None), slice(None))
"""All rows and columns of a section."""

BLOCK_BYTES = 2**28
"""No more than this is kept of what was decoded together with a section."""


class Volume(ABC):
    """Sections that lie over one another in one place.

    Attributes
    ----------
    where : str
        File, and data set in it, as a sentence names them.
    shape : (z, y, x)
    dtype : numpy.dtype
        Of a value; colours have a last axis besides.
    voxel_nm : Voxel or None
        As the file tells it.
    notes : tuple of str
        How it was read, where that is a choice, a sentence each.
    in_part : bool
        Whether a box of a section is read without the rest of it.
    depth : int
        So many sections are stored together.
    """

    in_part = False
    depth = 1
    where: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    voxel_nm: Voxel | None
    notes: tuple[str, ...]

    @abstractmethod
    def section(self, z: int) -> Array:
        """Read one section as it is stored: (y, x), or (y, x, channel), red first; InputError if damaged."""

    def windows(self, z: int, corners: Sequence[tuple[int, int]], edge: int) -> list[Array]:
        """Read square windows of a section, with these first rows and columns."""
        whole = self.section(z)
        return [whole[y : y + edge, x : x + edge].copy() for y, x in corners]

    def box(self, start: Index, shape: Index) -> Array:
        """Read a box (z, y, x) as it is stored, with channels behind as of ``section``."""
        (z, y, x), (depth, height, width) = start, shape
        return np.stack([self.section(k)[y : y + height, x : x + width] for k in range(z, z + depth)])

    def reached(self, z: int) -> tuple[slice, slice] | None:
        """Return the rows and columns of a section that it knows, None where it knows none of it.

        That is all of it, but of labels that are of a part of their image.
        """
        return EVERYWHERE


@dataclass(frozen=True)
class Plane:
    """One section of a volume, unread; as text it is where it lies."""

    volume: Volume
    z: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.volume.shape[1:]

    def read(self) -> Array:
        """Read it, as ``Volume.section`` does."""
        return self.volume.section(self.z)

    @property
    def reached(self) -> tuple[slice, slice] | None:
        """The rows and columns that it knows, as ``Volume.reached``."""
        return self.volume.reached(self.z)

    def __str__(self) -> str:
        return f"{self.volume.where}{f', section {self.z}' if self.volume.shape[0] > 1 else ''}"


class Later(Volume):
    """A volume that is opened when something of it is asked for."""

    def __init__(self, where: object, opening: Callable[[], Volume]) -> None:
        self.where, self._opening = str(where), opening

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.opened, name)

    @cached_property
    def opened(self) -> Volume:
        """The volume itself."""
        return self._opening()

    def section(self, z: int) -> Array:
        """Read one section."""
        return self.opened.section(z)

    def windows(self, z: int, corners: Sequence[tuple[int, int]], edge: int) -> list[Array]:
        """Read windows of a section."""
        return self.opened.windows(z, corners, edge)

    def box(self, start: Index, shape: Index) -> Array:
        """Read a box."""
        return self.opened.box(start, shape)

    @property
    def in_part(self) -> bool:  # type: ignore[override]
        """As of the volume itself."""
        return self.opened.in_part

    @property
    def depth(self) -> int:  # type: ignore[override]
        """As of the volume itself."""
        return self.opened.depth


class ArrayVolume(Volume):
    """Sections of an array of any axes.

    Parameters
    ----------
    where : str
    fetch : callable
        Reads a part of the array, given an index or slice for each axis.
    stored : tuple of int
        The array's shape.
    dtype : numpy.dtype
    axes : str
        A letter an axis: ``zyx`` in any order, ``c`` for channels; others must have a length of one. An axis
        ``z`` may be missing.
    channel : int, optional
        Which of several channels is wanted.
    voxel_nm : Voxel, optional
    block : int
        So many sections are stored together.
    in_part : bool
        Whether the array can be read in parts; else sections are, as many as are stored together.

    Raises
    ------
    InputError
        Where it is no stack of sections, or has several channels of which none was chosen.
    """

    def __init__(
        self,
        where: str,
        fetch: Callable[[tuple[int | slice, ...]], Array],
        stored: Sequence[int],
        dtype: npt.DTypeLike,
        axes: str,
        channel: int | None = None,
        voxel_nm: Voxel | None = None,
        block: int = 1,
        in_part: bool = True,
    ) -> None:
        self.in_part, self.depth = in_part, block
        self.where, self._fetch, self._axes = where, fetch, axes
        self.dtype, self.voxel_nm, self.notes = np.dtype(dtype), voxel_nm, ()
        sizes = dict(zip(axes, stored, strict=True))
        if not {"y", "x"} <= sizes.keys() or 0 in stored:
            raise InputError(f"{where}: a stack of sections is wanted, not an array of {_times(stored)}")
        if self.dtype.kind not in "uifb":
            raise InputError(f"{where}: greys or labels are wanted, not values of type {self.dtype}")
        self.shape = (sizes.get("z", 1), sizes["y"], sizes["x"])
        self._fixed: dict[str, int] = {}
        for letter, size in sizes.items():
            if letter not in "zyx":
                self._fixed[letter] = chosen(where, axes, letter, size, channel)
        most = max(1, BLOCK_BYTES // (self.dtype.itemsize * self.shape[1] * self.shape[2]))
        self._block = max(1, min(block, most, self.shape[0]))
        self._kept: tuple[int, Array] | None = None

    def section(self, z: int) -> Array:
        """Read one section (y, x)."""
        first = z // self._block * self._block
        if self._kept is None or self._kept[0] != first:
            self._kept = None
            whole = slice(None)
            part = self._read(slice(first, min(first + self._block, self.shape[0])), whole, whole)
            if self._block == 1:
                plane: Array = part[0]
                return plane
            self._kept = first, part
        kept: Array = self._kept[1][z - first].copy()
        return kept

    def windows(self, z: int, corners: Sequence[tuple[int, int]], edge: int) -> list[Array]:
        """Read square windows of a section, and nothing else of it."""
        return [
            self._read(slice(z, z + 1), slice(y, y + edge), slice(x, x + edge))[0].copy() for y, x in corners
        ]

    def box(self, start: Index, shape: Index) -> Array:
        """Read a box (z, y, x), and nothing else where the array can be read in parts."""
        if not self.in_part:
            return super().box(start, shape)
        z, y, x = (slice(first, first + size) for first, size in zip(start, shape, strict=True))
        return self._read(z, y, x)

    def _read(self, z: slice, y: slice, x: slice) -> Array:
        cuts: dict[str, int | slice] = {"z": z, "y": y, "x": x, **self._fixed}
        try:
            part = np.asarray(self._fetch(tuple(cuts[letter] for letter in self._axes)))
        except InputError:
            raise
        except Exception as error:  # libraries raise whatever they like
            raise unreadable(self.where, error) from error
        left = [letter for letter in self._axes if letter in "zyx"]
        if "z" not in left:
            part, left = part[None], ["z", *left]
        return np.ascontiguousarray(part.transpose([left.index(letter) for letter in "zyx"]))


def chosen(where: str, axes: str, letter: str, size: int, channel: int | None) -> int:
    """Return which index of an axis beside z, y and x is taken; InputError where nobody said."""
    if size == 1:
        return 0
    if letter == "c":
        if channel is None:
            raise InputError(f"{where}: holds {size} channels; say which one with --channel 0 to {size - 1}")
        if not 0 <= channel < size:
            raise InputError(f"{where}: has channels 0 to {size - 1}, and --channel asks for {channel}")
        return channel
    raise InputError(
        f"{where}: has the axes {axes.upper()}, {size} along {letter.upper()}; save one stack of sections "
        "alone"
    )


def unreadable(where: object, error: Exception) -> InputError:
    """Return a refusal of a file that a library could not read."""
    why = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{where}: cannot be read as an image: {why}")


def guessed_axes(shape: Sequence[int]) -> str:
    """Return the axes of an array that nobody named: z, y, x; of four the shortest outer one is channels."""
    letters = {2: "yx", 3: "zyx"}.get(len(shape))
    if len(shape) == 4:
        letters = "zyxc" if shape[3] < min(shape[0], 5) else "czyx"
    if letters is None:
        spare = len(shape) - 3
        letters = "abdefghijklm"[: max(spare, 0)] + "zyx" if spare > 0 else "x"
    return letters


def _times(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "a single value"
