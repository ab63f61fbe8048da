"""The commands that learn: train, evaluate, predict, experiment, demo."""

from pathlib import Path
from typing import Annotated

import typer

from shapes.core.errors import InputError
from synthem.cli.console import progress, say, show, warn

learning = typer.Typer()

Split = Annotated[
    str | None,
    typer.Option(
        help="A split in DATA/splits.yaml: of it the half that is meant for this, or the one named.",
        metavar="NAME[:train|:test]",
    ),
]
VoxelNm = Annotated[str | None, typer.Option(help="Voxel size of real EM in nanometres.", metavar="Z,Y,X")]
Threshold = Annotated[float, typer.Option(help="A class is found above this probability.", min=0, max=1)]
ModelFile = Annotated[Path, typer.Argument(help="The model.pt that a training wrote.", metavar="MODEL")]


@learning.command()
def train(
    data: Annotated[Path, typer.Argument(help="A generated dataset, or a folder of real EM with masks.")],
    out: Annotated[Path, typer.Argument(help="A new or empty folder, or one to go on with.")],
    add: Annotated[Path | None, typer.Option(help="More data to mix in, such as synthetic patches.")] = None,
    fraction: Annotated[float, typer.Option(help="Share of crops from the data that --add names.")] = 0.3,
    split: Split = None,
    voxel_nm: VoxelNm = None,
    balance: Annotated[
        str, typer.Option(help="Wanted shares of voxels.", metavar="CLASS=SHARE,…", show_default=False)
    ] = "",
    classes: Annotated[
        str | None, typer.Option(help="Classes to learn; all six by default.", metavar="CLASS,…")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights and crops.", min=0)] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file of training settings.")] = None,
) -> None:
    """Train a U-Net. Stopped at any moment, the same command goes on where it was."""
    from synthem.cli.options import parse_balance, parse_voxel_nm
    from synthem.learning.config import TrainConfig
    from synthem.learning.single_model import open_half, train_model
    from synthem.preset.yaml_file import parse, read_yaml

    settings = read_yaml(config) if config else {}
    given = {"classes": classes and classes.split(","), "steps": steps, "seed": seed}
    settings |= {key: value for key, value in given.items() if value is not None}
    size = parse_voxel_nm(voxel_nm) if voxel_nm else None
    fit = train_model(
        parse(TrainConfig, settings, str(config or "training")),
        open_half(data, split, "train", size),
        out,
        extra=open_half(add, None, "train", None) if add else (),
        fraction=fraction,
        balance=parse_balance(balance),
        progress=True,
    )
    scores = ", ".join(
        f"{name} {value:.3f}" for name, value in fit.model.card.validation_dice.items() if value is not None
    )
    say(f"{out / 'model.pt'}: the model of step {fit.model.card.step}; validation Dice: {scores}")


@learning.command()
def evaluate(
    model: ModelFile,
    data: Annotated[Path, typer.Argument(help="A generated dataset, or a folder of real EM with masks.")],
    split: Split = None,
    voxel_nm: VoxelNm = None,
    threshold: Threshold = 0.5,
    json: Annotated[Path | None, typer.Option(help="Write the scores to a new JSON file too.")] = None,
) -> None:
    """Score a model: Dice and Jaccard by class, of the counts of all sections together."""
    from json import dumps

    from synthem.cli.options import parse_voxel_nm
    from synthem.experiment.tables import score_rows
    from synthem.learning.model_file import load_model
    from synthem.learning.single_model import evaluate_model, open_half

    if json and json.exists():
        raise InputError(f"{json}: exists already; give the name of a new file")
    loaded = load_model(model)
    patches = open_half(data, split, "test", parse_voxel_nm(voxel_nm) if voxel_nm else None)
    with progress("sections") as tick:
        scores = evaluate_model(loaded, patches, threshold=threshold, tick=tick)
    show(score_rows(scores))
    if json:
        json.write_text(dumps(scores, indent=1, allow_nan=False) + "\n", encoding="utf-8")


@learning.command()
def predict(
    model: ModelFile,
    images: Annotated[Path, typer.Argument(help="A PNG image, or a folder of them.")],
    out: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    threshold: Threshold = 0.5,
) -> None:
    """Label images: a folder of PNG masks for each class."""
    from synthem.learning.model_file import load_model
    from synthem.learning.single_model import predict_images

    written = predict_images(load_model(model), images, out, threshold=threshold)
    say(f"{out}: {len(written)} masks")


@learning.command()
def experiment(
    experiment: Annotated[str, typer.Argument(help="The name of a shipped experiment, or a YAML file.")],
    out: Annotated[Path, typer.Argument(help="A new or empty folder, or one to go on with.")],
    real: Annotated[Path | None, typer.Option(help="The folder of real EM with masks.")] = None,
    split: Annotated[str | None, typer.Option(help="A split in its splits.yaml.")] = None,
) -> None:
    """Train on real, synthetic and mixed data side by side, and report what each class gains."""
    from synthem.experiment.config import load_experiment
    from synthem.experiment.results import groups
    from synthem.experiment.run import conduct
    from synthem.experiment.tables import gains_table

    config = load_experiment(experiment).with_sections(str(real) if real else None, split)
    runs = conduct(config, out, say=warn)
    for group in groups(runs).values():
        show(gains_table(group))
    say(f"report: {out / 'report.md'}")


@learning.command()
def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="A new or empty folder.")] = Path("synthem-demo"),
) -> None:
    """Show the whole road in a few minutes, without any data."""
    from synthem.experiment.demo import run_demo
    from synthem.experiment.tables import gains_table

    show(gains_table(run_demo(out, warn)))
    say(f"report and pictures: {out / 'report.md'}")
