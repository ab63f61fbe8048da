"""A network from synthetic patches alone, of many presets: how the shipped generalist is made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.data.exported import read_exported
from synthem.data.manifest import stored_plan
from synthem.data.plan import Plan, Request, make_request, plan_request
from synthem.data.png_folder import write_png
from synthem.learning.config import TrainConfig
from synthem.learning.crops.crops import UniformCrops
from synthem.learning.crops.hold_out import hold_out
from synthem.learning.identity import identity_of_data
from synthem.patch import Patch
from synthem.preset.preset import covering, load_preset
from synthem.preset.randomise import MOST
from synthem.preset.shipped import shipped_names, shipped_or_file
from synthem.preset.yaml_file import parse, read_yaml
from synthem.world import WORLD_VERSION, World

_SHIPPED = "models/*.yaml"
MODEL, PATCHES, TRAINING = "model.pt", "patches", "training"


class Source(Frozen):
    """A set of synthetic patches; its fields are the options of ``synthem generate``."""

    preset: str
    count: int = Field(200, ge=2)
    seed: int = Field(0, ge=0)
    thickness_nm: float | None = Field(None, gt=0)
    """Depth of a section; the preset's own, if left out. In plane the voxels are the recipe's."""
    randomise: float = Field(1.0, ge=1, le=MOST)
    randomise_anatomy: bool = False
    balance: dict[str, float] = Field(default_factory=dict)


class Recipe(Frozen):
    """What a network is pretrained on, and how."""

    title: str
    licence: str = ""
    """Of the weights that come of it."""
    pixel_nm: float = Field(5.0, gt=0)
    """Edge of a pixel, along y and x, of all patches."""
    shape_px: tuple[int, int] = (256, 256)
    sources: dict[str, Source]
    """By the name of the folder that holds each. A crop is as likely to come of any patch."""
    validation_share: float = Field(0.05, gt=0, lt=1)
    training: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _agree(self) -> "Recipe":
        if not self.sources:
            raise InputError("sources: name one at least")
        if self.training.network.dims != 2:
            raise InputError("training.network.dims: patches are sections, so the network must be of 2")
        return self

    def request(self, source: Source) -> Request:
        """Return what is asked of the generator; it raises as ``synthem.data.plan.make_request`` does."""
        depth = source.thickness_nm or load_preset(source.preset).voxel_nm[0]
        return make_request(
            covering(source.preset, self.training.classes),
            seed=source.seed,
            count=source.count,
            shape=(1, *self.shape_px),
            voxel_nm=(depth, self.pixel_nm, self.pixel_nm),
            balance=source.balance,
            randomise=source.randomise,
            randomise_anatomy=source.randomise_anatomy,
        )


def recipe_names() -> list[str]:
    """Return the names of the shipped recipes."""
    return shipped_names(_SHIPPED)


def load_recipe(name: str | Path) -> Recipe:
    """Read a shipped recipe by its name, or a YAML file.

    Raises
    ------
    UnknownNameError
        Where it is neither.
    InputError
        Where the file cannot be read, or a key or value is not understood.
    """
    path = shipped_or_file("recipe", name, _SHIPPED)
    return parse(Recipe, read_yaml(path), str(path))


def make_patches(
    recipe: Recipe,
    out: Path,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, list[Patch]]:
    """Write the patches of all sources, or read those that are there; by the name of the source."""
    requests = {name: recipe.request(source) for name, source in recipe.sources.items()}
    total, before = sum(request.count for request in requests.values()), 0
    made: dict[str, list[Patch]] = {}
    for name, request in requests.items():
        folder = out / PATCHES / name
        plan = _plan(folder, recipe.sources[name], request)
        write_png(plan, folder, workers, lambda done, of, before=before: progress(before + done, total))  # type: ignore[misc]
        made[name] = list(read_exported(folder, plan))
        before += request.count
    return made


def _plan(folder: Path, source: Source, request: Request) -> Plan:
    known = stored_plan(folder, request, "png")
    return known or plan_request(World(covering(source.preset, request.classes), source.seed), request)


def pretrain(
    recipe: Recipe,
    out: str | Path,
    *,
    command: str,
    workers: int = 1,
    tick: Callable[[int, int], None] = lambda done, of: None,
    progress: bool = False,
) -> Path:
    """Make the patches, train on them, and write ``OUT/model.pt`` in half precision; or go on with it.

    Parameters
    ----------
    recipe : Recipe
    out : str or Path
        Folder for ``patches``, ``training`` and ``model.pt``.
    command : str
        What a person would type to do the same, for the model's card.
    workers : int
        Processes that make patches.
    tick : callable
        Told how many patches there are, and of how many.
    progress : bool
        Show a bar of the training.

    Raises
    ------
    InputError
        Where the folder holds another training or other patches.
    """
    from synthem.learning.network.model_file import Model, save_model
    from synthem.learning.training.trainer import fit

    out = Path(out)
    kept: list[Patch] = []
    held: list[Patch] = []
    for patches in make_patches(recipe, out, workers, tick).values():
        ours, theirs = hold_out(patches, recipe.validation_share, recipe.training.patch_vx)
        kept, held = [*kept, *ours], [*held, *theirs]
    model = fit(
        recipe.training,
        UniformCrops(kept, recipe.training.patch_vx),
        held,
        out / TRAINING,
        of={"patches": identity_of_data(kept)},
        progress="pretraining" if progress else None,
    ).model
    card = model.card.model_copy(
        update={"voxel_nm": (recipe.pixel_nm,) * 3, "about": about(recipe, command, len(kept))}
    )
    save_model(out / MODEL, Model(model.net, card), half=True)
    return out / MODEL


def about(recipe: Recipe, command: str, count: int) -> dict[str, str]:
    """Return what a person should know of the model: plain text by heading."""
    sources: dict[str, Any] = {}
    for source in recipe.sources.values():
        sources[source.preset] = sources.get(source.preset, 0) + source.count
    tuned = sorted({name for preset in sources for name in load_preset(preset).tuned_on})
    return {
        "title": recipe.title,
        "command": command,
        "data": f"{count} synthetic patches to train on, of presets "
        + ", ".join(f"{name} ({n})" for name, n in sources.items())
        + f"; no real image. World version {WORLD_VERSION}.",
        "tuned on": ", ".join(tuned) or "no preset was tuned on real sections",
        "licence": recipe.licence,
    }
