"""How an experiment was done, in sentences for its reports, with Markdown's signs for code and stress."""

from collections.abc import Sequence

from synthem.experiment.arms import IN_ROUNDS
from synthem.experiment.blocks import EDGE_PX
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.gains import LEAST_COLUMNS, Comparison
from synthem.experiment.report.rounds import about_rounds
from synthem.experiment.seen import what_it_saw
from synthem.experiment.sources import SYNTHETIC
from synthem.learning.crops.share import share_text
from synthem.preset.preset import Preset


def count_labelled(data: Data) -> int:
    """Count the real sections whose labels the arms learn from, or choose their models by."""
    return len({patch.name for patch in (*data.train, *data.validation)})


def method(config: ExperimentConfig, data: Data, preset: Preset) -> list[str]:
    """Say what was trained, on what, and how it is scored."""
    training, start = config.training, config.pretrained
    size = " × ".join(map(str, training.patch_vx))
    sentences = [
        f"{len(data.train)} training sections, {len(data.validation)} held out at their far end to choose "
        f"the best model by, and {len(data.test)} test sections, which are scored once, at the end.",
    ]
    if config.needs_patches:
        sentences += _patches(config, data, preset)
    elif set(config.arms) & set(IN_ROUNDS):
        sentences.append(what_it_saw(preset))
    sentences.append(
        f"Arms: {', '.join(config.arms)}; all with the same network and steps. Crops of {size} voxels, "
        f"{training.batch} a step; {training.optimiser}, rate {training.lr:g}, "
        f"{training.schedule.replace('_', ' ')}."
    )
    if "augmented" in config.arms:
        sentences.append(
            "The arm `augmented` is `real` with its crops seen through other microscopes, of strength "
            f"{config.augmented.strength:g}: see `synthem.augment`."
        )
    sentences += about_rounds(config)
    if "pretrained" in config.arms:
        share = (
            f", of which a share of {share_text(start.fraction)} is synthetic" if any(start.fraction) else ""
        )
        first = (
            "its first half of steps, on synthetic patches," if start.init == SYNTHETIC else f"`{start.init}`"
        )
        sentences.append(f"The arm `pretrained` starts from {first} and goes on with real crops{share}.")
    if pasting := [f"`{arm}`" for arm in config.arms if config.pastes(arm)]:
        sentences.append(
            f"Beside the real sections {' and '.join(pasting)} learn{'s' if len(pasting) == 1 else ''} from "
            f"{config.pasted.versions} of each with {', '.join(config.pasted.classes)} of preset "
            f"`{preset.name}` set in."
        )
    if "self-trained" in config.arms and config.self_training is not None:
        own = config.self_training
        sentences.append(
            "The arm `self-trained` is as `pretrained` would be, and learns on images of "
            f"{len(data.unlabelled)} sections, whose labels are never read, what the average of its weights "
            f"is sure of (above {own.confidence:g}); not while shares or median sizes that it finds there "
            f"differ from those of the labels by more than a factor of {own.within:g}."
        )
    return [
        *sentences,
        "Dice = 2 TP / (2 TP + FP + FN) of the counts of all test sections together. A dash is a class that "
        "neither truth nor prediction holds; support is the number of its voxels in the truth. The mean is "
        "over the classes that the truth holds.",
    ]


def _patches(config: ExperimentConfig, data: Data, preset: Preset) -> list[str]:
    return [
        f"{len(data.synthetic)} synthetic patches of preset `{config.synthetic.preset}` to train on, and "
        f"{len(data.synthetic_validation)} more, by which arms without a real label choose their model.",
        what_it_saw(preset),
        "Where crops of both kinds are mixed, a class that one of the sources never holds, but for a few "
        f"stray pixels, is {config.absent} in its crops.",
    ]


def about_intervals(comparisons: Sequence[Comparison]) -> list[str]:
    """Say what the intervals hold; nothing where no gain is told."""
    gains = [gain for c in comparisons for row in c.rows for gain in row.gain.values()]
    if not gains:
        return []
    columns, seeds = max(gain.columns for gain in gains), max(gain.seeds for gain in gains)
    drawn = "seeds and columns of tissue together" if seeds > 1 else "columns of tissue"
    lines = [
        "Gains are over the arm `real` at the same seed. Brackets are 95 % intervals from a bootstrap over "
        f"{drawn}, drawn alike for both arms. A column is the same block, about {EDGE_PX} pixels wide, of "
        f"all sections that are neighbours, as these are near copies; {columns} hold any class. One that "
        f"fewer than {LEAST_COLUMNS} hold has no interval. Each interval is for itself: of twenty that "
        "should hold zero, one does not."
    ]
    if seeds == 1:
        lines.append(
            "With one seed, the intervals are over tissue alone: how much another training of the same arm "
            "would differ is not in them."
        )
    return lines
