"""TIFF stacks of masks, a page a section."""

import io
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from synthem.data.atomic import whole_file


class StackWriter:
    """Writes a TIFF section by section, beside its place until it is whole; used in a ``with`` block.

    The bytes are those of ``tiff_bytes``. Left by an error, it leaves nothing.

    Parameters
    ----------
    path : Path
        Where the file is to lie; its folder is made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> "StackWriter":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._whole = ExitStack()
        self._file = self._whole.enter_context(whole_file(self.path))
        self._tiff = self._whole.enter_context(tifffile.TiffWriter(self._file))
        return self

    def write(self, section: npt.NDArray[np.uint8]) -> None:
        """Add a section (y, x)."""
        write_section(self._tiff, section)

    def __exit__(self, *error: Any) -> None:
        self._whole.__exit__(*error)


def write_section(file: tifffile.TiffWriter, section: npt.NDArray[np.uint8]) -> None:
    """Add a page to a TIFF."""
    file.write(section, photometric="minisblack", compression="zlib", metadata=None, software=False)


def tiff_bytes(volume: npt.NDArray[np.uint8]) -> bytes:
    """Encode uint8 (z, y, x) as TIFF, compressed; the same volume always gives the same bytes."""
    content = io.BytesIO()
    with tifffile.TiffWriter(content) as file:
        for section in volume:  # page by page: a stack of three is no colours
            write_section(file, section)
    return content.getvalue()
