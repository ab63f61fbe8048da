"""What a run is: named parts that decide its result, kept in its folder, so that it goes on as it was."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from synthem.data.atomic import write_json
from synthem.labels import CLASSES
from synthem.learning.config import TrainConfig
from synthem.patch import Patch

IDENTITY = "identity.json"

Parts = Mapping[str, Any]
"""What decides a result, by name: plain JSON. Long things, such as data, stand there as a hash."""

MAKES_NO_DIFFERENCE = {"workers", "accelerator", "devices", "init"}
"""Settings of a training that change how fast it is, or stand elsewhere: the weights to start from as a hash.
How many devices it had stands apart: the loss is pooled over each device's share of a batch."""


def identity_of_data(patches: Iterable[Patch]) -> str:
    """Return the number of patches and a hash of what training sees of them.

    That is the name of each, its shape, its voxel size, which classes are known, image, labels and what is
    ignored; and their order, by which crops are drawn.
    """
    total, count = sha256(), 0
    for patch in patches:
        head = [patch.name, patch.grid.shape, patch.grid.voxel_nm, patch.known, patch.unlabelled]
        if patch.classes != CLASSES:  # of data that were known before there were others, nothing changes
            head.append(patch.classes)
        total.update(json.dumps(head, default=str).encode())
        total.update(np.ascontiguousarray(patch.image).tobytes())
        total.update(np.packbits(patch.labels, axis=0).tobytes())
        if patch.ignored is not None:
            total.update(np.packbits(patch.ignored).tobytes())
        count += 1
    return f"{count} patches, sha256 {total.hexdigest()}"


def identity_of_training(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that decide what a training comes to.

    ``steps`` is left out where the rate is constant: such a run can go on to more steps as if it had been
    asked for them from the beginning. A schedule is drawn over all steps: another number, another training.
    """
    parts = config.model_dump(mode="json", exclude=MAKES_NO_DIFFERENCE)
    steps = parts.pop("steps")
    return parts if config.schedule == "constant" else {**parts, "steps of its schedule": steps}


def keep_identity(path: Path, parts: Parts, what: str, *, of: Path | None = None) -> None:
    """Write down what a run is; or, where that was done before, make sure that it is still the same.

    Parameters
    ----------
    path : Path
        The file; it lies in the run's folder.
    parts : mapping of str to plain values
    what : str
        What the folder holds, for a sentence: ``"a training"``.
    of : Path, optional
        A file of the run that must not be there without its identity.

    Raises
    ------
    InputError
        Where the folder holds a run of other parts, naming what differs; or none that can be known, the file
        being damaged or lost.
    """
    if not path.exists():
        if of is not None and of.exists():
            raise InputError(f"{path}: is missing, so nobody knows what {of.name} is of; give another folder")
        write_json(path, parts)
        return
    kept = read_identity(path)
    now = json.loads(json.dumps(parts))
    names = [name for name in {**now, **kept} if kept.get(name) != now.get(name)]
    if names:
        differ = ", ".join(_difference(name, kept.get(name), now.get(name)) for name in names)
        raise InputError(f"{path.parent}: holds {what} with other {differ}; give another folder")


def read_identity(path: Path) -> dict[str, Any]:
    """Read the parts that an identity file holds; InputError where it is damaged."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        raise InputError(f"{path}: is damaged, so nobody knows what this run was; give another folder")
    return kept


def _difference(name: str, old: Any, new: Any) -> str:
    """Name a part, with both values where they are short."""
    if isinstance(old, dict) and isinstance(new, dict):
        inner = next(key for key in {**new, **old} if old.get(key) != new.get(key))
        return _difference(f"{name}.{inner}", old.get(inner), new.get(inner))
    texts = [str(value) if value is not None else "none" for value in (old, new)]
    return name if any(len(text) > 40 for text in texts) else f"{name} ({texts[0]}, not {texts[1]})"
