"""Images as a model wants them: voxels of its size, membranes dark; and its findings taken back to theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.images import Images
from synthem.learning.inference.seen import Index, Seen
from synthem.learning.network.model_file import ModelCard
from synthem.measure.polarity import dark_lines

Invert = Literal["auto", "yes", "no"]
Volume = npt.NDArray[np.uint8]

ALIKE = 0.1
"""Voxels that differ by up to so large a part are taken as they are."""
RESAMPLED_NM = (2.0, 16.0)
"""Pixels from and to so many nanometres are resampled to the model's."""
THICKNESS = (0.4, 2.5)
"""Sections from and to so many times as thick as a 3D network's are resampled to these."""
SMALL_PX, LEAST_PX = 64, 16
"""Sections with an edge below the first are labelled with a warning, below the second refused."""
UNSURE = 0.02
"""A lead of dark lines that is nearer to 0 says nothing: see ``dark_lines``."""
WINDOWS, WINDOW_PX = 24, 256


@dataclass(frozen=True)
class Prepared(Sequence[Volume]):
    """Images of any voxels, read one after the other, or in parts, as a model wants them.

    Attributes
    ----------
    images : Images
    voxel_nm : tuple of float
        Their own voxel size (z, y, x).
    zoom : tuple of float
        How many of the model's voxels one of the images' is, along z, y and x.
    inverted : bool
        Whether greys are turned, so that membranes are dark.
    notes : tuple of str
        What a person should know, a sentence each.
    """

    images: Images
    voxel_nm: Triple
    zoom: Triple = (1.0, 1.0, 1.0)
    inverted: bool = False
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self.images)

    @property
    def shapes(self) -> tuple[Index, ...]:
        """The shape (z, y, x) of each file, in the model's voxels."""
        return tuple(zoomed(shape, self.zoom) for shape in self.images.shapes)

    @overload
    def __getitem__(self, index: int) -> Volume: ...
    @overload
    def __getitem__(self, index: slice) -> list[Volume]: ...
    def __getitem__(self, index: int | slice) -> Volume | list[Volume]:
        """Read a file, uint8 (z, y, x), or a list of them."""
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        seen = self.seen([range(len(self))[index]])
        return seen.box((0, 0, 0), seen.shape)

    def __iter__(self) -> Iterator[Volume]:
        """Read one file after the other."""
        return (self[k] for k in range(len(self)))

    def seen(self, files: Sequence[int]) -> Seen:
        """Return files, whose sections must be of one size, as one volume that is read in boxes."""
        shapes = [self.images.shapes[k] for k in files]
        ends = np.cumsum([shape[0] for shape in shapes]).tolist()
        own = (ends[-1], *shapes[0][1:])

        def read(start: Index, shape: Index) -> Volume:
            (z, y, x), (depth, height, width) = start, shape
            parts = []
            for k, end, (deep, _, _) in zip(files, ends, shapes, strict=True):
                low, high = max(z, end - deep), min(z + depth, end)
                if low < high:
                    at = (low - end + deep, y, x)
                    parts.append(self.images.box(k, at, (high - low, height, width)))
            return parts[0] if len(parts) == 1 else np.concatenate(parts)

        return Seen(read, own, zoomed(own, self.zoom), self.inverted)


def prepare(card: ModelCard, images: Images, voxel_nm: Triple | None, invert: Invert, what: str) -> Prepared:
    """Find out how images become what a model wants.

    Parameters
    ----------
    card : ModelCard
        Of the model.
    images : Images
    voxel_nm : tuple of float or None
        The images' voxel size (z, y, x); the model's, if None.
    invert : {"auto", "yes", "no"}
        Whether greys are turned; where the lines say so.
    what : str
        What the images are called in a sentence.

    Raises
    ------
    InputError
        Where a section is too small, or voxels differ from the model's and are out of the range in which they
        are resampled.
    """
    notes = list(images.notes)
    target = wanted_voxel(card, voxel_nm, what)
    own = voxel_nm or card.voxel_nm
    zoom = zoom_of(own, target)
    plain = Prepared(images, own, zoom)
    shapes = plain.shapes
    least = min(min(pair) for both in zip(images.shapes, shapes, strict=True) for _, *pair in both)
    if least < LEAST_PX:
        raise InputError(
            f"{what}: a section of at least {LEAST_PX} × {LEAST_PX} pixels is wanted, in its own pixels and "
            f"in the model's; one has {least}"
        )
    if least < SMALL_PX:
        notes.append(
            f"a section has an edge of {least} pixels: so small ones show a network little, look twice"
        )
    if zoom != (1, 1, 1):
        notes.append(f"{resampled_note(own, target)}, and masks are brought back to the images' own")
    lead = dark_lines(windows_of(plain))
    turned = invert == "yes" or (invert == "auto" and lead <= -UNSURE)
    if invert == "auto" and abs(lead) < UNSURE:
        notes.append(
            "it cannot be told whether membranes are dark or bright here: they are taken as dark "
            "(`--invert yes` turns the greys)"
        )
    elif invert == "auto" and turned:
        notes.append("membranes are bright in these images: the greys are turned (`--invert no` leaves them)")
    elif invert == "no" and lead <= -UNSURE:
        notes.append(
            "membranes look bright in these images: if the model learned dark ones, "
            "`--invert auto` turns them"
        )
    return Prepared(images, own, zoom, turned, tuple(notes))


def wanted_voxel(card: ModelCard, voxel_nm: Triple | None, what: str) -> Triple:
    """Return the voxel size that images of another are labelled at: their own where it is near the model's.

    Raises
    ------
    InputError
        As ``prepare`` does.
    """
    if voxel_nm is None:
        return card.voxel_nm
    thick = voxel_nm[0]
    if card.config.network.dims == 3 and abs(thick / card.voxel_nm[0] - 1) > ALIKE:
        low, high = THICKNESS
        if not low <= thick / card.voxel_nm[0] <= high:
            raise InputError(
                f"{what}: sections are {thick:g} nm thick, and this 3D model was trained on "
                f"{card.voxel_nm[0]:g} nm: from {low:g} to {high:g} times as thick they are resampled, else "
                "train on such voxels"
            )
        thick = card.voxel_nm[0]
    if all(abs(a / b - 1) <= ALIKE for a, b in zip(voxel_nm[1:], card.voxel_nm[1:], strict=True)):
        return (thick, *voxel_nm[1:])
    low, high = RESAMPLED_NM
    if not all(low <= edge <= high for edge in voxel_nm[1:]):
        raise InputError(
            f"{what}: pixels of {_size(voxel_nm)} nm are too far from the model's of "
            f"{_size(card.voxel_nm)} nm: from {low:g} to {high:g} nm they are resampled, else train on "
            "such pixels"
        )
    return (thick, card.voxel_nm[1], card.voxel_nm[2])


def zoom_of(own: Triple, target: Triple) -> Triple:
    """Return how many voxels of one size a voxel of another becomes, along z, y and x."""
    z, y, x = (a / b for a, b in zip(own, target, strict=True))
    return z, y, x


def zoomed(shape: Index, zoom: Triple) -> Index:
    """Return the shape (z, y, x) that voxels have once they are resampled."""
    z, y, x = (max(1, round(n * times)) for n, times in zip(shape, zoom, strict=True))
    return z, y, x


def resampled_note(own: Triple, target: Triple) -> str:
    """Say that voxels of one size become voxels of another."""
    if own[0] == target[0]:
        return f"pixels of {_size(own)} nm are resampled to the model's of {_size(target)} nm"
    return f"voxels of {_size(own, 3)} nm are resampled to the model's of {_size(target, 3)} nm"


def windows_of(volumes: Prepared, count: int = WINDOWS) -> Volume:
    """Return some windows, uint8 (n, y, x), spread over the images; flat ones are left out."""
    shapes = volumes.shapes
    edge = min(WINDOW_PX, *(min(shape[1:]) for shape in shapes))
    files = np.unique(np.linspace(0, len(shapes) - 1, min(count, len(shapes))).round().astype(int)).tolist()
    each = -(-count // len(files))
    found = []
    for k in files:
        seen = volumes.seen([k])
        found += [seen.box(place, (1, edge, edge))[0] for place in places(shapes[k], (1, edge, edge), each)]
    spread = [float(window.std()) for window in found]
    kept = [w for w, s in zip(found, spread, strict=True) if s > 0.25 * max(spread)]
    return np.stack(kept or found)


def places(shape: Index, box: Index, count: int) -> list[Index]:
    """Return first voxels of at most so many boxes that lie side by side, spread evenly over a volume."""
    starts = [
        np.linspace(0, n - edge, -(-n // edge)).round().astype(int).tolist()
        for n, edge in zip(shape, box, strict=True)
    ]
    every = prod(map(len, starts))
    chosen = np.linspace(0, every - 1, min(count, every)).round().astype(int).tolist()
    at = np.stack(np.unravel_index(chosen, tuple(map(len, starts))), axis=1).tolist()
    return [(starts[0][z], starts[1][y], starts[2][x]) for z, y, x in at]


def _size(voxel_nm: Triple, axes: int = 2) -> str:
    return " × ".join(f"{edge:g}" for edge in voxel_nm[-axes:])
