"""The commands about other people's images: fit a preset to them, and tell how real synthetic ones look."""

from pathlib import Path
from typing import Annotated

import typer

from shapes.core.errors import InputError
from synthem.cli.console import progress, say, show, warn

fitting = typer.Typer()

VoxelNm = Annotated[str | None, typer.Option(help="Voxel size of the images in nanometres.", metavar="Z,Y,X")]
Split = Annotated[
    str | None,
    typer.Option(
        help="A split in its splits.yaml: its training half, or NAME:test.", metavar="NAME[:train|:test]"
    ),
]
Names = Annotated[
    list[str] | None, typer.Option(help="Sections to take, file names without ending; may be repeated.")
]


@fitting.command()
def realism(
    synthetic: Annotated[
        str, typer.Argument(help="A generated dataset, a folder of images, or a preset.", metavar="SYN")
    ],
    real: Annotated[Path, typer.Argument(help="A folder of real EM; it needs no masks.", metavar="REAL")],
    count: Annotated[int, typer.Option(help="Windows on either side, at most.", min=8)] = 64,
    split: Split = None,
    names: Names = None,
    voxel_nm: VoxelNm = None,
    seed: Annotated[int, typer.Option(help="Which windows are sampled.", min=0)] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the report to a new JSON file too.")] = None,
) -> None:
    """Tell synthetic sections from real ones: the distance of every statistic, and what gives them away.

    A distance of 1 is as far as halves of the real sections are from each
    other. Two classifiers then tell the two apart on sections that they have
    not seen: an AUC of 0.5 is chance.

    Example: synthem realism mine.yaml IMAGES
    """
    from synthem.cli.options import parse_voxel_nm
    from synthem.measure.realism_inputs import compare_sections

    _is_new(json)
    with progress("windows") as tick:
        result = compare_sections(
            synthetic,
            real,
            count,
            names=_names(real, split, names),
            voxel_nm=parse_voxel_nm(voxel_nm) if voxel_nm else None,
            seed=seed,
            tick=tick,
        )
    for note in result.notes:
        warn(note)
    for table in result.tables():
        show(table)
    if json:
        json.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")


@fitting.command()
def fit(
    images: Annotated[Path, typer.Argument(help="A section, or a folder of sections: PNG, TIFF or JPEG.")],
    start: Annotated[str, typer.Option("--from", help="The preset to begin with: a name or a YAML file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The preset to write, a new YAML file.")],
    masks: Annotated[
        Path | None, typer.Option(help="A folder of real EM with masks: greys, sizes and numbers from these.")
    ] = None,
    tissue: Annotated[
        list[str] | None,
        typer.Option(help="Presets whose tissue may take the place of the start's; all by default."),
    ] = None,
    split: Split = None,
    names: Names = None,
    voxel_nm: VoxelNm = None,
    minutes: Annotated[float, typer.Option(help="Time that it may take; the best so far stands.")] = 15.0,
    rounds: Annotated[
        int | None, typer.Option(help="Rounds of the search; as many as the time allows by default.", min=0)
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Which windows are looked at, and the search's draws.", min=0)
    ] = 0,
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 2,
    report: Annotated[
        Path | None, typer.Option(help="A new folder for a report: figures before and after, and pictures.")
    ] = None,
) -> None:
    """Write a preset that looks like your images, beginning with one that is there.

    No labels are needed; with --masks, greys, sizes and numbers are counted on
    them. It takes as many minutes as it is given; interrupted, it writes the
    best so far.

    Example: synthem fit IMAGES --from epfl -o mine.yaml --voxel-nm 5,5,5
    """
    from synthem.cli.options import parse_voxel_nm
    from synthem.fit.report import check_outputs, write_preset, write_report
    from synthem.fit.run import fit_preset

    check_outputs(out, report)
    with progress("fitting") as tick:
        found = fit_preset(
            images,
            start,
            masks=masks,
            tissues=tissue,
            names=_names(images, split, names),
            voxel_nm=parse_voxel_nm(voxel_nm) if voxel_nm else None,
            minutes=minutes,
            rounds=rounds,
            seed=seed,
            workers=workers,
            tick=tick,
            tell=warn,
        )
    for note in found.notes:
        warn(note)
    write_preset(found, out, images.name)
    if report:
        write_report(found, report, seed)
        say(f"report: {report / 'report.md'}")
    say(f"{out}: misfit {found.cost_before:.3g} before, {found.cost_after:.3g} after")


def _names(folder: Path, split: str | None, names: list[str] | None) -> list[str] | None:
    """Return the sections that are chosen, None where all are."""
    from synthem.data.splits import half_of

    if split and names:
        raise InputError("--split and --names both choose sections; give one of them")
    return half_of(folder, split) if split else names


def _is_new(path: Path | None) -> None:
    if path and path.exists():
        raise InputError(f"{path}: exists already; give the name of a new file")
    if path and not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
