"""The command that writes a volume of any size."""

from pathlib import Path
from typing import Annotated

import typer

from synthem.cli.console import progress, say
from synthem.cli.shared import (
    Classes,
    PresetName,
    Scheduler,
    Seed,
    VoxelNm,
    Workers,
    check_workers,
    labelled_for,
    processors,
)

volumes = typer.Typer()


@volumes.command()
def volume(
    preset: PresetName,
    out: Annotated[
        Path,
        typer.Argument(help="A new or empty folder, or one to go on with after a kill.", metavar="OUT.zarr"),
    ],
    shape: Annotated[str, typer.Option(help="Voxels of the volume.", metavar="Z,Y,X")],
    voxel_nm: VoxelNm = None,
    seed: Seed = 0,
    workers: Workers = None,
    scheduler: Scheduler = None,
    classes: Classes = None,
    shard: Annotated[
        str, typer.Option(help="Voxels of a file; a worker holds one in memory.", metavar="Z,Y,X")
    ] = "256,256,256",
    chunk: Annotated[
        str, typer.Option(help="Voxels of what a viewer reads at once.", metavar="Z,Y,X")
    ] = "64,64,64",
) -> None:
    """Write a volume of a preset as OME-Zarr: image, a mask a class, ids of objects, all in several levels.

    It is rendered shard by shard, so it may be larger than memory, and only
    when all is there does a viewer take it for an image. After a kill, the same
    command goes on where it stopped, to the same bytes.

    Example: synthem volume epfl OUT.zarr --shape 2048,2048,1024
    """
    from synthem.cli.options import parse_shape, parse_voxel_nm
    from synthem.volume.request import volume_request
    from synthem.volume.write import write_volume

    check_workers(scheduler, workers)
    request = volume_request(
        labelled_for(preset, classes),
        parse_shape(shape),
        seed=seed,
        voxel_nm=parse_voxel_nm(voxel_nm) if voxel_nm else None,
        shard_vx=parse_shape(shard),
        chunk_vx=parse_shape(chunk),
    )
    with progress("shards") as tick:
        write_volume(request, out, workers or processors(), scheduler, tick)
    levels = len(request.layout.levels)
    say(f"{out}: {' × '.join(map(str, request.layout.shape))} voxels in {levels} level{'s' * (levels > 1)}")
