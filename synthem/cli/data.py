"""The commands about synthetic data: list presets, look at them, generate; and count what is in data."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shapes.core.errors import InputError
from synthem.cli.console import progress, say, show, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Beside, Stacked
from synthem.cli.shared import (
    Against,
    Balance,
    Classes,
    Names,
    Scheduler,
    Varied,
    VoxelNm,
    Workers,
    check_workers,
    labelled_for,
    new_file,
    processors,
)

making = typer.Typer()

PresetName = Annotated[
    str,
    typer.Argument(
        help="A preset's name, or the path of a preset's YAML file.",
        metavar="PRESET",
        autocompletion=lambda: _preset_names(),
    ),
]
Seed = Annotated[int, typer.Option(help="Which world; the same seed gives the same pictures.")]


class Layout(StrEnum):
    """How a dataset is laid out on disk."""

    hdf5 = "hdf5"
    png = "png"


@making.command()
def presets() -> None:
    """List the shipped presets, a line each: name, title, voxel size.

    Give such a name, or the path of a YAML file of your own, wherever a preset
    is wanted.

    Example: synthem presets
    """
    from synthem.preset.preset import load_preset, preset_names

    names = preset_names()
    for name in names:
        preset = load_preset(name)
        voxel = " × ".join(f"{edge:g}" for edge in preset.voxel_nm)
        say(f"{name:{max(map(len, names))}}  {preset.title} ({voxel} nm)")


@making.command()
@grouped
def preview(
    preset: PresetName,
    varied: Varied,
    seen: Beside,
    out: Annotated[Path, typer.Option("--out", "-o", help="The PNG to write.")] = Path("preview.png"),
    seed: Seed = 0,
    count: Annotated[
        int | None,
        typer.Option(help="Number of synthetic patches: 4, or 1 in 3D.", min=1, max=64, show_default=False),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(help="Size of a patch; of three numbers, a view of it in 3D.", metavar="[Z,]Y,X"),
    ] = None,
    stages: Annotated[
        bool, typer.Option("--stages", help="One patch after each stage of the microscope.")
    ] = False,
    beside: Annotated[
        Path | None, typer.Option(help="A folder of real EM: its crops above as many synthetic patches.")
    ] = None,
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Mix real and synthetic; a key is written beside the picture.")
    ] = False,
    labels: Annotated[
        bool, typer.Option("--labels", help="Label maps alone, without images; beside real ones too.")
    ] = False,
    around: Annotated[
        str | None,
        typer.Option(
            help="Crops around objects of a class, three times enlarged, plain and outlined.", metavar="CLASS"
        ),
    ] = None,
    voxel_nm: VoxelNm = None,
    show: Annotated[
        str | None,
        typer.Option(
            help="Classes whose surfaces a view in 3D shows, around one of the first; neurite too.",
            metavar="CLASS,…",
        ),
    ] = None,
) -> None:
    """Draw patches of a preset over their labels, as one PNG to be looked at.

    Other sheets: --stages shows one patch after each stage of the microscope;
    --beside sets real crops above synthetic ones, with --around of objects of
    one class; a shape of three numbers shows a window in 3D.

    Example: synthem preview epfl --beside REAL --around psd
    """
    from shapes import Grid
    from synthem.cli.options import parse_names, parse_shape, parse_voxel_nm
    from synthem.data.atomic import write_whole
    from synthem.data.memory import check_memory
    from synthem.labels import known_classes, united
    from synthem.preset.preset import with_classes
    from synthem.scene.annotate import NEURITE
    from synthem.view import sheet as pictures
    from synthem.view.beside import beside_sheet
    from synthem.view.objects import CROP_VX, objects_sheet
    from synthem.view.volume import SHOWN, volume_sheet
    from synthem.world import World

    if shuffle and beside is None:
        raise InputError(
            "preview: --shuffle mixes real and synthetic patches, so it needs --beside with a folder"
        )
    if stages and (labels or beside is not None):
        other = "--labels" if labels else "--beside"
        raise InputError(f"preview: --stages and {other} are two different sheets; ask for one of them")
    if around is not None and (stages or labels):
        other = "--stages" if stages else "--labels"
        raise InputError(f"preview: --around and {other} are two different sheets; ask for one of them")
    kinds = parse_names(around, known_classes()) if around is not None else ()
    if len(kinds) > 1:
        raise InputError(f"preview: --around shows objects of one class, not of {', '.join(kinds)}")
    varied.check()
    world = World(labelled_for(preset, seen.names), seed=seed)
    size = CROP_VX if kinds else (1, *world.preset.patch_shape[1:])
    size = parse_shape(shape) if shape else size
    solid = size[0] > 1
    both = (varied.randomise, varied.randomise_anatomy)
    if solid or stages:
        world = world.randomised(varied.randomise, 0, varied.randomise_anatomy)
    if solid and (stages or kinds or beside is not None):
        raise InputError("preview: --stages, --beside and --around show sections; give them a shape y,x")
    if show is not None and not solid:
        raise InputError(
            "preview: --show chooses surfaces, so it needs a 3D shape, such as --shape 128,128,128"
        )
    surfaces = parse_names(show, (*known_classes(), NEURITE)) if show is not None else SHOWN
    if show is not None:
        more = united(world.classes, (name for name in surfaces if name != NEURITE))
        world = World(with_classes(world.preset, more), seed=seed)
    voxel = parse_voxel_nm(voxel_nm) if voxel_nm else world.preset.voxel_nm
    check_memory(world.preset, Grid(size, voxel))
    count = count or (1 if solid else 8 if kinds else 4)
    if solid:
        pictures.save(volume_sheet(world, count, size, surfaces, labels, voxel), out)
    elif stages:
        pictures.save(pictures.stages_sheet(world, size, voxel), out)
    elif beside is not None or kinds:
        if kinds:
            picture, key = objects_sheet(
                world, kinds[0], count, size, beside, shuffle, voxel, both, warn, seen.how
            )
        elif beside is not None:
            picture, key = beside_sheet(
                world, beside, count, size, shuffle, labels, voxel, both, warn, seen.how
            )
        pictures.save(picture, out)
        for line in key if not shuffle else ():
            say(line)
        if shuffle:
            write_whole(out.with_suffix(".key.txt"), ("\n".join(key) + "\n").encode())
    else:
        pictures.save(pictures.preset_sheet(world, count, size, labels, voxel, both), out)
    say(f"{out}")


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


def _preset_names() -> list[str]:
    from synthem.preset.preset import preset_names

    return preset_names()


def _objects(count: int) -> str:
    return f"{count} object" + ("s" if count != 1 else "")
