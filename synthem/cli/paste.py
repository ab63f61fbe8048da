"""The command that sets rare structures into real sections."""

from pathlib import Path
from typing import Annotated

import typer

from synthem.cli.console import progress, say, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Channel, LabelsAt, reading, told_apart
from synthem.cli.shared import Balance, Sections, Workers, processors
from synthem.cli.told import told

pasting = typer.Typer()


@pasting.command()
@grouped
def paste(
    real: Annotated[Path, typer.Argument(help="Real EM with masks, membranes among them.", metavar="REAL")],
    out: Annotated[Path, typer.Argument(help="A new or empty folder for the sections.", metavar="OUT")],
    preset: Annotated[
        str, typer.Option(help="Whose sizes, shapes and greys they have: a preset's name or YAML file.")
    ],
    sections: Sections,
    classes: Annotated[
        str | None,
        typer.Option(
            help="What is set in: psd, vesicle, sheath (these by default), mitochondrion; or what values of "
            "label maps are: 1=membrane.",
            metavar="[VALUE=]CLASS,…",
            show_default=False,
        ),
    ] = None,
    per_section: Annotated[
        int, typer.Option(help="Things of each class in a section, where there is room.", min=1)
    ] = 3,
    balance: Balance = "",
    count: Annotated[
        int | None,
        typer.Option(
            help="Sections to write, which take the real ones in turn; one of each by default.", min=1
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which places and which things.", min=0)] = 0,
    copy: Annotated[
        bool, typer.Option("--copy", help="Cut objects from the real sections in place of drawing them.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Let a classifier tell what was set in from what is real.")
    ] = False,
    labels: LabelsAt = None,
    channel: Channel = None,
    workers: Workers = None,
) -> None:
    """Set rare structures into real labelled sections, where they could be.

    A synapse goes onto a real membrane between two real cells, with vesicles
    on one side; a sheath around a real profile. Greys, blur and noise are those
    of the section. Each thing is listed in pasted.json. With --balance, things
    are set in until all sections together hold these shares.

    Example: synthem paste REAL pasted --preset epfl --classes psd,vesicle
    """
    from synthem.cli.options import parse_balance, parse_names
    from synthem.data.open import open_data
    from synthem.paste.request import USUAL, Request
    from synthem.paste.run import paste_into
    from synthem.paste.seam import seam
    from synthem.paste.things import KINDS
    from synthem.preset.yaml_file import parse

    values, names = told_apart(classes)
    request = parse(
        Request,
        {
            "preset": preset,
            "classes": parse_names(names, KINDS)
            if names
            else [n for n in USUAL if not (copy and n == "sheath")],
            "per_section": per_section,
            "balance": parse_balance(balance),
            "seed": seed,
            "copied": copy,
        },
        "paste",
    )
    data = told(open_data(real, sections.chosen(real), sections.size, reading(values, labels, channel)))
    with progress("sections") as tick:
        entries, notes = paste_into(data, out, request, count, workers or processors(), tick)
    for sentence in notes:
        warn(sentence)
    made = [
        sum(len(e.get("vesicles", ())) if kind == "vesicle" else e["class"] == kind for e in entries)
        for kind in KINDS
    ]
    many = count or len(data)
    listed = ", ".join(f"{n} {kind}" for n, kind in zip(made, KINDS, strict=True) if kind in request.classes)
    say(f"{out}: {many} section{'s' if many != 1 else ''}; set in: {listed}")
    if check:
        written = open_data(out, voxel_nm=data[0].grid.voxel_nm)
        for kind in request.classes:
            found = seam(written, entries, data, kind, seed)
            aucs = ", ".join(f"{one.name} {one.auc:.2f} ± {one.auc_std:.2f}" for one in found.classifiers)
            say(
                f"{kind}: AUC {aucs} of {found.pasted} pasted against {found.real} real windows of "
                f"{found.sections} sections; gone by: {', '.join(found.gives_away[:3])}"
            )
