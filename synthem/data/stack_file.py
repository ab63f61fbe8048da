"""TIFF stacks of masks, a page a section."""

import io

import numpy as np
import numpy.typing as npt
import tifffile


def tiff_bytes(volume: npt.NDArray[np.uint8]) -> bytes:
    """Encode uint8 (z, y, x) as TIFF, compressed; the same volume always gives the same bytes."""
    content = io.BytesIO()
    with tifffile.TiffWriter(content) as file:
        for section in volume:  # page by page: a stack of three is no colours
            file.write(section, photometric="minisblack", compression="zlib", metadata=None, software=False)
    return content.getvalue()
