"""The real sections that a studio was given: crops of them with their masks, and windows to measure."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapes.core.grid import Triple
from synthem.data.open import labelled_in, warnings_of
from synthem.data.real.folder import RealFolder
from synthem.data.real.layouts import read_folder
from synthem.data.real.reading import PLAIN, Reading
from synthem.data.unlabelled import SampledWindows, sample_windows
from synthem.fit.tuned_on import sections_seen
from synthem.labels import to_bits
from synthem.patch import Patch
from synthem.studio.errors import RefusedError

KEPT = 4
"""So many sections stay read."""
WINDOWS = 32
"""Windows that statistics are taken of."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A part of a real section: image (y, x), labels as bits of ``classes`` (y, x), and where it is from."""

    image: npt.NDArray[np.uint8]
    bits: npt.NDArray[np.unsignedinteger]
    classes: tuple[str, ...]
    section: str
    corner: tuple[int, int]


class RealSections:
    """Real sections, read when they are asked for.

    Parameters
    ----------
    root : Path
        Any layout that is read; masks are not needed.
    voxel_nm : tuple of float, optional
        Voxel size (z, y, x), what the files tell if None.
    how : Reading
        How it is read.
    names : list of str, optional
        Names or globs of the sections to take; all if None.

    Raises
    ------
    InputError
        Where there is nothing to read.
    """

    def __init__(
        self,
        root: Path,
        voxel_nm: Triple | None = None,
        how: Reading = PLAIN,
        names: list[str] | None = None,
    ) -> None:
        self.root, self.names, self._how = root, names, how
        self.folder: RealFolder = read_folder(root, names, voxel_nm, how)
        self.warnings = warnings_of(self.folder)
        self._read: OrderedDict[str, Patch] = OrderedDict()
        self._lock = threading.Lock()  # pictures and blind tests are made in threads of their own

    @property
    def voxel_nm(self) -> Triple:
        """Voxel size, (z, y, x)."""
        return self.folder.voxel_nm

    @cached_property
    def labelled(self) -> tuple[str, ...]:
        """The classes that there are masks of."""
        return labelled_in(self.folder)

    @cached_property
    def smallest(self) -> int:
        """The edge of the smallest section, in pixels."""
        return min(min(self.folder.shape(name)[1:]) for name in self.folder.names)

    def crop(self, number: int, edge: int) -> Crop:
        """Return a crop of some section, drawn by its number; the same number is the same middle.

        Raises
        ------
        RefusedError
            Where the section is smaller.
        """
        if edge > self.smallest:
            raise RefusedError(422, f"the smallest real section has {self.smallest} pixels, not {edge}")
        rng = np.random.default_rng(number)
        name = self.folder.names[int(rng.integers(len(self.folder.names)))]
        patch = self._section(name)
        _, height, width = patch.image.shape
        half = min(edge / 2, self.smallest / 2)
        y, x = (
            int(np.clip(share * (n - 2 * half) + half - edge / 2, 0, n - edge))
            for share, n in zip(rng.random(2), (height, width), strict=True)
        )
        box = (slice(0, 1), slice(y, y + edge), slice(x, x + edge))
        known = tuple(name for name in patch.classes if patch.knows(name))
        bits = to_bits(patch.labels_of(known, box)[:, 0]) if known else np.zeros((edge, edge), np.uint8)
        return Crop(np.ascontiguousarray(patch.image[0][box[1:]]), bits, known, name, (y, x))

    def crops_unseen(self, count: int, edge: int) -> list[npt.NDArray[np.uint8]]:
        """Return crops that nobody can foretell."""
        return [self.crop(secrets.randbelow(2**32), edge).image for _ in range(count)]

    @cached_property
    def windows(self) -> SampledWindows:
        """Windows for statistics, of up to 256 pixels."""
        return sample_windows(self.root, WINDOWS, names=self.names, how=self._how)

    @property
    def seen(self) -> list[str]:
        """The sections that a person may have seen, as ``Preset.tuned_on`` writes them."""
        every = sections_seen(self.root, self.folder.names)
        return every if self.names is not None else [f"{every[0].partition('/')[0]}/*"]

    def _section(self, name: str) -> Patch:
        with self._lock:
            if name not in self._read:
                self._read[name] = self.folder.read(name)
            self._read.move_to_end(name)
            while len(self._read) > KEPT:
                self._read.popitem(last=False)
            return self._read[name]
