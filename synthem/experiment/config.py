"""What an experiment is: data, arms, class sets, seeds and budget, read from a YAML file."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.augment.config import MicroscopeAugment
from synthem.data.real.reading import PLAIN, Reading
from synthem.experiment.allocation import check_balance
from synthem.experiment.arms import FROM_A_MODEL, IN_ROUNDS, OWN_PATCHES, REFINED, Arm
from synthem.experiment.self_training import SelfTrainingConfig
from synthem.experiment.sources import SYNTHETIC, PastedConfig, PretrainedConfig, SyntheticConfig
from synthem.labels import CLASSES, check_class, check_classes, united
from synthem.learning.config import TrainConfig
from synthem.preset.shipped import shipped_names, shipped_or_file
from synthem.preset.yaml_file import parse, read_yaml

CLASS_SETS: dict[int, tuple[str, ...]] = {
    6: CLASSES,
    5: tuple(name for name in CLASSES if name != "mito_boundary"),
    1: ("mitochondrion",),
}
"""The paper's experiments 2 (six classes), 1 (no mitochondrial boundaries) and 3 (mitochondria alone)."""


def _class_set(value: int | tuple[str, ...]) -> int | tuple[str, ...]:
    if isinstance(value, int):
        if value not in CLASS_SETS:
            known = ", ".join(map(str, CLASS_SETS))
            raise InputError(f"a set is one of the paper's, {known}, or a list of classes, not {value}")
        return value
    return check_classes(value)


ClassSet = Annotated[int | tuple[str, ...], AfterValidator(_class_set)]


def _many(value: Any) -> Any:
    return value if value is None or isinstance(value, list | tuple) else [value]


Names = Annotated[tuple[str, ...] | None, BeforeValidator(_many)]
Budgets = Annotated[tuple[Annotated[int, Field(ge=1)], ...] | None, BeforeValidator(_many)]
Minutes = Annotated[
    tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] | None, BeforeValidator(_many)
]
Numbers = Annotated[tuple[Annotated[int, Field(ge=1)] | Literal["all"], ...], BeforeValidator(_many)]


class ExperimentConfig(Frozen):
    """An experiment. All arms have the same network, steps and test sections.

    They have the same initial weights too, but for those that start from a trained network.
    """

    title: str
    real: str | None = None
    """The folder of real EM with masks; mostly given on the command line."""
    train: Names = None
    test: Names = None
    """Names or globs of the sections; or leave both out and name a split."""
    splits: str = "splits.yaml"
    """A file of splits, relative to the real folder."""
    split: str | None = None
    voxel_nm: tuple[float, float, float] = (5.0, 5.0, 5.0)
    reading: Reading = PLAIN
    """How the real EM is read: ``classes``, ``labels`` and ``channel``, as the options of these names."""
    synthetic: SyntheticConfig
    pretrained: PretrainedConfig = PretrainedConfig()
    self_training: SelfTrainingConfig | None = None
    """From which sections without labels the arm ``self-trained`` learns, and how."""
    augmented: MicroscopeAugment = MicroscopeAugment()
    """What the arm ``augmented`` does to its crops beside the augmentation that all arms have."""
    pasted: PastedConfig = PastedConfig()
    arms: tuple[Arm, ...] = ("real", "synthetic", "mixed")
    """What is compared: real crops; these through other microscopes; synthetic ones; both; both, where
    synthetic patches come in rounds; real ones from a trained network on; synthetic ones from there on,
    without any real label; and real ones with versions of these with things set in. ``self-trained`` is
    ``pretrained``, and sections without labels."""
    class_sets: tuple[ClassSet, ...] = (6,)
    """What is learned: sets of the paper, by their number of classes, or lists of any classes. No two have
    the same number, by which reports and folders call them."""
    real_sections: Numbers = ("all",)
    """How many labelled sections of the training half the arms may have, spread evenly over it: see
    ``synthem.experiment.sections``. Each number is a comparison of its own; what validates is held out of
    these sections."""
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = (0,)
    steps: Budgets = None
    epochs: Budgets = None
    minutes: Minutes = None
    """One of the three; each number is a run of its own. An epoch has as many crops as the whole real half
    tiles. Minutes are those of the training steps alone: see ``synthem.experiment.minutes``."""
    crops: Literal["tiles", "uniform", "rare"] = "tiles"
    """Crops of real sections: the paper's regular tiles, anywhere, or where the rare classes are."""
    rare: dict[str, float] = Field(default_factory=dict)
    """For ``crops: rare``: how often a crop starts from a pixel of each class; the rest is uniform."""
    absent: Literal["silent", "unlabelled"] = "unlabelled"
    """What the crops of one source say, in the mixed arm, of a class that this source never holds, but for a
    few stray pixels: that it is nowhere (``silent``), or nothing: see
    ``synthem.learning.crops.held_classes``."""
    overlap: float = Field(0.25, ge=0, lt=1)
    """Of tiles in training, and of windows in inference."""
    validation_share: float = Field(0.2, gt=0, lt=1)
    """Share of the training half that is held out, a block at its far end: neighbours are near copies. Of the
    synthetic patches as large a share is, anywhere."""
    validation_tiles: int | None = Field(None, ge=1)
    test_every: int = Field(1, ge=1)
    """Score every n-th of the test sections."""
    threshold: float = Field(0.5, gt=0, lt=1)
    training: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _agree(self) -> "ExperimentConfig":
        if sum(budget is not None for budget in (self.steps, self.epochs, self.minutes)) != 1:
            raise InputError("give one of steps, epochs and minutes")
        for name in ("arms", "class_sets", "seeds", "real_sections"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise InputError(f"{name} must be at least one, each named once, not {list(values)}")
        derived = sorted({"classes", "steps", "seed"} & self.training.model_fields_set)
        if derived:
            raise InputError(f"training.{derived[0]} follows from the experiment; leave it out")
        if self.training.devices != 1:
            raise InputError("training.devices: an experiment trains on one device at a time")
        if self.training.init is not None:
            raise InputError(
                "training.init: arms start from fresh weights, but for those of the block `pretrained`"
            )
        if "augmented" in self.arms and self.training.augment.microscope is not None:
            raise InputError(
                "training.augment.microscope: the arm augmented has it and real has not; leave it out"
            )
        if "adapted" in self.arms and self.pretrained.init == SYNTHETIC:
            raise InputError(
                "arms: adapted starts from a trained network; with init: synthetic it is synthetic"
            )
        if self.needs_pasted:
            if self.training.network.dims == 3:
                raise InputError("pasted: sections are taken for themselves, so it wants a 2D network")
            self.pasted.request(self.synthetic.preset).tissue()
        if "self-trained" in self.arms and self.self_training is None:
            raise InputError("self_training: the arm self-trained needs this block; it may be empty, `{}`")
        in_rounds = [arm for arm in self.arms if arm in IN_ROUNDS]
        if in_rounds and self.synthetic.rounds is None:
            raise InputError(f"synthetic.rounds: say in how many rounds the patches of {in_rounds[0]} come")
        if in_rounds:
            check_balance(in_rounds[0], self.synthetic.balance)
            if self.synthetic.count < 2 * (self.synthetic.rounds or 0):
                raise InputError(
                    f"synthetic.count: {self.synthetic.count} patches are fewer than two for each of "
                    f"{self.synthetic.rounds} rounds"
                )
        for name in (*self.synthetic.balance, *(self.synthetic.weights or ()), *self.rare):
            check_class(name)
        if len(self.sets) < len(self.class_sets):
            raise InputError("class_sets: no two may have the same number of classes")
        if any(not weight >= 0 for weight in (self.synthetic.weights or {}).values()):
            raise InputError(f"synthetic.weights must not be negative: {self.synthetic.weights}")
        if any(weight < 0 for weight in self.rare.values()) or sum(self.rare.values()) > 1 + 1e-9:
            raise InputError(f"rare: weights must not be negative nor sum to more than 1: {self.rare}")
        if bool(self.rare) != (self.crops == "rare"):
            raise InputError("rare needs crops: rare, and crops: rare needs rare, a weight for each class")
        if any(a < b for a, b in zip(self.synthetic.shape_vx, self.training.patch_vx, strict=True)):
            raise InputError(
                f"synthetic.shape_vx {self.synthetic.shape_vx} must not be smaller than "
                f"training.patch_vx {self.training.patch_vx}"
            )
        return self

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out self-training where there is none, as with the rounds of synthetic patches."""
        return {key: v for key, v in handler(self).items() if (key, v) != ("self_training", None)}

    def with_sections(self, real: str | None, split: str | None, how: Reading = PLAIN) -> "ExperimentConfig":
        """Take the folder, the split and how it is read, where the command line gave any."""
        given: dict[str, Any] = {} if real is None else {"real": real}
        if split is not None:
            given |= {"split": split, "train": None, "test": None}
        if how != PLAIN:
            given |= {"reading": how}
        return self.model_copy(update=given)

    @property
    def sets(self) -> dict[int, tuple[str, ...]]:
        """The classes of each set, by their number."""
        lists = [CLASS_SETS[own] if isinstance(own, int) else own for own in self.class_sets]
        return {len(classes): classes for classes in lists}

    @property
    def classes(self) -> tuple[str, ...]:
        """What synthetic patches are labelled for: the classes of EPFL6, and what sets have beside them."""
        return united(CLASSES, *self.sets.values())

    @property
    def budgets(self) -> tuple[float, ...]:
        """The numbers of steps, epochs or minutes, whichever is given."""
        return self.steps or self.epochs or self.minutes or ()

    @property
    def first_model(self) -> str | None:
        """The model that an arm starts from; None where all start from fresh weights."""
        takes = any(arm in FROM_A_MODEL for arm in self.arms) and self.pretrained.init != SYNTHETIC
        return self.pretrained.init if takes else None

    def pastes(self, arm: Arm) -> bool:
        """Tell whether an arm learns from versions of real sections with things set in."""
        return arm == "pasted" or (arm in REFINED and self.pretrained.pasted)

    @property
    def needs_pasted(self) -> bool:
        """Whether any arm learns from such versions."""
        return any(self.pastes(arm) for arm in self.arms)

    @property
    def needs_patches(self) -> bool:
        """Whether any arm trains or validates on synthetic patches."""
        start = self.pretrained
        first = start.init == SYNTHETIC or any(start.fraction)
        return any(arm not in OWN_PATCHES and (arm not in REFINED or first) for arm in self.arms)

    def training_for(
        self, class_set: int, steps: int, seed: int, init: str | None = None, arm: Arm = "real"
    ) -> TrainConfig:
        """Return the configuration of one run of an arm, which may start from a model."""
        augment = self.training.augment
        if arm == "augmented":
            augment = augment.model_copy(update={"microscope": self.augmented})
        update = {
            "classes": self.sets[class_set],
            "steps": steps,
            "seed": seed,
            "init": init,
            "augment": augment,
        }
        if arm == "self-trained" and self.self_training is not None:
            update["ema"] = self.self_training.ema
        every = min(self.training.check_every, steps)
        return self.training.model_copy(update={**update, "check_every": every})


_SHIPPED = "experiments/*.yaml"


def experiment_names() -> list[str]:
    """Return the names of the shipped experiments."""
    return shipped_names(_SHIPPED)


def load_experiment(name: str | Path) -> ExperimentConfig:
    """Read a shipped experiment by its name, or a YAML file.

    Raises
    ------
    UnknownNameError
        Where it is neither.
    InputError
        Where the file cannot be read, or a key or value is not understood.
    """
    path = shipped_or_file("experiment", name, _SHIPPED)
    values, text = read_yaml(path), read_yaml(path, as_text=True)
    # names are text as they are written: 0002 is no number
    values |= {key: text[key] for key in ("train", "test", "split") if values.get(key) is not None}
    return parse(ExperimentConfig, values, str(path))
