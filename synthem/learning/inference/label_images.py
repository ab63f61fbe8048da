"""Labels images on disk with a model, in blocks: files of masks as the images came, or an OME-Zarr."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.files import ZARR, is_vacant
from synthem.data.images import open_images
from synthem.data.mask_spool import MaskSpool
from synthem.data.memory import check_room
from synthem.data.ome_zarr.metadata import ome_library, zarr_library
from synthem.data.real.address import parse_address
from synthem.data.real.zarr_arrays import is_store
from synthem.learning.inference.mask_files import mask_paths, write_files
from synthem.learning.inference.mask_store import write_store
from synthem.learning.inference.prepare import Invert, Prepared, prepare
from synthem.learning.inference.seen import Seen

if TYPE_CHECKING:
    from synthem.learning.inference.predict import Predictor
    from synthem.learning.network.model_file import Model

ROOM = 16
"""Bytes a class and voxel of a row of windows: sums, what is done of them, and the same resampled."""


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
    """Label images of any size: ``OUT/<folder of the class>/<name>.png``, 255 where the class is found.

    A picture gets a PNG, anything else a TIFF of as many sections. A class that the model never learned gets
    no folder. The folders are called as in a folder of real EM. Zarr gets ``OUT/<name>.zarr``, the image with
    a label image a class; so does anything where ``OUT`` ends in ``.zarr``, which is that store then. A 3D
    network takes a volume, or single pictures in the order of their names, as the sections of one volume.

    Parameters
    ----------
    model : Model
    images : str or Path
        A picture, a volume, or a folder of them: see ``synthem.data.images``.
    out : str or Path
        A new or empty folder.
    voxel_nm : tuple of float, optional
        The images' voxel size (z, y, x); the model's, if None. Voxels that differ by over a tenth are
        resampled: see ``synthem.learning.inference.prepare``.
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
        Where there is no image, one is damaged or cannot be brought to the model's voxels, the output folder
        holds anything already, memory is short, or several images are to become one Zarr store.
    """
    from synthem.learning.inference.adapt_norm import adapt_norm, parts_for_norm
    from synthem.learning.inference.predict import Predictor

    out = Path(out)
    if not is_vacant(out):
        raise InputError(f"{out}: is there already; give a new or empty folder")
    prepared = prepare(model.card, open_images(images), voxel_nm, invert, str(images))
    check_images(model, prepared)
    stores = _stores(model, prepared, out)
    for note in prepared.notes:
        say(note)
    if adapt:
        model = adapt_norm(model, parts_for_norm(model.card, prepared, groups(model, prepared)))
    written: list[Path] = []
    predictor = Predictor(model, flips=flips)
    for one in label(predictor, prepared, out, threshold, stores):
        written += one.masks
        tick(one.file + 1, len(prepared))
    return written


def check_images(model: "Model", prepared: Prepared) -> None:
    """Raise InputError where images make no volume for a 3D network, or there is no memory to label one."""
    from synthem.learning.inference.blocks import row_voxels

    config = model.card.config
    window = config.patch_vx[3 - config.network.dims :]
    for group in groups(model, prepared):
        what = prepared.images.files[group[0]]
        if len({prepared.images.shapes[k][1:] for k in group}) > 1:
            raise InputError(f"{what.parent}: the sections of a volume must be of one size")
        seen = prepared.seen(group)
        need = ROOM * len(model.classes) * row_voxels(window, seen)
        for k in group:
            volume, (_, height, width) = prepared.images.volumes[k], prepared.images.shapes[k]
            if not volume.in_part:  # it is read whole, and a picture's mask is encoded whole
                need = max(need, (2 + 2 * volume.dtype.itemsize) * height * width)
        voxels = prod(seen.own) / 1e6
        check_room(need, f"{what}: to label {voxels:.3g} million voxels")


def groups(model: "Model", prepared: Prepared) -> list[list[int]]:
    """Return the files that are labelled together: each alone, or for a 3D network single sections as one."""
    files = list(range(len(prepared)))
    if model.card.config.network.dims == 3 and all(shape[0] == 1 for shape in prepared.images.shapes):
        return [files]
    return [[k] for k in files]


def label(
    predictor: "Predictor",
    prepared: Prepared,
    out: Path,
    threshold: float,
    stores: Mapping[int, Path] = MappingProxyType({}),
) -> Iterator[Labelled]:
    """Write the masks of one file after the other; a file whose masks are all there is passed over.

    Groups of files whose first one is in ``stores`` become an OME-Zarr there.
    """
    model = predictor.model
    names = [name for name in model.classes if name in model.learned]
    for group in groups(model, prepared):
        paths = {k: mask_paths(out, prepared.images.masks[k], names) for k in group}
        if group[0] in stores:
            at = stores[group[0]]
            with _spooled(predictor, prepared, group, at.parent, threshold) as (seen, spool):
                labels = write_store(at, spool, seen, names, prepared.voxel_nm)
            paths = {k: labels if k == group[0] else [] for k in group}
        elif not all(path.exists() for k in group for path in paths[k]):
            with _spooled(predictor, prepared, group, out, threshold) as (_, spool):
                first = 0
                for k in group:
                    depth = prepared.images.shapes[k][0]
                    write_files(spool, first, depth, paths[k])
                    first += depth
        for k in group:
            yield Labelled(k, paths[k])


@contextmanager
def _spooled(
    predictor: "Predictor", prepared: Prepared, group: Sequence[int], folder: Path, threshold: float
) -> Iterator[tuple[Seen, MaskSpool]]:
    """Label files as one volume, block by block, with the masks of learned classes on a folder's disk."""
    model = predictor.model
    use = [k for k, name in enumerate(model.classes) if name in model.learned]
    seen = prepared.seen(group)
    folder.mkdir(parents=True, exist_ok=True)
    with MaskSpool(folder, len(use), seen.own) as spool:
        for start, masks in predictor.mask_blocks(seen, threshold):
            spool.write(start, masks[use])
        yield seen, spool


def _stores(model: "Model", prepared: Prepared, out: Path) -> dict[int, Path]:
    """Return which files become an OME-Zarr, and where; InputError where that cannot be."""
    together = groups(model, prepared)
    if out.suffix == ZARR:
        if len(together) > 1:
            raise InputError(
                f"{out}: one Zarr store holds one image, and there are {len(together)}; give a folder"
            )
        found = {0: out}
    else:
        found = {}
        for first, *_ in together:
            address = parse_address(prepared.images.files[first])
            if address and is_store(address.file):
                found[first] = out / Path(prepared.images.masks[first]).with_suffix(ZARR)
    if found:  # to know before any work
        zarr_library()
        ome_library()
    return found
