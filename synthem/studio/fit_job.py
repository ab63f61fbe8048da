"""A fit that is begun from the studio: runs in a process of its own and gives the values that it changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from shapes.core.grid import Triple
from synthem.data.real.reading import Reading
from synthem.preset.preset import Preset
from synthem.studio.changes import differences


def fit(
    tell: Callable[[str], None],
    tick: Callable[[int, int], None],
    images: Path,
    start: Preset,
    voxel_nm: Triple,
    how: Reading,
    names: list[str] | None,
    minutes: float,
    tissues: bool,
    masks: bool,
    workers: int,
) -> dict[str, Any]:
    """Fit a preset, and return what differs from its start.

    Parameters
    ----------
    tell, tick : callable
        Told what is going on, and how far it is.
    tissues : bool
        Whether tissues of other presets may take the place of the start's.
    masks : bool
        Whether greys, sizes and numbers are taken from the masks of the images.

    Returns
    -------
    dict
        ``values``, a list of ``path``, ``before`` and ``after``; the misfit before and after; what a person
        should know (``notes``).
    """
    from synthem.fit.run import fit_preset

    found = fit_preset(
        images,
        start,
        masks=images if masks else None,
        tissues=None if tissues else [],
        voxel_nm=voxel_nm,
        names=names,
        how=how,
        minutes=minutes,
        workers=workers,
        tick=tick,
        tell=tell,
    )
    values = differences(start, found.after)
    return {
        "values": [{"path": path, "before": old, "after": new} for path, (old, new) in values.items()],
        "before": float(f"{found.cost_before:.4g}"),
        "after": float(f"{found.cost_after:.4g}"),
        "notes": list(found.notes),
        "candidates": found.evaluations,
    }
