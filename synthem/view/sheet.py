"""Previews: sheets of patches to look at, with their labels, or stage by stage."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from shapes import Grid
from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.atomic import write_whole
from synthem.labels import CLASSES, colour_of
from synthem.patch import Patch
from synthem.view.overlay import label_map, overlay
from synthem.world import World

Picture = npt.NDArray[np.uint8]
"""RGB, uint8 (y, x, 3)."""
_SPREAD_NM = 2.0e5
_GAP = 4
_LEGEND_HEIGHT = 26
_OUTLINES = {"cleft": "grey"}  # white on white
_SIGN = "synthem preview"


@dataclass(frozen=True)
class Panel:
    """One picture of a sheet, and what the key says of it."""

    picture: Picture
    origin: str


def places(world: World, count: int, shape: tuple[int, int, int], voxel_nm: Triple) -> list[Grid]:
    """Return windows of a world that lie far apart, drawn by its seed."""
    rng = np.random.default_rng(world.seed)
    return [Grid(shape, voxel_nm, tuple(rng.uniform(-_SPREAD_NM, _SPREAD_NM, 3))) for _ in range(count)]


def image_tile(patch: Patch, labelled: bool) -> Panel:
    """Return the middle section of a patch, with or without its labels over it."""
    middle = patch.image.shape[0] // 2
    nothing = np.zeros((0, *patch.image.shape[1:]), np.bool_)
    if labelled:
        return Panel(overlay(patch.image[middle], patch.labels[:, middle], patch.classes), patch.name)
    return Panel(overlay(patch.image[middle], nothing, ()), patch.name)


def label_tile(labels: npt.NDArray[np.bool_], origin: str, classes: Sequence[str] = CLASSES) -> Panel:
    """Return the middle section of labels of some classes, bool (class, z, y, x), on black."""
    return Panel(label_map(labels[:, labels.shape[1] // 2], classes), origin)


def preset_sheet(
    world: World,
    count: int,
    shape: tuple[int, int, int],
    labels_alone: bool = False,
    voxel_nm: Triple | None = None,
    randomise: tuple[float, bool] = (1.0, False),
) -> Picture:
    """Return a sheet of a world's patches: images in one row, their labels in the next, and a legend.

    With ``labels_alone`` there are no images, and the labels stand on black. The voxel size is the preset's
    where none is given. ``randomise`` is the factor by which each patch's microscope varies, and whether its
    anatomy does.
    """
    grids = places(world, count, shape, voxel_nm or world.preset.voxel_nm)
    worlds = [world.randomised(randomise[0], k, randomise[1]) for k in range(count)]
    rows: list[list[Panel]] = []
    if labels_alone:
        tiles = [
            label_tile(own.labels(grid), "", own.classes) for own, grid in zip(worlds, grids, strict=True)
        ]
        rows = [tiles[k : k + 4] for k in range(0, count, 4)]
    else:
        patches = [own.patch(grid) for own, grid in zip(worlds, grids, strict=True)]
        for k in range(0, count, 4):
            rows += [[image_tile(p, labelled) for p in patches[k : k + 4]] for labelled in (False, True)]
    return with_legend(sheet(rows), world.classes)


def stages_sheet(world: World, shape: tuple[int, int, int], voxel_nm: Triple | None = None) -> Picture:
    """Return one window after each stage of the microscope, from stain to tone, four in a row."""
    grid = places(world, 1, shape, voxel_nm or world.preset.voxel_nm)[0]
    tiles = []
    for name, image in world.stages(grid):
        middle = image[image.shape[0] // 2]
        rim_y, rim_x = ((n - m) // 2 for n, m in zip(middle.shape, shape[1:], strict=True))
        inner = middle[rim_y : rim_y + shape[1], rim_x : rim_x + shape[2]]
        grey = np.clip(np.rint(inner), 0, 255).astype(np.uint8)
        tiles.append(Panel(titled(np.repeat(grey[..., None], 3, axis=2), name), name))
    return sheet([tiles[k : k + 4] for k in range(0, len(tiles), 4)])


def sheet(rows: Sequence[Sequence[Panel]]) -> Picture:
    """Put pictures of one size into rows, on white."""
    height, width = rows[0][0].picture.shape[:2]
    columns = max(map(len, rows))
    out = np.full((len(rows) * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for r, row in enumerate(rows):
        for c, tile in enumerate(row):
            y, x = r * (height + _GAP), c * (width + _GAP)
            out[y : y + height, x : x + width] = tile.picture
    return out


def with_legend(picture: Picture, classes: Sequence[str] = CLASSES) -> Picture:
    """Return a picture with the classes' names and colours under it, in as many lines as they need."""
    font = ImageFont.load_default(13)
    places, x, line = [], 6, 0
    for name in classes:
        text = name.replace("_", " ")
        wide = 17 + int(font.getlength(text)) + 16
        if x > 6 and x + wide > picture.shape[1] and tuple(classes) != CLASSES:
            x, line = 6, line + 1
        places.append((name, text, x, line * _LEGEND_HEIGHT))
        x += wide
    strip = Image.new("RGB", (picture.shape[1], (line + 1) * _LEGEND_HEIGHT), "white")
    pen = ImageDraw.Draw(strip)
    for name, text, x, y in places:
        pen.rectangle((x, y + 7, x + 12, y + 19), fill=colour_of(name), outline=_OUTLINES.get(name))
        pen.text((x + 17, y + 5), text, fill="black", font=font)
    return np.concatenate([picture, np.asarray(strip)])


def titled(picture: Picture, title: str) -> Picture:
    """Return a picture with its title in the upper left corner."""
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
    if path.suffix.lower() != ".png":
        raise InputError(f"{path}: pictures are written as PNG; give a name that ends in .png")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if path.exists() and not _is_preview(path):
        raise InputError(f"{path}: exists already and is no preview; give the name of a new file")
    sign = PngImagePlugin.PngInfo()
    sign.add_text("Software", _SIGN)
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", pnginfo=sign)
    write_whole(path, content.getvalue())


def _is_preview(path: Path) -> bool:
    """Tell whether a file is a PNG that ``save`` wrote."""
    try:
        with Image.open(path) as image:
            return image.info.get("Software") == _SIGN
    except (OSError, SyntaxError):
        return False
