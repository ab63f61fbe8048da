"""What the page may ask for: every request's body, with bounds; unknown keys are refused."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shapes.core.frozen import Frozen
from synthem.studio.blind import MOST_CROPS

Seed = Annotated[int, Field(ge=0, lt=2**53)]
Place = Annotated[float, Field(ge=-1e9, le=1e9)]
Path_ = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,4}$", max_length=120)]
Name = Annotated[str, Field(pattern=r"^\w[\w-]*$", max_length=60)]
"""Of a file or a folder: letters, digits, _ and -; never a path."""
Edge = Annotated[int, Field(ge=64, le=768)]
Degrees = Annotated[float, Field(ge=-360, le=360)]


class Asked(Frozen):
    """Anything: which page asks, a random name that it gave itself."""

    client: Annotated[str, Field(pattern=r"^[\w-]{8,40}$")]


class Tuned(Asked):
    """Of the preset with these values changed, by dotted path."""

    changes: Annotated[dict[Path_, Any], Field(max_length=600, default_factory=dict)]
    seed: Seed = 0


class PictureAsked(Tuned):
    """A window after a stage of the microscope; ``z``, ``y``, ``x`` in nm are its middle."""

    z: Place = 0.0
    y: Place = 0.0
    x: Place = 0.0
    edge: Edge = 256
    stage: Literal["stain", "section", "cover", "beam", "detector", "recording", "tone"] = "tone"
    lane: Literal["tuned", "saved"] = "tuned"
    """``saved`` is the preset as it was; it does not supersede the tuned one."""


class RealAsked(Asked):
    """The crop of a number."""

    number: Seed = 0
    edge: Annotated[int, Field(ge=16, le=4096)] = 256


class FindAsked(Tuned):
    """A place where an object is, another one for each number."""

    what: Literal["psd", "sheath", "bouton", "mitochondrion"]
    number: Seed = 0


class SurfaceAsked(Tuned):
    """A volume near a place, from one side."""

    z: Place = 0.0
    y: Place = 0.0
    x: Place = 0.0
    show: Annotated[tuple[Name, ...], Field(min_length=1, max_length=12)] = (
        "psd",
        "vesicle",
        "mitochondrion",
    )
    turn: Degrees = 30.0
    rise: Degrees = 25.0


class BlindAsked(Tuned):
    """A new blind test of an even number of crops."""

    crops: Annotated[int, Field(ge=2, le=MOST_CROPS, multiple_of=2)] = 20
    edge: Annotated[int, Field(ge=64, le=384)] = 192


class AnswerAsked(Asked):
    """What a rater takes a crop for."""

    test: Annotated[str, Field(pattern=r"^[\w-]{16}$")]
    number: Annotated[int, Field(ge=0, lt=MOST_CROPS)]
    real: bool


class ResultAsked(Asked):
    """The result of a test, written to a file of a rater."""

    test: Annotated[str, Field(pattern=r"^[\w-]{16}$")]
    rater: Name


class FitAsked(Tuned):
    """A fit from the tuned preset on."""

    minutes: Annotated[float, Field(gt=0, le=600)] = 5.0
    tissues: bool = False
    masks: bool = False


class LeaveAsked(Tuned):
    """The preset as text, and the commands; its file is called ``name``."""

    name: Name = "mine"
    whole: bool = False
    count: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    balance: Annotated[
        dict[Name, Annotated[float, Field(gt=0, lt=1)]], Field(max_length=20, default_factory=dict)
    ]


class GenerateAsked(LeaveAsked):
    """A data set of the tuned preset in a new folder ``folder``."""

    folder: Name = "mine_patches"
    layout: Literal["hdf5", "png"] = "hdf5"
