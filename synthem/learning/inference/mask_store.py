"""Masks of labelled images as OME-Zarr: the image, of 8 bits, and beside it a label image a class."""

from collections.abc import Sequence
from pathlib import Path

from shapes.core.grid import Triple
from synthem.data.mask_spool import MaskSpool
from synthem.data.ome_zarr import IMAGE, Layout, OmeZarr, class_image
from synthem.learning.inference.seen import Seen

FLAT_SHARD, FLAT_CHUNK = (1, 4096, 4096), (1, 512, 512)
"""Voxels of a shard and of a chunk where there is one section."""


def write_store(
    path: Path, spool: MaskSpool, seen: Seen, names: Sequence[str], voxel_nm: Triple
) -> list[Path]:
    """Write an image with its masks shard by shard; it says that it is an image once all is there.

    Parameters
    ----------
    path : Path
        A new folder.
    spool : MaskSpool
    seen : Seen
        The image; its own greys are written.
    names : sequence of str
        Classes, in the order of the spool.
    voxel_nm : tuple of float
        The image's own voxel size (z, y, x).

    Returns
    -------
    The folders of the label images.
    """
    flat = {"shard_vx": FLAT_SHARD, "chunk_vx": FLAT_CHUNK} if seen.own[0] == 1 else {}
    layout = Layout(shape=seen.own, voxel_nm=voxel_nm, **flat)
    labels = tuple(class_image(name) for name in names)
    store = OmeZarr(path, layout, (IMAGE, *labels))
    store.begin()
    for cls, image in enumerate(store.images, -1):
        for k, level in enumerate(layout.levels):
            for index in level.shards:
                box = level.box(index)
                if k:
                    store.shrink(image, k, index)
                elif image is IMAGE:
                    store.write(image, 0, index, seen.read(box.start, box.shape))
                else:
                    store.write(image, 0, index, spool.box(cls, box.start, box.shape))
    store.finish()
    return [path / image.path for image in labels]
