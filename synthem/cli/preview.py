"""The commands that show what there is: the presets, and pictures of them."""

from pathlib import Path
from typing import Annotated

import typer

from shapes.core.errors import InputError
from synthem.cli.console import say, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Beside
from synthem.cli.shared import PresetName, Seed, Varied, VoxelNm, labelled_for

looking = typer.Typer()


@looking.command()
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


@looking.command()
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
