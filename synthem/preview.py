"""Previews: sheets of patches to look at, with their labels, beside real sections, or stage by stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from shapes import Grid
from shapes.errors import InputError
from synthem.labels import CLASSES, COLOURS
from synthem.overlay import overlay
from synthem.patch import Patch
from synthem.store.real import read_folder
from synthem.world import World

Picture = npt.NDArray[np.uint8]
"""RGB, uint8 (y, x, 3)."""
_SPREAD_NM = 2.0e5
_GAP = 4
_LEGEND_HEIGHT = 26
_SIGN = "synthem preview"


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet, and what the key says of it."""

    picture: Picture
    origin: str


def places(
    world: World, count: int, shape: tuple[int, int, int], voxel_nm: tuple[float, float, float]
) -> list[Grid]:
    """Return windows of a world that lie far apart, drawn by its seed."""
    rng = np.random.default_rng(world.seed)
    return [Grid(shape, voxel_nm, tuple(rng.uniform(-_SPREAD_NM, _SPREAD_NM, 3))) for _ in range(count)]


def image_tile(patch: Patch, labelled: bool) -> Tile:
    """Return the middle section of a patch, with or without its labels over it."""
    middle = patch.image.shape[0] // 2
    nothing = np.zeros((0, *patch.image.shape[1:]), np.bool_)
    if labelled:
        return Tile(overlay(patch.image[middle], patch.labels[:, middle], CLASSES), patch.name)
    return Tile(overlay(patch.image[middle], nothing, ()), patch.name)


def preset_sheet(world: World, count: int, shape: tuple[int, int, int]) -> Picture:
    """Return a sheet of a world's patches: images in one row, their labels in the next, and a legend."""
    patches = [world.patch(grid) for grid in places(world, count, shape, world.preset.voxel_nm)]
    rows: list[list[Tile]] = []
    for k in range(0, count, 4):
        rows += [[image_tile(p, labelled) for p in patches[k : k + 4]] for labelled in (False, True)]
    return with_legend(sheet(rows))


def stages_sheet(world: World, shape: tuple[int, int, int]) -> Picture:
    """Return one window after each stage of the microscope: stain, section, beam, detector, tone."""
    grid = places(world, 1, shape, world.preset.voxel_nm)[0]
    tiles = []
    for name, image in world.stages(grid):
        middle = image[image.shape[0] // 2]
        rim_y, rim_x = ((n - m) // 2 for n, m in zip(middle.shape, shape[1:], strict=True))
        inner = middle[rim_y : rim_y + shape[1], rim_x : rim_x + shape[2]]
        grey = np.clip(np.rint(inner), 0, 255).astype(np.uint8)
        tiles.append(Tile(_titled(np.repeat(grey[..., None], 3, axis=2), name), name))
    return sheet([tiles])


def beside_sheet(
    world: World, real: Path, count: int, shape: tuple[int, int, int], shuffle: bool
) -> tuple[Picture, list[str]]:
    """Return a sheet of real crops and synthetic patches of equal size, without captions, and its key.

    In order, rows of real ones stand over rows of synthetic ones; shuffled, each may be anywhere. The key
    names the origin of each picture, row by row.

    Raises
    ------
    InputError
        Where a real section is smaller than a patch.
    """
    rng = np.random.default_rng(world.seed)
    sections = read_folder(real, voxel_nm=world.preset.voxel_nm)
    height, width = shape[1:]
    tiles = []
    for _ in range(count):
        patch = sections[int(rng.integers(len(sections)))]
        _, h, w = patch.image.shape
        if h < height or w < width:
            raise InputError(
                f"{real}: section {patch.name} of {h} × {w} is smaller than a patch of {height} × {width}"
            )
        y, x = int(rng.integers(h - height + 1)), int(rng.integers(w - width + 1))
        crop = patch.image[0, y : y + height, x : x + width]
        tiles.append(Tile(np.repeat(crop[..., None], 3, axis=2), f"real {patch.name} at {y},{x}"))
    for grid in places(world, count, shape, world.preset.voxel_nm):
        at = ",".join(f"{edge:.0f}" for edge in grid.origin_nm)
        tile = image_tile(world.patch(grid), labelled=False)
        tiles.append(Tile(tile.picture, f"synthetic {tile.origin} at {at} nm"))
    if shuffle:
        tiles = [tiles[k] for k in rng.permutation(len(tiles))]
    halves = [tiles] if shuffle else [tiles[:count], tiles[count:]]
    rows = [half[k : k + 4] for half in halves for k in range(0, len(half), 4)]
    key = [
        f"row {r + 1}, column {c + 1}: {tile.origin}"
        for r, row in enumerate(rows)
        for c, tile in enumerate(row)
    ]
    return sheet(rows), key


def sheet(rows: Sequence[Sequence[Tile]]) -> Picture:
    """Put pictures of one size into rows, on white."""
    height, width = rows[0][0].picture.shape[:2]
    columns = max(map(len, rows))
    out = np.full((len(rows) * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for r, row in enumerate(rows):
        for c, tile in enumerate(row):
            y, x = r * (height + _GAP), c * (width + _GAP)
            out[y : y + height, x : x + width] = tile.picture
    return out


def with_legend(picture: Picture) -> Picture:
    """Return a picture with the classes' names and colours under it."""
    strip = Image.new("RGB", (picture.shape[1], _LEGEND_HEIGHT), "white")
    pen, font = ImageDraw.Draw(strip), ImageFont.load_default(13)
    x = 6
    for name in CLASSES:
        text = name.replace("_", " ")
        pen.rectangle((x, 7, x + 12, 19), fill=COLOURS[name])
        pen.text((x + 17, 5), text, fill="black", font=font)
        x += 17 + int(pen.textlength(text, font=font)) + 16
    return np.concatenate([picture, np.asarray(strip)])


def _titled(picture: Picture, title: str) -> Picture:
    image = Image.fromarray(picture)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    pen.rectangle((0, 0, 12 + int(pen.textlength(title, font=font)), 20), fill="white")
    pen.text((6, 2), title, fill="black", font=font)
    return np.asarray(image)


def save(picture: Picture, path: Path) -> None:
    """Write a picture as PNG; only an earlier preview is ever replaced.

    Raises
    ------
    InputError
        Where the folder is missing, or the file exists and is no preview of ours.
    """
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if path.exists() and not _is_preview(path):
        raise InputError(f"{path}: exists already and is no preview; give the name of a new file")
    sign = PngImagePlugin.PngInfo()
    sign.add_text("Software", _SIGN)
    aside = path.with_name(path.name + ".part")
    try:
        Image.fromarray(picture).save(aside, "PNG", pnginfo=sign)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _is_preview(path: Path) -> bool:
    """Tell whether a file is a PNG that ``save`` wrote."""
    try:
        with Image.open(path) as image:
            return image.info.get("Software") == _SIGN
    except (OSError, SyntaxError):
        return False
