"""Unlabelled EM as people have it: pictures, stacks and volumes, of which windows are sampled.

Only the windows that are sampled are read and kept, so files may be of any size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.greys import greys_of, one_channel
from synthem.data.real.images import open_images_of
from synthem.data.real.reading import Reading
from synthem.data.volume import Array, Plane

SMALLEST_PX = 64


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
    how: Reading | None = None,
    tick: Callable[[int, int], None] = lambda done, of: None,
) -> SampledWindows:
    """Sample square windows that do not overlap, about equally many of each section.

    Parameters
    ----------
    root : str or Path
        A picture, a stack or volume, a folder of these, or one that holds them in ``slices/``.
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
    how : Reading, optional
        Which channel of several.

    Raises
    ------
    InputError
        Where there is nothing to read, a file is damaged or of a kind that is no grey section, or greys
        are constant, NaN or infinite.
    """
    volumes = open_images_of(Path(root), names, how)
    pages = [(name, Plane(volume, z)) for name, volume in volumes.items() for z in range(volume.shape[0])]
    least = min(min(plane.size) for _, plane in pages)
    if least < smallest:
        where = next(plane.volume.where for _, plane in pages if min(plane.size) == least)
        raise InputError(
            f"{where}: a section of at least {smallest} × {smallest} pixels is wanted, this one has {least}"
        )
    edge = min(largest_vx, least // 32 * 32)
    rng = np.random.default_rng(seed)
    if len(pages) > count:  # evenly through the stack
        pages = [pages[k] for k in np.linspace(0, len(pages) - 1, count).round().astype(int)]
    share = -(-count // len(pages))
    cuts: list[Array] = []
    sections: list[str] = []
    places: list[tuple[int, int]] = []
    notes: dict[str, None] = dict.fromkeys(note for v in volumes.values() for note in v.notes)
    for done, (name, plane) in enumerate(pages, 1):
        corners = _corners(plane.size, edge)
        chosen = [corners[k] for k in sorted(rng.permutation(len(corners))[:share])]
        cuts += [one_channel(plane, cut, notes) for cut in plane.volume.windows(plane.z, chosen, edge)]
        sections += [f"{name}:{plane.z:04d}" if plane.volume.shape[0] > 1 else name] * len(chosen)
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


def _corners(shape: tuple[int, int], edge: int) -> list[tuple[int, int]]:
    """Return the corners of as many windows as fit side by side, spread over the section."""
    rows, columns = (np.linspace(0, n - edge, n // edge).round().astype(int).tolist() for n in shape)
    return [(y, x) for y in rows for x in columns]


def _is_tissue(cut: Array) -> bool:
    """Tell whether no single grey fills more than a third of a window."""
    _, counts = np.unique(cut[::4, ::4], return_counts=True)
    return bool(counts.max() <= counts.sum() / 3)


def _bytes(root: Path, cuts: list[Array], notes: dict[str, None]) -> npt.NDArray[np.uint8]:
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
    if cuts[0].dtype == np.uint8:
        return np.stack(cuts)
    greys = greys_of(root, cuts)
    notes |= dict.fromkeys(greys.note())
    return greys.bytes(np.stack(cuts))
