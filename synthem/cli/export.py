"""The command that writes data for the tools of others."""

from pathlib import Path
from typing import Annotated

import typer

from shapes.core.errors import InputError
from synthem.cli.console import progress, say, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Files, told_apart
from synthem.cli.shared import Names, VoxelNm

exporting = typer.Typer()


@exporting.command()
@grouped
def export(
    data: Annotated[
        Path,
        typer.Argument(
            help="A generated dataset, real EM with labels, or masks with their images as slices/.",
            metavar="DATA",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(help="A new or empty folder; it is there once it is whole.", metavar="OUT")
    ],
    as_: Annotated[
        str,
        typer.Option(
            "--as", help="The format; see above.", metavar="FORMAT", autocompletion=lambda: _formats()
        ),
    ],
    files: Files,
    split: Annotated[
        str | None,
        typer.Option(
            help="A split in its splits.yaml: one half is for training, the other for testing.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    names: Names = None,
    voxel_nm: VoxelNm = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Classes to write, all by default; or what values of label maps are: 1=mitochondrion.",
            metavar="[VALUE=]CLASS,…",
            show_default=False,
        ),
    ] = None,
    validate: Annotated[
        float, typer.Option(help="Share of what is for training that is for validation.", metavar="SHARE")
    ] = 0.2,
    name: Annotated[
        str | None,
        typer.Option(help="What to call the data; as OUT by default.", metavar="NAME", show_default=False),
    ] = None,
    dataset_id: Annotated[
        int | None,
        typer.Option(help="nnunet: the number of the data set, 500 by default.", show_default=False),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="precomputed: where OUT will be served from, http://localhost:9000 by default.",
            show_default=False,
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            help="objects: csv, the default, or parquet, which comes beside it.",
            metavar="KIND",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write data for other tools, with a page that tells how to train on them or open them.

    FORMAT, for trainers: nnunet (nnU-Net v2), torch-em, connectomics
    (pytorch_connectomics 2), biapy (BiaPy 3.7), huggingface (imagefolder); for
    viewers: ome-zarr, precomputed (neuroglancer), meshes (glTF); and what only
    synthetic tissue knows: cremi (with synaptic partners), objects (tables),
    swc (skeletons). What a format cannot say is left out and told. After a
    kill, the same command goes on, to the same bytes.

    Example: synthem export synthetic out --as nnunet --dataset-id 501
    """
    from synthem.cli.options import parse_names, parse_voxel_nm
    from synthem.data.open import open_data
    from synthem.data.splits import HALVES, half_of
    from synthem.export.formats import format_of
    from synthem.export.run import export as run
    from synthem.labels import known_classes

    given = {"dataset_id": dataset_id, "url": url, "table": table}
    options = {key: value for key, value in given.items() if value is not None}
    format_of(as_, options)  # before anything is read
    values, chosen_names = told_apart(classes)
    chosen = parse_names(chosen_names, known_classes()) if chosen_names is not None else None
    how = files.how(values)
    if split and names:
        raise InputError("--split and --names both choose sections; give one of them")
    size = parse_voxel_nm(voxel_nm) if voxel_nm else None
    halves = [half_of(data, f"{split}:{half}") for half in HALVES] if split else [names]
    patches, *test = [open_data(data, half, size, how) for half in halves]
    with progress("patches") as tick:
        said = run(
            patches,
            out,
            as_,
            test=test[0] if test else (),
            classes=chosen,
            validate=validate,
            name=name,
            options=options,
            tick=tick,
        )
    for sentence in said:
        warn(sentence)
    count = len(patches) + sum(map(len, test))
    say(f"{out}: {count} {'patch' if count == 1 else 'patches'}; see {out / 'README.md'}")


def _formats() -> list[str]:
    from synthem.export.formats import FORMATS

    return list(FORMATS)
