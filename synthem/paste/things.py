"""What is set into a section: things, each with a place, a size, and the rows that the kernels draw it by."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, uniform
from shapes.core.table import Balls
from shapes.mitochondria.rods import ROW, Rods
from shapes.synapses.apposition import SIDES
from shapes.synapses.contacts import Contacts, Zones

KINDS = ("psd", "vesicle", "sheath", "mitochondrion")
"""Classes that can be set into a section. A thing of the kind ``psd`` may bring its vesicles."""


@dataclass(frozen=True, eq=False)
class Density:
    """A postsynaptic density: profiles before and behind it, counted from 0, and its disc.

    Lengths are in nm; ``normal`` points from the bouton to its partner, and both it and the ``middle`` are
    (z, y, x).
    """

    pre: int
    post: int
    middle_nm: npt.NDArray[np.float64]
    normal: npt.NDArray[np.float64]
    radius_nm: float
    rims_nm: npt.NDArray[np.float64]
    thickness_nm: float


@dataclass(frozen=True, eq=False)
class Wrap:
    """A sheath: the profile that it is of, counted from 0, and how thick it is."""

    profile: int
    thickness_nm: float


@dataclass(frozen=True, eq=False)
class Thing:
    """One thing to set into a section.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    id : int
        Its instance id; vesicles have their own.
    key : uint64
        The stream that it is drawn from.
    place_nm : tuple of float
        Its middle in the section, (y, x).
    size_nm : float
        Length of a density, radius of a crowd, thickness of a sheath, length of a mitochondrion.
    density, balls, wrap, rod
        What it is made of.
    owner : int
        The profile of a mitochondrion, counted from 0.
    held : bool
        Whether the bouton of a density holds real vesicles beside it.
    """

    kind: str
    id: int
    key: np.uint64
    place_nm: tuple[float, float]
    size_nm: float
    density: Density | None = None
    balls: Balls = field(default_factory=lambda: Balls.blank(0))
    wrap: Wrap | None = None
    rod: npt.NDArray[np.float64] | None = None
    owner: int = 0
    held: bool = False


def sub(key: np.uint64, value: int) -> np.uint64:
    """Return the key of a sub-stream, as ``mix`` has it, in the type that kernels take."""
    return np.uint64(mix(key, value))


def drawn(spread: Spread, key: np.uint64, k: int) -> float:
    """Return a value of a spread, from the numbers ``k`` and ``k`` + 1 of a stream."""
    return float(draw(spread.row(), uniform(key, k), normal(key, k + 1)))


def contacts_of(things: Sequence[Thing]) -> Contacts:
    """Return the densities of some things as the kernels read them."""
    some = [(thing.id, thing.density) for thing in things if thing.density is not None]
    n = len(some)
    middles, normals = np.empty((n, 3)), np.empty((n, 3))
    boutons, rims = np.zeros((n, 2), np.int32), np.empty((n, SIDES))
    for k, (_, one) in enumerate(some):
        middles[k], normals[k], rims[k], boutons[k, 0] = one.middle_nm, one.normal, one.rims_nm, one.pre
    none = Zones(np.empty((0, 2), np.int32), np.empty((0, 3)), np.empty((0, 3)))
    return Contacts(
        boutons, np.array([one.post for _, one in some], np.int32), middles, normals,
        np.array([one.radius_nm for _, one in some]), rims, np.array([one.thickness_nm for _, one in some]),
        np.array([number for number, _ in some], np.int32), 0, none,
    )  # fmt: skip


def balls_of(things: Sequence[Thing]) -> Balls:
    """Return all vesicles of some things."""
    tables = [Balls.blank(0), *(thing.balls for thing in things)]
    return Balls(
        np.concatenate([table.centres_nm for table in tables]),
        np.concatenate([table.radii_nm for table in tables]),
        np.concatenate([table.owners for table in tables]),
        np.concatenate([table.ids for table in tables]),
    )


def rods_of(things: Sequence[Thing], params: object) -> Rods:
    """Return the mitochondria of some things as the kernels read them."""
    some = [thing for thing in things if thing.rod is not None]
    points = np.array([thing.rod for thing in some]).reshape(-1, ROW, 4)
    ids = np.array([[thing.id] * 2 for thing in some], np.int32).reshape(-1, 2)
    owners = np.array([thing.owner for thing in some], np.int32)
    return Rods(points, points, owners, np.array([t.key for t in some], np.uint64), ids, 0, params)
