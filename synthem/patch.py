"""A patch: an EM image with labels, rendered or read from disk, shared by all modules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from shapes import Grid
from shapes.core.errors import InputError
from synthem.labels import CLASSES, channel, united


@dataclass(frozen=True, eq=False)
class Patch:
    """An EM image with its labels.

    Attributes
    ----------
    image : uint8 (z, y, x)
        The image; a 2D section has a depth of one.
    labels : bool (class, z, y, x)
        One channel a class, in the order of ``classes``.
    grid : Grid
        Voxel size and place. Real sections lie at the origin.
    known : tuple of bool
        Which classes are labelled at all; all, if left out. An unlabelled class is left out of losses and
        scores, not taken as empty. None is where all sections are unlabelled.
    unlabelled : tuple of int
        Sections, counted from the patch's first, in which no class is labelled: those that the microscope
        lost. Their labels and instances are empty, and they are left out of losses, scores and counts.
    ignored : bool (z, y, x) or None
        Voxels of which nobody said what they are. They have no labels, and are left out of losses, scores
        and counts. None where there are none.
    name : str
        What to call it in a report: a file's stem, or the dataset and index.
    clean : float32 (z, y, x) or None
        The image before beam and detector, without defects that cover or spoil it, on the image's own grey
        scale: the pair for denoising. None for real EM.
    instances : mapping of str to int32 (z, y, x)
        Object ids by class name, 0 where there is none; ``"neurite"``; and what the
        preset's ``annotation.also`` names. Empty for real EM.
    trace : dict or None
        JSON-serialisable; ``synthem.replay(trace)`` is this patch again. None for real EM.
    classes : tuple of str
        What the channels are: by default the six of ``synthem.CLASSES``.
    """

    image: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.bool_]
    grid: Grid
    known: tuple[bool, ...] = ()
    name: str = ""
    clean: npt.NDArray[np.float32] | None = None
    instances: Mapping[str, npt.NDArray[np.int32]] = field(default_factory=dict)
    trace: dict[str, Any] | None = None
    unlabelled: tuple[int, ...] = ()
    ignored: npt.NDArray[np.bool_] | None = None
    classes: tuple[str, ...] = CLASSES

    def __post_init__(self) -> None:
        shape, count = self.grid.shape, len(self.classes)
        if not self.known:
            object.__setattr__(self, "known", (True,) * count)
        if len(self.known) != count or len(set(self.classes)) < count:
            raise InputError(
                f"patch {self.name!r}: known must say of each of its {count} classes whether it is labelled"
            )
        if any(not 0 <= k < shape[0] for k in self.unlabelled):
            raise InputError(
                f"patch {self.name!r}: unlabelled must name sections of {shape[0]}, not {self.unlabelled}"
            )
        if len(set(self.unlabelled)) == shape[0]:
            object.__setattr__(self, "known", (False,) * count)
        expected: list[tuple[str, npt.NDArray[Any] | None, tuple[int, ...], type]] = [
            ("image", self.image, shape, np.uint8),
            ("labels", self.labels, (count, *shape), np.bool_),
            ("clean", self.clean, shape, np.float32),
            ("ignored", self.ignored, shape, np.bool_),
        ]
        expected += [(f"instances[{k!r}]", v, shape, np.int32) for k, v in self.instances.items()]
        for name, array, want, dtype in expected:
            if array is not None and (array.shape != want or array.dtype != dtype):
                raise InputError(
                    f"patch {self.name!r}: {name} must be {np.dtype(dtype).name} of shape {want}, "
                    f"not {array.dtype.name} of shape {array.shape}"
                )

    def __eq__(self, other: object) -> bool:
        """Tell whether image, labels and every instance map are the same, bit for bit."""
        if not isinstance(other, Patch):
            return NotImplemented
        return (
            self.grid == other.grid
            and self.classes == other.classes
            and self.known == other.known
            and self.unlabelled == other.unlabelled
            and np.array_equal(self.image, other.image)
            and np.array_equal(self.labels, other.labels)
            and _alike(self.ignored, other.ignored)
            and self.instances.keys() == other.instances.keys()
            and all(np.array_equal(v, other.instances[k]) for k, v in self.instances.items())
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Which classes are labelled in which sections, bool (class, z)."""
        return self.labelled_of(self.classes)

    def mask(self, name: str) -> npt.NDArray[np.bool_]:
        """Return a class of the patch, bool (z, y, x); UnknownNameError where it has no such channel."""
        out: npt.NDArray[np.bool_] = self.labels[channel(name, self.classes)]
        return out

    def knows(self, name: str) -> bool:
        """Tell whether a class is labelled."""
        return name in self.classes and self.known[self.classes.index(name)]

    def labels_of(self, names: Sequence[str], box: tuple[slice, ...] = ()) -> npt.NDArray[np.bool_]:
        """Return some classes in a box, bool (class, z, y, x); one that is no channel is nowhere."""
        own = self.labels[(slice(None), *box)]
        if tuple(names) == self.classes:
            return own
        out = np.zeros((len(names), *own.shape[1:]), np.bool_)
        for mask, name in zip(out, names, strict=True):
            if name in self.classes:
                mask[:] = own[self.classes.index(name)]
        return out

    def labelled_of(self, names: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which of some classes are labelled in which sections, bool (class, z)."""
        known = np.array([self.knows(name) for name in names], np.bool_)
        out = np.repeat(known[:, None], self.grid.shape[0], axis=1)
        out[:, list(self.unlabelled)] = False
        return out

    def of(self, names: Sequence[str]) -> "Patch":
        """Return the patch with these channels; one that it has not is unlabelled."""
        names = tuple(names)
        if names == self.classes:
            return self
        known = tuple(self.knows(name) for name in names)
        return replace(self, labels=self.labels_of(names), known=known, classes=names)

    def judged(self, found: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return masks (class, z, y, x) that were found here, but for voxels that are ignored."""
        return found if self.ignored is None else found & ~self.ignored

    def part(self, corner: tuple[int, int, int], shape: tuple[int, int, int]) -> "Patch":
        """Return a box of the patch, of a shape (z, y, x): its image, labels, place and name."""
        box = tuple(slice(c, c + n) for c, n in zip(corner, shape, strict=True))
        z, y, x = (
            (s + c) * v for s, c, v in zip(self.grid.start_vx, corner, self.grid.voxel_nm, strict=True)
        )
        blank = tuple(k - corner[0] for k in self.unlabelled if corner[0] <= k < corner[0] + shape[0])
        grid = Grid(shape, self.grid.voxel_nm, (z, y, x))
        ignored = None if self.ignored is None else self.ignored[box]
        return Patch(
            self.image[box],
            self.labels[:, *box],
            grid,
            self.known,
            self.name,
            unlabelled=blank,
            ignored=ignored if ignored is not None and ignored.any() else None,
            classes=self.classes,
        )

    def windows(self, shape: tuple[int, int, int]) -> Iterator["Patch"]:
        """Cut the patch into windows of one shape (z, y, x) that do not overlap; what remains is left out.

        They have image, labels, place and name. Raises InputError where the patch is smaller than a window.
        """
        if any(not 1 <= want <= have for have, want in zip(self.grid.shape, shape, strict=True)):
            raise InputError(f"patch {self.name!r}: {self.grid.shape} voxels hold no window of {shape}")
        steps = [range(0, have - want + 1, want) for have, want in zip(self.grid.shape, shape, strict=True)]
        for z, y, x in product(*steps):
            yield self.part((z, y, x), shape)


def joined(grid: Grid, parts: Iterable[tuple[tuple[int, int, int], Patch]]) -> Patch:
    """Put the blocks of a window together, each of which comes with its corner's voxel (z, y, x).

    The patch has image, labels, instances, name and ``clean``, which every block must have.
    """
    image, clean = np.empty(grid.shape, np.uint8), np.empty(grid.shape, np.float32)
    labels = np.empty((0, *grid.shape), np.bool_)
    classes: tuple[str, ...] = CLASSES
    instances: dict[str, npt.NDArray[np.int32]] = {}
    name = ""
    for corner, part in parts:
        box = tuple(slice(c, c + n) for c, n in zip(corner, part.grid.shape, strict=True))
        if part.classes != classes or not len(labels):
            classes, labels = part.classes, np.empty((len(part.classes), *grid.shape), np.bool_)
        name, image[box], clean[box], labels[:, *box] = part.name, part.image, part.clean, part.labels
        for kind, ids in part.instances.items():
            if kind not in instances:
                instances[kind] = np.empty(grid.shape, np.int32)
            instances[kind][box] = ids
    return Patch(image, labels, grid, name=name, clean=clean, instances=instances, classes=classes)


def _alike(one: npt.NDArray[Any] | None, other: npt.NDArray[Any] | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


@runtime_checkable
class HasClasses(Protocol):
    """A set of patches that knows what all of them can be labelled for."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes."""


def classes_of(*data: "Sequence[Patch] | HasClasses") -> tuple[str, ...]:
    """Return the classes of sets of patches, each once; where a set knows its own, none is read."""
    lists: list[tuple[str, ...]] = []
    for patches in data:
        if isinstance(patches, HasClasses):
            lists.append(tuple(patches.classes))
        else:
            lists += [patch.classes for patch in patches]
    return united(*dict.fromkeys(lists))


def shares_of(patches: Sequence[Patch]) -> npt.NDArray[np.float64]:
    """Return the share of each class in each patch, float64 (patch, class), as ``classes_of`` has them."""
    classes = classes_of(patches)
    return np.array([patch.labels_of(classes).reshape(len(classes), -1).mean(1) for patch in patches])
