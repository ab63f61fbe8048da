"""What is asked of a volume, and the store that it comes to."""

import json
from pathlib import Path
from typing import Any

from shapes import Grid
from shapes.core.frozen import Frozen
from shapes.core.grid import Triple
from shapes.organelles import GENERATORS
from synthem import __version__
from synthem.data.ome_zarr import IMAGE, Image, Layout, OmeZarr, class_image, ids_image
from synthem.labels import CLASSES
from synthem.preset.preset import Preset, load_preset
from synthem.scene.annotate import NEURITE, PARTS, with_ids
from synthem.world import WORLD_VERSION, World

ABOUT = "synthem"
"""Under this name the store's attributes say how it was made."""


class VolumeRequest(Frozen):
    """What was asked for; two equal requests make the same volume, bit for bit.

    Attributes
    ----------
    preset : dict
        The whole preset.
    seed : int
        Which of its worlds; the volume begins at that world's origin.
    layout : Layout
        Shape, voxel size, shards and chunks.
    """

    preset: dict[str, Any]
    seed: int
    layout: Layout

    @property
    def world(self) -> World:
        """The world that the volume is a window of."""
        return World(Preset.model_validate_json(json.dumps(self.preset)), self.seed)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that are labelled; of before there were others, those of EPFL6."""
        return tuple(self.preset["annotation"].get("classes", CLASSES))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of objects that get a map of ids: those of the anatomy, of ``also``, and neurites."""
        anatomy = self.preset["anatomy"]
        labelled = with_ids(self.classes, GENERATORS)
        organelles = [name for name in labelled if anatomy.get(PARTS.get(name, name)) is not None]
        also = [name for name in self.preset["annotation"].get("also", ()) if name not in labelled]
        return (*organelles, *also, NEURITE)

    @property
    def images(self) -> tuple[Image, ...]:
        """All images of the store, the EM image last: where it has a shard, the others have theirs."""
        return (*map(class_image, self.classes), *map(ids_image, self.kinds), IMAGE)

    def store(self, out: Path) -> OmeZarr:
        """Return the store that the request is written to; its attributes suffice to make it again."""
        return OmeZarr(out, self.layout, self.images, {ABOUT: self.about()})

    def about(self) -> dict[str, Any]:
        """Return what a store says of its making: the request, versions, and sections without labels."""
        grid = Grid((self.layout.shape[0], 1, 1), self.layout.voxel_nm)
        return {
            "synthem": __version__,
            "world_version": WORLD_VERSION,
            "volume": self.model_dump(mode="json"),
            "unlabelled_sections": [int(z) for z in self.world.unlabelled(grid)],
        }


def volume_request(
    preset: str | Preset,
    shape: tuple[int, int, int],
    *,
    seed: int = 0,
    voxel_nm: Triple | None = None,
    shard_vx: tuple[int, int, int] = (256, 256, 256),
    chunk_vx: tuple[int, int, int] = (64, 64, 64),
) -> VolumeRequest:
    """Check what is asked for.

    Parameters
    ----------
    preset : str or Preset
        A preset's name, the path of a YAML file, or a preset.
    shape : tuple of int
        Voxels of the volume, (z, y, x).
    seed : int
        Which world.
    voxel_nm : tuple of float, optional
        Voxel size, (z, y, x); the preset's own, if left out.
    shard_vx, chunk_vx : tuple of int
        Voxels of a file and of what a viewer reads at once: see ``synthem.data.ome_zarr.Layout``.

    Raises
    ------
    InputError
        Where a size or the seed is out of range, or a shard is no whole number of chunks.
    UnknownNameError
        Where there is no such preset.
    """
    world = World(load_preset(preset), seed)
    grid = Grid(shape, voxel_nm or world.preset.voxel_nm)
    layout = Layout(shape=grid.shape, voxel_nm=grid.voxel_nm, shard_vx=shard_vx, chunk_vx=chunk_vx)
    return VolumeRequest(preset=world.preset.model_dump(mode="json"), seed=world.seed, layout=layout)
