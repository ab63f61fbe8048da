"""A section as another preparation and another microscope would show it: follows a recipe, stage by stage.

In the order of ``synthem.microscope.pipeline``: what moves tissue, what lies on a section, the beam, the
detector, the record, the curve of greys. A section comes with its detector's noise, which is lost where tissue
is moved by parts of a voxel, blur smooths it or a defect hides it; there it is given back, as noise of that
strength.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.grid import Grid, Triple
from shapes.core.streams import stream_key
from synthem.augment.draw import Recipe, Staining, Tones
from synthem.augment.elastic import bend
from synthem.augment.move import moved_image, moved_masks, noise_kept
from synthem.augment.own import Greys, Image
from synthem.microscope.beam import beam
from synthem.microscope.defects.apply import COVERING, RECORDING, covered, displacement, moves, recorded
from synthem.microscope.defects.places import streaky_noise
from synthem.microscope.detector import detector
from synthem.preset.defects import Defects
from synthem.preset.microscope import Detector

Masks = npt.NDArray[np.bool_]
GIVEN_BACK = Detector(read=1.0, shot=0.0, correlated=0.15, correlation_vx=1.0)
"""Noise that is given back: next to white, as it is in flat cytoplasm of EPFL6 (0.1–0.2 to the next voxel)."""


class Seen(NamedTuple):
    """What a recipe makes of a section.

    Attributes
    ----------
    image : float32 (z, y, x)
        Grey levels 0–255.
    labels : bool (class, z, y, x)
        Moved as the image is; none where a crack shows no tissue.
    ignored : bool (z, y, x) or None
        Moved as the image is.
    """

    image: Image
    labels: Masks
    ignored: Masks | None = None


def see_anew(
    image: Image, labels: Masks, recipe: Recipe, voxel_nm: Triple, ignored: Masks | None = None
) -> Seen:
    """Follow a recipe: the same bytes always.

    Parameters
    ----------
    image : float32 (z, y, x)
        Grey levels 0–255 of the section, or stack, that the recipe was drawn for.
    labels : bool (class, z, y, x)
        At most 32 classes. They are moved by the image's own field, by nearest neighbour.
    recipe : Recipe
        Without anything to do, what is given is returned.
    voxel_nm : tuple of float
        Voxel size, (z, y, x).
    ignored : bool (z, y, x), optional
        Voxels of which nobody said what they are.

    Returns
    -------
    Seen
        Of the same shapes. What is moved in from outside the crop is its mirror image.
    """
    if not recipe.kinds:
        return Seen(image, labels, ignored)
    grid, defects = recipe.grid(image.shape, voxel_nm), recipe.defects
    torn = kept = None
    if recipe.elastic is not None or moves(defects):
        field, torn = _field(recipe, grid)
        steps = (field / np.array(voxel_nm[1:]).reshape(2, 1, 1, 1)).astype(np.float32)
        image, kept = moved_image(image, steps), noise_kept(steps)
        labels = moved_masks(labels, steps)
        ignored = None if ignored is None else moved_masks(ignored[None], steps)[0]
        if torn is not None and recipe.greys is not None and defects.crack is not None:
            image[torn] = recipe.greys.own_level(defects.crack.grey)
            labels &= ~torn
            kept[torn] = 0
    if recipe.stain is not None and recipe.greys is not None:
        image = _stained(image, recipe.stain, recipe, grid)
    if recipe.greys is not None and _any(defects, COVERING):
        image, shown = _covered(image, recipe, recipe.greys, grid)
        kept = shown if kept is None else kept * shown
    if recipe.beam is not None:
        image = beam(image, recipe.beam, voxel_nm)
    image = _noisy(image, kept, recipe, grid)
    if recipe.greys is not None and _any(defects, RECORDING):
        usual = recorded(recipe.greys.usual(image), defects, recipe.seed, grid)
        image = recipe.greys.own(usual)
    if recipe.curve is not None:
        image = toned(image, recipe.curve)
    return Seen(np.clip(image, 0, 255), labels, ignored)


def toned(image: Image, params: Tones) -> Image:
    """Return an image on another curve of greys; what lies beyond the range of gamma is not bent by it."""
    if params.gamma != 1.0:
        wide = np.float32(params.high - params.low)
        within = np.clip(image, np.float32(params.low), np.float32(params.high))
        share = (within - np.float32(params.low)) / wide
        curved: Image = cv2.pow(share.ravel(), params.gamma).reshape(image.shape)
        image = image + (curved - share) * wide
    shift = np.float32(params.middle * (1.0 - params.gain) + params.offset)
    return image * np.float32(params.gain) + shift


def _field(recipe: Recipe, grid: Grid) -> tuple[npt.NDArray[np.float64], Masks | None]:
    """Return how far each voxel looks from its own place, in nm, and where there is no tissue."""
    field, torn = displacement(recipe.defects, recipe.seed, grid)
    if recipe.elastic is not None:
        field += bend(recipe.elastic, recipe.seed, grid)[:, None]
    return field, torn if torn.any() else None


def _stained(image: Image, params: Staining, recipe: Recipe, grid: Grid) -> Image:
    """Let stain take more or less from place to place: what is clear stays so."""
    spacing = (0.0, params.length_nm / 2, params.length_nm / 2)
    more, shade = (
        streaky_noise(stream_key(recipe.seed, f"augment/stain/{name}"), spacing, grid)
        for name in ("contrast", "shade")
    )
    clear = np.float32(recipe.greys.high if recipe.greys else 255.0)
    taken = (clear - image) * (1 + np.float32(params.contrast) * more)
    out: Image = clear - taken + np.float32(params.shade) * shade
    return out


def _covered(image: Image, recipe: Recipe, greys: Greys, grid: Grid) -> tuple[Image, Image]:
    """Lay defects over sections, and tell by how much of a grey level each voxel still follows the tissue."""
    usual = greys.usual(image)
    laid = covered(usual, recipe.defects, recipe.seed, grid)
    shown = covered(usual + np.float32(1), recipe.defects, recipe.seed, grid) - laid
    return greys.own(laid), np.clip(shown, 0, 1)


def _noisy(image: Image, kept: Image | None, recipe: Recipe, grid: Grid) -> Image:
    """Add the noise that is asked for, and that which was lost."""
    left = recipe.noise_left
    lost = 0.0 if kept is not None else recipe.noise * math.sqrt(max(0.0, 1.0 - left * left))
    more = recipe.detector
    if lost > 0:
        more = (more or GIVEN_BACK).model_copy(update={"read": math.hypot(more.read if more else 0.0, lost)})
    if more is not None:
        image = detector(image, more, recipe.seed, grid.start_vx, grid.voxel_nm)
    if kept is not None:
        seed = int(stream_key(recipe.seed, "augment/given back"))
        noise = detector(np.zeros_like(image), GIVEN_BACK, seed, grid.start_vx, grid.voxel_nm)
        lacks = np.sqrt(1 - np.square(kept * np.float32(left)))
        image = image + np.float32(recipe.noise) * lacks * noise
    return image


def _any(defects: Defects, names: Iterable[str]) -> bool:
    return any(getattr(defects, name) is not None for name in names)
