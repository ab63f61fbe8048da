"""The commands about other people's images: fit a preset to them, and tell how real synthetic ones look."""

from pathlib import Path
from typing import Annotated

import typer

from synthem.cli.console import progress, say, show, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Channel, Labelled, reading
from synthem.cli.shared import Sections, new_file

fitting = typer.Typer()


@fitting.command()
@grouped
def realism(
    synthetic: Annotated[
        str, typer.Argument(help="A generated dataset, a folder of images, or a preset.", metavar="SYN")
    ],
    real: Annotated[Path, typer.Argument(help="A folder of real EM; it needs no masks.", metavar="REAL")],
    sections: Sections,
    channel: Channel = None,
    count: Annotated[int, typer.Option(help="Windows on either side, at most.", min=8)] = 64,
    seed: Annotated[int, typer.Option(help="Which windows are sampled.", min=0)] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the report to a new JSON file too.")] = None,
) -> None:
    """Tell synthetic sections from real ones: the distance of every statistic, and what gives them away.

    A distance of 1 is as far as halves of the real sections are from each
    other. Two classifiers then tell the two apart on sections that they have
    not seen: an AUC of 0.5 is chance.

    Example: synthem realism mine.yaml IMAGES
    """
    from synthem.data.atomic import write_whole
    from synthem.measure.realism_inputs import compare_sections

    new_file(json)
    with progress("windows") as tick:
        result = compare_sections(
            synthetic,
            real,
            count,
            names=sections.chosen(real),
            how=reading(channel=channel),
            voxel_nm=sections.size,
            seed=seed,
            tick=tick,
        )
    for note in result.notes:
        warn(note)
    for table in result.tables():
        show(table)
    if json:
        write_whole(json, (result.model_dump_json(indent=1) + "\n").encode())


@fitting.command()
@grouped
def fit(
    images: Annotated[
        Path, typer.Argument(help="A section, or a folder of sections: PNG, TIFF or JPEG.", metavar="IMAGES")
    ],
    start: Annotated[str, typer.Option("--from", help="The preset to begin with: a name or a YAML file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The preset to write, a new YAML file.")],
    sections: Sections,
    labelled: Labelled,
    masks: Annotated[
        Path | None, typer.Option(help="A folder of real EM with masks: greys, sizes and numbers from these.")
    ] = None,
    tissue: Annotated[
        list[str] | None,
        typer.Option(help="Presets whose tissue may take the place of the start's; all by default."),
    ] = None,
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
    from synthem.fit.report import check_outputs, write_preset, write_report
    from synthem.fit.run import fit_preset

    check_outputs(out, report)
    with progress("fitting") as tick:
        found = fit_preset(
            images,
            start,
            masks=masks,
            tissues=tissue,
            names=sections.chosen(images),
            how=labelled.how,
            voxel_nm=sections.size,
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
