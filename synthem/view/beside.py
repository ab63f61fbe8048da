"""Real crops and synthetic patches in one sheet: images, or label maps alone, in order or shuffled."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.open import warnings_of
from synthem.data.real.folder import RealFolder
from synthem.data.real.layouts import read_folder
from synthem.data.real.reading import PLAIN, Reading
from synthem.preset.preset import with_classes
from synthem.view.sheet import Panel, Picture, image_tile, label_tile, places, sheet, with_legend
from synthem.world import World


def beside_sheet(
    world: World,
    real: Path,
    count: int,
    shape: tuple[int, int, int],
    shuffle: bool,
    labels_alone: bool = False,
    voxel_nm: Triple | None = None,
    randomise: tuple[float, bool] = (1.0, False),
    tell: Callable[[str], None] = lambda text: None,
    how: Reading = PLAIN,
) -> tuple[Picture, list[str]]:
    """Return a sheet of real crops and synthetic patches of equal size, without captions, and its key.

    In order, rows of real ones stand over rows of synthetic ones; shuffled, each may be anywhere. The key
    names the origin of each picture, row by row. With ``labels_alone`` it is label maps that stand there, of
    the classes that the folder has masks of, real and synthetic alike.

    Parameters
    ----------
    world : World
        Where the synthetic patches come from.
    real : Path
        A folder of real EM.
    count : int
        So many of either.
    shape : tuple of int
        Pixels of a patch, (1, y, x).
    shuffle, labels_alone : bool
        See above.
    voxel_nm : tuple of float, optional
        The real sections' voxel size, (z, y, x), which the synthetic ones get too; the preset's by default.
    randomise : tuple of float and bool
        The factor by which each synthetic patch's microscope varies, and whether its anatomy does.
    tell : callable
        Is told as what the real EM was read, and what is odd in it, a sentence each.
    how : Reading
        How it is read.

    Raises
    ------
    InputError
        Where a real section is smaller than a patch, or label maps are asked for and no section has masks.
    """
    voxel_nm = voxel_nm or world.preset.voxel_nm
    rng = np.random.default_rng(world.seed)
    folder = read_folder(real, voxel_nm=voxel_nm, how=how)
    for sentence in warnings_of(folder):
        tell(sentence)
    classes = tuple(name for name in folder.classes if name in folder.masks) if labels_alone else None
    tiles = [_real_tile(folder, shape, classes, rng) for _ in range(count)]
    for k, grid in enumerate(places(world, count, shape, voxel_nm)):
        own = world.randomised(randomise[0], k, randomise[1])
        at = ",".join(f"{edge:.0f}" for edge in grid.origin_nm)
        origin = f"synthetic {world.preset.name}-{world.seed} at {at} nm"
        if classes is None:
            tiles.append(Panel(image_tile(own.patch(grid), labelled=False).picture, origin))
        else:
            tiles.append(
                label_tile(World(with_classes(own.preset, classes), own.seed).labels(grid), origin, classes)
            )
    if shuffle:
        tiles = [tiles[k] for k in rng.permutation(len(tiles))]
    halves = [tiles] if shuffle else [tiles[:count], tiles[count:]]
    rows = [half[k : k + 4] for half in halves for k in range(0, len(half), 4)]
    key = [
        f"row {r + 1}, column {c + 1}: {tile.origin}"
        for r, row in enumerate(rows)
        for c, tile in enumerate(row)
    ]
    return sheet(rows) if classes is None else with_legend(sheet(rows), classes), key


def _real_tile(
    folder: RealFolder, shape: tuple[int, int, int], classes: tuple[str, ...] | None, rng: np.random.Generator
) -> Panel:
    """Return a crop of a section, both drawn: its image, or its labels of some classes."""
    names = [n for n in folder.names if all(n in folder.masks[name] for name in classes or ())]
    if classes == () or not names:
        raise InputError(f"{folder.root}: label maps want masks, and no section has one of each class")
    patch = folder.read(names[int(rng.integers(len(names)))])
    (height, width), (_, h, w) = shape[1:], patch.image.shape
    if h < height or w < width:
        raise InputError(
            f"{folder.root}: section {patch.name} of {h} × {w} is smaller than a patch of {height} × {width}"
        )
    y, x = int(rng.integers(h - height + 1)), int(rng.integers(w - width + 1))
    origin = f"real {patch.name} at {y},{x}"
    if classes is not None:
        box = (slice(None), slice(y, y + height), slice(x, x + width))
        return label_tile(patch.labels_of(classes, box), origin, classes)
    crop = patch.image[0, y : y + height, x : x + width]
    return Panel(np.repeat(crop[..., None], 3, axis=2), origin)
