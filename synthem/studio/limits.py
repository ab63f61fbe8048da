"""What is too much to be looked at: refused in one sentence before any work, so that nothing hangs."""

import math

from shapes.core.grid import Grid, Triple
from shapes.core.spread import Spread
from synthem.microscope.beam import widths_nm
from synthem.preset.preset import Preset
from synthem.studio.errors import ChangeError

MOST_VX = 4_000_000
"""Voxels of the tissue of one picture, its sheets and the rim around it included."""
WIDEST_NM = 25_000.0
"""A picture shows no more tissue than this along an edge."""
WIDEST_BLUR_VX = 40.0
FINEST = 20.0
"""No texture is finer than a voxel divided by this."""


def check_preset(preset: Preset, voxel_nm: Triple, shape: tuple[int, int, int]) -> None:
    """Refuse what would take too long or too much memory to render.

    Raises
    ------
    ChangeError
        Where voxels, blur or the finest texture are out of proportion.
    """
    beam, fine = preset.microscope.beam, min(voxel_nm[1:])
    widest = max(n * v for n, v in zip(shape, voxel_nm, strict=True))
    if widest > WIDEST_NM:
        raise ChangeError(
            "voxel_nm",
            f"voxel_nm: {widest / 1000:.3g} µm are too much to show; at most {WIDEST_NM / 1000:g} µm",
        )
    blur = widths_nm(beam)[-1] * math.sqrt(max(beam.astigmatism, 1 / beam.astigmatism)) / fine
    if blur > WIDEST_BLUR_VX:
        raise ChangeError(
            "microscope.beam.sigma_nm",
            f"microscope.beam.sigma_nm: a blur of {blur:.3g} voxels is too wide to show; at most "
            f"{WIDEST_BLUR_VX:g} voxels",
        )
    parts = {f"microscope.{part}": getattr(preset.microscope, part) for part in ("stain", "section", "beam")}
    defects = preset.microscope.defects
    parts |= {f"microscope.defects.{k}": getattr(defects, k) for k in type(defects).model_fields}
    for place, block in parts.items():
        for name in type(block).model_fields if block is not None else ():
            value = getattr(block, name)
            size = value.typical() if isinstance(value, Spread) else value
            if name.endswith("_nm") and isinstance(size, float) and 0 < size < fine / FINEST:
                path = f"{place}.{name}"
                raise ChangeError(path, f"{path}: {size:g} nm is too fine for voxels of {fine:g} nm")
    if math.prod(shape) * preset.microscope.section.sheets > MOST_VX:
        raise ChangeError("microscope.section.sheets", _too_many(math.prod(shape)))


def check_tissue(scene_grid: Grid, most: int = MOST_VX) -> None:
    """Refuse more tissue than is worked on at once: ChangeError."""
    if math.prod(scene_grid.shape) > most:
        raise ChangeError("microscope.defects", _too_many(math.prod(scene_grid.shape)))


def _too_many(count: int) -> str:
    return (
        f"{count / 1e6:.3g} million voxels of tissue are too many for one picture; at most {MOST_VX / 1e6:g}"
    )
