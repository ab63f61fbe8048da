"""Anatomy as geometry: nanometres in, signed distances (nm, negative inside) and object ids out."""

from shapes.core.errors import InputError, UnknownNameError
from shapes.core.grid import Grid

__all__ = ["Grid", "InputError", "UnknownNameError"]
