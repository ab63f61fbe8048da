"""Errors that a user can mend: each message says what is wrong, where, and what is allowed."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class InputError(ValueError):
    """Something that the user gave cannot be used. The message is one sentence, fit to be shown alone."""


class UnknownNameError(InputError, KeyError):
    """A name that is not among the known ones; the message holds the nearest of them and the choices.

    Parameters
    ----------
    what : str
        The kind of thing that was named, for example ``"preset"``.
    name : str
        What the user wrote.
    known : iterable of str
        The names that would have been understood.
    aliases : mapping of str to str
        Other names that people use, in lower case, and which of the known ones they mean.
    """

    def __init__(
        self, what: str, name: str, known: Iterable[str], aliases: Mapping[str, str] | None = None
    ) -> None:
        choices = sorted(known)
        meant = {**(aliases or {}), **{choice.lower(): choice for choice in choices}}
        near = get_close_matches(name.lower(), meant, n=1, cutoff=0.5)
        hint = f"did you mean {meant[near[0]]!r}? " if near else ""
        super().__init__(f"unknown {what} {name!r}: {hint}known are {', '.join(choices) or 'none'}")

    def __str__(self) -> str:
        """Return the sentence itself; a bare KeyError would quote it."""
        return str(self.args[0])
