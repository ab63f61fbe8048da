"""Masks of a volume of any size, kept on disk while they come in blocks, and given back by rows or boxes."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Index = tuple[int, int, int]

IN_MEMORY_BYTES = 2**24
"""What takes no more is kept in memory."""
BAND_PX = 2**22
"""Rows of a section are given back about so many pixels at a time."""
STEP_PX = 8
"""Blocks begin at multiples of this along x: so many pixels make a byte."""


class MaskSpool:
    """Masks (class, z, y, x), a bit a voxel, in a nameless file; nothing is left of it when the process ends.

    Parameters
    ----------
    folder : Path
        On whose disk it lies; it must be there.
    classes : int
    shape : (z, y, x)
    """

    def __init__(self, folder: Path, classes: int, shape: Index) -> None:
        self.shape = shape
        self._row = -(-shape[2] // STEP_PX)
        size = classes * shape[0] * shape[1] * self._row
        self._file: Any = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115
        self._file.truncate(size)  # where it is too large for memory it becomes a file by this

    def __enter__(self) -> "MaskSpool":
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.close()

    def write(self, start: Index, masks: Mask) -> None:
        """Keep a block (class, z, y, x) that begins at a voxel, along x at a multiple of ``STEP_PX``."""
        z0, y0, x0 = start
        packed = np.packbits(masks, axis=-1)
        whole = packed.shape[-1] == self._row
        for cls, sections in enumerate(packed):
            for z, section in enumerate(sections, z0):
                for y, rows in [(y0, section)] if whole else enumerate(section[:, None], y0):
                    self._file.seek(self._at(cls, z, y) + x0 // STEP_PX)
                    self._file.write(rows.tobytes())

    def rows(self, cls: int, z: int, first: int, last: int) -> Mask:
        """Return whole rows (y, x) of a section of a class."""
        self._file.seek(self._at(cls, z, first))
        data = np.frombuffer(self._file.read((last - first) * self._row), np.uint8)
        return np.unpackbits(data.reshape(last - first, self._row), axis=-1, count=self.shape[2]).astype(bool)

    def bands(self, cls: int, z: int) -> Iterator[npt.NDArray[np.uint8]]:
        """Return a section of a class as bands of rows from above, 255 where the class is."""
        height, width = self.shape[1:]
        step = max(1, BAND_PX // width)
        for first in range(0, height, step):
            yield self.rows(cls, z, first, min(first + step, height)) * np.uint8(255)

    def box(self, cls: int, start: Index, shape: Index) -> Mask:
        """Return a box (z, y, x) of a class."""
        z, y, x = start
        out = np.empty(shape, np.bool_)
        first, last = x // STEP_PX, -(-(x + shape[2]) // STEP_PX)
        for k, section in enumerate(out, z):
            for r, row in enumerate(section, y):
                self._file.seek(self._at(cls, k, r) + first)
                data = np.frombuffer(self._file.read(last - first), np.uint8)
                row[...] = np.unpackbits(data)[x - first * STEP_PX :][: shape[2]]
        return out

    def _at(self, cls: int, z: int, y: int) -> int:
        return ((cls * self.shape[0] + z) * self.shape[1] + y) * self._row
