"""What an augmentation by the microscope may be told: how strong it is, how often and how far each kind goes.

Amounts are relative to what a section has: its own noise, sharpness and range of greys. How often and how far
is our estimate, by eye, on the training half of EPFL6's split ``rare``.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shapes.core.errors import UnknownNameError
from shapes.core.frozen import Frozen
from shapes.core.spread import Spread
from synthem.preset.defects import Chance

STRONGEST = 3.0
"""No strength is larger."""
Number = Annotated[float, Field(gt=0, le=20)]


class Kind(Frozen):
    """``chance`` is how often it is done."""

    chance: Chance = 0.05


class Elastic(Kind):
    """Bending, the same for all sections of a stack: ``amplitude_nm`` (a standard deviation).

    It is smooth over ``length`` times the shorter edge of a crop. Where it would be so steep that tissue
    folded over, it is less.
    """

    chance: Chance = 0.25
    amplitude_nm: Spread = Spread(min=3, max=20)
    length: Spread = Spread(min=0.25, max=0.6)


class Unevenness(Kind):
    """Stain that takes more or less from place to place, over ``length`` times the shorter edge of a crop.

    ``contrast`` is the fraction, ``shade`` what is added beside it as a share of the range of greys; both are
    standard deviations.
    """

    chance: Chance = 0.4
    contrast: Spread = Spread(min=0.03, max=0.15)
    shade: Spread = Spread(min=0, max=0.06)
    length: Spread = Spread(min=0.3, max=1.2)


class Blur(Kind):
    """A wider point spread: ``extra`` times the section's own, added in squares.

    Noise that the blur would take is given back: a detector is as noisy out of focus.
    """

    chance: Chance = 0.4
    extra: Spread = Spread(min=0.2, max=1)
    astigmatism: Spread = Spread(min=1, max=1.5)


class Noise(Kind):
    """More noise: ``extra`` times the section's own, added in squares.

    ``shot`` of its variance grows with the signal, ``correlated`` of it is smooth over ``correlation_vx``.
    """

    chance: Chance = 0.5
    extra: Spread = Spread(min=0.2, max=1)
    shot: Spread = Spread(min=0, max=1)
    correlated: Spread = Spread(min=0, max=0.7)
    correlation_vx: Spread = Spread(min=0.7, max=1.4)


class Curve(Kind):
    """Another curve of greys, about the section's own middle and within its own range.

    ``contrast`` and ``gamma`` are by which fraction they are higher or lower, ``brightness`` is a share of
    the range, up or down.
    """

    chance: Chance = 0.7
    contrast: Spread = Spread(min=0, max=0.3)
    brightness: Spread = Spread(min=0, max=0.15)
    gamma: Spread = Spread(min=0, max=0.35)


class Misalignment(Kind):
    """Sections of a stack that do not lie where their neighbours do: ``shift_nm`` (a standard deviation)."""

    chance: Chance = 0.3
    shift_nm: Spread = Spread(min=2, max=15)


class Event(Kind):
    """What lies here and there: ``number`` in a section of a crop, on average (Poisson)."""

    number: Number = 1.5


class Spoilt(Kind):
    """What a whole section has: ``amount`` times as strong as ``synthem.preset.defects`` has it."""

    amount: Spread = Spread(min=0.4, max=1.2)


class Loss(Kind):
    """Patches of a section that are torn off, about ``size`` times the shorter edge of a crop."""

    chance: Chance = 0.02
    size: Spread = Spread(min=0.3, max=0.8)


class MicroscopeAugment(Frozen):
    """The microscope as augmentation; ``strength`` multiplies amounts and numbers, at 0 nothing is done.

    ``elastic`` to ``crack``, and ``tile``, move masks with the image. The others change greys alone, but
    where a crack or a torn part (``loss``) shows no tissue, nothing is labelled. ``misalignment`` and
    ``drift`` are of stacks. What each of the defects is: see ``microscope.defects`` of a preset. They have
    its sizes, or smaller ones that suit the crop.
    """

    strength: float = Field(default=1.0, ge=0, le=STRONGEST)
    elastic: Elastic = Elastic()
    misalignment: Misalignment = Misalignment()
    drift: Misalignment = Misalignment(chance=0.1)
    fold: Event = Event(chance=0.03, number=1.2)
    crack: Event = Event(chance=0.03, number=1.2)
    stain: Unevenness = Unevenness()
    dust: Event = Event(chance=0.04)
    precipitate: Event = Event(chance=0.04, number=2)
    debris: Event = Event(chance=0.02)
    knife: Event = Event(number=2)
    loss: Loss = Loss()
    blur: Blur = Blur()
    noise: Noise = Noise()
    contrast_jump: Spoilt = Spoilt(chance=0.04)
    charging: Event = Event(chance=0.04)
    curtain: Spoilt = Spoilt(chance=0.06)
    tile: Spoilt = Spoilt(chance=0.04)
    lost_line: Event = Event(number=2)
    curve: Curve = Curve()

    def only(self, names: tuple[str, ...]) -> "MicroscopeAugment":
        """Return the same with these kinds alone, each done every time.

        Raises
        ------
        UnknownNameError
            Where a name is no kind.
        """
        for name in names:
            if name not in KINDS:
                raise UnknownNameError("kind of augmentation", name, KINDS)
        kinds = {k: getattr(self, k).model_copy(update={"chance": float(k in names)}) for k in KINDS}
        return self.model_copy(update=kinds)


KINDS: tuple[str, ...] = tuple(name for name in MicroscopeAugment.model_fields if name != "strength")
"""The kinds, in the order in which they act."""


def _switch(value: Any) -> Any:
    if isinstance(value, bool):
        return MicroscopeAugment() if value else None
    return value


Switch = Annotated[MicroscopeAugment | None, BeforeValidator(_switch)]
"""A setting: ``true``, ``false``, or a block of its own."""
