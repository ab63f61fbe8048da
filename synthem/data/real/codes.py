"""What the values of a label map mean, as ``--classes`` says it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError, UnknownNameError
from synthem.data.files import class_of
from synthem.data.masks import shown
from synthem.data.volume import Array, Plane
from synthem.labels import ALIASES, KNOWN, in_order, known_classes

IGNORE, BACKGROUND = "ignore", "background"
INSTANCES = "instances"
EXAMPLE = "1=mitochondrion,2=mito_boundary,255=ignore"
NOTHING, UNLABELLED = 2**64 - 1, 2**64 - 2
"""In maps of objects of 64 bits (CREMI): no object, and not labelled."""


@dataclass(frozen=True)
class Codes:
    """Which value of a label map is which class, ``ignore`` or ``background``.

    Attributes
    ----------
    values : mapping of int to str
        0 is background where it is not named. Of colours, the number is 65536 red + 256 green + blue.
    colours : bool
        Whether the values are colours.
    instances : str or None
        The class of which every value but 0 is an object; ``values`` is empty then.
    """

    values: Mapping[int, str]
    colours: bool = False
    instances: str | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that are labelled, in the order of ``synthem.labels.KNOWN``."""
        named = (self.instances, *self.values.values())
        return in_order(name for name in named if name not in (None, IGNORE, BACKGROUND))

    def codes(self, plane: Plane) -> Array:
        """Read a section of a label map: its values (y, x).

        Raises
        ------
        InputError
            Where it holds no values, or colours where numbers are wanted.
        """
        return read_values(plane, self.colours)

    def decode(self, plane: Plane) -> tuple[dict[str, npt.NDArray[np.bool_]], npt.NDArray[np.bool_], Array]:
        """Read a section: masks of the classes, what is not labelled, and its values, each (y, x).

        Raises
        ------
        InputError
            Where a value was given no meaning.
        """
        found = self.codes(plane)
        if self.instances:
            wide = found.dtype == np.uint64
            ignored = found == UNLABELLED if wide else np.zeros(found.shape, bool)
            inside = (found != 0) & ~ignored & (found != NOTHING if wide else True)
            return {self.instances: inside}, ignored, found
        meaning = {0: BACKGROUND, **self.values}
        if strange := [value for value in np.unique(found).tolist() if value not in meaning]:
            raise InputError(
                f"{plane}: holds {self.told(strange)}, of which --classes says nothing; add what it is, such "
                f"as {self.told(strange[:1])}={BACKGROUND}"
            )
        masks = {
            name: np.isin(found, [value for value, what in meaning.items() if what == name])
            for name in (*self.classes, IGNORE)
        }
        return masks, masks.pop(IGNORE), found

    def told(self, values: list[int]) -> str:
        """Return values as ``--classes`` has them."""
        return told(values, self.colours)


def told(values: list[int], colours: bool) -> str:
    """Return values as ``--classes`` has them, the first and the last of many."""
    if not colours:
        return shown(values)
    few = ", ".join(f"#{value:06x}" for value in values[:6])
    return few + (f" … #{values[-1]:06x}" if len(values) > 6 else "")


def read_values(plane: Plane, colours: bool) -> Array:
    """Read a section of a label map: whole numbers (y, x), of colours 65536 red + 256 green + blue."""
    pixels = plane.read()
    if colours:
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        if pixels.shape[2] < 3 or pixels.dtype != np.uint8:
            raise InputError(f"{plane}: --classes names colours, and this label map holds none")
        code: Array = pixels[..., :3].astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
        return code
    if pixels.ndim == 3 and (pixels.shape[2] in (1, 2) or (np.ptp(pixels[..., :3], axis=2) == 0).all()):
        pixels = pixels[..., 0]
    if pixels.ndim == 3:
        raise InputError(
            f"{plane}: this label map is coloured; say which colours are what: --classes '#ff0000=CLASS,…'"
        )
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8)
    if pixels.dtype.kind == "f":
        whole = pixels.astype(np.int64) if np.isfinite(pixels).all() else None
        if whole is None or not np.array_equal(whole, pixels):
            raise InputError(f"{plane}: a label map wants whole numbers, and this one holds fractions")
        return whole
    return pixels


def parse_codes(text: str) -> Codes:
    """Read ``1=mitochondrion,2=mito_boundary,255=ignore``, colours, or ``instances=mitochondrion``.

    Raises
    ------
    InputError
        Where the text is laid out otherwise, or names a value twice.
    UnknownNameError
        Where it names no class.
    """
    values: dict[int, str] = {}
    colours: set[bool] = set()
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        left, equals, right = (piece.strip() for piece in part.partition("="))
        if equals and left.casefold() == INSTANCES:
            if len(parts) > 1:
                raise InputError(f"--classes: {part} says what all values are, so it stands alone")
            return Codes({}, False, _meaning(right, False))
        colour = re.fullmatch(r"#([0-9a-fA-F]{6})", left)
        if not equals or not (colour or re.fullmatch(r"-?\d+", left)):
            raise InputError(f"--classes: write value=class, such as {EXAMPLE}, not {part!r}")
        value = int(colour[1], 16) if colour else int(left)
        if value in values:
            raise InputError(f"--classes: {left} is named twice")
        values[value] = _meaning(right, True)
        colours.add(bool(colour))
    if not values or len(colours) > 1:
        raise InputError(f"--classes: write value=class, numbers or colours alone, such as {EXAMPLE}")
    codes = Codes(values, colours.pop())
    if not codes.classes:
        raise InputError(f"--classes: {text} names no class; known are {', '.join(known_classes())}")
    return codes


def _meaning(name: str, any_value: bool) -> str:
    if any_value and name.casefold() in (IGNORE, BACKGROUND):
        return name.casefold()
    known = name if name in KNOWN else class_of(name) or ALIASES.get(name.casefold())
    if known is None:
        more = (IGNORE, BACKGROUND) if any_value else ()
        raise UnknownNameError("class", name, (*known_classes(), *more), ALIASES)
    return known
