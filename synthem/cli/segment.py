"""The one command of a person with images and a deadline."""

from pathlib import Path
from typing import Annotated

import typer

from synthem.cli.console import progress, say, show, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Labelled
from synthem.cli.shared import Invert, VoxelNm, processors, told_voxel

segmenting = typer.Typer()


@segmenting.command()
@grouped
def segment(
    images: Annotated[
        Path, typer.Argument(help="A picture, PNG or TIFF, a stack, or a folder of them.", metavar="IMAGES")
    ],
    out: Annotated[Path, typer.Argument(help="A new or empty folder, or one to go on with.", metavar="OUT")],
    labelled: Labelled,
    voxel_nm: VoxelNm = None,
    model: Annotated[
        str, typer.Option(help="A shipped model's name, or a model.pt.", metavar="MODEL")
    ] = "generalist",
    adapt: Annotated[
        float | None,
        typer.Option(
            help="Fit a preset to IMAGES and train on its patches first, in so many minutes, all together.",
            metavar="MINUTES",
            show_default=False,
        ),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            help="A folder of real EM with masks to train on; 10 minutes, or those of --adapt.",
            metavar="REAL",
            show_default=False,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="The preset to train on, in place of a fitted one.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of patches, crops and fit.", min=0)] = 0,
    invert: Annotated[
        Invert, typer.Option(help="Turn the greys, so that membranes are dark; auto: where they are bright.")
    ] = Invert.auto,
) -> None:
    """Segment images with a network that comes with synthem: masks, a picture, counts and a report.

    Plain, it takes the network as it is. With --adapt it fits a preset to your
    images and trains on synthetic patches of it; with --masks it trains on your
    labelled sections too. The same command goes on where it was stopped.
    OUT/report.html says what was done.

    Example: synthem segment IMAGES out --voxel-nm 5,5,5
    """
    from synthem.cli.options import parse_voxel_nm
    from synthem.segment.job import Job
    from synthem.segment.run import segment as run

    given = parse_voxel_nm(voxel_nm) if voxel_nm else told_voxel(images) if images.exists() else None
    job = Job(
        images=images,
        voxel_nm=given,
        model=model,
        adapt=adapt,
        masks=masks,
        preset=preset,
        seed=seed,
        invert=invert.value,
        how=labelled.how,
    )
    done = run(job, out, workers=processors(), bars=progress, say=warn)
    show(done.census.table())
    say(f"{out}: {len(done.masks)} masks; report: {done.report}")
