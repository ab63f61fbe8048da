"""Seams: whether a classifier tells windows around what was set in from windows around real objects.

Both are described by the figures of ``synthem.measure``, and sections that are judged were never learned
from, on either side.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.measure.components import label_objects
from synthem.measure.profiles import AROUND_NM
from synthem.measure.realism import FOLDS, Classifier, features_of, tell_apart
from synthem.measure.statistics import NAMES
from synthem.patch import Patch

WINDOW_VX = 96
"""Edge of a window."""
FEWEST = 8
"""Windows that either side has at least."""
GOOD_AUC = 0.65
"""Up to here a reader would call what was set in hardly told apart."""
_LEAST_PX = {"psd": 150, "sheath": 200, "mitochondrion": 400, "vesicle": 30}
_MOST = 12  # windows of one section, on either side


class Seam(Frozen):
    """How well what was set in of one class is told from real objects of it.

    ``classifiers`` are two, cross-validated by section; an AUC of 0.5 is chance. ``gives_away`` are the
    figures that the logistic one goes by, the most telling first.
    """

    kind: str
    pasted: int
    real: int
    sections: int
    classifiers: list[Classifier]
    gives_away: list[str]

    @property
    def auc(self) -> float:
        """The larger of both."""
        return max(one.auc for one in self.classifiers)


def seam(
    made: Iterable[Patch],
    entries: Sequence[Mapping[str, Any]],
    real: Iterable[Patch],
    kind: str,
    seed: int = 0,
) -> Seam:
    """Tell windows around things that were set in from windows around untouched objects of the same class.

    Parameters
    ----------
    made : iterable of Patch
        Sections with things in them.
    entries : sequence of mapping
        What was set in, as ``paste_sections`` returns it.
    real : iterable of Patch
        The sections as they were.
    kind : str
        The class. Vesicles that came with a synapse count too, and are compared with real ones that lie as
        near to a density; windows that show something else that was set in are left out.
    seed : int
        Of windows and classifiers.

    Raises
    ------
    InputError
        Where there are too few windows or sections on either side.
    """
    rng = np.random.default_rng(seed)
    places, origin = _places(entries, kind)
    synapses = kind == "vesicle" and any(entry["class"] == "psd" for entry in entries)
    ours, our_sections = [], []
    for patch in made:
        spots = places.get(patch.name, [])
        cut = _windows(patch, [spots[k] for k in rng.permutation(len(spots))[:_MOST]])
        ours += cut
        our_sections += [origin[patch.name]] * len(cut) if cut else []
    theirs, their_sections, order = [], [], []
    for patch in real:
        order.append(patch.name)
        spots = _synaptic(patch) if synapses else _objects(patch, kind)
        some = [spots[k] for k in rng.permutation(len(spots))[:_MOST]]
        cut = _windows(patch, some)
        theirs += cut
        their_sections += [patch.name] * len(cut)
    shared = [name for name in order if name in {*our_sections, *their_sections}]
    folds = min(FOLDS, len(set(our_sections)), len(set(their_sections)))
    if min(len(ours), len(theirs)) < FEWEST or folds < 2:
        raise InputError(
            f"check: of {kind} there are {len(ours)} pasted windows of {len(set(our_sections))} sections and "
            f"{len(theirs)} real ones of {len(set(their_sections))}; at least {FEWEST} of two are wanted"
        )
    number = {name: k for k, name in enumerate(shared)}
    a, b = (np.array([number[name] for name in names]) for names in (our_sections, their_sections))
    # neighbouring sections are nearly one image: a run of them is a fold, the same on both sides
    while folds > 1 and any(len(np.unique(side * folds // len(shared))) < folds for side in (a, b)):
        folds -= 1
    if folds < 2:
        raise InputError(f"check: pasted and real {kind} lie in sections far apart; nothing can be told")
    classifiers, importance = tell_apart(
        features_of(np.array(ours)), features_of(np.array(theirs)),
        a * folds // len(shared), b * folds // len(shared), seed,
    )  # fmt: skip
    worst = [NAMES[k] for k in np.argsort(-importance)[:5]]
    return Seam(
        kind=kind, pasted=len(ours), real=len(theirs), sections=len(shared),
        classifiers=classifiers, gives_away=worst,
    )  # fmt: skip


def _places(
    entries: Sequence[Mapping[str, Any]], kind: str
) -> tuple[dict[str, list[tuple[float, float]]], dict[str, str]]:
    """Return places of a class that was set in, pixels (y, x), by section, and what that was made from."""
    places: dict[str, list[tuple[float, float]]] = {}
    others: dict[str, list[tuple[float, float]]] = {}
    origin: dict[str, str] = {}
    beside = {kind, "psd"} if kind == "vesicle" else {kind}
    for entry in entries:
        name = entry["section"]
        origin[name] = entry["from"]
        own = entry.get("vesicles", []) if kind == "vesicle" else [entry] * (entry["class"] == kind)
        places.setdefault(name, []).extend(tuple(one["place_px"]) for one in own)
        if entry["class"] not in beside:
            others.setdefault(name, []).append(tuple(entry["place_px"]))
    clear = {
        name: [
            at for at in found
            if all(np.abs(np.subtract(at, other)).max() > WINDOW_VX for other in others.get(name, []))
        ]
        for name, found in places.items()
    }  # fmt: skip
    return clear, origin


def _synaptic(patch: Patch) -> list[tuple[float, float]]:
    """Return pixels (y, x) of real vesicles within reach of a density."""
    middle = patch.image.shape[0] // 2
    vesicle, psd = patch.labels_of(("vesicle", "psd"), (slice(middle, middle + 1),))[:, 0]
    if not psd.any():
        return []
    away = ndimage.distance_transform_edt(~psd, sampling=patch.grid.voxel_nm[1:])
    return [(float(y), float(x)) for y, x in zip(*np.nonzero(vesicle & (away < AROUND_NM)), strict=True)]


def _windows(patch: Patch, places: Sequence[tuple[float, float]]) -> list[npt.NDArray[np.uint8]]:
    """Return windows around places (y, x) in pixels, moved so that they lie in the section."""
    image = patch.image[patch.image.shape[0] // 2]
    if min(image.shape) < WINDOW_VX:
        raise InputError(f"check: {patch.name} is smaller than a window of {WINDOW_VX} × {WINDOW_VX} pixels")
    out = []
    for place in places:
        y, x = (
            int(np.clip(round(at) - WINDOW_VX // 2, 0, n - WINDOW_VX))
            for at, n in zip(place, image.shape, strict=True)
        )
        out.append(image[y : y + WINDOW_VX, x : x + WINDOW_VX])
    return out


def _objects(patch: Patch, kind: str) -> list[tuple[float, float]]:
    """Return the middles of a section's real objects; of vesicles, of crowds."""
    middle = patch.image.shape[0] // 2
    mask = patch.labels_of((kind,), (slice(middle, middle + 1),))[0]
    ids, count = label_objects(mask)
    out = []
    for number in range(1, count + 1):
        y, x = np.nonzero(ids[0] == number)
        if len(y) >= _LEAST_PX[kind]:
            out.append((float(y.mean()), float(x.mean())))
    return out
