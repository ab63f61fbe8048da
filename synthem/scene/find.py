"""Where to look: the places of objects of one class, nearest first, found without scanning the world."""

import heapq
import math
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.cells import sheaths
from shapes.core.errors import InputError
from shapes.core.grid import Grid
from shapes.core.warp import FARTHEST, warp_window, world_points
from shapes.neurites.grow import grow
from shapes.neurites.population import MYELINATED, SOMA
from synthem.labels import CELLS, check_class
from synthem.preset.anatomy import Anatomy
from synthem.scene.annotate import PARTS
from synthem.scene.middles import at_home, span_of
from synthem.scene.scene import GENERATORS, place_objects, populations

Place = tuple[float, float, float]
BLOCK_NM = {"psd": 3200.0, "sheath": 8000.0, "nucleus": 16000.0}
"""Edge of the blocks that are searched one by one; rare kinds are searched in larger blocks."""
_COMMON_BLOCK_NM = 1600.0
EMPTY_BLOCKS = 400
"""So many blocks without a single object end a search."""
_COARSE_NM = 100.0
NEEDS = {
    "mitochondrion": ("sheath",),
    "vesicle": ("psd", "mitochondrion", "sheath", "t_bar", "ribbon"),
    "psd": ("mitochondrion", "sheath"),
    "sheath": (),
    "nucleus": (),
}
"""Kinds that decide on where objects of a kind may lie; all others are left out of a search. Of kinds that
are not named, those do that are placed earlier."""


class Found(NamedTuple):
    """An object, or a stretch of a sheath: its middle, and where its first and last sections show it.

    ``place``, ``low`` and ``high`` are world places (z, y, x) in nm: a section that shows the object lies
    between the z of the last two, and shows it about where the line through the three passes. It may reach
    less far than that, never much farther. ``id`` is its instance id.
    """

    place: Place
    low: Place
    high: Place
    id: int

    @property
    def extent_nm(self) -> float:
        """How far it reaches along z."""
        return self.high[0] - self.low[0]

    def at(self, z_nm: float) -> Place:
        """Return where a section at some height shows it; beyond its ends, where the nearer end is."""
        heights = (self.low[0], self.place[0], self.high[0])
        y, x = (float(np.interp(z_nm, heights, (self.low[a], self.place[a], self.high[a]))) for a in (1, 2))
        return z_nm, y, x


def find(
    anatomy: Anatomy, seed: int, kind: str, near_nm: Place = (0.0, 0.0, 0.0), psd_en_face: float = 1.0
) -> Iterator[Place]:
    """Yield world places (z, y, x) in nm of objects of a class, nearest first.

    Tissue is drawn block after block around ``near_nm``, only as far out as places are asked for. There is no
    end of places, unless the objects are so rare that ``EMPTY_BLOCKS`` blocks in a row hold none. Densities
    that face the section more than ``psd_en_face`` are left out, as ``Annotation`` leaves them out.

    Raises
    ------
    UnknownNameError
        Where ``kind`` is no class.
    InputError
        Where the anatomy has no objects of that class, the class is everywhere, or it has no objects.
    """
    most = psd_en_face if kind == "psd" else 1.0
    return _nearest_first(anatomy, seed, _source(anatomy, kind), near_nm, most)


def block_nm(kind: str) -> float:
    """Return the edge of the blocks of the world that are searched for a class, one by one."""
    return BLOCK_NM.get(kind, _COMMON_BLOCK_NM)


def find_in_block(
    anatomy: Anatomy, seed: int, kind: str, block: tuple[int, ...], psd_en_face: float = 1.0
) -> list[Found]:
    """Return the objects of a class whose middles lie in one block, counted (z, y, x) from the origin.

    Raises
    ------
    UnknownNameError, InputError
        As ``find`` does.
    """
    edge = block_nm(source := _source(anatomy, kind))
    most = psd_en_face if kind == "psd" else 1.0
    return list(_objects(anatomy, seed, source, np.array(block) * edge, edge, most))


def _source(anatomy: Anatomy, kind: str) -> str:
    """Return the kind of object that is to be looked for."""
    check_class(kind)
    if kind == "membrane":
        raise InputError("find: membranes are everywhere; look for another class")
    if kind in CELLS:
        whole = "look for its nucleus" if kind == "soma" else "look for what is in it"
        raise InputError(f"find: {kind} is a kind of cell, which has no place of its own; {whole}")
    source = PARTS.get(kind, kind)
    if source not in classes_made(anatomy):
        raise InputError(f"find: this anatomy has no {source}; the preset leaves it out")
    return source


def classes_made(anatomy: Anatomy) -> frozenset[str]:
    """Return the kinds that have objects in a tissue of this anatomy; membranes are everywhere."""
    axons, dendrites, wrapped = anatomy.axons, anatomy.dendrites, anatomy.myelinated
    some_dendrites = dendrites is not None and dendrites.chance > 0
    some_wrapped = wrapped is not None and wrapped.chance > 0
    some_somata = anatomy.somata is not None and anatomy.somata.chance > 0
    boutons = axons.chance * axons.bouton_chance if axons else 0.0
    swellings = axons.chance * axons.swelling_chance if axons else 0.0
    made = {
        "mitochondrion": (m := anatomy.mitochondrion) is not None
        and (
            swellings + boutons * m.bouton_chance > 0
            or (m.dendrite_chance > 0 and (some_dendrites or some_wrapped))
            or (m.somata_per_um3 > 0 and some_somata)
        ),
        "psd": (p := anatomy.psd) is not None and p.chance * boutons > 0 and some_dendrites,
        "vesicle": (v := anatomy.vesicle) is not None and boutons + v.loose_chance > 0,
        "sheath": anatomy.sheath is not None and some_wrapped,
    }
    made |= {name: getattr(anatomy, name) is not None for name in GENERATORS if name not in made}
    return frozenset(name for name, some in made.items() if some)


def _nearest_first(anatomy: Anatomy, seed: int, source: str, near_nm: Place, most: float) -> Iterator[Place]:
    edge = block_nm(source)
    found: list[tuple[float, Found]] = []
    empty = 0
    for closest_nm, block in _blocks(near_nm, edge):
        # no later block is nearer than this one
        while found and found[0][0] <= closest_nm:
            yield heapq.heappop(found)[1].place
        before = len(found)
        for one in _objects(anatomy, seed, source, np.array(block) * edge, edge, most):
            heapq.heappush(found, (math.dist(one.place, near_nm), one))
        empty = empty + 1 if len(found) == before else 0
        if empty == EMPTY_BLOCKS:
            break
    while found:
        yield heapq.heappop(found)[1].place


def _blocks(near_nm: Place, edge: float) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Yield all blocks of the world with their least distance from a place, in the order of that distance."""
    home = [math.floor(n / edge) for n in near_nm]
    waiting: list[tuple[float, tuple[int, ...]]] = []
    shell = 0
    while True:
        for step in product(range(-shell, shell + 1), repeat=3):
            if max(map(abs, step)) == shell:
                block = tuple(h + s for h, s in zip(home, step, strict=True))
                gaps = [
                    max(b * edge - n, n - (b + 1) * edge, 0.0) for b, n in zip(block, near_nm, strict=True)
                ]
                heapq.heappush(waiting, (math.hypot(*gaps), block))
        # every block of the next shell is at least this far away
        while waiting and waiting[0][0] <= shell * edge:
            yield heapq.heappop(waiting)
        shell += 1


def _objects(
    anatomy: Anatomy, seed: int, source: str, low: npt.NDArray[np.float64], edge: float, most: float
) -> Iterator[Found]:
    """Yield the objects whose middle lies in one block of the world."""
    rim = FARTHEST * anatomy.warp.amplitude_nm
    tissue = None
    if source == "sheath" and anatomy.sheath is not None:
        only = {name: part for name, part in populations(anatomy).items() if part[0] in (MYELINATED, SOMA)}
        things: Any = sheaths.thicknesses(
            seed, grow(seed, only, low - rim, low + edge + rim, 0.0, drift=anatomy.drift), anatomy.sheath
        )
    else:
        order = list(GENERATORS)
        needs = NEEDS.get(source, order[: order.index(source)])
        # what a soma holds keeps clear of its nucleus
        idle: dict[str, Any] = {k: None for k in order if k not in (source, "nucleus", *needs)}
        if source == "nucleus":  # somata have it, and know no other cells
            idle |= dict.fromkeys(("axons", "dendrites", "myelinated", "glia"))
        step = _COARSE_NM * (10 if source == "nucleus" else 1)
        count = math.ceil(edge / step)
        z, y, x = (float(v) for v in low)
        block = Grid((count, count, count), (step,) * 3, (z, y, x)).padded((1, 1, 1))
        window = warp_window(seed, anatomy.warp, block)
        tissue, objects = place_objects(anatomy.model_copy(update=idle), seed, window)
        things = objects[source]
    if not hasattr(things, "centres_nm"):
        raise InputError(f"find: the objects of {source} tell no places; look for another class")
    near = ((things.centres_nm >= low - rim) & (things.centres_nm < low + edge + rim)).all(1)
    places = world_points(seed, anatomy.warp, things.centres_nm[near])
    here = ((places >= low) & (places < low + edge)).all(1)
    if most < 1:
        here &= np.abs(things.normals[near][:, 0]) <= most
    if tissue is not None and source not in NEEDS:
        here = at_home(tissue, things, np.flatnonzero(near), np.asarray(here))
    span = things.span if hasattr(things, "span") else span_of(things)
    tips = []
    for ball, sign in ((span.low, -1.0), (span.high, 1.0)):
        tip = world_points(seed, anatomy.warp, ball[near][here, :3])
        tip[:, 0] += sign * ball[near][here, 3]
        tips.append(tip)
    for place, first, last, who in zip(places[here], *tips, span.ids[near][here], strict=True):
        # where the tissue is bent by more than an object is deep, its ends may come the other way round
        low_end, middle, high_end = sorted(map(_triple, (place, first, last)))
        yield Found(middle, low_end, high_end, int(who))


def _triple(point: npt.NDArray[np.float64]) -> Place:
    z, y, x = point.tolist()
    return z, y, x
