"""What the arms ``pretrained`` and ``adapted`` start from: a model, or a first half on synthetic patches."""

from typing import Any

from synthem.experiment.arms import FROM_A_MODEL, IN_ROUNDS, REFINED, Arm
from synthem.experiment.config import ExperimentConfig
from synthem.learning.config import TrainConfig
from synthem.preset.yaml_file import parse


def with_its_network(config: ExperimentConfig) -> ExperimentConfig:
    """Return the experiment with the network of the model that an arm starts from, for all its arms.

    Raises
    ------
    UnknownNameError
        Where a name is no shipped model's.
    InputError
        Where there is no such file, or it is no model; or ``training`` asks for another network, or for
        crops that the model's network cannot take.
    """
    from synthem.learning.network.start import with_network_of_init

    if config.first_model is None:
        return config
    asked = config.training.model_copy(update={"init": config.first_model})
    training = with_network_of_init(asked).model_copy(update={"init": None})
    parse(TrainConfig, training.model_dump(), f"training, with the network of {config.first_model}")
    return config.model_copy(update={"training": training})


def identity_of_start(config: ExperimentConfig, arm: Arm) -> dict[str, Any]:
    """Return what decides, beside all that arms have in common, what an arm starts from and sees."""
    from synthem.learning.network.model_file import load_model
    from synthem.learning.network.start import weights_hash

    if arm == "augmented":
        return {"augmented": config.augmented.model_dump(mode="json")}
    if arm in IN_ROUNDS:
        return {"synthetic.rounds": config.synthetic.rounds}
    if arm not in FROM_A_MODEL:
        return {}
    first = config.first_model
    start: dict[str, Any] = {
        "pretrained.init": config.pretrained.init if first is None else weights_hash(load_model(first))
    }
    if arm in REFINED:
        start |= {"pretrained.fraction": config.pretrained.fraction}
    if arm == "self-trained" and config.self_training is not None:
        how = config.self_training.model_dump(mode="json", exclude={"unlabelled", "folder"})
        start |= {"self_training": how}
    return start


def notes_of_start(config: ExperimentConfig) -> list[str]:
    """Say what a reader must know of a model that an arm starts from, a sentence each."""
    from synthem.learning.network.model_file import load_model
    from synthem.learning.network.start import unmatched_classes, weights_hash

    notes: list[str] = []
    if config.first_model is None:
        return notes
    model = load_model(config.first_model)
    card = model.card
    taking = [f"`{arm}`" for arm in config.arms if arm in FROM_A_MODEL]
    arms = f"{' and '.join(taking)} start{'s' if len(taking) == 1 else ''}"
    notes.append(
        f"{arms} from {config.first_model}, a network that was trained before, for {model.steps} steps "
        f"that the other arms do not have (weights {weights_hash(model)[:12]})"
    )
    wanted = dict.fromkeys(name for own in config.sets.values() for name in own)
    if new := unmatched_classes(model, tuple(wanted)):
        notes.append(f"{config.first_model} never learned {', '.join(new)}: {arms} start afresh with these")
    if any(abs(a - b) > 0.1 * b for a, b in zip(card.voxel_nm, config.voxel_nm, strict=True)):
        sizes = [" × ".join(f"{edge:g}" for edge in size) for size in (card.voxel_nm, config.voxel_nm)]
        notes.append(
            f"{config.first_model} was trained on voxels of {sizes[0]} nm; here they are {sizes[1]} nm"
        )
    return notes
