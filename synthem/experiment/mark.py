"""The folder of an experiment: marked with what the experiment is, and written by one run at a time."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from shapes.core.errors import InputError
from synthem.data.atomic import locked
from synthem.data.files import is_vacant
from synthem.experiment.cells import Cell
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.starts import identity_of_start
from synthem.learning.identity import MAKES_NO_DIFFERENCE, Parts, identity_of_data, keep_identity
from synthem.patch import Patch
from synthem.preset.preset import load_preset
from synthem.world import WORLD_VERSION

MARK = "experiment.json"

NAMES_OF_DATA = {"title", "real", "reading", "splits", "split", "train", "test"}
"""Settings that say where data are: what they are decides, and the hash of the sections says that."""


NAMES_OF_CELLS = {
    "arms",
    "class_sets",
    "real_sections",
    "seeds",
    "steps",
    "epochs",
    "minutes",
    "pretrained",
    "augmented",
    "pasted",
    "self_training",
}
"""Settings that say which trainings there are, or decide but some of them: each training has them in its own
folder, so that others can be added to an experiment later."""

CELL = "cell.json"


def identity_of_settings(config: ExperimentConfig) -> dict[str, Any]:
    """Return the settings that decide all results, and the preset by what it says rather than by its name."""
    leave_out: dict[str, Any] = dict.fromkeys(NAMES_OF_DATA | NAMES_OF_CELLS, True)
    leave_out |= {"training": MAKES_NO_DIFFERENCE, "synthetic": {"preset", "rounds"}}
    preset = load_preset(config.synthetic.preset).model_dump(mode="json")
    ours = {"preset": f"{preset['name']}, {hash_of(preset)}", "world_version": WORLD_VERSION}
    return ours | config.model_dump(mode="json", exclude=leave_out)


def identity_of_experiment(config: ExperimentConfig, data: Data) -> dict[str, Any]:
    """Return what decides all results: the settings, and the real sections of both halves."""
    return {
        "training sections": identity_of_data(data.half),
        "test sections": identity_of_data(data.test),
        **identity_of_settings(config),
    }


def identity_of_cell(
    config: ExperimentConfig, cell: Cell, experiment: str, unlabelled: Sequence[Patch] = ()
) -> dict[str, Any]:
    """Return what decides the result of one training: the hash of the experiment, and what is its own.

    ``unlabelled`` are the images that self-training learns from.
    """
    own: dict[str, Any] = {
        "experiment": experiment,
        "arm": cell.arm,
        "real sections": cell.real_sections,
        "steps": cell.steps,
    }
    if config.pastes(cell.arm):
        own["pasted"] = config.pasted.model_dump(mode="json")
    if cell.arm == "self-trained":
        own["unlabelled sections"] = identity_of_data(unlabelled)
    return own | identity_of_start(config, cell.arm)


def hash_of(parts: Parts) -> str:
    """Return one hash of all parts."""
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@contextmanager
def claimed(out: Path, parts: Parts) -> Iterator[None]:
    """Make the folder of an experiment, or go on in it; hold it until the block ends.

    Parameters
    ----------
    out : Path
    parts : mapping of str to plain values
        What the experiment is.

    Raises
    ------
    InputError
        Where the folder holds anything else or an experiment of other parts, or another run is writing to it.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; give a folder for the experiment")
    if not (out / MARK).exists() and not is_vacant(out):
        raise InputError(f"{out}: is not empty and holds no experiment; give an empty folder")
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        keep_identity(out / MARK, parts, "an experiment")
        yield
