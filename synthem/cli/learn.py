"""The commands that learn: train, evaluate, predict, experiment, demo."""

import sys
import webbrowser
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthem.cli.console import progress, say, show, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Labelled, Stacked
from synthem.cli.score_options import ScoreBook, Scored
from synthem.cli.shared import (
    Invert,
    Split,
    VoxelNm,
    Workers,
    new_file,
    processors,
    size_of,
)
from synthem.cli.told import tell_unlearned, told

if TYPE_CHECKING:
    from synthem.patch import Patch
    from synthem.scores.counts import Bools
    from synthem.scores.paired import Floats

learning = typer.Typer()

Threshold = Annotated[float, typer.Option(help="A class is found above this probability.", min=0, max=1)]
ModelFile = Annotated[Path, typer.Argument(help="The model.pt that a training wrote.", metavar="MODEL")]


@learning.command()
@grouped
def evaluate(
    model: ModelFile,
    data: Annotated[
        Path,
        typer.Argument(help="A generated dataset, or real EM with labels.", metavar="DATA"),
    ],
    labelled: Stacked,
    scored: Scored,
    split: Split = None,
    voxel_nm: VoxelNm = None,
    threshold: Threshold = 0.5,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Say too as which classes the pixels of each class are found.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write the scores to a new JSON file too.")] = None,
) -> None:
    """Score a model on data with masks: Dice and Jaccard by class, of the counts of all sections together.

    A class that neither the masks nor the model hold has no score. Pixels that
    differ from the model's by over a tenth are resampled, and what is found is
    brought back to those of the masks. Score on sections that the model was not
    trained on: with --split the test half is taken. With --confusion a model
    that was quickly trained on synthetic patches, asked about others of them,
    tells which classes look alike there, and will in real sections. With
    --scores it says more: counts, outlines, partitions, objects, morphology.

    Example: synthem evaluate model/model.pt REAL --split rare
    """
    from synthem.cli.options import parse_voxel_nm
    from synthem.data.atomic import write_json
    from synthem.experiment.report.tables import confusion_rows, score_rows
    from synthem.learning.inference.confusion import Confusion
    from synthem.learning.inference.score_model import evaluate as score
    from synthem.learning.network.model_file import load_model
    from synthem.learning.training import single_model
    from synthem.scores.paired import case_of

    new_file(json)
    scored.check()
    book = ScoreBook(scored) if scored.scores is not None else None
    loaded = load_model(model)
    how = labelled.how.deep(loaded.card.config.network.dims)
    size = parse_voxel_nm(voxel_nm) if voxel_nm else None
    patches = told(single_model.open_half(data, split, "test", size, how))
    tell_unlearned(loaded)
    confused = Confusion(loaded.classes)

    def add(patch: "Patch", found: "Bools", probabilities: "Floats") -> None:
        if book:
            book.add(case_of(patch, found, loaded.classes, probabilities))

    with book or nullcontext():
        with progress("sections") as tick:
            scores = score(
                loaded,
                patches,
                threshold=threshold,
                tick=tick,
                say=warn,
                also=confused.add,
                score=add if book else None,
            )
        if book:
            book.tell()
    if not book:
        show(score_rows(scores))
    shares = confused.shares() if confusion else {}
    if confusion:
        show(confusion_rows(shares))
    if json:
        write_json(
            json, {name: {**row, "found_as": shares[name]} if shares else row for name, row in scores.items()}
        )


@learning.command()
def predict(
    model: Annotated[
        str, typer.Argument(help="A shipped model's name, or the model.pt of a training.", metavar="MODEL")
    ],
    images: Annotated[
        Path,
        typer.Argument(
            help="A picture, a stack or volume in TIFF, HDF5, Zarr, MRC or NIfTI, or a folder of them.",
            metavar="IMAGES",
        ),
    ],
    out: Annotated[Path, typer.Argument(help="A new or empty folder, or NAME.zarr.", metavar="OUT")],
    voxel_nm: VoxelNm = None,
    invert: Annotated[
        Invert, typer.Option(help="Turn the greys, so that membranes are dark; auto: where they are bright.")
    ] = Invert.no,
    threshold: Threshold = 0.5,
    flips: Annotated[
        bool, typer.Option("--flips", help="Label mirror images too and take the mean: four times the work.")
    ] = False,
    adapt_norm: Annotated[
        bool, typer.Option("--adapt-norm", help="Take the network's batch-norm statistics from IMAGES.")
    ] = False,
) -> None:
    """Label images with a trained model: OUT gets a folder of masks for each class.

    A mask is 255 where the class is found, and 0 elsewhere; a picture gets a
    PNG, anything else a TIFF, and Zarr an OME-Zarr with a label image a class,
    as OUT does if it ends in .zarr. Images may be larger than memory. Pixels
    that differ from the model's by over a tenth are resampled, and the masks
    brought back. Greys are turned only where --invert asks for it.

    Example: synthem predict model/model.pt IMAGES masks
    """
    from synthem.learning.inference import label_images
    from synthem.learning.network.model_file import load_model

    loaded = load_model(model)
    tell_unlearned(loaded)
    size = size_of(voxel_nm, images, loaded)
    with progress("images") as tick:
        written = label_images.predict(
            loaded,
            images,
            out,
            voxel_nm=size,
            threshold=threshold,
            invert=invert.value,
            flips=flips,
            adapt=adapt_norm,
            tick=tick,
            say=warn,
        )
    say(f"{out}: {len(written)} masks")


@learning.command()
@grouped
def experiment(
    experiment: Annotated[
        str, typer.Argument(help="The name of a shipped experiment, or a YAML file.", metavar="EXPERIMENT")
    ],
    out: Annotated[Path, typer.Argument(help="A new or empty folder, or one to go on with.", metavar="OUT")],
    labelled: Labelled,
    real: Annotated[Path | None, typer.Option(help="Real EM with labels, a folder or file.")] = None,
    split: Annotated[str | None, typer.Option(help="A split in its splits.yaml.")] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Trainings at a time; one for each core by default, and one alone on a GPU.",
            min=1,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train on real, synthetic and mixed data side by side, and report what each class gains.

    All arms have the same network, steps and test sections, and the same first
    weights, but for those that start from a trained network. OUT gets report.md
    with tables and pictures, and report.json with the same figures. Finished
    trainings are kept when the command is given again, with more seeds, arms or
    budgets too. Results do not depend on --jobs.

    Example: synthem experiment quick out --real REAL --split rare
    """
    from synthem.experiment.config import load_experiment
    from synthem.experiment.report.tables import gains_table
    from synthem.experiment.results import groups
    from synthem.experiment.run import conduct

    config = load_experiment(experiment).with_sections(str(real) if real else None, split, labelled.how)
    runs = conduct(config, out, jobs=jobs, say=warn)
    for group in groups(runs).values():
        show(gains_table(group))
    say(f"report: {out / 'report.html'}")


@learning.command()
def models() -> None:
    """List the shipped models: name, classes, pixels, and how each was made.

    Give such a name, or the path of a model.pt, wherever a model is wanted.

    Example: synthem models
    """
    from synthem.learning.network.model_file import load_model
    from synthem.learning.network.shipped_models import model_names

    for name in model_names():
        card = load_model(name).card
        say(f"{name}: {len(card.config.classes)} classes, pixels of {card.voxel_nm[1]:g} nm")
        for head, text in card.about.items():
            say(f"  {head}: {text}")


@learning.command()
def pretrain(
    recipe: Annotated[
        str, typer.Argument(help="The name of a shipped recipe, or a YAML file.", metavar="RECIPE")
    ],
    out: Annotated[Path, typer.Argument(help="A new or empty folder, or one to go on with.", metavar="OUT")],
    workers: Workers = None,
) -> None:
    """Train a network on synthetic patches alone, of several presets: how the generalist is made.

    OUT gets the patches, the training and model.pt, in half precision, whose
    card says how it was made. Stopped at any moment, the same command goes on.

    Example: synthem pretrain generalist OUT
    """
    from synthem.learning.training import pretrain as making

    settings = making.load_recipe(recipe)
    with progress("patches") as tick:
        path = making.pretrain(
            settings,
            out,
            command=f"synthem pretrain {recipe} OUT",
            workers=workers or processors(),
            tick=tick,
            progress=True,
        )
    say(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


@learning.command()
def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="A new or empty folder.")] = Path("synthem-demo"),
) -> None:
    """Show in three minutes what synthem is for, without any data: sections of synthetic tissue come with it.

    Two of them are labelled, and hold no sheath. One network learns from these
    alone; the other starts from the generalist, which was trained on synthetic
    patches. The report says what that gains on six more sections.

    Example: synthem demo -o demo
    """
    from synthem.experiment.demo import run_demo
    from synthem.experiment.report.tables import gains_table

    show(gains_table(run_demo(out, warn)))
    report = (out / "report.html").resolve()
    say(f"report: {report}")
    if sys.stdout.isatty():
        webbrowser.open(report.as_uri())
