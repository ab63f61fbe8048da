"""Options that say how files of real EM are read: labels, what their values mean, channels, volumes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from synthem.data.real.reading import Reading

LabelsAt = Annotated[
    str | None,
    typer.Option(
        help="Where the labels of real EM are, if not beside it: a file, a folder, an array in a file.",
        metavar="PATH",
        show_default=False,
    ),
]
Channel = Annotated[
    int | None, typer.Option(help="Which channel is EM, of files with several.", min=0, show_default=False)
]
Volumes = Annotated[
    bool, typer.Option("--volumes", help="Take stacks of real EM as volumes, not as sections.")
]
Values = Annotated[
    str | None,
    typer.Option(
        help="What values of a label map are: 1=mitochondrion,255=ignore; or instances=CLASS.",
        metavar="VALUE=CLASS,…",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Beside:
    """How real EM is read that is looked at, and what synthetic patches are labelled for."""

    channel: Channel = None
    classes: Annotated[
        str | None,
        typer.Option(
            help="Classes to label, the preset's own by default; or what values of label maps are: "
            "1=mitochondrion.",
            metavar="[VALUE=]CLASS,…",
            show_default=False,
        ),
    ] = None

    @property
    def how(self) -> "Reading":
        """How files are read; InputError where it cannot be understood."""
        return reading(told_apart(self.classes)[0], channel=self.channel)

    @property
    def names(self) -> str | None:
        """The classes to label."""
        return told_apart(self.classes)[1]


@dataclass(frozen=True)
class Labelled:
    """How real EM with labels is read."""

    labels: LabelsAt = None
    channel: Channel = None
    classes: Values = None

    @property
    def how(self) -> "Reading":
        """How files are read; InputError where it cannot be understood."""
        return reading(self.classes, self.labels, self.channel)


@dataclass(frozen=True)
class Stacked(Labelled):
    """The same, and whether stacks are volumes."""

    volumes: Volumes = False

    @property
    def how(self) -> "Reading":
        """How files are read; InputError where it cannot be understood."""
        return reading(self.classes, self.labels, self.channel, self.volumes)


@dataclass(frozen=True)
class Files:
    """The same, where another option says what values of label maps are."""

    labels: LabelsAt = None
    channel: Channel = None
    volumes: Volumes = False

    def how(self, classes: str | None) -> "Reading":
        """Return how files are read, given what values of label maps are."""
        return reading(classes, self.labels, self.channel, self.volumes)


def reading(
    classes: str | None = None, labels: str | None = None, channel: int | None = None, volumes: bool = False
) -> "Reading":
    """Return how files are read; InputError, before any is opened, where values cannot be understood."""
    from synthem.data.real.reading import Reading

    how = Reading(classes, labels, channel, volumes)
    how.check()
    return how


def told_apart(classes: str | None) -> tuple[str | None, str | None]:
    """Return apart what stands in one option: what values of label maps are, and the classes meant."""
    if classes is None:
        return None, None
    parts = classes.split(",")
    values, names = (",".join(p for p in parts if ("=" in p) == is_value) for is_value in (True, False))
    return values or None, names or (None if values else classes)
