"""Where to look in a world: windows around a place, and places of objects."""

from itertools import islice

import numpy as np

from shapes.core.errors import InputError
from shapes.core.grid import Grid, Triple
from synthem.preset.preset import Preset
from synthem.scene.find import Place
from synthem.studio.errors import RefusedError
from synthem.studio.latest import Ticket
from synthem.world import World

SOURCES = {"psd": "psd", "sheath": "sheath", "bouton": "vesicle", "mitochondrion": "mitochondrion"}
"""What is looked for where a person asks for it: a bouton is where vesicles are."""
FAR_NM = 60_000.0
"""Places are drawn so far around the origin."""


def centred(middle_nm: Place, edge: int, voxel_nm: Triple) -> Grid:
    """Return the window of one section, of so many voxels along y and x, around a place."""
    z, y, x = middle_nm
    return Grid((1, edge, edge), voxel_nm, (z, y - edge * voxel_nm[1] / 2, x - edge * voxel_nm[2] / 2))


def place_of(preset: Preset, seed: int, what: str, number: int, ticket: Ticket) -> Place:
    """Return a place, (z, y, x) in nm, of an object; another one for each number.

    Raises
    ------
    RefusedError
        Where the tissue has none, or they are too rare.
    """
    rng = np.random.default_rng([seed, number])
    z, y, x = rng.uniform(-FAR_NM, FAR_NM, 3).tolist()
    try:
        for place in islice(World(preset, seed).find(SOURCES[what], (z, y, x)), 1):
            ticket.check()
            return place
    except InputError as error:
        if isinstance(error, RefusedError):
            raise
        raise RefusedError(422, f"this tissue has no {what}") from error
    raise RefusedError(422, f"no {what} was found: they are too rare in this tissue")
