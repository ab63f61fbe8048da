"""Images as a model wants them: pixels of its size, membranes dark; and its findings taken back to theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.images import Images
from synthem.learning.model_file import ModelCard
from synthem.measure.polarity import dark_lines

Invert = Literal["auto", "yes", "no"]
Volume = npt.NDArray[np.uint8]

ALIKE = 0.1
"""Voxels that differ by up to so large a part are taken as they are."""
RESAMPLED_NM = (2.0, 16.0)
"""Pixels from and to so many nanometres are resampled to the model's."""
SMALL_PX, LEAST_PX = 64, 16
"""Sections with an edge below the first are labelled with a warning, below the second refused."""
UNSURE = 0.02
"""A lead of dark lines that is nearer to 0 says nothing: see ``dark_lines``."""
WINDOWS, WINDOW_PX = 24, 256


@dataclass(frozen=True)
class Prepared(Sequence[Volume]):
    """Images of any pixels, read one after the other as a model wants them.

    Attributes
    ----------
    images : Images
    shapes : tuple of (z, y, x)
        Of each file, in the model's pixels.
    inverted : bool
        Whether greys are turned, so that membranes are dark.
    notes : tuple of str
        What a person should know, a sentence each.
    """

    images: Images
    shapes: tuple[tuple[int, int, int], ...]
    inverted: bool
    notes: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self.images)

    @overload
    def __getitem__(self, index: int) -> Volume: ...
    @overload
    def __getitem__(self, index: slice) -> list[Volume]: ...
    def __getitem__(self, index: int | slice) -> Volume | list[Volume]:
        """Read a file, uint8 (z, y, x), or a list of them."""
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        volume = to_shape(self.images[index], self.shapes[index][1:])
        return np.subtract(255, volume, dtype=np.uint8) if self.inverted else volume

    def __iter__(self) -> Iterator[Volume]:
        """Read one file after the other."""
        return (self[k] for k in range(len(self)))

    def section(self, index: int, z: int) -> Volume:
        """Read one section of a file, uint8 (1, y, x)."""
        plane = to_shape(self.images.section(index, z)[None], self.shapes[index][1:])
        return np.subtract(255, plane, dtype=np.uint8) if self.inverted else plane

    def resampled(self, index: int) -> bool:
        """Tell whether a file's pixels are not those that the model sees."""
        return self.shapes[index] != self.images.shapes[index]


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
        Where a section is too small, pixels differ from the model's and are out of the range in which they
        are resampled, or sections are of another thickness than a 3D network's.
    """
    notes = list(images.notes)
    target = wanted_voxel(card, voxel_nm, what)
    own = voxel_nm or card.voxel_nm
    shapes = tuple(
        (z, max(1, round(y * own[1] / target[1])), max(1, round(x * own[2] / target[2])))
        for z, y, x in images.shapes
    )
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
    if shapes != images.shapes:
        notes.append(
            f"pixels of {_size(own)} nm are resampled to the model's of {_size(target)} nm, and masks are "
            "brought back to the images' own"
        )
    lead = dark_lines(windows_of(Prepared(images, shapes, False, ())))
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
    return Prepared(images, shapes, turned, tuple(notes))


def wanted_voxel(card: ModelCard, voxel_nm: Triple | None, what: str) -> Triple:
    """Return the voxel size that images of another are labelled at: their own where it is near the model's.

    Raises
    ------
    InputError
        As ``prepare`` does.
    """
    if voxel_nm is None:
        return card.voxel_nm
    flat = card.config.network.dims == 2
    if not flat and abs(voxel_nm[0] / card.voxel_nm[0] - 1) > ALIKE:
        raise InputError(
            f"{what}: sections are {voxel_nm[0]:g} nm thick, and this 3D model was trained on "
            f"{card.voxel_nm[0]:g} nm: thickness is not resampled"
        )
    if all(abs(a / b - 1) <= ALIKE for a, b in zip(voxel_nm[1:], card.voxel_nm[1:], strict=True)):
        return voxel_nm
    low, high = RESAMPLED_NM
    if not all(low <= edge <= high for edge in voxel_nm[1:]):
        raise InputError(
            f"{what}: pixels of {_size(voxel_nm)} nm are too far from the model's of "
            f"{_size(card.voxel_nm)} nm: from {low:g} to {high:g} nm they are resampled, else train on "
            "such pixels"
        )
    return (voxel_nm[0], card.voxel_nm[1], card.voxel_nm[2])


def to_shape(volume: Volume, shape: tuple[int, int]) -> Volume:
    """Resample sections uint8 (z, y, x) to another size: by area where they shrink, else by cubic curves."""
    if volume.shape[1:] == shape:
        return volume
    small = shape[0] * shape[1] < volume.shape[1] * volume.shape[2]
    how = cv2.INTER_AREA if small else cv2.INTER_CUBIC
    return np.stack([cv2.resize(section, shape[::-1], interpolation=how) for section in volume]).astype(
        np.uint8
    )


def windows_of(volumes: Prepared, count: int = WINDOWS) -> Volume:
    """Return some windows, uint8 (n, y, x), spread over the images; flat ones are left out."""
    shapes = volumes.shapes
    edge = min(WINDOW_PX, *(min(shape[1:]) for shape in shapes))
    files = np.unique(np.linspace(0, len(shapes) - 1, min(count, len(shapes))).round().astype(int)).tolist()
    each = -(-count // len(files))
    found = []
    for k in files:
        places = _places(shapes[k], edge, each)
        planes = {z: volumes.section(k, z)[0] for z in sorted({z for z, _, _ in places})}
        found += [planes[z][y : y + edge, x : x + edge] for z, y, x in places]
    spread = [float(window.std()) for window in found]
    kept = [w for w, s in zip(found, spread, strict=True) if s > 0.25 * max(spread)]
    return np.stack(kept or found)


def _places(shape: tuple[int, int, int], edge: int, count: int) -> list[tuple[int, int, int]]:
    """Return first voxels of at most so many windows that lie side by side, spread evenly over a volume."""
    rows, columns = (np.linspace(0, n - edge, -(-n // edge)).round().astype(int).tolist() for n in shape[1:])
    places = [(z, y, x) for z in range(shape[0]) for y in rows for x in columns]
    chosen = np.linspace(0, len(places) - 1, min(count, len(places))).round().astype(int)
    return [places[k] for k in chosen]


def _size(voxel_nm: Triple) -> str:
    return " × ".join(f"{edge:g}" for edge in voxel_nm[1:])
