"""Unlabelled EM as people have it: a picture or a folder of pictures, of which windows are sampled.

PNG, TIFF (a multi-page file is a stack of sections), JPEG and what else Pillow reads. One page is decoded at
a time, and only the windows sampled from it are kept, so a folder may be of any size.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image, UnidentifiedImageError

from shapes.errors import InputError
from synthem.store.real import SLICES

ENDINGS = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")
LARGEST_PX = 2**30
"""A page of more pixels is refused: cut it into tiles, of which any few will do."""
SMALLEST_PX = 64
STRETCH = (0.1, 99.9)
"""Percentiles of 16-bit or real-valued greys that become 0 and 255."""

Plane = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows sampled from sections.

    Attributes
    ----------
    images : uint8 (n, y, x)
        The windows, those of one section after those of another.
    sections : tuple of str
        The section that each was cut from.
    places : tuple of (int, int)
        The first row and column of each.
    notes : tuple of str
        What was done to the greys, a sentence each.
    """

    images: npt.NDArray[np.uint8]
    sections: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    notes: tuple[str, ...]


def sample_windows(
    root: str | Path,
    count: int,
    *,
    largest_vx: int = 256,
    smallest: int = SMALLEST_PX,
    names: list[str] | None = None,
    seed: int = 0,
    tick: Callable[[int, int], None] = lambda done, of: None,
) -> Windows:
    """Sample square windows that do not overlap, about equally many of each section.

    Parameters
    ----------
    root : str or Path
        A picture, or a folder of pictures, or one that holds them in ``slices/`` or ``original/``.
    count : int
        How many windows there may be.
    largest_vx : int
        Edge of a window; smaller where the smallest section is smaller, in steps of 32.
    smallest : int
        The least edge that is of use.
    names : list of str, optional
        File names without ending of the sections to take.
    seed : int
        Which windows are taken where there are more than wanted.

    Raises
    ------
    InputError
        Where there is nothing to read, a file is damaged or of a kind that is no grey section, or greys
        are constant, NaN or infinite.
    """
    files = section_files(Path(root), names)
    pages = [(path, page, shape) for path in files for page, shape in enumerate(_page_shapes(path))]
    least = min(min(shape) for *_, shape in pages)
    if least < smallest:
        path = next(path for path, _, shape in pages if min(shape) == least)
        raise InputError(
            f"{path}: a section of at least {smallest} × {smallest} pixels is wanted, this one has {least}"
        )
    edge = min(largest_vx, least // 32 * 32)
    rng = np.random.default_rng(seed)
    if len(pages) > count:  # evenly through the stack
        pages = [pages[k] for k in np.linspace(0, len(pages) - 1, count).round().astype(int)]
    share = -(-count // len(pages))
    cuts: list[Plane] = []
    sections: list[str] = []
    places: list[tuple[int, int]] = []
    notes: dict[str, None] = {}
    for done, (path, page, _) in enumerate(pages, 1):
        plane = _grey(path, read_page(path, page), notes)
        corners = _corners((plane.shape[0], plane.shape[1]), edge)
        for k in sorted(rng.permutation(len(corners))[:share]):
            y, x = corners[k]
            cuts.append(plane[y : y + edge, x : x + edge].copy())
            sections.append(
                path.stem if page == 0 and len(_page_shapes(path)) == 1 else f"{path.stem}:{page}"
            )
            places.append((y, x))
        tick(done, len(pages))
    kept = [k for k, cut in enumerate(cuts) if _is_tissue(cut)]
    if not kept:
        raise InputError(
            f"{root}: the images are constant: no window of {edge} × {edge} pixels holds tissue, "
            "only one grey level or padding"
        )
    if len(kept) < len(cuts):
        notes[
            f"{len(cuts) - len(kept)} of {len(cuts)} windows were left out: mostly one grey, as padding is"
        ] = None
    if len(kept) > count:
        kept = [kept[k] for k in np.linspace(0, len(kept) - 1, count).round().astype(int)]
    images = _bytes(Path(root), [cuts[k] for k in kept], notes)
    return Windows(images, tuple(sections[k] for k in kept), tuple(places[k] for k in kept), tuple(notes))


def section_files(root: Path, names: list[str] | None = None) -> list[Path]:
    """Return the pictures that a path stands for, in the order of their names."""
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise InputError(f"{root}: no such file or folder")
    folder = next((root / name for name in SLICES if (root / name).is_dir()), root)
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith("."))
    if names is not None:
        known = {path.stem: path for path in files}
        missing = [name for name in names if name not in known]
        if missing:
            raise InputError(f"{folder}: no section is called {missing[0]!r}; there are {len(files)}")
        files = [known[name] for name in names]
    if not files:
        raise InputError(f"{folder}: no images: PNG, TIFF or JPEG files are wanted, and it holds none")
    return files


def read_page(path: Path, page: int = 0) -> Plane:
    """Read one page of a picture as it is stored: (y, x), or (y, x, channels)."""
    try:
        if path.suffix.lower() in (".tif", ".tiff"):
            with tifffile.TiffFile(path) as file:
                plane: Plane = file.pages[page].asarray()
                return plane
        with _opened(path) as image:
            if image.mode in ("P", "1"):
                image = image.convert("RGB")  # a palette's numbers are no greys
            return np.asarray(image)
    except InputError:
        raise
    except Exception as error:  # decoders raise whatever they like
        raise InputError(f"{path}: cannot be read as an image: {_sentence(error)}") from error


def _page_shapes(path: Path) -> list[tuple[int, int]]:
    try:
        if path.suffix.lower() in (".tif", ".tiff"):
            with tifffile.TiffFile(path) as file:
                shapes = [(p.imagelength, p.imagewidth) for p in map(_page, file.pages)]
        else:
            with _opened(path) as image:
                shapes = [(image.height, image.width)]
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: cannot be read as an image: {_sentence(error)}") from error
    for height, width in shapes:
        if height * width > LARGEST_PX:
            raise InputError(
                f"{path}: {height} × {width} pixels are too many to decode at once; cut it into tiles "
                f"of at most {LARGEST_PX} pixels, of which any few will do"
            )
    return shapes


def _page(page: Any) -> tifffile.TiffPage:
    whole: tifffile.TiffPage = page.aspage()
    return whole


def _opened(path: Path) -> Image.Image:
    try:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # ours is asked for afterwards
        try:
            return Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    except UnidentifiedImageError as error:
        raise InputError(f"{path}: not an image that can be read: PNG, TIFF or JPEG is wanted") from error


def _grey(path: Path, plane: Plane, notes: dict[str, None]) -> Plane:
    """Return a plane of one channel; colours become luminance (Rec. 601), and that is noted."""
    if plane.ndim == 3 and plane.shape[2] in (2, 4):
        plane = plane[..., : plane.shape[2] - 1]  # transparency
    if plane.ndim == 3 and plane.shape[2] == 3:
        if not (np.ptp(plane[::4, ::4], axis=2) == 0).all() or not (np.ptp(plane, axis=2) == 0).all():
            notes["colour images were turned into luminance"] = None
            luminance: Plane = plane @ np.array([0.299, 0.587, 0.114])
            return luminance.astype(plane.dtype if plane.dtype.kind == "u" else np.float32)
        plane = plane[..., 0]
    if plane.ndim == 3 and plane.shape[2] == 1:
        plane = plane[..., 0]
    if plane.ndim != 2 or plane.dtype.kind not in "uif":
        raise InputError(
            f"{path}: a grey or RGB section is wanted, not {plane.dtype.name} of shape {plane.shape}"
        )
    return plane


def _corners(shape: tuple[int, int], edge: int) -> list[tuple[int, int]]:
    """Return the corners of as many windows as fit side by side, spread over the section."""
    rows, columns = (np.linspace(0, n - edge, n // edge).round().astype(int).tolist() for n in shape)
    return [(y, x) for y in rows for x in columns]


def _is_tissue(cut: Plane) -> bool:
    """Tell whether no single grey fills more than a third of a window."""
    _, counts = np.unique(cut[::4, ::4], return_counts=True)
    return bool(counts.max() <= counts.sum() / 3)


def _bytes(root: Path, cuts: list[Plane], notes: dict[str, None]) -> npt.NDArray[np.uint8]:
    stack = np.stack([np.asarray(cut, np.float32) for cut in cuts])
    if not np.isfinite(stack).all():
        raise InputError(f"{root}: NaN or infinite greys; fill these pixels or cut them away")
    if stack.min() == stack.max():
        raise InputError(f"{root}: the images are constant: every grey is {float(stack.flat[0]):g}")
    if any(cut.dtype != np.uint8 for cut in cuts):
        low, high = np.percentile(stack, STRETCH)
        if low == high:
            raise InputError(f"{root}: nearly every pixel has the same grey, {low:g}")
        stack = (stack - low) * (255.0 / (high - low))
        notes[f"greys {low:g} to {high:g} were stretched to 0–255"] = None
    return np.clip(np.rint(stack), 0, 255).astype(np.uint8)


def windows_by_section(windows: Windows) -> Iterator[tuple[str, list[int]]]:
    """Yield each section's name with the indices of its windows, in order."""
    for name in dict.fromkeys(windows.sections):
        yield name, [k for k, section in enumerate(windows.sections) if section == name]


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
