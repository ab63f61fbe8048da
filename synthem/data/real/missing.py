"""Libraries that only some files need."""

from importlib import import_module
from typing import Any

from shapes.core.errors import InputError


def library(name: str, extra: str) -> Any:
    """Import a library of an extra; InputError that says how to install it, where it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise InputError(
            f"{name} is not installed, and such files need it: pip install 'synthem[{extra}]'"
        ) from error
