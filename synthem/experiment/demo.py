"""An experiment without any data: what the shipped network is worth to tissue that it has not seen."""

from collections.abc import Callable
from pathlib import Path

from synthem import __version__
from synthem.experiment.config import CLASS_SETS, ExperimentConfig
from synthem.experiment.data import load_data
from synthem.experiment.mark import claimed, identity_of_experiment
from synthem.experiment.report.figures import draw_regions
from synthem.experiment.report.regions import Region
from synthem.experiment.results import Run
from synthem.experiment.run import carry_out
from synthem.experiment.stand_in import DRAW, FACTOR, PRESET, VOXEL_NM, stand_in
from synthem.experiment.starts import with_its_network
from synthem.preset.yaml_file import parse

NOTICE = (
    f"No real tissue is in this. Sections of preset {PRESET}, its anatomy and its microscope drawn up to "
    f"{FACTOR:g} times off (draw {DRAW}), stand in for it; the shipped network `generalist`, trained on "
    "synthetic patches of many presets, starts one arm. The figures say that every step works, not how well "
    "on real EM."
)
FIRST_LOOK = "first-look.png"
GENERALIST = "generalist"

SETTINGS = {
    "title": "The demonstration of synthem: two labelled sections without a sheath",
    "train": "train*",
    "test": "test*",
    "voxel_nm": VOXEL_NM,
    "synthetic": {"preset": PRESET, "shape_vx": (1, 128, 128)},
    "arms": ("real", "pretrained"),
    "pretrained": {"init": GENERALIST},
    "steps": 180,
    "crops": "rare",
    "rare": {"psd": 0.3},
    "validation_tiles": 6,
    "training": {
        "patch_vx": (1, 128, 128), "batch": 6, "check_every": 30, "lr": 5e-4, "ema": 0.95,
        "augment": {"quarter_turns": True, "grey": 0.2}, "accelerator": "cpu",
    },
}  # fmt: skip


def run_demo(out: Path, say: Callable[[str], None], *, jobs: int | None = None) -> list[Run]:
    """Show the sections, train both arms, score them and write the report into ``out``.

    The arm ``real`` learns from the two labelled sections alone; ``pretrained`` starts from the generalist.
    No labelled section holds a sheath: what is known of it was learned from synthetic patches. Where an
    earlier demonstration in the same folder was stopped, this one goes on.

    Parameters
    ----------
    out : Path
    say : callable
        Is told a sentence about each step.
    jobs : int, optional
        Trainings at a time; as many as there are cores, if left out.
    """
    config = parse(ExperimentConfig, {**SETTINGS, "real": str(stand_in())}, "demo")
    config = with_its_network(config)
    data = load_data(config)
    with claimed(out, {"demonstration": __version__, **identity_of_experiment(config, data)}):
        say(NOTICE)
        if not (out / FIRST_LOOK).exists():
            _first_look(config, out / FIRST_LOOK)
        say(f"{out / FIRST_LOOK}: the sections, their labels, and what the generalist finds without any")
        return carry_out(config, data, out, jobs=jobs, notice=NOTICE, say=say)


def _first_look(config: ExperimentConfig, path: Path) -> None:
    """Draw the test sections beside their labels and what the generalist finds in them."""
    from synthem.learning.inference.predict import Predictor
    from synthem.learning.network.model_file import load_model

    predictor = Predictor(load_model(GENERALIST))
    regions = []
    for patch in load_data(config).test[:4]:
        masks = {"truth": patch.labels[:, 0], "generalist": predictor.masks(patch.image)[:, 0]}
        regions.append(Region(patch.name, (0, 0), "no label was seen", patch.image[0], masks, {}))
    draw_regions(regions, CLASS_SETS[6], path)
