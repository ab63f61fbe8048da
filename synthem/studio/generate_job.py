"""A data set that is begun from the studio: the same as ``synthem generate`` writes, in a new process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from shapes.core.grid import Grid
from synthem.preset.preset import Preset


def generate(
    tell: Callable[[str], None],
    tick: Callable[[int, int], None],
    preset: Preset,
    out: Path,
    count: int,
    seed: int,
    balance: dict[str, float],
    layout: Literal["hdf5", "png"],
    workers: int,
) -> dict[str, Any]:
    """Write a data set, and return what it holds: its folder, and the shares that it reached."""
    from synthem.data.hdf5 import write_dataset
    from synthem.data.manifest import stored_plan
    from synthem.data.memory import check_memory
    from synthem.data.plan import make_request, plan_request
    from synthem.data.png_folder import write_png
    from synthem.world import World

    request = make_request(preset, seed=seed, count=count, balance=balance)
    check_memory(preset, Grid(request.shape, request.voxel_nm))
    plan = stored_plan(out, request, layout)
    if plan is None:
        tell("looking for windows")
        plan = plan_request(World(preset, seed), request, tick)
    tell("patches")
    (write_dataset if layout == "hdf5" else write_png)(plan, out, workers, tick)
    for sentence in plan.missed():
        tell(sentence)
    return {"folder": str(out), "count": count, "reached": plan.reached}
