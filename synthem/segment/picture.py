"""A picture of what was found: the middle of some sections, and the classes over it."""

from collections.abc import Sequence

import numpy as np

from synthem.labels import in_order
from synthem.patch import Patch
from synthem.segment.found import Found
from synthem.view.overlay import overlay
from synthem.view.sheet import Panel, Picture, sheet, with_legend

SECTIONS = 6
COLUMNS = 3
LARGEST_PX, SMALLEST_PX = 512, 256
"""A panel shows at most so many pixels a side; smaller sections are drawn larger, up to the second."""


def overlay_sheet(found: Found) -> Picture:
    """Return the sheet: sections in one row, what was found over them in the next, and a legend."""
    chosen = np.unique(np.linspace(0, len(found) - 1, min(SECTIONS, len(found))).round().astype(int))
    patches = [_section(found[int(k)]) for k in chosen]
    height = min(LARGEST_PX, *(patch.image.shape[1] for patch in patches))
    width = min(LARGEST_PX, *(patch.image.shape[2] for patch in patches))
    middles = [_middle(patch, height, width) for patch in patches]
    zoom = max(1, -(-SMALLEST_PX // width))
    rows: list[Sequence[Panel]] = []
    columns = (
        2 if len(middles) in (2, 4) else min(COLUMNS, len(middles))
    )  # four in rows of three leave blanks
    for first in range(0, len(middles), columns):
        row = middles[first : first + columns]
        rows += [[_panel(patch, classes, zoom) for patch in row] for classes in ((), found.masked)]
    return with_legend(sheet(rows), in_order(found.masked))


def _section(patch: Patch) -> Patch:
    depth, height, width = patch.grid.shape
    return patch if depth == 1 else patch.part((depth // 2, 0, 0), (1, height, width))


def _middle(patch: Patch, height: int, width: int) -> Patch:
    _, y, x = patch.grid.shape
    return patch.part((0, (y - height) // 2, (x - width) // 2), (1, height, width))


def _panel(patch: Patch, classes: Sequence[str], zoom: int) -> Panel:
    drawn = overlay(patch.image[0], patch.labels_of(classes)[:, 0], classes)
    return Panel(drawn.repeat(zoom, axis=0).repeat(zoom, axis=1), patch.name)
