"""The command that asks a model what it looks at."""

from pathlib import Path
from typing import Annotated

import typer

from synthem.cli.console import progress, say, show, warn
from synthem.cli.groups import grouped
from synthem.cli.learn import Threshold
from synthem.cli.real_files import Stacked
from synthem.cli.shared import Split, VoxelNm, empty_folder
from synthem.cli.told import told

explaining = typer.Typer()


@explaining.command()
@grouped
def explain(
    model: Annotated[
        str, typer.Argument(help="A shipped model's name, or the model.pt of a training.", metavar="MODEL")
    ],
    data: Annotated[
        Path, typer.Argument(help="A generated dataset, or real EM with labels.", metavar="DATA")
    ],
    out: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="OUT")],
    labelled: Stacked,
    split: Split = None,
    voxel_nm: VoxelNm = None,
    sections: Annotated[
        int, typer.Option(help="So many sections, spread evenly over the data, at most.", min=1)
    ] = 3,
    count: Annotated[int, typer.Option(help="Voxels of each class to ask about.", min=1)] = 40,
    seed: Annotated[int, typer.Option(help="Which voxels these are.", min=0)] = 0,
    threshold: Threshold = 0.5,
) -> None:
    """Tell how much context each class needs: how large a patch a sheath wants, say.

    Around pixels of each class integrated gradients say how far away the
    network looks; and each class is scored where the network sees no more
    than a window of one size, from the smallest that it takes to twice the
    one that it was trained on. OUT gets context.png and context.json.

    Example: synthem explain generalist REAL OUT --split rare
    """
    from synthem.cli.options import parse_voxel_nm
    from synthem.data.atomic import write_json, written
    from synthem.explain.explain import context_rows
    from synthem.explain.explain import explain as ask
    from synthem.explain.picture import draw_context
    from synthem.learning.network.model_file import load_model
    from synthem.learning.training import single_model

    empty_folder(out)
    loaded = load_model(model)
    how = labelled.how.deep(loaded.card.config.network.dims)
    size = parse_voxel_nm(voxel_nm) if voxel_nm else None
    patches = told(single_model.open_half(data, split, "test", size, how))
    step = -(-len(patches) // sections)
    some = [patches[k] for k in range(step // 2, len(patches), step)]
    with written(out):
        with progress("explain") as tick:
            context = ask(loaded, some, count=count, seed=seed, threshold=threshold, say=warn, tick=tick)
        write_json(out / "context.json", context.model_dump(mode="json"))
        draw_context(context, out / "context.png")
    show(context_rows(context))
    say(f"{out}: context.png and context.json, of {len(some)} sections")
