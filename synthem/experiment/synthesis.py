"""The synthetic patches of an experiment: a dataset on disk, made once and read back into memory."""

from collections.abc import Callable
from pathlib import Path

from synthem.data.hdf5 import Dataset, write_dataset
from synthem.data.manifest import stored_plan
from synthem.data.plan import make_request, plan_request
from synthem.experiment.config import SyntheticConfig
from synthem.patch import Patch
from synthem.world import World


def synthetic_patches(
    config: SyntheticConfig,
    voxel_nm: tuple[float, float, float],
    out: Path,
    *,
    say: Callable[[str], None] = lambda text: None,
) -> list[Patch]:
    """Make the patches in the folder ``out``, or read them where an earlier call made them.

    ``say`` is told what missed the wanted balance.
    """
    request = make_request(
        config.preset,
        seed=config.seed,
        count=config.count,
        shape=config.shape_vx,
        voxel_nm=voxel_nm,
        balance=config.balance,
        randomise=config.randomise,
    )
    plan = stored_plan(out, request, "hdf5")
    if plan is None:
        plan = plan_request(World(config.preset, config.seed), request)
    write_dataset(plan, out)
    for sentence in plan.missed():
        say(f"synthetic patches are {sentence}")
    return list(Dataset(out, instances=False))
