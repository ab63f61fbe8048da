"""One shard of a volume: rendered piece by piece, which makes no difference, and written image by image."""

import json
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from shapes import Grid
from synthem.data.memory import patch_bytes
from synthem.data.ome_zarr import IMAGE, Image, OmeZarr, class_image, ids_image
from synthem.data.ome_zarr.layout import Index, parts
from synthem.preset.preset import Preset
from synthem.volume.request import VolumeRequest
from synthem.world import World

PIECE_BYTES = 128 * 2**20
"""A piece that is rendered at once takes no more memory than this, as far as it can be cut."""

LEAST_PIECE_VX = 16
"""Along no axis is a piece cut below this: what surrounds it has to be grown too."""

ENCODING_BYTES = 8
"""What each voxel of a shard takes while its ids are compressed, beside the arrays themselves: two copies."""


class ShardJob(NamedTuple):
    """A shard of the finest level, of all images."""

    request: VolumeRequest
    store: OmeZarr
    number: Index


class ShrinkJob(NamedTuple):
    """A shard of a coarser level, of one image."""

    store: OmeZarr
    image: Image
    level: int
    number: Index


def render_shard(job: ShardJob) -> int:
    """Render a shard and write it, the EM image last; return 1, a shard done.

    What comes of it depends on preset, seed and the shard's place alone, for windows of a world that lie side
    by side are bit for bit the whole.
    """
    request, store = job.request, job.store
    box, voxel = store.layout.levels[0].box(job.number), store.layout.voxel_nm
    world = _world(json.dumps(request.preset), request.seed)
    image = np.zeros(box.shape, np.uint8)
    labels = np.zeros((len(request.classes), *box.shape), np.bool_)
    ids = {kind: np.zeros(box.shape, np.int32) for kind in request.kinds}
    for piece in parts(box, piece_shape(world.preset, box.shape, voxel)):
        z, y, x = (s * v for s, v in zip(piece.start, voxel, strict=True))
        patch = world.patch(Grid(piece.shape, voxel, (z, y, x)))
        at = piece.within(box).slices
        image[at], labels[:, *at] = patch.image, patch.labels
        for kind, values in ids.items():
            values[at] = patch.instances[kind]
    for name, mask in zip(request.classes, labels, strict=True):
        store.write(class_image(name), 0, job.number, mask)
    for kind in request.kinds:
        store.write(ids_image(kind), 0, job.number, ids.pop(kind))
    store.write(IMAGE, 0, job.number, image)
    return 1


def shrink_shard(job: ShrinkJob) -> int:
    """Make a shard of a coarser level; return 1, a shard done."""
    job.store.shrink(job.image, job.level, job.number)
    return 1


def piece_shape(preset: Preset, shape: Index, voxel_nm: tuple[float, float, float]) -> Index:
    """Return in what pieces a shard is rendered: its longest edge is halved until they are small enough."""
    size = list(shape)
    while patch_bytes(preset, Grid((size[0], size[1], size[2]), voxel_nm)) > PIECE_BYTES:
        axis = int(np.argmax(size))
        if size[axis] <= LEAST_PIECE_VX:
            break
        size[axis] = -(-size[axis] // 2)
    return size[0], size[1], size[2]


def shard_bytes(request: VolumeRequest) -> int:
    """Return about how much memory a worker takes for a shard, beside what a process takes at all."""
    shape, voxel, preset = request.layout.levels[0].shard, request.layout.voxel_nm, request.world.preset
    piece = patch_bytes(preset, Grid(piece_shape(preset, shape, voxel), voxel))
    return piece + (1 + len(request.classes) + 4 * len(request.kinds) + ENCODING_BYTES) * math.prod(shape)


@lru_cache(maxsize=1)
def _world(preset: str, seed: int) -> World:
    return World(Preset.model_validate_json(preset), seed=seed)
