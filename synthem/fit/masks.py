"""What masks say directly: greys, sizes and numbers by class.

Blur and noise mix the greys of thin structures, and an annotator's line is not where tissue ends. So nothing
is copied: patches are rendered, counted as the masks are, and each parameter is moved by what is off. It
converges in a few rounds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from shapes.core.errors import InputError
from shapes.core.grid import Grid, Triple
from synthem.data.real.folder import RealFolder
from synthem.data.real.layouts import read_folder
from synthem.data.real.reading import PLAIN, Reading
from synthem.fit.knobs import KNOBS
from synthem.fit.parameters import Values, get, middle_and_width, pruned, put, scaled
from synthem.measure.census import Census, census
from synthem.patch import Patch
from synthem.preset.preset import Preset, load_preset
from synthem.world import World

TURNS = 4
PATCHES = 12
LARGEST_PX = 512
LARGEST = 1.6
"""No turn changes a size or number by more than this factor …"""
FARTHEST = 1.5
"""… nor all turns together by more than this."""
WORSE, _NEAR = 1.1, 0.05
"""A turn that takes a figure farther off, in logarithms, by more than this is taken back."""
_APART_NM = 3.0e4

Law = Literal["shift", "ratio", "root"]


@dataclass(frozen=True)
class Rule:
    """How a figure of the census moves fields of the preset.

    ``shift`` adds what a grey is off, ``ratio`` multiplies by real over ours, ``root`` by its square root;
    ``strength`` makes up for what blur takes from thin structures; ``knobs`` names the parameters of the
    search that need not be searched any more.
    """

    figure: str
    paths: tuple[str, ...]
    law: Law
    strength: float = 1.0
    most: float = np.inf
    knobs: tuple[str, ...] = ()


def _grey(cls: str, *fields: str, strength: float = 1.0) -> Rule:
    paths = tuple(f"microscope.stain.{f}" for f in fields)
    return Rule(f"{cls} grey", paths, "shift", strength, 250.0, tuple(f"{f} grey" for f in fields))


_SCALE = next(knob for knob in KNOBS if knob.name == "scale of neurites")
_THICK = ("thickness of mitochondria",)
_CHANCES = ("anatomy.mitochondrion.bouton_chance", "anatomy.mitochondrion.dendrite_chance")

RULES: tuple[Rule, ...] = (
    _grey("cytoplasm", "cytoplasm", "glia"),
    _grey("membrane", "membrane", strength=1.4),
    _grey("mitochondrion", "matrix", "crista"),
    _grey("mito_boundary", "boundary", strength=1.3),
    _grey("psd", "psd", strength=1.2),
    _grey("vesicle", "vesicle", "lumen"),
    _grey("sheath", "sheath"),
    Rule("profile room", _SCALE.paths, "root", 0.9, knobs=("scale of neurites",)),
    Rule("membrane width", ("annotation.membrane_width_nm",), "ratio"),
    Rule("mito_boundary width", ("anatomy.mitochondrion.boundary_nm",), "ratio", 0.8),
    Rule("mitochondrion minor", ("anatomy.mitochondrion.radius_nm",), "ratio", 0.8, np.inf, _THICK),
    Rule("mitochondrion share", _CHANCES, "ratio", 0.7, 1.0, ("number of mitochondria",)),
    Rule("psd diameter", ("anatomy.psd.radius_nm",), "ratio", 0.8),
    Rule("psd width", ("anatomy.psd.thickness_nm",), "ratio", 0.8),
    Rule("psd density", ("anatomy.psd.chance",), "ratio", 0.8, 1.0),
    Rule("vesicle share", ("anatomy.vesicle.density",), "ratio", 0.8, 1.0, ("number of boutons",)),
    Rule("sheath share", ("anatomy.myelinated.chance",), "ratio", 0.7, 1.0),
)  # fmt: skip
"""Every figure that is taken from masks; a new one is one line."""

FIGURES: dict[str, Callable[[Census, str], float | None]] = {
    "grey": lambda c, name: _mean(c.cytoplasm if name == "cytoplasm" else c.classes[name].grey),
    "share": lambda c, name: c.classes[name].share,
    "density": lambda c, name: c.classes[name].density,
    "width": lambda c, name: _median(c.classes[name].width_nm),
    "minor": lambda c, name: _median(c.classes[name].minor_nm),
    "diameter": lambda c, name: _median(c.classes[name].diameter_nm),
    # the median area would be that of specks in hand-made masks
    "room": lambda c, name: 1 / c.profiles.density if c.profiles.density else None,
}


@dataclass(frozen=True)
class Mended:
    """A field that masks have set: the figure that it follows, what that was and is, and the new value."""

    path: str
    figure: str
    real: float
    before: float
    after: float
    new: Any
    knobs: tuple[str, ...]

    def since(self, earlier: "Mended") -> "Mended":
        """Return the same with an earlier beginning."""
        return replace(self, before=earlier.before)


def masks_of(
    root: str | Path, names: Sequence[str] | None, voxel_nm: Triple, how: Reading = PLAIN
) -> RealFolder:
    """Return real EM, or refuse it where it has no masks."""
    folder = read_folder(root, names, voxel_nm, how)
    if not folder.masks:
        raise InputError(f"{root}: no folder of masks beside the slices, such as membranes or mitochondrion")
    return folder


def fit_masks(
    start: Preset,
    root: str | Path,
    flipped: bool,
    names: Sequence[str] | None = None,
    seed: int = 0,
    greys_alone: bool = False,
    how: Reading = PLAIN,
) -> tuple[Preset, list[Mended]]:
    """Return the preset with what the masks tell, and what that is.

    Parameters
    ----------
    start : Preset
        Where to begin, at the images' voxel size.
    root : str or Path
        A folder of real EM with masks.
    flipped : bool
        Whether the images' contrast is to be turned round.
    names : sequence of str, optional
        Sections to take.
    greys_alone : bool
        Leave sizes and numbers as they are.
    how : Reading
        How the folder is read.

    Raises
    ------
    InputError
        Where the folder has no masks.
    """
    folder = masks_of(root, names, start.voxel_nm, how)
    edge = min(LARGEST_PX, *(n for patch in folder for n in patch.grid.shape[1:]))
    real = census(_upright(folder, flipped), window=(1, edge, edge))
    rules = [rule for rule in RULES if rule.law == "shift" or not greys_alone]
    values = pruned(start.model_dump())
    first = ours = _count(start, edge, seed)
    left, off = list(rules), {rule: _off(rule, ours, real) for rule in rules}
    for _ in range(TURNS):
        earlier = pruned(load_preset(values).model_dump())
        for rule in left:
            _mend(values, pruned(start.model_dump()), rule, ours, real)
        ours = _count(load_preset(values), edge, seed)
        for rule in list(left):
            # what has no room in its neurite does not grow by being larger: then back, and no further
            if rule.law != "shift" and _off(rule, ours, real) > WORSE * off[rule] + _NEAR:
                for path in rule.paths:
                    put_if(values, path, get(earlier, path))
                left.remove(rule)
            off[rule] = _off(rule, ours, real)
    old = pruned(start.model_dump())
    mended = [
        Mended(path, rule.figure, want, was, now, get(values, path), rule.knobs)
        for rule in rules
        if None not in (pair := [_figure(c, rule.figure) for c in (real, first, ours)])
        for want, was, now in [[float(p or 0.0) for p in pair]]
        for path in rule.paths
        if get(old, path) is not None
    ]
    return load_preset(values), mended


def _mend(values: Values, start: Values, rule: Rule, ours: Census, real: Census) -> None:
    """Move the fields of a rule by what its figure is off, but never far from the start."""
    want, have = _figure(real, rule.figure), _figure(ours, rule.figure)
    if want is None or have is None:
        return
    factor = 1.0
    if rule.law != "shift":
        if want <= 0 or have <= 0:
            return
        power = rule.strength * (0.5 if rule.law == "root" else 1.0)
        factor = float(np.clip((want / have) ** power, 1 / LARGEST, LARGEST))
    for path in rule.paths:
        old = get(values, path)
        if old is None:
            continue
        if rule.law == "shift":
            middle, width = middle_and_width(old)
            moved = float(np.clip(middle + rule.strength * (want - have), 1.0, rule.most))
            put(values, path, {"mean": round(moved, 2), "std": round(width, 2)})
        else:
            so_far = _size(old) / max(1e-9, _size(get(start, path)))
            bounded = float(np.clip(factor, 1 / (FARTHEST * so_far), FARTHEST / so_far))
            put(values, path, scaled(old, bounded, rule.most))


def _count(preset: Preset, edge: int, seed: int) -> Census:
    """Count patches of a preset that lie far apart."""
    world = World(preset, seed + 77)
    return census(
        [
            world.patch(Grid((1, edge, edge), preset.voxel_nm, (k * _APART_NM + 137.0, 0.0, 0.0)))
            for k in range(PATCHES)
        ]
    )


def _upright(folder: RealFolder, flipped: bool) -> Sequence[Patch]:
    return [replace(patch, image=255 - patch.image) for patch in folder] if flipped else folder


def _figure(count: Census, name: str) -> float | None:
    cls, _, figure = name.rpartition(" ")
    if cls in count.classes and not count.classes[cls].share:
        return None
    return FIGURES[figure](count, cls)


def _size(value: Any) -> float:
    return middle_and_width(value)[0] if isinstance(value, Mapping) else float(value)


def _off(rule: Rule, ours: Census, real: Census) -> float:
    """Return by how much a figure is off, as the size of a logarithm; 0 where there is nothing to compare."""
    want, have = _figure(real, rule.figure), _figure(ours, rule.figure)
    return abs(float(np.log(have / want))) if want and have else 0.0


def put_if(values: Values, path: str, value: Any) -> None:
    """Set a field that the preset has."""
    if value is not None:
        put(values, path, value)


def _mean(grey: Any) -> float | None:
    return None if grey is None else float(grey.mean)


def _median(spread: Any) -> float | None:
    return None if spread is None else float(spread.median)


def comments_of_masks(
    mended: Sequence[Mended], origin: Preset, say: Callable[[str, Any], str]
) -> Mapping[str, str]:
    """Return a comment for each field that masks have set, with what it was in ``origin``."""
    old = pruned(origin.model_dump())
    return {
        one.path: say(f"from the masks ({one.figure})", get(old, one.path))
        for one in mended
        if one.new != get(old, one.path)
    }
