"""Labels images on disk with a model: masks in the format, and under the names, that the images came in."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.atomic import write_whole
from synthem.data.files import FOLDERS, is_vacant
from synthem.data.images import TIFF, open_images
from synthem.data.memory import check_room
from synthem.data.png_file import png_bytes
from synthem.data.stack_file import StackWriter, tiff_bytes
from synthem.learning.prepare import Invert, Prepared, prepare

if TYPE_CHECKING:
    from synthem.learning.model_file import Model
    from synthem.learning.predict import Predictor

ROOM = 6
"""Bytes a voxel, beside one for each class, that labelling an image takes: image, mask and its file."""
ROOM_RESAMPLED = 12
"""Bytes a voxel and class more for probabilities in two sizes, of a section or, in 3D, of a volume."""


MOST_SECTIONS = 32
"""Batch-norm statistics are taken from windows of so many sections at most, spread over all of them."""


class Labelled(NamedTuple):
    """A file whose masks are written."""

    file: int
    masks: list[Path]
    """One a class, in the order of the classes that are written."""


def predict(
    model: "Model",
    images: str | Path,
    out: str | Path,
    *,
    voxel_nm: Triple | None = None,
    threshold: float = 0.5,
    invert: Invert = "no",
    flips: bool = False,
    adapt: bool = False,
    tick: Callable[[int, int], None] = lambda done, of: None,
    say: Callable[[str], None] = lambda text: None,
) -> list[Path]:
    """Label images: ``OUT/<folder of the class>/<name>.png``, 255 where the class is found.

    A picture gets a PNG, anything else a TIFF of as many sections. A class that the model never learned gets
    no folder. The folders are called as in a folder of real EM. A 3D network takes a TIFF stack, or single
    pictures in the order of their names, as the sections of one volume.

    Parameters
    ----------
    model : Model
    images : str or Path
        A picture, or a folder of them: see ``synthem.data.images``.
    out : str or Path
        A new or empty folder.
    voxel_nm : tuple of float, optional
        The images' voxel size (z, y, x); the model's, if None. Pixels that differ by over a tenth are
        resampled: see ``synthem.learning.prepare``.
    threshold : float
        A class is found above this probability.
    invert : {"auto", "yes", "no"}
        Whether greys are turned, so that membranes are dark; left as they are by default, for the model may
        have learned bright ones.
    flips : bool
        Label the mirror images too, and take the mean.
    adapt : bool
        Take the statistics of batch norm from these images first.
    say : callable
        Is told what a person should know, a sentence each.

    Raises
    ------
    InputError
        Where there is no image, one is damaged or cannot be brought to the model's pixels, the output folder
        holds anything already, or memory is short.
    """
    from synthem.learning.adapt_norm import adapt_norm
    from synthem.learning.predict import Predictor

    out = Path(out)
    if not is_vacant(out):
        raise InputError(f"{out}: is there already; give a new or empty folder")
    prepared = prepare(model.card, open_images(images), voxel_nm, invert, str(images))
    check_images(model, prepared)
    for note in prepared.notes:
        say(note)
    if adapt:
        model = adapt_norm(model, sections_for_norm(model, prepared))
    written: list[Path] = []
    for one in label(Predictor(model, flips=flips), prepared, out, threshold):
        written += one.masks
        tick(one.file + 1, len(prepared))
    return written


def check_images(model: "Model", prepared: Prepared) -> None:
    """Raise InputError where images make no volume for a 3D network, or there is no memory to label one."""
    for group in groups(model, prepared):
        shapes = [prepared.images.shapes[k] for k in group]
        deep = model.card.config.network.dims == 3
        # of a stack that a 2D network labels one section is in memory
        voxels = sum((z if deep else 1) * y * x for z, y, x in shapes)
        need = (len(model.classes) + ROOM) * voxels
        if any(map(prepared.resampled, group)):
            wide = max(
                (z if deep else 1) * max(y * x, v * u)
                for k, (z, y, x) in zip(group, shapes, strict=True)
                for _, v, u in [prepared.shapes[k]]
            )
            need += ROOM_RESAMPLED * len(model.classes) * wide * (len(group) if deep else 1)
        what = prepared.images.files[group[0]]
        check_room(need, f"{what}: to label {voxels / 1e6:.3g} million voxels")
        if len({shape[1:] for shape in shapes}) > 1:
            raise InputError(f"{what.parent}: the sections of a volume must be of one size")


def sections_for_norm(model: "Model", prepared: Prepared) -> list[npt.NDArray[np.uint8]]:
    """Return what batch-norm statistics are taken from: some sections of all files, or for 3D one volume."""
    if model.card.config.network.dims == 3:
        return [np.concatenate([prepared[k] for k in groups(model, prepared)[0]])]
    at = [(k, z) for k, shape in enumerate(prepared.shapes) for z in range(shape[0])]
    chosen = np.unique(np.linspace(0, len(at) - 1, min(len(at), MOST_SECTIONS)).round().astype(int))
    return [prepared.section(*at[n]) for n in chosen]


def groups(model: "Model", prepared: Prepared) -> list[list[int]]:
    """Return the files that are labelled together: each alone, or for a 3D network single sections as one."""
    files = list(range(len(prepared)))
    if model.card.config.network.dims == 3 and all(shape[0] == 1 for shape in prepared.images.shapes):
        return [files]
    return [[k] for k in files]


def label(predictor: "Predictor", prepared: Prepared, out: Path, threshold: float) -> Iterator[Labelled]:
    """Write the masks of one file after the other; a file whose masks are all there is passed over."""
    model = predictor.model
    names = [name for name in model.classes if name in model.learned]
    use = [model.classes.index(name) for name in names]
    for group in groups(model, prepared):
        paths = {k: mask_paths(out, prepared.images.masks[k], names) for k in group}
        if all(path.exists() for k in group for path in paths[k]):
            pass
        elif predictor.dims == 2 and prepared.images.shapes[group[0]][0] > 1:
            label_stack(predictor, prepared, group[0], paths[group[0]], use, threshold)
        else:
            depths = [prepared.images.shapes[k][0] for k in group]
            masks = find(predictor, prepared, group, threshold)[use]
            for k, part in zip(group, np.split(masks, np.cumsum(depths)[:-1], axis=1), strict=True):
                for path, volume in zip(paths[k], part, strict=True):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    pixels = volume * np.uint8(255)
                    tiff = path.suffix.lower() in TIFF
                    write_whole(path, tiff_bytes(pixels) if tiff else png_bytes(pixels[0]))
        for k in group:
            yield Labelled(k, paths[k])


def label_stack(
    predictor: "Predictor",
    prepared: Prepared,
    file: int,
    paths: Sequence[Path],
    use: list[int],
    threshold: float,
) -> None:
    """Label a stack section by section, one in memory at a time; its masks are there once they are whole."""
    with ExitStack() as stack:
        writers = [stack.enter_context(StackWriter(path)) for path in paths]
        for z in range(prepared.images.shapes[file][0]):
            section = prepared.section(file, z)
            masks = own_pixels(predictor, section, prepared.images.shapes[file][1:], threshold)
            for writer, mask in zip(writers, masks[use, 0], strict=True):
                writer.write(mask * np.uint8(255))


def mask_paths(out: Path, file: str, names: Sequence[str]) -> list[Path]:
    """Return where the masks of an image lie, by class, as files of one name."""
    return [out / FOLDERS[name][0] / file for name in names]


def find(
    predictor: "Predictor", prepared: Prepared, group: Sequence[int], threshold: float
) -> npt.NDArray[np.bool_]:
    """Label files as one volume: bool (class, z, y, x), in the images' own pixels."""
    volume = np.concatenate([prepared[k] for k in group])
    return own_pixels(predictor, volume, prepared.images.shapes[group[0]][1:], threshold)


def own_pixels(
    predictor: "Predictor", volume: npt.NDArray[np.uint8], shape: tuple[int, int], threshold: float
) -> npt.NDArray[np.bool_]:
    """Label sections as the model sees them: bool (class, z, y, x), brought to another size (y, x)."""
    if volume.shape[1:] == shape:
        return predictor.masks(volume, threshold)
    out = np.empty((len(predictor.model.classes), len(volume), *shape), np.bool_)
    # one section at a time where sections are labelled on their own: probabilities take much room
    for part in [slice(None)] if predictor.dims == 3 else [slice(z, z + 1) for z in range(len(volume))]:
        found = predictor.probabilities(volume[part])
        for cls, sections in zip(out[:, part], found, strict=True):
            for own, section in zip(cls, sections, strict=True):
                own[...] = cv2.resize(section, shape[::-1], interpolation=cv2.INTER_LINEAR) > threshold
    return out
