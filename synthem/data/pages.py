"""Parts of the pages of TIFF files: only the strips or tiles that a window touches are read and decoded.

Compressions that tifffile knows only with a further library (LZW, JPEG) are left to Pillow, a page at a time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from shapes.core.errors import InputError
from synthem.data.volume import Array

LARGEST_PX = 2**30
"""A page of more pixels that has to be decoded whole is refused."""


def windows_of(
    page: Any, corners: Sequence[tuple[int, int]], edge: int, wide: int | None = None
) -> list[Array]:
    """Return windows of a page of tifffile, square or of a width: (y, x), or (y, x, channel)."""
    wide = wide or edge
    if page.is_memmappable or not in_part(page) or not decodes(page):
        whole = page_of(page)
        return [np.array(whole[y : y + edge, x : x + wide]) for y, x in corners]
    keyframe, tables = page.keyframe, {}
    if keyframe.compression in (6, 7, 34892, 33007):  # the kinds of JPEG share tables
        tables = {"jpegtables": page.jpegtables, "jpegheader": keyframe.jpegheader}
    height, width = (keyframe.tilelength, keyframe.tilewidth) if keyframe.is_tiled else (
        keyframe.rowsperstrip, keyframe.imagewidth
    )  # fmt: skip
    across = -(-keyframe.imagewidth // width)
    decoded: dict[int, Array] = {}

    def segment(k: int) -> Array:
        if k not in decoded:
            file = page.parent.filehandle
            file.seek(page.dataoffsets[k])
            data, _, shape = keyframe.decode(file.read(page.databytecounts[k]), k, **tables)
            decoded[k] = np.zeros(shape, keyframe.dtype)[0] if data is None else data[0]
        return decoded[k]

    out = []
    for y, x in corners:
        rows = range(y // height, (y + edge - 1) // height + 1)
        columns = range(x // width, (x + wide - 1) // width + 1)
        # of segments at the rim only what lies on the page counts
        block = np.concatenate(
            [np.concatenate([segment(r * across + c) for c in columns], axis=1) for r in rows]
        )
        top, left = y - rows[0] * height, x - columns[0] * width
        cut = block[top : top + edge, left : left + wide].copy()
        out.append(_upright(page, cut[..., 0] if cut.shape[2] == 1 else cut))
        decoded = {k: v for k, v in decoded.items() if k >= rows[-1] * across}
    return out


def page_of(page: Any) -> Array:
    """Return a whole page of tifffile: (y, x), or (y, x, channel); colours of a palette as their numbers."""
    keyframe = page.keyframe
    if not decodes(page):
        return _by_pillow(page)
    whole: Array = page.asarray(out="memmap" if page.is_memmappable else None)
    if keyframe.planarconfig == 2 and whole.ndim == 3:
        whole = np.moveaxis(whole, 0, -1)
    return _upright(page, whole)


def in_part(page: Any) -> bool:
    """Tell whether a page's strips or tiles, all channels together, can be decoded one by one."""
    one = page.keyframe
    return bool(one.ndim in (2, 3) and one.imagedepth == 1 and one.planarconfig == 1)


def decodes(page: Any) -> bool:
    """Tell whether tifffile can decode a page without further libraries."""
    import tifffile

    try:
        return page.keyframe.compression == 1 or bool(tifffile.TIFF.DECOMPRESSORS[page.keyframe.compression])
    except KeyError:
        return False


def _by_pillow(page: Any) -> Array:
    file = page.parent.filehandle
    with opened(Path(file.path)) as image:
        image.seek(page.index if isinstance(page.index, int) else page.index[-1])
        plane = np.asarray(image)
    shown = page.keyframe.photometric == 0 and page.keyframe.bitspersample <= 8  # turned by Pillow
    return plane if shown else _upright(page, plane)


def _upright(page: Any, plane: Array) -> Array:
    """Turn greys of which the file says that 0 is white, so that they are what it shows."""
    if page.keyframe.photometric != 0:
        return plane
    if plane.dtype == np.bool_:
        return ~plane
    if plane.dtype.kind == "u":
        turned: Array = plane.dtype.type(2**page.keyframe.bitspersample - 1) - plane
        return turned
    return -plane if plane.dtype.kind == "f" else ~plane


def opened(path: Path) -> Image.Image:
    """Open a picture by Pillow, of any size; InputError where it is none."""
    try:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # ours is asked for afterwards
        try:
            return Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    except UnidentifiedImageError as error:
        raise InputError(f"{path}: not an image that can be read: PNG, TIFF or JPEG is wanted") from error
