"""Test regions as pictures in the page: each section once, with the masks of truth and arms laid over it."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from synthem.experiment.gains import short
from synthem.experiment.report.charts import mark
from synthem.experiment.report.regions import Region
from synthem.experiment.results import ARMS, label_of
from synthem.labels import colour_of, exclusive, to_exclusive

MOST_PX = 256
OPACITY = 128
"""Of the masks, of 255."""


def pictures(regions: Sequence[Region], classes: Sequence[str], stem: str) -> str:
    """Return a row of pictures a region, and a key of the classes' colours.

    A section's image stands in the page once and is shown again beneath every mask.
    """
    rows = []
    for k, region in enumerate(regions):
        height, width = region.image.shape
        scale = min(1.0, MOST_PX / max(height, width))
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        image = Image.fromarray(region.image).resize(size, Image.Resampling.LANCZOS)
        key = f"{stem}-{k}"
        base = f'<image id="{key}" width="{size[0]}" height="{size[1]}" href="{_png(image)}"/>'
        cells = [_cell("section", "", f"Test section {region.section}", size, base)]
        for name, masks in region.masks.items():
            over = (
                f'<image width="{size[0]}" height="{size[1]}" href="{_png(_painted(masks, classes, size))}"/>'
            )
            dice = "" if name == "truth" else f"Dice {short(region.dice[name], '.2f')}"
            alt = f"{region.section}, classes of {name} laid over it. {dice}".strip()
            cells.append(_cell(name, dice, alt, size, f'<use href="#{key}"/>{over}'))
        rows.append(
            f'<article class="region"><h4>{escape(region.verdict)} '
            f"<span>{escape(region.section)}, row {region.corner_px[0]}, "
            f"column {region.corner_px[1]}</span></h4>"
            f'<div class="row">{"".join(cells)}</div></article>'
        )
    swatches = "".join(
        f'<li><i class="swatch" style="background: rgb{colour_of(name)}"></i>{label_of(name)}</li>'
        for name in classes
    )
    return f'{"".join(rows)}<ul class="key">{swatches}</ul>'


def _cell(name: str, dice: str, alt: str, size: tuple[int, int], body: str) -> str:
    sign = next((mark(arm) for arm in ARMS if arm == name), "")
    return (
        f'<figure><svg viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{escape(alt)}">{body}</svg>'
        f"<figcaption>{sign} {escape(name)} <small>{dice}</small></figcaption></figure>"
    )


def _painted(masks: npt.NDArray[np.bool_], classes: Sequence[str], size: tuple[int, int]) -> Image.Image:
    """Paint masks bool (class, y, x) as a picture of few colours, clear where none is."""
    order = exclusive(classes)
    picture = Image.fromarray(to_exclusive(masks, classes)).resize(size, Image.Resampling.NEAREST)
    picture.putpalette([0, 0, 0, *(part for name in order for part in colour_of(name))])
    picture.info["transparency"] = bytes([0, *[OPACITY] * len(order)])
    return picture


def _png(picture: Image.Image) -> str:
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
