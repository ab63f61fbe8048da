"""The commands that make data sets, and count what is in data."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from synthem.cli.console import progress, say, show, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Stacked
from synthem.cli.shared import (
    Against,
    Balance,
    Classes,
    Names,
    PresetName,
    Scheduler,
    Seed,
    Varied,
    VoxelNm,
    Workers,
    check_workers,
    labelled_for,
    new_file,
    processors,
)

making = typer.Typer()


class Layout(StrEnum):
    """How a dataset is laid out on disk."""

    hdf5 = "hdf5"
    png = "png"


@making.command()
@grouped
def generate(
    preset: PresetName,
    out: Annotated[
        Path, typer.Argument(help="A new or empty folder, or one to go on with after a kill.", metavar="OUT")
    ],
    varied: Varied,
    count: Annotated[int, typer.Option(help="Number of patches.")] = 100,
    shape: Annotated[
        str | None, typer.Option(help="Voxels of a patch; the preset's own by default.", metavar="[Z,]Y,X")
    ] = None,
    voxel_nm: VoxelNm = None,
    seed: Seed = 0,
    workers: Workers = None,
    scheduler: Scheduler = None,
    classes: Classes = None,
    balance: Balance = "",
    layout: Annotated[
        Layout, typer.Option("--format", help="HDF5 shards, or PNG folders as the paper's code reads them.")
    ] = Layout.hdf5,
) -> None:
    """Write a data set of labelled patches of a preset into the folder OUT.

    With --classes they are labelled for others than the preset's, such as
    er,microtubule,axon. With --balance it looks for windows that hold the
    wanted shares of rare classes, and says what it could not reach. After a
    kill, the same command goes on where it stopped, to the same bytes.

    Example: synthem generate epfl out --count 300 --balance psd=0.02
    """
    from shapes import Grid
    from synthem.cli.options import parse_balance, parse_shape, parse_voxel_nm
    from synthem.data.hdf5 import write_dataset
    from synthem.data.manifest import stored_plan
    from synthem.data.memory import check_memory
    from synthem.data.plan import make_request, plan_request
    from synthem.data.png_folder import write_png
    from synthem.world import World

    check_workers(scheduler, workers)
    chosen = labelled_for(preset, classes)
    request = make_request(
        chosen,
        seed=seed,
        count=count,
        shape=parse_shape(shape) if shape else None,
        voxel_nm=parse_voxel_nm(voxel_nm) if voxel_nm else None,
        balance=parse_balance(balance),
        randomise=varied.randomise,
        randomise_anatomy=varied.randomise_anatomy,
    )
    world = World(chosen, seed=seed)
    check_memory(world.preset, Grid(request.shape, request.voxel_nm))
    plan = stored_plan(out, request, layout.value)
    if plan is None:
        with progress("looking for windows") as tick:
            plan = plan_request(world, request, tick)
    write = write_dataset if layout is Layout.hdf5 else write_png
    with progress("patches") as tick:
        write(plan, out, workers or processors(), tick, scheduler)
    for sentence in plan.missed():
        warn(sentence)
    said = [
        f"{name} {share:.3g}" + (f" of {_objects(plan.objects[name])}" if name in plan.objects else "")
        for name, share in plan.reached.items()
    ]
    say(
        f"{out}: {count} {'patch' if count == 1 else 'patches'}"
        + (f"; shares of voxels: {', '.join(said)}" if said else "")
    )


@making.command()
@grouped
def census(
    data: Annotated[
        Path,
        typer.Argument(help="A generated dataset, or real EM with labels.", metavar="DATA"),
    ],
    other: Against,
    labelled: Stacked,
    json: Annotated[Path | None, typer.Option(help="Write the figures to a new JSON file too.")] = None,
    names: Names = None,
    voxel_nm: VoxelNm = None,
) -> None:
    """Count what is in data, real or synthetic: shares, objects, sizes and grey levels of each class.

    With --against, both are counted over windows of one size, and what is off
    by more than a fifth is marked.

    Example: synthem census synthetic --against REAL
    """
    from synthem.cli.options import parse_voxel_nm
    from synthem.data.atomic import write_whole
    from synthem.data.open import common_window, is_generated, labelled_in, open_data, warnings_of
    from synthem.data.real.reading import PLAIN
    from synthem.measure import census as counting
    from synthem.measure.census_diff import compare

    chosen, against = other.chosen(), other.against
    new_file(json)
    size = parse_voxel_nm(voxel_nm) if voxel_nm else None
    # a generated dataset knows its voxel size, so beside other data the option tells of these
    # how real EM is read is of what is real: of both, where both are
    how = labelled.how
    own = PLAIN if against and is_generated(data) else how
    sets = [open_data(data, names, None if against and is_generated(data) else size, own)]
    if against:
        sets.append(open_data(against, chosen, size, PLAIN if is_generated(against) else how))
    for sentence in (sentence for patches in sets for sentence in warnings_of(patches)):
        warn(sentence)
    window = common_window(*sets) if against else None
    # what is no cytoplasm, and where a neurite ends, depends on which classes are labelled
    both = [cls for cls in labelled_in(sets[0]) if cls in labelled_in(sets[1])] if against else None
    with progress("patches") as tick:
        counts = [counting.census(patches, tick, window, both) for patches in sets]
    result = compare(*counts) if against else counts[0]
    show(result.table())
    if json:
        write_whole(json, result.model_dump_json(indent=1).encode())


def _objects(count: int) -> str:
    return f"{count} object" + ("s" if count != 1 else "")
