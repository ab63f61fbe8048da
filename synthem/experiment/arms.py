"""The arms that an experiment compares, and what some of them have in common."""

from typing import Literal

Arm = Literal[
    "real",
    "augmented",
    "synthetic",
    "mixed",
    "mixed-uniform",
    "mixed-inverse",
    "mixed-adaptive",
    "pretrained",
    "self-trained",
    "adapted",
    "pasted",
]

Allocation = Literal["uniform", "inverse", "adaptive"]

IN_ROUNDS: dict[Arm, Allocation] = {
    "mixed-uniform": "uniform",
    "mixed-inverse": "inverse",
    "mixed-adaptive": "adaptive",
}
"""Arms whose synthetic patches come in rounds, and what sets the budgets of classes in each: see
``synthem.experiment.allocation``."""

NO_REAL_LABEL: tuple[Arm, ...] = ("synthetic", "adapted")
"""Arms whose training sees no real label, so that it is the same however many labelled sections there are."""

FROM_A_MODEL: tuple[Arm, ...] = ("pretrained", "self-trained", "adapted")
"""Arms that start from the network which the block ``pretrained`` names."""

REFINED: tuple[Arm, ...] = ("pretrained", "self-trained")
"""Those of them that go on with real crops. ``self-trained`` does as ``pretrained`` does, so that what a
teacher adds can be told, and as a teacher that knows nothing yet has nothing to teach."""

REAL_ALONE: tuple[Arm, ...] = ("real", "augmented")
"""Arms of real crops alone, from fresh weights."""

OWN_PATCHES: tuple[Arm, ...] = (*REAL_ALONE, *IN_ROUNDS, "pasted")
"""Arms that need none of the synthetic patches that are made beforehand for all."""
