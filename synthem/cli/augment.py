"""The command that sees real sections anew."""

from pathlib import Path
from typing import Annotated

import typer

from shapes.core.errors import InputError
from synthem.cli.console import progress, say, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Stacked
from synthem.cli.shared import Sections

augmenting = typer.Typer()


@augmenting.command()
@grouped
def augment(
    real: Annotated[
        Path, typer.Argument(help="Real EM with labels or without, or a generated dataset.", metavar="REAL")
    ],
    out: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="OUT")],
    sections: Sections,
    labelled: Stacked,
    count: Annotated[int, typer.Option(help="Copies of each section.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same copies.", min=0)] = 0,
    strength: Annotated[
        float, typer.Option(help="How strong, from 0 to 3: 1 is usual, 0 changes nothing.")
    ] = 1.0,
    only: Annotated[
        str | None,
        typer.Option(
            help="Do these alone, each to every copy: blur,noise; by default each now and then.",
            metavar="KIND,…",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write copies of real sections as other preparations and microscopes would show them.

    They get more blur, noise, uneven stain, another contrast, bending, and
    the defects of synthem's microscope, each in measure of what the section
    has. What moves tissue moves the masks with it. OUT can be trained on, or
    counted, as REAL can; OUT/augmented.json says what was done to each copy.

    Example: synthem augment REAL OUT --count 4 --only blur,noise
    """
    from synthem.augment.config import MicroscopeAugment
    from synthem.augment.write import augment_sections
    from synthem.data.files import is_vacant
    from synthem.data.open import open_data, warnings_of
    from synthem.preset.yaml_file import parse

    if not is_vacant(out):
        raise InputError(f"{out}: exists already; give a new or an empty folder")
    config = parse(MicroscopeAugment, {"strength": strength}, "augment")
    if only is not None:
        names = tuple(dict.fromkeys(part.strip() for part in only.split(",") if part.strip()))
        if not names:
            raise InputError(f"--only: write kinds, such as blur,noise, not {only!r}")
        config = config.only(names)
    patches = open_data(real, sections.chosen(real), sections.size, labelled.how)
    for sentence in warnings_of(patches):
        warn(sentence)
    with progress("copies") as tick:
        written = augment_sections(patches, out, config, seed=seed, count=count, progress=tick)
    done = ", ".join(f"{name} {number}" for name, number in written.kinds.items()) or "nothing was changed"
    say(f"{out}: {written.copies} {'copy' if written.copies == 1 else 'copies'}; {done}")
