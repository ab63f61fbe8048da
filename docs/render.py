"""Render the pictures of the README and of docs/: python docs/render.py. All of them are synthetic."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from shapes import Grid
from synthem.augment.config import KINDS, MicroscopeAugment
from synthem.augment.draw import draw_recipe
from synthem.augment.own import Own
from synthem.augment.see import see_anew
from synthem.augment.spoil import OF_STACKS
from synthem.data.ome_zarr import IMAGE, OmeZarr, class_image
from synthem.data.ome_zarr.layout import Box
from synthem.labels import CLASSES
from synthem.paste.request import Request
from synthem.paste.run import paste_sections
from synthem.preset.defects import Defects
from synthem.preset.microscope import Microscope
from synthem.preset.preset import load_preset
from synthem.view.overlay import overlay
from synthem.view.sheet import Panel, image_tile, places, save, sheet, stages_sheet, titled, with_legend
from synthem.volume.request import volume_request
from synthem.volume.write import write_volume
from synthem.world import World

HERE = Path(__file__).parent

MODALITIES = {
    "ac4": 2,
    "kasthuri": 2,
    "isbi2012": 2,
    "cremi": 2,
    "urisc": 2,
    "urocell": 2,
    "sbfsem_liver": 2,
    "white_matter": 1,
}
"""Presets of published data sets and their modalities, with the seed that is shown."""

DEFECTS = {
    "fold": ("cremi", {"fold": {"per_100um2": 12}}),
    "crack": ("cremi", {"crack": {"per_100um2": 16}}),
    "dust": ("cremi", {"dust": {"per_100um2": 150}}),
    "precipitate": (
        "cremi",
        {
            "precipitate": {
                "per_100um2": 250,
                "radius_nm": {"median": 12, "ratio": 1.5},
                "grains": {"min": 3, "max": 12},
                "cluster_nm": 50,
                "roughness": 0.6,
            }
        },
    ),
    "knife": ("cremi", {"knife": {"per_100um": 300, "chatter": 5}}),
    "loss: damaged": ("cremi", {"loss": {"damaged_chance": 1, "patch_nm": 1500}}),
    "contrast jump": ("cremi", {"contrast_jump": {"chance": 1, "contrast": 0.4}}),
    "tile": ("cremi", {"tile": {"size_nm": [520, 610], "shift_nm": 16, "brightness": 9, "shading": 10}}),
    "charging": ("sbfsem_liver", {"charging": {"per_100um2": 40}}),
    "debris": (
        "sbfsem_liver",
        {"debris": {"per_100um2": 40, "radius_nm": 130, "grey": 225, "roughness": 0.7, "glow": -40}},
    ),
    "lost line": ("sbfsem_liver", {"lost_line": {"per_100um2": 120}}),
    "curtain": ("urocell", {"curtain": {"strength": 11, "width_nm": 60}}),
}
"""Each defect at a rate that shows it in a small window, on tissue of its modality."""
AUGMENTED = (660.0, -1330.0, -525.0)
"""Where the section lies that is shown through each kind of augmentation."""
SHOWN_BY = {
    "elastic": 15, "fold": 44, "crack": 39, "stain": 6, "dust": 17, "precipitate": 16, "debris": 47,
    "knife": 17, "loss": 58, "blur": 41, "noise": 58, "contrast_jump": 7, "charging": 3, "curtain": 15,
    "tile": 17, "lost_line": 30, "curve": 34,
}  # fmt: skip
"""Seeds that show a kind well: one draw of five does so or more."""
OUTLINES = {"mitochondrion": (230, 40, 40), "vesicle": (40, 150, 240), "psd": (240, 40, 220)}
ELSEWHERE = ("crack", "dust", "precipitate", "loss: damaged", "contrast jump")
"""These are shown at another place, where the window holds some."""


def main() -> None:
    """Write every picture beside this file."""
    rows = []
    for name, seed in (
        ("epfl", 4),
        ("insect", 1),
        ("sstem_drosophila", 2),
        ("white_matter", 1),
        ("getmanskaya2022", 5),
    ):
        world = World(name, seed=seed)
        patches = [world.patch(grid) for grid in places(world, 2, (1, 256, 256), world.preset.voxel_nm)]
        rows.append([image_tile(patch, labelled) for patch in patches for labelled in (False, True)])
    save(with_legend(sheet(rows)), HERE / "presets.png")
    tiles = []
    for name, seed in MODALITIES.items():
        world = World(name, seed=seed)
        patch = world.patch(places(world, 1, (1, 224, 224), world.preset.voxel_nm)[0])
        tiles.append(Panel(titled(image_tile(patch, False).picture, name), name))
    save(sheet([tiles[:4], tiles[4:]]), HERE / "modalities.png")
    save(stages_sheet(World("cremi", seed=40), (1, 192, 192)), HERE / "stages.png")
    tiles = []
    for name, (preset, spoilt) in DEFECTS.items():
        corner = (1960.0, 4000.0, 9000.0) if name in ELSEWHERE else (0.0, 5000.0, 5000.0)
        grid = Grid((1, 192, 192), load_preset(preset).voxel_nm, corner)
        patch = _spoilt(preset, spoilt).patch(grid)
        tiles.append(Panel(titled(image_tile(patch, False).picture, name), name))
    save(sheet([tiles[k : k + 6] for k in range(0, len(tiles), 6)]), HERE / "defects.png")
    world = World("epfl", seed=5)
    save(augmented(world), HERE / "augment.png")
    rare = []
    for kind in ("psd", "sheath"):
        found = world.find(kind, near_nm=(0.0, 0.0, 0.0))
        for _ in range(2):
            centre = np.array(next(found)) - np.array([0, 640, 640])
            patch = world.patch(_window(world, centre))
            rare.append([image_tile(patch, False), image_tile(patch, True)])
    tiles = [tile for pair in rare for tile in pair]
    save(with_legend(sheet([tiles[:4], tiles[4:]])), HERE / "rare.png")
    pasted()
    volume()


def augmented(world: World) -> np.ndarray:
    """Return a section, and what each kind of augmentation alone makes of it, with outlines of masks."""
    patch = world.patch(Grid((1, 224, 224), world.preset.voxel_nm, AUGMENTED))
    image, size = patch.image.astype(np.float32), patch.grid.voxel_nm
    tiles = [Panel(titled(_outlined(image, patch.labels), "as it is"), "")]
    for kind in (kind for kind in KINDS if kind not in OF_STACKS):
        usual = MicroscopeAugment().only((kind,))
        recipe = draw_recipe(Own(image), usual, size, seed=SHOWN_BY[kind])
        seen = see_anew(image, patch.labels, recipe, size)
        tiles.append(Panel(titled(_outlined(seen.image, seen.labels), kind), ""))
    return sheet([tiles[k : k + 6] for k in range(0, len(tiles), 6)])


def _outlined(image: np.ndarray, labels: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    picture = np.repeat(np.rint(image[0]).astype(np.uint8)[..., None], 3, 2)
    for name, colour in OUTLINES.items():
        lines, _ = cv2.findContours(
            labels[CLASSES.index(name), 0].astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(picture, lines, -1, colour, 1)
    return picture


def _spoilt(name: str, block: dict[str, object]) -> World:
    preset = load_preset(name)
    stages = {**preset.microscope.model_dump(mode="json"), "defects": Defects.model_validate(block)}
    return World(preset.model_copy(update={"microscope": Microscope.model_validate(stages)}), seed=4)


def _window(world: World, corner: np.ndarray):  # type: ignore[type-arg]
    return Grid((1, 256, 256), world.preset.voxel_nm, tuple(float(c) for c in corner))


def pasted() -> None:
    """Show sections without and with what was set into them: a synapse, a sheath, a mitochondrion."""
    world = World("epfl", seed=3)
    bare = [
        replace(world.patch(Grid((1, 512, 512), (5, 5, 5), (k * 9e3, 0, 0))), name=str(k)) for k in range(2)
    ]
    rows: list[list[Panel]] = [[], [], []]
    for kinds in (("psd", "vesicle"), ("sheath",), ("mitochondrion",)):
        made, things, _ = paste_sections(bare, Request(preset="epfl", classes=kinds, per_section=2, seed=4))
        for thing in [thing for thing in things if thing["class"] == kinds[0]][:2]:
            k = int(thing["from"])
            corner = [int(np.clip(at - 64, 0, 512 - 128)) for at in thing["place_px"]]
            for row, patch, labelled in ((0, bare[k], False), (1, made[k], False), (2, made[k], True)):
                cut = image_tile(patch.part((0, *corner), (1, 128, 128)), labelled).picture
                rows[row].append(Panel(np.repeat(np.repeat(cut, 2, 0), 2, 1), ""))
    save(with_legend(sheet(rows)), HERE / "pasted.png")


def volume() -> None:
    """Write a volume and show three planes of it that cross in its middle, as they lie on disk."""
    request = volume_request("epfl", (128, 256, 256), seed=7, voxel_nm=(8, 8, 8), shard_vx=(128, 256, 256))
    with TemporaryDirectory() as folder:
        save(planes(request.store(write_volume(request, Path(folder) / "volume.zarr"))), HERE / "volume.png")


def planes(store: OmeZarr) -> np.ndarray:
    """Return the middle planes of a volume of cubic voxels, beside them with labels, uint8 (y, x, 3)."""
    z, y, x = store.layout.shape
    whole = Box((0, 0, 0), store.layout.shape)
    image = store.read(IMAGE, 0, whole)
    labels = np.stack([store.read(class_image(name), 0, whole) > 0 for name in CLASSES])
    gap = 6
    pictures = []
    for opacity in (0.0, 0.5):
        out = np.full((y + gap + z, x + gap + z, 3), 255, np.uint8)
        out[:y, :x] = overlay(image[z // 2], labels[:, z // 2], CLASSES, opacity)
        out[:y, x + gap :] = overlay(
            image[:, :, x // 2].T, labels[:, :, :, x // 2].transpose(0, 2, 1), CLASSES, opacity
        )
        out[y + gap :, :x] = overlay(image[:, y // 2], labels[:, :, y // 2], CLASSES, opacity)
        pictures.append(out)
    return np.concatenate([pictures[0], np.full((len(out), 3 * gap, 3), 255, np.uint8), pictures[1]], axis=1)


if __name__ == "__main__":
    main()
