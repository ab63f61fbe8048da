"""Labels from geometry: what an annotator would draw on a scene, and the instance ids beside it."""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from shapes.neurites.population import AXON, DENDRITE, GLIA, MYELINATED, SOMA
from shapes.synapses import psd
from synthem.labels import CELLS, CLASSES
from synthem.preset.anatomy import Annotation
from synthem.scene.scene import Scene

NEURITE = "neurite"
Masks = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.int32]
_OUTLINE_NM = 6.0  # no label runs farther outside its object
_OVER_PSD = ("sheath", "mitochondrion", "vesicle")
_VESICLE_FIRST = ("psd", "membrane")
PARTS = {"mito_boundary": "mitochondrion", "cleft": "psd"}
"""Classes that are a part of what has ids, or lie beside it."""


def _inside(name: str) -> Callable[["Annotator"], Masks]:
    """Return the rule of what is inside of an organelle's surface."""
    return lambda seen: seen.scene.layers[name].distance_nm < 0


def _cells(*kinds: int) -> Callable[["Annotator"], Masks]:
    """Return the rule of cells of some kinds: all of each, up to the middle of the gap to its neighbour."""

    def rule(seen: "Annotator") -> Masks:
        own = np.append(np.isin(seen.scene.neurites.kinds, kinds), GLIA in kinds)  # what fills gaps is glia
        return own[seen.scene.partition.index]

    return rule


def _mito_boundary(seen: "Annotator") -> Masks:
    params, mito = seen.scene.anatomy.mitochondrion, seen.scene.layers["mitochondrion"].distance_nm
    return np.zeros(mito.shape, np.bool_) if params is None else (mito < 0) & (mito > -params.boundary_nm)


def _vesicle(seen: "Annotator") -> Masks:
    return seen.scene.layers["vesicle"].distance_nm < seen.rules.vesicle_margin_nm


def _psd(seen: "Annotator") -> Masks:
    scene, most = seen.scene, seen.rules.psd_en_face
    drawn = scene.layers["psd"].distance_nm < 0
    if most < 1 and scene.anatomy.psd is not None:
        unseen = psd.en_face(scene.objects["psd"], scene.neurites, most, scene.anatomy.psd)
        drawn &= ~np.isin(scene.layers["psd"].ids, unseen)
    return _free(drawn, seen, _OVER_PSD)


def _membrane(seen: "Annotator") -> Masks:
    return _free(seen.scene.partition.depth_nm < seen.rules.membrane_width_nm / 2, seen, (*_OVER_PSD, "psd"))


def _free(mask: Masks, seen: "Annotator", above: Sequence[str]) -> Masks:
    """Take what other classes claim out of a mask, in place."""
    for name in above:
        mask &= ~seen.sheetwise(name)
    return mask


def _cleft(seen: "Annotator") -> Masks:
    """Return the gap between the membranes of a synapse, drawn to the middle of each: within its disc."""
    walls = seen.scene.anatomy.membranes
    return np.abs(seen.scene.layers["psd"].detail_nm) < (walls.gap_nm + walls.bilayer_nm) / 2


RULES: dict[str, Callable[["Annotator"], Masks]] = {
    "mitochondrion": _inside("mitochondrion"),
    "mito_boundary": _mito_boundary,
    "membrane": _membrane,
    "psd": _psd,
    "vesicle": _vesicle,
    "sheath": _inside("sheath"),
    "cleft": _cleft,
    "axon": _cells(AXON, MYELINATED),
    "dendrite": _cells(DENDRITE),
    "glia": _cells(GLIA),
    "soma": _cells(SOMA),
}
"""How a class is drawn on each sheet of a scene. Any other organelle is drawn as what is inside its surface.

No rule knows which other classes were asked for."""


class Annotator:
    """Draws a scene's classes, each once, and hands out ids.

    Parameters
    ----------
    scene : Scene
        Each section of it is several sheets.
    rules : Annotation
        Which classes, in which order, and where the lines run.
    sheets : int
        How many sheets make a section.
    """

    def __init__(self, scene: Scene, rules: Annotation, sheets: int = 1) -> None:
        self.scene, self.rules, self.sheets = scene, rules, sheets
        self._drawn: dict[str, Masks] = {}
        self._labels: dict[str, Masks] = {}

    def sheetwise(self, name: str) -> Masks:
        """Return a class on each sheet, bool (z · sheets, y, x)."""
        if name not in self._drawn:
            self._drawn[name] = RULES.get(name, _inside(name))(self)
        return self._drawn[name]

    def label(self, name: str) -> Masks:
        """Return a class in each section, bool (z, y, x)."""
        if name not in self._labels:
            self._labels[name] = self._section(name)
        return self._labels[name]

    def _section(self, name: str) -> Masks:
        drawn, sheets = self.sheetwise(name), self.sheets
        if sheets == 1:
            return drawn
        middle: Masks = _sheets(drawn, sheets)[:, middle_first(sheets)[0]]
        if name in CELLS:  # so that they fill a section, and agree with the ids of neurites
            return middle
        if name == "membrane" and self.rules.membrane_followed > 0:
            most = self._followed()
        else:
            most = self._most(name)
        if name not in CLASSES:  # it may be thinner than a section, and would break up
            return most | middle
        if name == "vesicle":
            most |= self._vesicles_middle
        if name in _VESICLE_FIRST:
            most &= ~self._vesicles_middle
        return most

    def _most(self, name: str) -> Masks:
        """Return where most of a section's sheets show a class."""
        most: Masks = _sheets(self.sheetwise(name), self.sheets).sum(1) * 2 > self.sheets
        return most

    def _followed(self) -> Masks:
        """Return where a membrane passes through the middle part of a section that the rules name."""
        part, grid = self.scene.partition, self.scene.grid
        half = np.float32(self.rules.membrane_width_nm / 2)
        count = max(1, math.ceil(self.rules.membrane_followed * self.sheets - 1e-9))
        shown = np.zeros((grid.shape[0] // self.sheets, *grid.shape[1:]), np.bool_)
        for k in middle_first(self.sheets)[:count]:
            # anywhere in a sheet: so that what lies obliquely is one band, without gaps between sheets
            wide = half + np.float32(grid.voxel_nm[0] / 2) * part.tilt[k :: self.sheets]
            shown |= part.depth_nm[k :: self.sheets] < wide
        for name in (*_OVER_PSD, "psd"):
            shown &= ~self._most(name)
        return shown

    @property
    def _vesicles_middle(self) -> Masks:
        """Where a section's sheets show a vesicle cut through its middle, bool (z, y, x)."""
        if "vesicle middle" not in self._labels:
            layer = self.scene.layers["vesicle"]
            if layer.middle.size:
                cut = layer.middle & (layer.distance_nm < self.rules.vesicle_margin_nm)
                seen = np.asarray(_sheets(cut, self.sheets).any(1))
                seen[self._most("mitochondrion") | self._most("sheath")] = False
            else:
                z, y, x = self.scene.grid.shape
                seen = np.zeros((z // self.sheets, y, x), np.bool_)
            self._labels["vesicle middle"] = seen
        return self._labels["vesicle middle"]

    def labels(self) -> Masks:
        """Return the classes that were asked for, bool (class, z, y, x)."""
        z, y, x = self.scene.grid.shape
        out = np.empty((len(self.rules.classes), z // self.sheets, y, x), np.bool_)
        for mask, name in zip(out, self.rules.classes, strict=True):
            mask[:] = self.label(name)
        return out

    def ids(self) -> dict[str, Ids]:
        """Return ids of objects: see ``instances``."""
        layers = self.scene.layers
        out = {
            name: _first_from_middle(layers[name].ids * (layers[name].distance_nm < _OUTLINE_NM), self.sheets)
            * self.label(name)
            for name in with_ids(self.rules.classes, layers)
            if name in layers
        }
        if "cleft" in self.rules.classes:
            out["cleft"] = _first_from_middle(layers["psd"].ids * _cleft(self), self.sheets) * self.label(
                "cleft"
            )
        for name in self.rules.also:
            if name not in out:
                ids = layers[name].ids * (layers[name].distance_nm < 0)
                over = np.any([self.label(cls) for cls in CLASSES], axis=0)
                out[name] = _first_from_middle(ids, self.sheets) * (self._most(name) & ~over)
        owners = np.append(self.scene.neurites.ids, np.int32(2**31 - 1))
        out[NEURITE] = _first_from_middle(owners[self.scene.partition.index], self.sheets)
        return out


def annotate(scene: Scene, rules: Annotation, sheets: int = 1) -> Masks:
    """Return bool (class, z, y, x) labels of the classes that the rules ask for, in their order.

    A section of several sheets is labelled as most of its sheets are; a membrane wherever it passes through
    the middle part of one that ``rules.membrane_followed`` names. A vesicle, which may be smaller than a
    section is thick, is labelled at its full width in the section that holds its middle, too: there at least
    half of it lies, and shows at half of its contrast or more. A mitochondrion includes its boundary; a PSD
    and a sheath take their voxels from the membrane, whether or not they are asked for. Membrane is the outer
    membrane of cells alone: the envelope of a nucleus, like all in it, is no membrane. What is none of the
    six, and may be thinner than a section, is labelled where the sheet nearest to the middle shows it, too.

    A cleft is what lies within half of the gap and half of a bilayer from the middle between a synapse's two
    membranes: to the middle of either of them, on both sides, within the outline of its density. Kinds of
    cells are those of the sheet nearest to the middle, as the ids of neurites are: together they are the
    whole section.
    """
    return Annotator(scene, rules, sheets).labels()


def instances(scene: Scene, rules: Annotation, sheets: int = 1) -> dict[str, Ids]:
    """Return int32 (z, y, x) ids: of each class that has objects, in its label; of the neurite everywhere.

    A boundary comes with the ids of its mitochondrion and a cleft with those of its density, which are its
    own, too. In a section of several sheets the sheet nearest to the middle that shows an object counts.
    Glia's thin processes are one cell to us: they carry the largest id, 2³¹ − 1. ``rules.also`` names kinds
    that are no class: their ids stand where most of a section's sheets show one, and none of
    ``synthem.CLASSES`` lies over it.
    """
    return Annotator(scene, rules, sheets).ids()


def with_ids(classes: Sequence[str], organelles: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of objects that have ids where some classes are labelled, but for neurites."""
    asked = {*classes, *(PARTS[name] for name in classes if name in PARTS)}
    more = ("cleft",) if "cleft" in classes else ()
    return (*(name for name in organelles if name in asked), *more)


def middle_first(sheets: int) -> list[int]:
    """Return the sheets of a section, the one nearest to its middle first."""
    return sorted(range(sheets), key=lambda k: (abs(k - (sheets - 1) / 2), k))


def _sheets(values: Masks, sheets: int) -> Masks:
    return values.reshape(-1, sheets, *values.shape[1:])


def _first_from_middle(ids: Ids, sheets: int) -> Ids:
    """Reduce the ids of each section's sheets to the first that is not 0, from the middle sheet outwards."""
    if sheets == 1:
        return ids
    parts = ids.reshape(-1, sheets, *ids.shape[1:])
    order = middle_first(sheets)
    out = parts[:, order[0]].copy()
    for k in order[1:]:
        np.copyto(out, parts[:, k], where=out == 0)
    return out
