"""Crops around objects of one class, enlarged: real ones over synthetic ones, plain and outlined."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.open import warnings_of
from synthem.data.real.layouts import read_folder
from synthem.data.real.reading import PLAIN, Reading
from synthem.labels import colour_of, united
from synthem.patch import Patch
from synthem.preset.preset import with_classes
from synthem.view.sheet import Panel, Picture, places, sheet, with_legend
from synthem.world import World

CROP_VX = (1, 96, 96)
"""Pixels of a crop, where no others are asked for."""
TIMES = 3
"""A crop is drawn so many times larger."""
_WINDOW_VX = 768
_WINDOWS = 40  # of tissue that are searched; a class that none of them shows is too rare to be looked at
_EACH = 2  # objects of one window or section, so that they come from many


class _Crop(NamedTuple):
    """A crop drawn twice, and what the key says of it."""

    plain: Panel
    outlined: Panel


def objects_sheet(
    world: World,
    kind: str,
    count: int,
    shape: tuple[int, int, int] = CROP_VX,
    real: Path | None = None,
    shuffle: bool = False,
    voxel_nm: Triple | None = None,
    randomise: tuple[float, bool] = (1.0, False),
    tell: Callable[[str], None] = lambda text: None,
    how: Reading = PLAIN,
) -> tuple[Picture, list[str]]:
    """Return a sheet of crops around objects of a class, and its key.

    An object is what hangs together in a section; each is as likely to be taken as another of its section.
    Rows of plain crops alternate with rows of the same crops with the class outlined; real ones stand over
    synthetic ones, or are shuffled among them.

    Parameters
    ----------
    world : World
        Where the synthetic objects come from.
    kind : str
        A class, which the world's preset need not be labelled for.
    count : int
        So many objects, of either; fewer where no more are found.
    shape : tuple of int
        Pixels of a crop, (1, y, x), which is drawn ``TIMES`` larger.
    real : Path, optional
        A folder of real EM with masks of the class.
    shuffle, voxel_nm, randomise, tell, how
        As ``beside_sheet`` has them.

    Raises
    ------
    InputError
        Where no object is found, or a section is smaller than a crop.
    """
    voxel_nm = voxel_nm or world.preset.voxel_nm
    world = World(with_classes(world.preset, united(world.classes, (kind,))), world.seed)
    rng = np.random.default_rng(world.seed)
    halves = []
    if real is not None:
        folder = read_folder(real, voxel_nm=voxel_nm, how=how)
        for sentence in warnings_of(folder):
            tell(sentence)
        names = [name for name in folder.names if name in folder.masks.get(kind, ())]
        if not names:
            raise InputError(f"{real}: no section has a mask of {kind}; it has {', '.join(folder.masks)}")
        sections = (folder.read(names[k]) for k in rng.permutation(len(names)))
        each = max(_EACH, -(-count // len(names)))
        halves.append(_taken(sections, kind, count, shape, each, rng, f"{real}: the sections", "real"))
    windows = (
        world.randomised(randomise[0], k, randomise[1]).patch(grid)
        for k, grid in enumerate(places(world, _WINDOWS, _window(shape), voxel_nm))
    )
    where = f"{world.preset.name}: {_WINDOWS} windows of {_WINDOW_VX} × {_WINDOW_VX}"
    halves.append(_taken(windows, kind, count, shape, _EACH, rng, where, "synthetic"))
    if shuffle:
        every = [crop for half in halves for crop in half]
        halves = [[every[k] for k in rng.permutation(len(every))]]
    rows: list[list[Panel]] = []
    for half in halves:
        for k in range(0, len(half), 4):
            rows += [[crop.plain for crop in half[k : k + 4]], [crop.outlined for crop in half[k : k + 4]]]
    key = [
        f"row {r + 1}, column {c + 1}: {panel.origin}"
        for r, row in enumerate(rows)
        for c, panel in enumerate(row)
        if r % 2 == 0
    ]
    return with_legend(sheet(rows), (kind,)), key


def _window(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    return (1, max(_WINDOW_VX, shape[1]), max(_WINDOW_VX, shape[2]))


def _taken(
    patches: Iterator[Patch], kind: str, count: int, shape: tuple[int, int, int], each: int,
    rng: np.random.Generator, where: str, what: str,
) -> list[_Crop]:  # fmt: skip
    """Return crops around objects of some patches, until there are enough."""
    found = (crop for patch in patches for crop in _crops(patch, kind, shape, each, rng, what))
    some = list(islice(found, count))
    if not some:
        raise InputError(f"{where} show no {kind}")
    return some


def _crops(
    patch: Patch, kind: str, shape: tuple[int, int, int], each: int, rng: np.random.Generator, what: str
) -> Iterator[_Crop]:
    """Yield crops around some objects of a patch's middle section."""
    middle = patch.image.shape[0] // 2
    image, (_, height, width) = patch.image[middle], shape
    if image.shape[0] < height or image.shape[1] < width:
        size = " × ".join(map(str, image.shape))
        raise InputError(f"{patch.name} of {size} is smaller than a crop of {height} × {width}")
    mask = patch.labels_of((kind,), (slice(middle, middle + 1),))[0, 0]
    objects, many = ndimage.label(mask, np.ones((3, 3)))
    for one in rng.permutation(many)[:each] + 1:
        ys, xs = np.nonzero(objects == one)
        # the pixel of the object that is nearest to its middle
        at = np.argmin((ys - ys.mean()) ** 2 + (xs - xs.mean()) ** 2)
        y = int(np.clip(ys[at] - height // 2, 0, image.shape[0] - height))
        x = int(np.clip(xs[at] - width // 2, 0, image.shape[1] - width))
        box = (slice(y, y + height), slice(x, x + width))
        origin = f"{what} {patch.name} at {y},{x}"
        plain = _larger(np.repeat(image[box][..., None], 3, axis=2), cv2.INTER_CUBIC)
        outlined = _outlined(plain, mask[box], colour_of(kind))
        yield _Crop(Panel(plain, origin), Panel(outlined, origin))


def _larger(picture: npt.NDArray[np.uint8], how: int) -> npt.NDArray[np.uint8]:
    size = (TIMES * picture.shape[1], TIMES * picture.shape[0])
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _outlined(picture: Picture, mask: npt.NDArray[np.bool_], colour: tuple[int, ...]) -> Picture:
    """Return an enlarged crop with the outlines of a mask in a colour."""
    lines, _ = cv2.findContours(
        _larger(mask.astype(np.uint8), cv2.INTER_NEAREST), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    out = picture.copy()
    cv2.drawContours(out, lines, -1, colour, 1)
    return out
