"""An experiment without any data: one preset stands in for real tissue, another feeds the training."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, count, islice
from pathlib import Path

import numpy as np

from shapes import Grid
from synthem import __version__
from synthem.data.png_folder import write_png
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import load_data
from synthem.experiment.mark import claimed, identity_of_settings
from synthem.experiment.results import Run
from synthem.experiment.run import carry_out
from synthem.labels import channel
from synthem.patch import Patch
from synthem.preset.yaml_file import parse
from synthem.world import World

NOTICE = (
    "No real tissue is in this: preset {tissue} stands in for it, and preset {feed} feeds the training. "
    "Both are synthetic, and the figures say that every step works, not how well it does on real EM."
)
TISSUE, TISSUE_SEED, FEED = "epfl", 2022, "getmanskaya2022"
SHAPE = (1, 384, 384)
VOXEL_NM = (5.0, 5.0, 5.0)

SETTINGS = {
    "title": "The demonstration of synthem",
    "train": "train*",
    "test": "test*",
    "voxel_nm": VOXEL_NM,
    "synthetic": {
        "preset": FEED, "count": 100, "shape_vx": (1, 256, 256), "seed": 1,
        "fraction": 0.3,
    },
    "steps": 400,
    "crops": "uniform",
    "validation_tiles": 12,
    "training": {
        "network": {"features": (12, 12, 24, 48, 96, 12)},
        "patch_vx": (1, 128, 128), "batch": 6, "check_every": 80, "lr": 3e-3,
        "augment": {"quarter_turns": True, "grey": 0.2}, "accelerator": "cpu",
    },
}  # fmt: skip


def run_demo(out: Path, say: Callable[[str], None]) -> list[Run]:
    """Make tissue and patches, train the three arms, score them and write the report into ``out``.

    The training half of the stand-in holds no sheath: what is learned of it comes from synthetic patches.
    Where an earlier demonstration in the same folder was stopped, this one goes on.
    """
    tissue = out / "tissue"
    config = parse(ExperimentConfig, {**SETTINGS, "real": str(tissue)}, "demo")
    notice = NOTICE.format(tissue=TISSUE, feed=FEED)
    with claimed(out, {"demonstration": __version__, **identity_of_settings(config)}):
        say(notice)
        if not tissue.exists():
            say(f"Growing tissue of preset {TISSUE} to stand in for real sections ...")
            aside = out / "tissue.part"
            shutil.rmtree(aside, ignore_errors=True)  # what an earlier demonstration left when it was stopped
            write_png(tissue_sections(), aside).replace(tissue)
        return carry_out(config, load_data(config), out, notice=notice, say=say)


def tissue_sections(train: int = 6, test: int = 4) -> Iterator[Patch]:
    """Yield the stand-in's sections: training ones without sheaths, test ones around sheaths and synapses."""
    world = World(TISSUE, TISSUE_SEED)
    far = (Grid(SHAPE, VOXEL_NM, (400.0 * k, 0.0, 3000.0 * k)) for k in count())
    bare = (grid for grid in far if not world.labels(grid)[channel("sheath")].any())
    for k, grid in enumerate(islice(bare, train)):
        yield replace(world.patch(grid), name=f"train{k:02}")
    middle = np.multiply(SHAPE, VOXEL_NM) / 2
    sheaths, synapses = (world.find(kind, near_nm=(0.0, 30_000.0, 0.0)) for kind in ("sheath", "psd"))
    places = chain(islice(sheaths, 0, 40 * test, 40), islice(synapses, 0, 10 * test // 2, 10))
    for k, place in enumerate(places):
        z, y, x = np.subtract(place, middle).tolist()
        yield replace(world.patch(Grid(SHAPE, VOXEL_NM, (z, y, x))), name=f"test{k:02}")
