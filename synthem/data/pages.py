"""Pages of picture files, and windows of them: PNG, TIFF (a page a section), JPEG and what else Pillow reads.

Of a TIFF only the strips or tiles that a window touches are read and decoded, so a page of any size will do.
Other kinds cannot be read in part and are decoded whole, one page at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image, UnidentifiedImageError

from shapes.core.errors import InputError

LARGEST_PX = 2**30
"""A page of more pixels that has to be decoded whole is refused."""

Plane = npt.NDArray[Any]
"""Part of a page as it is stored: (y, x), or (y, x, channels)."""


@dataclass(frozen=True)
class Page:
    """One page of a picture file: file, number, height and width, and whether it is the only one."""

    path: Path
    number: int
    shape: tuple[int, int]
    single: bool

    @property
    def name(self) -> str:
        """What the section is called: the file's name without ending, and the page's number in a stack."""
        return self.path.stem if self.single else f"{self.path.stem}:{self.number}"

    def windows(self, corners: Sequence[tuple[int, int]], edge: int) -> list[Plane]:
        """Return square windows of ``edge`` pixels with these first rows and columns.

        Raises
        ------
        InputError
            Where the file is damaged.
        """
        try:
            if _is_tiff(self.path):
                with tifffile.TiffFile(self.path) as file:
                    page: Any = file.pages[self.number]
                    return _windows(page, corners, edge)
            whole = read_page(self.path)
            return [whole[y : y + edge, x : x + edge].copy() for y, x in corners]
        except InputError:
            raise
        except Exception as error:  # decoders raise whatever they like
            raise unreadable(self.path, error) from error


def pages_of(path: Path) -> list[Page]:
    """Return the pages of a picture file; nothing is decoded.

    Raises
    ------
    InputError
        Where the file is no picture, or has more pixels than can be decoded and cannot be read in part.
    """
    try:
        if _is_tiff(path):
            with tifffile.TiffFile(path) as file:
                whole: list[Any] = [page.aspage() for page in file.pages]
                shapes = [(p.imagelength, p.imagewidth) for p in whole]
                parts = [_in_part(p) for p in whole]
        else:
            with _opened(path) as image:
                shapes, parts = [(image.height, image.width)], [False]
    except InputError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error
    for (height, width), part in zip(shapes, parts, strict=True):
        if height * width > LARGEST_PX and not part:
            raise InputError(
                f"{path}: {height} × {width} pixels are too many to decode at once; cut it into tiles "
                f"of at most {LARGEST_PX} pixels, of which any few will do, or save it as a tiled TIFF"
            )
    return [Page(path, k, shape, len(shapes) == 1) for k, shape in enumerate(shapes)]


def _in_part(page: Any) -> bool:
    """Tell whether a page's strips or tiles, all channels together, can be decoded one by one."""
    return bool(page.ndim in (2, 3) and page.imagedepth == 1 and page.planarconfig == 1)


def _windows(page: Any, corners: Sequence[tuple[int, int]], edge: int) -> list[Plane]:
    if page.is_memmappable or not _in_part(page):
        whole = page.asarray(out="memmap" if page.is_memmappable else None)
        if page.planarconfig == 2 and whole.ndim == 3:
            whole = np.moveaxis(whole, 0, -1)
        return [np.array(whole[y : y + edge, x : x + edge]) for y, x in corners]
    keyframe, tables = page.keyframe, {}
    if keyframe.compression in (6, 7, 34892, 33007):  # the kinds of JPEG share tables
        tables = {"jpegtables": page.jpegtables, "jpegheader": keyframe.jpegheader}
    height, width = (keyframe.tilelength, keyframe.tilewidth) if keyframe.is_tiled else (
        keyframe.rowsperstrip, keyframe.imagewidth
    )  # fmt: skip
    across = -(-keyframe.imagewidth // width)
    decoded: dict[int, Plane] = {}

    def segment(k: int) -> Plane:
        if k not in decoded:
            file = page.parent.filehandle
            file.seek(page.dataoffsets[k])
            data, _, shape = keyframe.decode(file.read(page.databytecounts[k]), k, **tables)
            decoded[k] = np.zeros(shape, keyframe.dtype)[0] if data is None else data[0]
        return decoded[k]

    out = []
    for y, x in corners:
        rows = range(y // height, (y + edge - 1) // height + 1)
        columns = range(x // width, (x + edge - 1) // width + 1)
        # of segments at the rim only what lies on the page counts
        block = np.concatenate(
            [np.concatenate([segment(r * across + c) for c in columns], axis=1) for r in rows]
        )
        top, left = y - rows[0] * height, x - columns[0] * width
        cut = block[top : top + edge, left : left + edge].copy()
        out.append(cut[..., 0] if cut.shape[2] == 1 else cut)
        decoded = {k: v for k, v in decoded.items() if k >= rows[-1] * across}
    return out


def _is_tiff(path: Path) -> bool:
    return path.suffix.lower() in (".tif", ".tiff")


def _opened(path: Path) -> Image.Image:
    try:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # ours is asked for afterwards
        try:
            return Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    except UnidentifiedImageError as error:
        raise InputError(f"{path}: not an image that can be read: PNG, TIFF or JPEG is wanted") from error


def read_page(path: Path) -> Plane:
    """Read the one page of a picture that is no TIFF, palettes resolved; InputError where it is damaged."""
    try:
        with _opened(path) as image:
            return np.asarray(image.convert("RGB") if image.mode in ("P", "1") else image)
    except InputError:
        raise
    except Exception as error:  # decoders raise whatever they like
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> InputError:
    """Return a refusal of a file that a decoder could not read."""
    why = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{path}: cannot be read as an image: {why}")
