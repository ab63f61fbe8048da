"""What a person says of how files of real EM are to be read."""

from dataclasses import dataclass, replace
from functools import cached_property

from synthem.data.real.codes import Codes, parse_codes

USUAL_NM = (5.0, 5.0, 5.0)
"""The voxel size that is taken where neither a file nor a person tells one."""


@dataclass(frozen=True)
class Reading:
    """How files are read; nothing of it is needed for most.

    Attributes
    ----------
    classes : str or None
        What the values of label maps are: see ``synthem.data.real.codes.parse_codes``.
    labels : str or None
        Where the labels are, if not where they are looked for: a file or folder, or a data set in the file of
        the images.
    channel : int or None
        Which of several channels is EM.
    volumes : bool
        Whether a stack is one volume, rather than sections.
    """

    classes: str | None = None
    labels: str | None = None
    channel: int | None = None
    volumes: bool = False

    @cached_property
    def codes(self) -> Codes | None:
        """What values of label maps are; InputError where it cannot be understood."""
        return parse_codes(self.classes) if self.classes is not None else None

    def deep(self, dims: int) -> "Reading":
        """Return the same for a network of so many dimensions: one of three learns from volumes."""
        return replace(self, volumes=True) if dims == 3 else self

    def check(self) -> None:
        """Raise InputError where what values of label maps are cannot be understood."""
        if self.classes is not None:
            parse_codes(self.classes)

    @property
    def palette(self) -> bool:
        """Whether label maps with a palette are read by its numbers, rather than by its colours."""
        return self.codes is None or not self.codes.colours


PLAIN = Reading()
"""Nothing is said."""
