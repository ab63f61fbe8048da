"""Domain randomisation: presets drawn around a preset, so that a network sees many microscopes.

The idea is that of Tobin et al. (2017, Domain randomization for transferring deep neural networks): what
varies more in training than in the world is learnt to be ignored.
"""

import math
from typing import Any

import numpy as np

from shapes.clutter.endosomes import LONGEST_IN_SOMATA_NM
from shapes.core.errors import InputError
from shapes.core.streams import mix, normal, stream_key
from shapes.synapses.vesicles import LARGEST_NM
from synthem.preset.preset import Preset
from synthem.preset.yaml_file import parse

MOST = 5.0
"""A factor is no larger than this."""

SCALED: dict[str, tuple[str, ...]] = {
    "stain": ("mottle", "blotch", "patchiness", "halo", "matrix_texture", "myelin_texture", "unevenness"),
    "section": ("brightness", "contrast", "grain"),
    "beam": ("sigma_nm", "defocus_nm"),
    "detector": ("read", "shot", "rows", "correlated", "correlation_vx"),
}
"""Strengths and widths, which are multiplied; what is 0 stays 0. Nothing here moves a label."""

GREY = 10.0
"""Grey levels by which a factor of two shifts a structure's mean, as a standard deviation."""


SIZES = ("axons", "dendrites", "mitochondrion", "psd", "vesicle", "er", "endosome")
"""Blocks of an anatomy whose ``radius_nm`` is multiplied, each by its own number."""
_JUST_UNDER = 0.9999
SOFT = 0.25
"""Of a size, contrast or gamma, the logarithm of the factor counts by this much: a vesicle is a vesicle."""


def randomised(preset: Preset, factor: float, seed: int, index: int = 0, anatomy: bool = False) -> Preset:
    """Return a preset drawn around another: the same one for the same seed and index, always.

    Without ``anatomy`` its worlds have the labels of the other's.

    Strengths and widths are multiplied by a log-normal number whose logarithm deviates by half the factor's
    and is cut at two deviations: with 2, two thirds lie within × 1.41 and all within × 2. The mean grey of
    each structure is shifted, by 10 grey levels for each doubling (a standard deviation, cut at two), and its
    spread multiplied. The curve's gain and gamma change by a quarter as much, its offset as a grey.

    Parameters
    ----------
    preset : Preset
        What to vary.
    factor : float
        By how much: 1, which changes nothing, to 5.
    seed, index : int
        Which of the draws, for example the world and the number of a patch.
    anatomy : bool
        Vary how thick neurites and how large organelles are, too, each by a quarter as much.

    Raises
    ------
    InputError
        Where the factor is out of range.
    """
    check_factor(factor)
    if factor == 1.0:
        return preset
    values = preset.model_dump(mode="json")
    draws = _Draws(seed, index, math.log(factor))
    microscope = values["microscope"]
    for stage, names in SCALED.items():
        for name in names:
            microscope[stage][name] *= draws.ratio(f"{stage}.{name}")
    detector, section = microscope["detector"], microscope["section"]
    detector["correlated"] = min(1.0, detector["correlated"])
    detector["correlation_vx"] = min(8.0, detector["correlation_vx"])
    section["contrast"], section["grain"] = min(0.9, section["contrast"]), min(60.0, section["grain"])
    microscope["beam"]["defocus_nm"] = min(200.0, microscope["beam"]["defocus_nm"])
    stain = microscope["stain"]
    stain["unevenness"], stain["halo"] = min(0.5, stain["unevenness"]), min(100.0, stain["halo"])
    for name, spread in stain.items():
        if isinstance(spread, dict):
            _shift(spread, draws.shift(f"{name}.mean"), draws.ratio(f"{name}.std"))
    tone = microscope["tone"]
    tone["gain"] *= draws.ratio("tone.gain", SOFT)
    tone["gamma"] *= draws.ratio("tone.gamma", SOFT)
    tone["offset"] += draws.shift("tone.offset")
    if anatomy:
        for name in SIZES:
            if (block := values["anatomy"][name]) is not None:
                most = _most(preset, name)
                _scale(block["radius_nm"], min(most, draws.ratio(f"{name}.size", SOFT)))
    return parse(Preset, values, f"preset {preset.name}, randomised by {factor:g}")


def _most(preset: Preset, name: str) -> float:
    """Return by how much sizes of a block may be multiplied at most."""
    endosome, vesicle = preset.anatomy.endosome, preset.anatomy.vesicle
    if name == "endosome" and endosome is not None and endosome.somata_per_um3 > 0:
        return _JUST_UNDER * LONGEST_IN_SOMATA_NM / endosome.longest_nm()
    if name == "vesicle" and vesicle is not None:
        return _JUST_UNDER * LARGEST_NM / vesicle.radius_nm.highest()
    return math.inf


def check_factor(factor: float) -> None:
    """Refuse a factor of randomisation that is not from 1 to 5."""
    if not 1.0 <= factor <= MOST:
        raise InputError(f"randomise: the factor must lie between 1 (no change) and {MOST:g}, not {factor:g}")


class _Draws:
    """Numbers of one randomisation, each by its name, so that none depends on which others there are."""

    def __init__(self, seed: int, index: int, strength: float) -> None:
        self.seed, self.index, self.strength = seed, index, strength

    def _normal(self, name: str) -> float:
        key = np.uint64(mix(stream_key(self.seed, f"randomise/{name}"), self.index))
        deviate: float = normal(key, 0)
        return min(2.0, max(-2.0, deviate))

    def ratio(self, name: str, share: float = 1.0) -> float:
        """Return what to multiply by."""
        return math.exp(0.5 * share * self.strength * self._normal(name))

    def shift(self, name: str) -> float:
        """Return how many grey levels to add."""
        return GREY * self.strength / math.log(2.0) * self._normal(name)


def _shift(spread: dict[str, Any], by: float, ratio: float) -> None:
    """Shift a spread of greys, and widen it about its middle; it stays within 0–255."""
    if spread["min"] is not None:
        middle, half = (spread["min"] + spread["max"]) / 2, (spread["max"] - spread["min"]) / 2
        spread["min"], spread["max"] = middle - ratio * half, middle + ratio * half
    for name in ("min", "max", "mean", "median"):
        if spread[name] is not None:
            spread[name] = min(255.0, max(1.0, spread[name] + by))
    if spread["std"] is not None:
        spread["std"] *= ratio
    if spread["ratio"] is not None:
        spread["ratio"] = spread["ratio"] ** ratio


def _scale(spread: dict[str, Any], ratio: float) -> None:
    """Multiply a spread of sizes."""
    for name in ("min", "max", "mean", "std", "median"):
        if spread[name] is not None:
            spread[name] *= ratio
