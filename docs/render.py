"""Render the pictures of the README and of docs/: python docs/render.py. All of them are synthetic."""

from pathlib import Path

import numpy as np

from synthem.preview import Tile, image_tile, places, save, sheet, stages_sheet, with_legend
from synthem.world import World

HERE = Path(__file__).parent


def main() -> None:
    """Write every picture beside this file."""
    rows = []
    for name, seed in (
        ("epfl", 4),
        ("insect", 1),
        ("sstem_drosophila", 2),
        ("white_matter", 1),
        ("getmanskaya2022", 1),
    ):
        world = World(name, seed=seed)
        patches = [world.patch(grid) for grid in places(world, 2, (1, 256, 256), world.preset.voxel_nm)]
        rows.append([image_tile(patch, labelled) for patch in patches for labelled in (False, True)])
    save(with_legend(sheet(rows)), HERE / "presets.png")
    save(stages_sheet(World("epfl", seed=4), (1, 192, 192)), HERE / "stages.png")
    world = World("epfl", seed=5)
    rare = []
    for kind in ("psd", "sheath"):
        found = world.find(kind, near_nm=(0.0, 0.0, 0.0))
        for _ in range(2):
            centre = np.array(next(found)) - np.array([0, 640, 640])
            patch = world.patch(_window(world, centre))
            rare.append([image_tile(patch, False), image_tile(patch, True)])
    tiles: list[Tile] = [tile for pair in rare for tile in pair]
    save(with_legend(sheet([tiles[:4], tiles[4:]])), HERE / "rare.png")


def _window(world: World, corner: np.ndarray):  # type: ignore[type-arg]
    from shapes import Grid

    return Grid((1, 256, 256), world.preset.voxel_nm, tuple(float(c) for c in corner))


if __name__ == "__main__":
    main()
