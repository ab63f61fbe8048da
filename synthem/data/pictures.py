"""Picture files as volumes: PNG, JPEG, BMP of one section, and TIFF of many, with the voxel size it tells.

TIFF may be multi-page, BigTIFF, of either byte order, of ImageJ or OME; greys of which 0 is white are turned.
Axes that the file names are kept apart: sections are Z, or T or pages, and of several channels one is to be
chosen.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from shapes.core.errors import InputError
from synthem.data.pages import LARGEST_PX, decodes, in_part, opened, page_of, windows_of
from synthem.data.png_file import png_head, read_stored
from synthem.data.units import nm_of
from synthem.data.volume import Array, Index, Volume, Voxel, chosen, unreadable

TIFF = (".tif", ".tiff")
FEW_STRIPS = 4
"""Pages of fewer strips are read whole."""


def open_picture(path: Path, channel: int | None = None, palette: bool = False) -> Volume:
    """Open a picture file by its header.

    Parameters
    ----------
    path : Path
    channel : int, optional
        Which of several channels of a TIFF is wanted.
    palette : bool
        Return numbers of a palette's colours, not the colours.

    Raises
    ------
    InputError
        Where it is no picture, its pages make no stack, or a page is too large to be decoded.
    """
    tiff = path.suffix.lower() in TIFF
    return TiffVolume(path, channel, palette) if tiff else PictureVolume(path, palette)


class PictureVolume(Volume):
    """The one section of a PNG, JPEG or BMP; see ``open_picture``."""

    def __init__(self, path: Path, palette: bool = False) -> None:
        self.path, self.where, self._palette = path, str(path), palette
        self.voxel_nm, self.notes = None, ()
        if path.suffix.lower() == ".png":
            height, width, bits = png_head(path)
            self.dtype = np.dtype(np.uint16 if bits == 16 else np.uint8)
        else:
            with _readable(path), opened(path) as image:
                height, width = image.height, image.width
            self.dtype = np.dtype(np.uint8)
        self.shape = (1, height, width)
        _check_size(path, height, width, False)

    def section(self, z: int) -> Array:
        """Read the picture: each chunk of a PNG is checked."""
        if self.path.suffix.lower() == ".png":
            pixels: Array = read_stored(self.path)
            if pixels.ndim == 2 or not self._palette:
                if pixels.ndim == 3 and pixels.shape[2] >= 3:
                    pixels = np.concatenate([pixels[..., 2::-1], pixels[..., 3:]], axis=2)
                return pixels
        with _readable(self.path), opened(self.path) as image:
            if image.mode == "P" and not self._palette:
                image = image.convert("RGB")
            plane = np.asarray(image)
        return plane * np.uint8(255) if plane.dtype == np.bool_ and not self._palette else plane


class TiffVolume(Volume):
    """The sections of a TIFF; see ``open_picture``."""

    def __init__(self, path: Path, channel: int | None = None, palette: bool = False) -> None:
        self.path, self.where, self._palette, self.notes = path, str(path), palette, ()
        with _readable(path), tifffile.TiffFile(path) as file:
            first: Any = file.series[0]
            page: Any = first.keyframe
            every: list[Any] = [p for series in file.series for p in series.pages if p is not None]
            sizes = {p.keyframe.shape for p in every}
            if len(sizes) > 1 and any(not s.keyframe.is_reduced for s in file.series[1:]):
                raise InputError(
                    f"{path}: its pages are of several sizes; save the sections of one stack alone"
                )
            pages = len(file.pages)
            inner = page.ndim
            # pages that tifffile takes for several series, as of several kinds of writer
            lead = first.axes[: first.ndim - inner].lower()
            counts = first.shape[: first.ndim - inner]
            if len(file.series) > 1 and len(sizes) == 1:
                lead, counts = "i", (pages,)
            self._across = 0
            if not lead and page.planarconfig == 2 and inner == 3:
                # so tifffile writes a small stack that nobody called grey
                self._across = page.shape[0]
                self.notes = (f"{path.name}: its {page.shape[0]} planes are taken as sections of a stack",)
            self.dtype = np.dtype(page.dtype)
            height, width = page.imagelength, page.imagewidth
            self._index = self._pages(lead, counts, channel)
            depth = self._across or len(self._index)
            self.shape = (depth, height, width)
            self._loose = len(file.series) > 1
            self._map = None
            if first.dataoffset is not None and not self._loose and page.photometric != 0 and inner == 2:
                self._map = (first.dataoffset, file.byteorder + first.dtype.char, (*counts, height, width))
            self._colours = None
            if page.photometric == 3 and page.colormap is not None:
                table = np.asarray(page.colormap).T
                self._colours = (table // 257 if table.max(initial=0) > 255 else table).astype(np.uint8)
            part = in_part(page) and decodes(page)
            # a page of few strips is decoded about as soon as one of them
            fine = page.is_tiled or page.rowsperstrip * FEW_STRIPS <= height
            apart = part and fine and not page.is_memmappable
            self.in_part = bool(self._map or apart) and not self._across
            self.voxel_nm = _voxel_of(file, page)
        _check_size(path, height, width, part)

    def _pages(self, lead: str, counts: Sequence[int], channel: int | None) -> list[int]:
        """Return which pages are the sections, in their order."""
        names = {"z": "sections", "i": "sections", "q": "sections", "t": "time points"}
        many = [letter for letter, n in zip(lead, counts, strict=True) if n > 1 and letter != "c"]
        stack = "z" if "z" in many else many[0] if many else ""
        at: list[Any] = []
        for letter, n in zip(lead, counts, strict=True):
            if letter == stack:
                at.append(slice(None))
                if names.get(letter) != "sections":
                    what = names.get(letter, f"{n} planes along {letter.upper()}")
                    self.notes = (f"{self.path.name}: its {what} are taken as sections of a stack",)
            else:
                at.append(chosen(self.where, lead + "yx", letter, n, channel))
        numbers = np.arange(int(np.prod(counts, dtype=np.int64))).reshape(tuple(counts))
        return [int(k) for k in np.atleast_1d(numbers[tuple(at)])]

    def section(self, z: int) -> Array:
        """Read a page."""
        if self._map:
            return np.array(self._mapped(z))
        with self._page(z) as page:
            whole = np.array(page_of(page))
        return self._coloured(whole[..., z] if self._across else whole)

    def windows(self, z: int, corners: Sequence[tuple[int, int]], edge: int) -> list[Array]:
        """Read square windows of a page: only the strips or tiles that they touch are decoded."""
        if self._map:
            plane = self._mapped(z)
            return [np.array(plane[y : y + edge, x : x + edge]) for y, x in corners]
        with self._page(z) as page:
            cuts = windows_of(page, corners, edge)
        return [self._coloured(cut[..., z] if self._across else cut) for cut in cuts]

    def box(self, start: Index, shape: Index) -> Array:
        """Read a box (z, y, x[, channel]): of pages in strips or tiles those that it touches are decoded."""
        (z, y, x), (depth, height, width) = start, shape
        if not self.in_part:
            return super().box(start, shape)
        if self._map:
            return np.stack(
                [self._mapped(k, np.s_[y : y + height, x : x + width]) for k in range(z, z + depth)]
            )
        cuts = []
        for k in range(z, z + depth):
            with self._page(k) as page:
                cuts += windows_of(page, [(y, x)], height, width)
        return np.stack([self._coloured(cut) for cut in cuts])

    def _mapped(self, z: int, cut: Any = ...) -> Array:
        if self._map is None:
            raise ValueError(self.where)
        offset, kind, shape = self._map
        with _readable(self.path):
            whole = np.memmap(self.path, kind, "r", offset, shape)
            plane: Array = whole.reshape(-1, *shape[-2:])[self._index[z]][cut]
        return plane if plane.dtype.isnative else plane.astype(self.dtype)

    @contextmanager
    def _page(self, z: int) -> Iterator[Any]:
        with _readable(self.path), tifffile.TiffFile(self.path) as file:
            k = 0 if self._across else self._index[z]
            page: Any = file.pages[k].aspage() if self._loose else file.series[0].pages[k]
            if page is None:
                raise InputError(f"{self.path}: section {z} is missing in the file")
            yield page

    def _coloured(self, plane: Array) -> Array:
        return plane if self._colours is None or self._palette else self._colours[plane]


def _voxel_of(file: Any, page: Any) -> Voxel | None:
    """Return the voxel size that OME's or ImageJ's metadata tell; a bare resolution is one of printing."""
    if file.is_ome:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
        pixels = (pixels[0] if isinstance(pixels, list) else pixels)["Pixels"]
        edges = [
            nm_of(pixels.get(f"PhysicalSize{a}"), pixels.get(f"PhysicalSize{a}Unit", "µm")) for a in "ZYX"
        ]
    elif file.is_imagej:
        told = file.imagej_metadata or {}
        unit = told.get("unit")
        edges = [nm_of(told.get("spacing"), told.get("zunit", unit))]
        for tag in ("YResolution", "XResolution"):
            value = page.tags[tag].value if tag in page.tags else (0, 1)
            edges.append(nm_of(value[1] / value[0] if value[0] else None, unit))
    else:
        return None
    z, y, x = edges
    return (z, y, x) if y and x else None


def _check_size(path: Path, height: int, width: int, part: bool) -> None:
    if height * width > LARGEST_PX and not part:
        raise InputError(
            f"{path}: {height} × {width} pixels are too many to decode at once; cut it into tiles "
            f"of at most {LARGEST_PX} pixels, of which any few will do, or save it as a tiled TIFF"
        )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # decoders raise whatever they like
        raise unreadable(path, error) from error
