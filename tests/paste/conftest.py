"""Sections of a preset's tissue that stand in for real ones, and things set into them."""

from dataclasses import replace

import pytest

from shapes import Grid
from synthem.paste.request import Request
from synthem.paste.run import paste_sections
from synthem.world import World


@pytest.fixture(scope="session")
def sections():
    world = World("epfl", seed=3)
    patches = [world.patch(Grid((1, 320, 320), (5, 5, 5), (k * 9e3, 0, 3e3))) for k in range(3)]
    return [replace(p, name=f"s{k}", instances={}, clean=None, trace=None) for k, p in enumerate(patches)]


@pytest.fixture(scope="session")
def pasted(sections):
    """Sections with all but sheaths set in, and what that was."""
    kinds = ("psd", "vesicle", "mitochondrion")
    return paste_sections(sections, Request(preset="epfl", classes=kinds, per_section=6, seed=1))[:2]
