"""Anatomy as geometry: nanometres in, signed distances (nm, negative inside) and object ids out."""

from shapes.grid import Grid

__all__ = ["Grid"]
