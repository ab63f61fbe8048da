"""The synthetic patches of an experiment: a dataset on disk for each seed, made once and read back."""

from collections.abc import Callable, Sequence
from pathlib import Path

from synthem.data.hdf5 import Dataset, write_dataset
from synthem.data.manifest import stored_plan
from synthem.data.plan import make_request, plan_request
from synthem.experiment.sources import SyntheticConfig
from synthem.labels import CLASSES
from synthem.patch import Patch
from synthem.preset.preset import with_classes
from synthem.world import World


def synthetic_folder(out: Path, seed: int) -> Path:
    """Return where an experiment's folder holds the patches of one of its seeds."""
    return out / "synthetic" / f"seed{seed}"


def synthetic_patches(
    config: SyntheticConfig,
    voxel_nm: tuple[float, float, float],
    out: Path,
    *,
    seed: int = 0,
    workers: int = 1,
    classes: Sequence[str] = CLASSES,
    say: Callable[[str], None] = lambda text: None,
) -> list[Patch]:
    """Make the patches of one seed in the folder ``out``, or read them where an earlier call made them.

    They are labelled for ``classes``. Their world has the seed ``config.seed + seed``. ``say`` is told what
    missed the wanted balance.
    """
    preset = with_classes(config.preset, classes)
    request = make_request(
        preset,
        seed=config.seed + seed,
        count=config.count,
        shape=config.shape_vx,
        voxel_nm=voxel_nm,
        balance=config.balance,
        randomise=config.randomise,
    )
    plan = stored_plan(out, request, "hdf5")
    if plan is None:
        plan = plan_request(World(preset, request.seed), request)
    write_dataset(plan, out, workers)
    for sentence in plan.missed():
        say(f"synthetic patches are {sentence}")
    return stored_patches(out)


def stored_patches(folder: Path) -> list[Patch]:
    """Read the patches that ``synthetic_patches`` made, into memory."""
    return list(Dataset(folder, instances=False))
