"""TIFF stacks of masks, a page a section, each written some rows at a time."""

import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from synthem.data.atomic import whole_file

STRIP_BYTES = 2**18
"""Pages are stored in strips of about so many bytes before they are compressed."""
BIG_BYTES = 2**32 - 2**25
"""Stacks of more, before they are compressed, become BigTIFF."""


class StackWriter:
    """Writes a TIFF section by section, beside its place until it is whole; used in a ``with`` block.

    The bytes are those of ``tiff_bytes``. Left by an error, it leaves nothing.

    Parameters
    ----------
    path : Path
        Where the file is to lie; its folder is made.
    big : bool
        Whether it may grow beyond 4 GB.
    """

    def __init__(self, path: Path, big: bool = False) -> None:
        self.path, self._big = path, big

    def __enter__(self) -> "StackWriter":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._whole = ExitStack()
        self._file = self._whole.enter_context(whole_file(self.path))
        self._tiff = self._whole.enter_context(tifffile.TiffWriter(self._file, bigtiff=self._big))
        return self

    def write(self, shape: tuple[int, int], bands: Iterable[npt.NDArray[np.uint8]]) -> None:
        """Add a section of a shape (y, x), given as bands of whole rows of any height, from above."""
        _write_page(self._tiff, shape, bands)

    def __exit__(self, *error: Any) -> None:
        self._whole.__exit__(*error)


def tiff_bytes(volume: npt.NDArray[np.uint8]) -> bytes:
    """Encode uint8 (z, y, x) as TIFF, compressed; the same volume always gives the same bytes."""
    content = io.BytesIO()
    with tifffile.TiffWriter(content, bigtiff=volume.size > BIG_BYTES) as file:
        for section in volume:  # page by page: a stack of three is no colours
            _write_page(file, section.shape, [section])
    return content.getvalue()


def _write_page(
    file: tifffile.TiffWriter, shape: tuple[int, int], bands: Iterable[npt.NDArray[np.uint8]]
) -> None:
    rows = max(1, min(shape[0], STRIP_BYTES // shape[1]))
    file.write(
        (zlib.compress(strip) for strip in _strips(bands, rows)),
        shape=shape,
        dtype=np.uint8,
        rowsperstrip=rows,
        photometric="minisblack",
        compression="zlib",
        metadata=None,
        software=False,
    )


def _strips(bands: Iterable[npt.NDArray[np.uint8]], rows: int) -> Iterator[bytes]:
    """Cut bands of rows anew, into strips of so many rows; the last may have fewer."""
    left: list[npt.NDArray[np.uint8]] = []
    for band in bands:
        held = np.concatenate([*left, band])
        whole = len(held) - len(held) % rows
        for first in range(0, whole, rows):
            yield held[first : first + rows].tobytes()
        left = [held[whole:]]
    if left and len(left[0]):
        yield left[0].tobytes()
