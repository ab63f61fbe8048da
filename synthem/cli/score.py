"""The command that scores masks, whoever found them."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthem.cli.console import progress, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Stacked
from synthem.cli.score_options import ScoreBook, Scored
from synthem.cli.shared import Split, VoxelNm
from synthem.cli.told import told

if TYPE_CHECKING:
    from synthem.patch import Patch

scoring = typer.Typer()


@scoring.command()
@grouped
def score(
    predicted: Annotated[
        Path,
        typer.Argument(
            help="Masks that were found: as synthem predict writes them, or any labelled data.",
            metavar="PREDICTED",
        ),
    ],
    true: Annotated[
        Path, typer.Argument(help="A generated dataset, or real EM with labels.", metavar="TRUE")
    ],
    labelled: Stacked,
    scored: Scored,
    split: Split = None,
    voxel_nm: VoxelNm = None,
) -> None:
    """Score masks against true ones, whoever found them: all families of scores, or those of --scores.

    Images are told by their names, and scored where both have masks of a
    class. With --split the test half of TRUE is taken. A score that is
    undefined is a dash, and below the table stands why. --out gets scores.json,
    tables, plots and maps of errors. --voxel-nm, --classes and --labels are of
    TRUE; values of label maps mean the same in PREDICTED.

    Example: synthem score masks REAL --out scores
    """
    from synthem.cli.options import parse_voxel_nm
    from synthem.data.memory import check_room
    from synthem.data.open import is_generated, open_data, shapes_of
    from synthem.data.real.masks_alone import are_masks_alone, read_masks_alone
    from synthem.data.real.reading import PLAIN
    from synthem.learning.training.single_model import open_half
    from synthem.patch import classes_of
    from synthem.scores.paired import cases, paired

    asked = scored if scored.scores is not None else replace(scored, scores="all")
    book = ScoreBook(asked)
    size, how = parse_voxel_nm(voxel_nm) if voxel_nm else None, labelled.how
    truth = told(open_half(true, split, "test", size, how))
    own = truth[0].grid.voxel_nm
    found: Sequence[Patch]
    if are_masks_alone(predicted):
        found = read_masks_alone(predicted, own, volumes=how.volumes)
    elif is_generated(predicted):
        found = open_data(predicted, how=replace(PLAIN, volumes=how.volumes))
    else:
        found = told(open_data(predicted, None, own, replace(how, labels=None)))
    pairs = paired(found, truth, warn)
    voxels = max(map(prod, shapes_of(truth)))
    check_room(
        2 * len(classes_of(truth, found)) * voxels, f"{true}: holding masks of {voxels:,} voxels twice"
    )
    with book:
        with progress("images") as tick:
            for done, case in enumerate(cases(found, truth, pairs), 1):
                book.add(case)
                tick(done, len(pairs))
        book.tell()
