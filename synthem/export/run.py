"""One export from end to end: look at the data, tell the parts, write the folder aside, rename it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from synthem import __version__
from synthem.data.open import warnings_of
from synthem.data.places import held_out
from synthem.export.folder import left_out, written
from synthem.export.formats import Tick, format_of
from synthem.export.job import Case, Job, look, plain
from synthem.labels import channels, check_class
from synthem.patch import Patch

VALIDATED = 0.2
"""The usual share of the cases for training that are told to be for validation."""


def export(
    data: Sequence[Patch],
    out: str | Path,
    as_: str,
    *,
    test: Sequence[Patch] = (),
    classes: Sequence[str] | None = None,
    validate: float = VALIDATED,
    name: str | None = None,
    options: dict[str, Any] | None = None,
    tick: Tick = lambda done, of: None,
) -> list[str]:
    """Write data for another tool; run again after a kill, it goes on and ends with the same bytes.

    Parameters
    ----------
    data : sequence of Patch
        What ``synthem.open_data`` returns, or any patches.
    out : str or Path
        A new or empty folder; it is there only when it is whole.
    as_ : str
        A name of ``synthem.export.FORMATS``.
    test : sequence of Patch
        More patches, told to be for testing.
    classes : sequence of str, optional
        Classes to write; all that are labelled if None.
    validate : float
        About which share of the patches for training is for validation instead, 0–1; none at 0.
    name : str, optional
        What to call the data; as the folder if None.
    options : dict, optional
        Options of the format.
    tick : callable
        Told how much is done, and of how much.

    Returns
    -------
    list of str
        What was left out and why, a sentence each; the same when it is run again on a folder that is whole.

    Raises
    ------
    UnknownNameError
        Where there is no such format or class.
    InputError
        Where an option is of another format, the folder holds other content, there is nothing to write, or
        the disk is full.
    """
    out, options = Path(out), options or {}
    fmt = format_of(as_, options)
    for asked in classes or ():
        check_class(asked)
    if not 0 <= validate < 1:
        raise InputError(f"export: the share to validate on lies from 0 to below 1, not {validate:g}")
    title = name if name is not None else out.name
    if not plain(title) or (name is not None and plain(name) != name):
        raise InputError(f"export: write a name in letters, digits, - and _, not {title!r}")
    if not len(data):
        raise InputError("export: there is no patch to train on")
    cases = hold_out(look(data, test, tick), validate)
    channels(classes or (), cases[0].classes)
    job = Job(data, test, cases, plain(title), tuple(classes) if classes else None, options)
    record = _record(job, as_)
    said = left_out(out, record)
    if said is None:
        with written(out, record) as folder:
            folder.left_out = fmt.write(job, folder, lambda done, of: tick(of + done, 2 * of))
        said = folder.left_out
    return [*dict.fromkeys((*warnings_of(data), *warnings_of(test))), *said]


def hold_out(cases: Sequence[Case], share: float) -> tuple[Case, ...]:
    """Make about a share of the cases for training ones for validation; a single one stays as it is."""
    train = [case for case in cases if case.part == "train"]
    if share == 0 or len(train) < 2:
        return tuple(cases)
    shares = np.array([_shares(case) for case in train])
    held = held_out([case.origin_nm[1:] for case in train], shares, share)
    out = {case.name for case, is_held in zip(train, held, strict=True) if is_held}
    return tuple(replace(case, part="val") if case.name in out else case for case in cases)


def _shares(case: Case) -> list[float]:
    total = max(1, sum(case.counts.values()))
    return [
        sum(n for bits, n in case.counts.items() if bits >> k & 1) / total for k in range(len(case.classes))
    ]


def _record(job: Job, as_: str) -> dict[str, Any]:
    """Return what an export is made of; two with the same have the same bytes."""
    record = {
        "synthem": __version__,
        "format": as_,
        "name": job.name,
        "classes": job.classes,
        "options": dict(sorted(job.options.items())),
        "cases": [
            {"name": c.name, "part": c.part, "voxel_nm": c.voxel_nm, "sha256": c.sha256} for c in job.cases
        ],
    }
    stored: dict[str, Any] = json.loads(json.dumps(record))  # as it is read back
    return stored
