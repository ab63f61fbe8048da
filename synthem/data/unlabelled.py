"""Unlabelled EM as people have it: a picture or a folder of pictures, of which windows are sampled.

Only the windows that are sampled are kept, so a folder may be of any size; ``pages.py`` reads them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.files import PICTURES, choose, pictures, slices_folder
from synthem.data.pages import Plane, pages_of

SMALLEST_PX = 64
STRETCH = (0.1, 99.9)
"""Percentiles of 16-bit or real-valued greys that become 0 and 255."""


@dataclass(frozen=True, eq=False)
class SampledWindows:
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
) -> SampledWindows:
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
        Names or globs of the sections to take.
    seed : int
        Which windows are taken where there are more than wanted.

    Raises
    ------
    InputError
        Where there is nothing to read, a file is damaged or of a kind that is no grey section, or greys
        are constant, NaN or infinite.
    """
    files = section_files(Path(root), names)
    pages = [page for path in files for page in pages_of(path)]
    least = min(min(page.shape) for page in pages)
    if least < smallest:
        path = next(page.path for page in pages if min(page.shape) == least)
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
    for done, page in enumerate(pages, 1):
        corners = _corners(page.shape, edge)
        chosen = [corners[k] for k in sorted(rng.permutation(len(corners))[:share])]
        cuts += [_grey(page.path, cut, notes) for cut in page.windows(chosen, edge)]
        sections += [page.name] * len(chosen)
        places += chosen
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
    good = [k for k, image in enumerate(images) if _is_tissue(image)]
    if not good:
        raise InputError(f"{root}: the images are constant: in grey levels of 8 bits no window holds tissue")
    if len(good) < len(images):  # nearly constant, which real-valued greys hide
        notes[f"{len(images) - len(good)} windows were left out: nearly one grey"] = None
        images, kept = images[good], [kept[k] for k in good]
    return SampledWindows(
        images, tuple(sections[k] for k in kept), tuple(places[k] for k in kept), tuple(notes)
    )


def section_files(root: Path, names: list[str] | None = None) -> list[Path]:
    """Return the pictures that a path stands for, in the order of their names."""
    if root.is_file():
        if names is not None and set(names) != {root.stem}:
            raise InputError(f"{root}: is one picture, so there are no sections to name; leave names out")
        return [root]
    if not root.is_dir():
        raise InputError(f"{root}: no such file or folder")
    folder = slices_folder(root) or root
    files = pictures(folder, PICTURES)
    if not files:
        raise InputError(f"{folder}: no images: PNG, TIFF or JPEG files are wanted, and it holds none")
    return [files[name] for name in (files if names is None else choose(files, names, folder))]


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
    if len(kinds := sorted({cut.dtype.name for cut in cuts})) > 1:
        raise InputError(
            f"{root}: the sections' greys are of several kinds ({', '.join(kinds)}); convert them to one, or "
            "name sections of one kind"
        )
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
