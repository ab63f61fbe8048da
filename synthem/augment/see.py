"""A section as another preparation and another microscope would show it: follows a recipe, stage by stage.

In the order of ``synthem.microscope.pipeline``: what moves tissue, what lies on a section, the beam, the
detector, the record, the curve of greys. A section comes with its detector's noise, which is lost where
tissue is moved by parts of a voxel, blur smooths it or a defect hides it; there it is given back, as noise of
that strength.
"""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.grid import Grid, Triple
from shapes.core.streams import stream_key, white_noise
from synthem.augment.draw import Recipe, Staining, Tones
from synthem.augment.elastic import bend
from synthem.augment.move import Steps, moved_image, moved_masks, noise_kept
from synthem.augment.own import Greys, Image
from synthem.microscope.beam import beam
from synthem.microscope.defects.apply import COVERING, RECORDING, covered, displacement, moves, recorded
from synthem.microscope.defects.places import streaky_noise
from synthem.microscope.detector import detector
from synthem.preset.defects import Defects

Masks = npt.NDArray[np.bool_]


class Seen(NamedTuple):
    """What a recipe makes of a section.

    Attributes
    ----------
    image : float32 (z, y, x)
        Grey levels 0–255.
    labels : bool (class, z, y, x)
        Moved as the image is; none where a crack or a torn part shows no tissue.
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
        steps, torn = _steps(recipe, grid)
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
        if shown is not None:
            kept = shown if kept is None else kept * shown
        if defects.loss is not None:
            torn_off = Defects(loss=defects.loss)
            labels = labels & (_shown(torn_off, np.zeros_like(image), recipe, grid) > 0.5)
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
        curved = np.asarray(cv2.pow(share.ravel(), params.gamma), np.float32).reshape(image.shape)
        image = np.asarray(image + (curved - share) * wide, np.float32)
    shift = np.float32(params.middle * (1.0 - params.gain) + params.offset)
    return image * np.float32(params.gain) + shift


def _steps(recipe: Recipe, grid: Grid) -> tuple[Steps, Masks | None]:
    """Return how far each voxel looks from its own place, in voxels, and where there is no tissue."""
    steps, torn = np.zeros((2, *grid.shape), np.float32), None
    voxels = np.array(grid.voxel_nm[1:], np.float32).reshape(2, 1, 1, 1)
    if moves(recipe.defects):
        field, void = displacement(recipe.defects, recipe.seed, grid)
        steps, torn = (field / voxels).astype(np.float32), void if void.any() else None
    if recipe.elastic is not None:
        steps += bend(recipe.elastic, recipe.seed, grid)[:, None] / voxels
    return steps, torn


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


def _covered(image: Image, recipe: Recipe, greys: Greys, grid: Grid) -> tuple[Image, Image | None]:
    """Lay defects over sections, and tell by how much of a grey level each voxel still follows the tissue.

    None is where all of them follow it wholly.
    """
    usual = greys.usual(image)
    laid = covered(usual, recipe.defects, recipe.seed, grid)
    hiding = recipe.defects.model_copy(update={"knife": None})  # its marks are added to the tissue
    if not _any(hiding, COVERING):
        return greys.own(laid), None
    return greys.own(laid), _shown(hiding, usual, recipe, grid, laid if hiding == recipe.defects else None)


def _shown(hiding: Defects, usual: Image, recipe: Recipe, grid: Grid, laid: Image | None = None) -> Image:
    """Return by how much of a grey level each voxel still follows the tissue, where ``laid`` lies over it."""
    laid = covered(usual, hiding, recipe.seed, grid) if laid is None else laid
    out: Image = np.clip(covered(usual + np.float32(1), hiding, recipe.seed, grid) - laid, 0, 1)
    return out


def _noisy(image: Image, kept: Image | None, recipe: Recipe, grid: Grid) -> Image:
    """Add the noise that is asked for, and that which was lost."""
    if recipe.detector is not None:
        image = detector(image, recipe.detector, recipe.seed, grid.start_vx, grid.voxel_nm)
    if recipe.noise > 0 and (kept is not None or recipe.noise_left < 1):
        # what flat cytoplasm of EPFL6 has is next to white: 0.1–0.2 of it is that of the next voxel
        white = white_noise(stream_key(recipe.seed, "augment/given back"), grid.start_vx, grid.shape)
        out = np.empty_like(image)
        shown = np.ones((1, 1, 1), np.float32) if kept is None else kept
        _give_back(image, shown, white, np.float32(recipe.noise_left), np.float32(recipe.noise), out)
        image = out
    return image


@compiled
def _give_back(image, kept, white, left, noise, out):  # type: ignore[no-untyped-def]
    one, each = np.float32(1), kept.shape[0] > 1 or kept.shape[1] > 1 or kept.shape[2] > 1
    lost = np.sqrt(max(np.float32(0), one - left * left))
    nz, ny, nx = out.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                lack = lost
                if each:
                    still = kept[z, y, x] * left
                    lack = np.sqrt(max(np.float32(0), one - still * still))
                out[z, y, x] = image[z, y, x] + noise * lack * white[z, y, x]


def _any(defects: Defects, names: Iterable[str]) -> bool:
    return any(getattr(defects, name) is not None for name in names)
