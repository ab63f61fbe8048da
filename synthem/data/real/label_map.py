"""Label maps: one value a pixel for many classes, or for the objects of one."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.real.codes import BACKGROUND, EXAMPLE, INSTANCES, Codes, read_values, told
from synthem.data.volume import Array, Plane

LOOKED_AT = 8
"""So many sections of label maps are read, to name the values that they hold."""
MANY = 12
"""More values than this are objects rather than classes."""


class Decoded(NamedTuple):
    """A section of a label map: masks by class and what is not labelled, bool (y, x), and its values."""

    masks: dict[str, npt.NDArray[np.bool_]]
    ignored: npt.NDArray[np.bool_]
    values: Array


class LabelMaps:
    """Label maps by section, and what their values mean; the last one read is kept.

    Parameters
    ----------
    planes : mapping of str to Plane
    codes : Codes
    """

    def __init__(self, planes: Mapping[str, Plane], codes: Codes) -> None:
        self.planes, self.codes = dict(planes), codes
        self._kept: tuple[str, Decoded] | None = None

    def decoded(self, name: str) -> Decoded:
        """Read that of a section; InputError where it is damaged or holds a value without a meaning."""
        if self._kept is None or self._kept[0] != name:
            self._kept = name, Decoded(*self.codes.decode(self.planes[name]))
        return self._kept[1]

    def instances(self, name: str) -> npt.NDArray[np.int32] | None:
        """Return the objects of a section, int32 (y, x); None where the values are classes, or too large."""
        cls, decoded = self.codes.instances, self.decoded(name)
        if cls is None:
            return None
        ids = np.where(decoded.masks[cls], decoded.values, 0)
        return ids.astype(np.int32) if ids.max(initial=0) < 2**31 else None

    def of(self, cls: str) -> "MapMasks":
        """Return the masks of one class."""
        return MapMasks(self, cls)


class MapMasks(Mapping[str, Plane]):
    """The masks of one class, cut from label maps; as ``synthem.data.masks.Masks`` is used."""

    def __init__(self, maps: LabelMaps, cls: str) -> None:
        self._maps, self._cls = maps, cls

    def __getitem__(self, name: str) -> Plane:
        """Return where the label map of a section lies."""
        return self._maps.planes[name]

    def __iter__(self) -> Iterator[str]:
        """Name the sections that have one."""
        return iter(self._maps.planes)

    def __len__(self) -> int:
        """Return how many sections have one."""
        return len(self._maps.planes)

    def read(self, name: str) -> npt.NDArray[np.bool_]:
        """Read the mask of a section, bool (y, x); InputError as ``LabelMaps.decoded``."""
        return self._maps.decoded(name).masks[self._cls]


def without_meaning(planes: Mapping[str, Plane]) -> InputError:
    """Return a refusal of label maps whose values nobody explained, with the values found."""
    few = list(planes.values())
    few = [few[k] for k in np.unique(np.linspace(0, len(few) - 1, min(LOOKED_AT, len(few))).astype(int))]
    colours = any(_coloured(plane.read()) for plane in few)
    values = sorted({int(v) for plane in few for v in np.unique(read_values(plane, colours))})
    what = "colours" if colours else "values"
    if len(values) > MANY and not colours:
        way = f"--classes {INSTANCES}=CLASS, if every value is an object of one class, or --classes {EXAMPLE}"
    else:
        named = [value for value in values if value][:3] or [1]
        text = ",".join(f"{told([value], colours)}=CLASS" for value in named)
        way = f"--classes {repr(text) if colours else text}, also with ignore or {BACKGROUND} for a class"
    return InputError(
        f"{few[0]}: a label map that holds the {what} {told(values, colours)}; say what is what: {way}"
    )


def _coloured(pixels: Array) -> bool:
    return pixels.ndim == 3 and pixels.shape[2] >= 3 and bool((np.ptp(pixels[..., :3], axis=2) > 0).any())
