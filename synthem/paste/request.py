"""What is asked of a pasting: which classes, how many or what shares, and the seed."""

from collections.abc import Mapping

from pydantic import field_validator, model_validator

from shapes.core.errors import InputError, UnknownNameError
from shapes.core.frozen import Frozen
from synthem.labels import check_class
from synthem.paste.things import KINDS
from synthem.preset.anatomy import lacks
from synthem.preset.preset import Preset, load_preset

USUAL = ("psd", "vesicle", "sheath")
"""What is set in where nothing else is asked for."""
MOST = 200
"""Things of one kind in one section, at most."""


class Request(Frozen):
    """What was asked for; equal requests of equal sections give the same bytes.

    Attributes
    ----------
    preset : str
        A preset's name or file: its anatomy gives sizes, its microscope greys and blur.
    classes : tuple of str
        What is set in, of ``KINDS``. Synapses bring vesicles where both are asked for.
    per_section : int
        Things of each class in a section, where there is room; not counted where there is a balance.
    balance : mapping of str to float
        Wanted shares of pixels by class, over all sections together.
    seed : int
    copied : bool
        Whether densities, vesicles and mitochondria are cut from real sections in place of drawn ones.
    """

    preset: str
    classes: tuple[str, ...] = USUAL
    per_section: int = 3
    balance: Mapping[str, float] = {}
    seed: int = 0
    copied: bool = False

    @field_validator("classes")
    @classmethod
    def _can_be_set(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        for name in classes:
            if name not in KINDS:
                raise UnknownNameError("class to paste", name, KINDS)
        if not classes or len(set(classes)) < len(classes):
            raise InputError(f"classes to paste must be at least one, each named once, not {list(classes)}")
        return classes

    @model_validator(mode="after")
    def _agree(self) -> "Request":
        if not 0 <= self.seed < 2**63:
            raise InputError(f"seed: must lie between 0 and 2^63 - 1, not {self.seed}")
        if not 1 <= self.per_section <= MOST:
            raise InputError(f"per-section: 1 to {MOST} things of a class, not {self.per_section}")
        for name, share in self.balance.items():
            if check_class(name) not in self.classes:
                raise InputError(f"balance: {name} is not pasted; pasted are {', '.join(self.classes)}")
            if not 0 < share < 1:
                raise InputError(f"balance: the share of {name} must lie between 0 and 1, not {share}")
        if self.copied and "sheath" in self.classes:
            raise InputError(
                "copy: a sheath fits no other axon than its own; copied are psd, vesicle and mitochondrion"
            )
        return self

    def tissue(self) -> Preset:
        """Return the preset; InputError where its tissue lacks what is to be pasted."""
        preset = load_preset(self.preset)
        missing = [name for name in self.classes if lacks(preset.anatomy, name)]
        if missing:
            raise InputError(f"paste: the tissue of {preset.name} has none of {', '.join(missing)}")
        return preset
