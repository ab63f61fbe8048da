"""What a layout finds: images, each with its labels, in a form that is the same for all layouts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from synthem.data.real.reading import Reading
from synthem.data.volume import Volume


@dataclass(frozen=True)
class Case:
    """One picture or stack with its labels.

    Attributes
    ----------
    name : str
        What its sections are called after.
    image : Volume
    masks : mapping of str to Volume
        By class; those of the same shape.
    labels : Volume or None
        A label map of the same shape.
    ignored : Volume or None
        A mask of the same shape of what nobody said anything of.
    picture : bool
        Whether it is known to be one section without opening it.
    """

    name: str
    image: Volume
    masks: Mapping[str, Volume] = field(default_factory=dict)
    labels: Volume | None = None
    ignored: Volume | None = None
    picture: bool = False


class Found(NamedTuple):
    """What a layout found.

    ``layout`` says in words what it was; ``places`` where the masks of each class were looked for; and
    ``warnings`` what is odd, a sentence each.
    """

    layout: str
    cases: list[Case]
    places: Mapping[str, Path]
    warnings: list[str]


class Layout(NamedTuple):
    """One way in which people keep EM: how it is told from others, and how it is opened."""

    detect: Callable[[Path, Reading], bool]
    open: Callable[[Path, Reading], Found]
