"""Two sets of labelled images, found and true, as cases."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.files import core
from synthem.data.hdf5 import Dataset
from synthem.data.open import labelled_in
from synthem.data.real.folder import RealFolder
from synthem.labels import united
from synthem.patch import Patch
from synthem.scores.case import Bools, Case

Floats = npt.NDArray[np.float32]


def paired(
    found: Sequence[Patch], true: Sequence[Patch], say: Callable[[str], None] = lambda text: None
) -> list[tuple[int, int]]:
    """Return which image of one set is which of the other, by number: of the same name, up to usual affixes.

    Where each holds one image they are the same, whatever they are called.

    Raises
    ------
    InputError
        Where no name is in both, or no class.
    """
    if not set(labelled_in(found)) & set(labelled_in(true)):
        raise InputError(
            f"scores: no class is labelled in both: found are {', '.join(labelled_in(found)) or 'none'}, and "
            f"true are {', '.join(labelled_in(true)) or 'none'}"
        )
    if missing := [cls for cls in labelled_in(true) if cls not in labelled_in(found)]:
        say(f"no score of {', '.join(missing)}: nothing was looked for, there are no such masks")
    names, wanted = names_of(found), names_of(true)
    if len(names) == len(wanted) == 1:
        return [(0, 0)]
    place = {core(name): k for k, name in enumerate(names)} | {name: k for k, name in enumerate(names)}
    pairs = [
        (k, j) for j, name in enumerate(wanted) if (k := place.get(name, place.get(core(name)))) is not None
    ]
    if not pairs:
        raise InputError(
            f"scores: no image has the same name in both; the first are called {names[0]!r} and {wanted[0]!r}"
        )
    if len(pairs) < len(wanted):
        had = {j for _, j in pairs}
        lacks = [name for j, name in enumerate(wanted) if j not in had]
        say(f"{len(lacks)} of {len(wanted)} images have no masks that were found, left out: {lacks[0]} …")
    return pairs


def cases(found: Sequence[Patch], true: Sequence[Patch], pairs: Sequence[tuple[int, int]]) -> Iterator[Case]:
    """Read images pair by pair.

    Raises
    ------
    InputError
        Where the two of a pair differ in shape.
    """
    for k, j in pairs:
        one, other = found[k], true[j]
        if one.grid.shape != other.grid.shape:
            sizes = " and ".join(" × ".join(map(str, patch.grid.shape)) for patch in (one, other))
            raise InputError(f"scores: {one.name} and {other.name} differ in size: {sizes} voxels")
        classes = united(other.classes, one.classes)
        both = [skip for skip in (one.ignored, other.ignored) if skip is not None]
        yield Case(
            one.labels_of(classes),
            other.labels_of(classes),
            classes,
            other.grid.voxel_nm,
            one.labelled_of(classes) & other.labelled_of(classes),
            np.logical_or.reduce(both) if both else None,
            image=other.image,
            name=other.name,
        )


def case_of(patch: Patch, found: Bools, classes: Sequence[str], probabilities: Floats | None = None) -> Case:
    """Return the case of a labelled image, and what a model found in it.

    Parameters
    ----------
    patch : Patch
    found : bool (class, z, y, x)
    classes : sequence of str
        Of the model, in the order of its channels.
    probabilities : float32 (class, z, y, x), optional
    """
    return Case(
        found,
        patch.labels_of(classes),
        tuple(classes),
        patch.grid.voxel_nm,
        patch.labelled_of(classes),
        patch.ignored,
        probabilities,
        patch.image,
        patch.name,
    )


def names_of(data: Sequence[Patch]) -> list[str]:
    """Return the names of images, without reading them where files tell."""
    if isinstance(data, RealFolder):
        return list(data.names)
    if isinstance(data, Dataset):
        return [data.manifest.plan.name(k) for k in range(len(data))]
    return [patch.name for patch in data]
