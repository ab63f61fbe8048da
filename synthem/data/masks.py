"""One reader of masks: by their two values, or refused with the values that were found.

Masks made by hand hold greys where lines were smoothed: where a folder's masks reach above 127, a pixel is
of the class above 127. Masks of 0 and 1, or of 0 and one darker grey, are of the class where they are not 0.
In a coloured mask everything but black is of the class, and it holds one colour.

On the 366 masks of EPFL6 greys in between never take more than 0.8 % of a mask, nor more than a fifth of what
is white, but for masks that hold nothing but a few stray pixels. A label map, which has a grey for each of
many classes or objects, has far more.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.volume import Array, Plane

FOREGROUND = 127
"""A pixel is of the class where it is brighter than this, if any mask of the folder is."""

DARK, BRIGHT = 32, 224
"""Greys between these are neither background nor foreground, but the smoothed edge of either."""

FEW, HALF = 0.01, 0.5
"""So large a share of a mask's pixels may lie in between; more is refused where it exceeds this part of what
is bright, or is of one and the same grey."""


STRAY = 1e-4
"""A mask without anything bright, beside masks with or of several greys, may hold so large a share of stray
greys: in EPFL6 it is 1.3e-5 at most, where one PSD is 7e-4."""


class Masks(Mapping[str, Plane]):
    """The masks of one class: where that of each section lies, and how it is read.

    Parameters
    ----------
    files : mapping of str to Plane
        By section.
    """

    def __init__(self, files: Mapping[str, Plane]) -> None:
        self._files = dict(files)
        self._level: int | None = None

    def __getitem__(self, name: str) -> Plane:
        """Return where the mask of a section lies."""
        return self._files[name]

    def __iter__(self) -> Iterator[str]:
        """Name the sections that have a mask."""
        return iter(self._files)

    def __len__(self) -> int:
        """Return how many sections have a mask."""
        return len(self._files)

    def read(self, name: str) -> npt.NDArray[np.bool_]:
        """Read the mask of a section, bool (y, x).

        Raises
        ------
        InputError
            Where the file is damaged, or it cannot be told which of its values are the class.
        """
        grey = _strength(self[name])
        level = FOREGROUND
        if grey.max(initial=0) <= FOREGROUND and grey.any():
            self._level = level = self._darkest() if self._level is None else self._level
            if level == FOREGROUND and np.count_nonzero(grey) > STRAY * grey.size:
                raise _refused(self[name], np.unique(grey).tolist(), " as others of this folder do")
        above: npt.NDArray[np.bool_] = grey > level
        return above

    def _darkest(self) -> int:
        """Return the level of masks of which one holds nothing bright, from all of them together."""
        values: set[int] = set()
        for plane in self.values():
            grey = _strength(plane)
            found = np.unique(grey)
            if found[-1] > FOREGROUND:
                return FOREGROUND
            values |= {int(value) for value in found if value}
            if len(values) > 1:
                if np.count_nonzero(grey) <= STRAY * grey.size:
                    return FOREGROUND
                raise _refused(plane, sorted({0, *values}))
        return min(values) - 1


def _strength(plane: Plane) -> npt.NDArray[np.uint8]:
    """Read a mask as greys: 0 and 255 where it is coloured."""
    pixels = _bytes(plane, plane.read())
    colours, clear = pixels, None
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        colours, clear = pixels[..., :-1], pixels[..., -1] <= FOREGROUND
    if colours.ndim == 3 and colours.shape[2] == 3 and (np.ptp(colours, axis=2) > 0).any():
        grey = _of_one_colour(plane, colours, clear)
    else:
        grey = colours[..., 0] if colours.ndim == 3 else colours
        if clear is not None and clear.any():
            grey = np.where(clear, np.uint8(0), grey)
            if not grey.any() and not clear.all():
                raise InputError(
                    f"{plane}: the mask is black on a transparent ground; save it white on black"
                )
    _check_edges(plane, grey)
    return np.ascontiguousarray(grey)


def _bytes(plane: Plane, pixels: Array) -> npt.NDArray[np.uint8]:
    """Bring a mask of another kind of number to 8 bits: of such, two values alone are a mask."""
    if pixels.dtype == np.uint8:
        return pixels
    found = np.unique(pixels)
    if len(found) > 2 or (len(found) == 2 and found[0] != 0):
        raise _refused(plane, found.tolist())
    top = found[-1]
    return np.where(pixels != 0, np.uint8(top if 0 < top <= 255 and top == int(top) else 255), np.uint8(0))


def _of_one_colour(
    plane: Plane, colours: npt.NDArray[np.uint8], clear: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.uint8]:
    code = colours.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    if clear is not None:
        code[clear] = 0
    found = np.unique(code)
    if len(found) > 2 or found[0] != 0:
        shown = ", ".join(f"#{value:06x}" for value in found[:4]) + (" …" if len(found) > 4 else "")
        raise InputError(
            f"{plane}: a coloured mask wants one colour on black, and this one holds {len(found)} colours "
            f"({shown}); save a mask of 0 and 255 for each class, or put the pictures into a folder labels "
            "and say what the colours are: --classes '#rrggbb=CLASS,…'"
        )
    return np.where(code > 0, np.uint8(255), np.uint8(0))


def _check_edges(plane: Plane, grey: npt.NDArray[np.uint8]) -> None:
    """Refuse what is no mask of two values, smoothed at most: label maps, pictures."""
    counts = np.bincount(grey.ravel(), minlength=256)
    values = np.flatnonzero(counts)
    if len(values) < 2 or values[-1] <= FOREGROUND:
        return
    between = counts[DARK + 1 : BRIGHT]
    most = FEW * grey.size
    if len(values) > 2 and (
        between.max() > most or (between.sum() > most and between.sum() > HALF * counts[BRIGHT:].sum())
    ):
        raise _refused(plane, values.tolist())
    if values[0] > FOREGROUND:
        raise _refused(plane, values.tolist())


def _refused(plane: Plane, values: list[int], aside: str = "") -> InputError:
    return InputError(
        f"{plane}: a mask wants two values, 0 and 255 or 0 and another, and this one holds {shown(values)}; "
        f"save a mask of 0 and 255 for each class{aside}"
    )


def shown(values: list[int]) -> str:
    """Return values as a sentence names them, the first and the last of many."""
    told = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return ", ".join(told[:6]) + (f" … {told[-1]}" if len(told) > 6 else "")
