"""An initial guess: greys from quantiles, noise from the spectrum, blur from a scan, axes from the spectrum.

None of these is exact, for each depends on the others; a few rounds bring a preset of another modality so
near that the search begins with a recognisable picture.
"""

import math
from dataclasses import replace

import numpy as np

from synthem.fit.parameters import Space, Vector
from synthem.fit.regression import Learned
from synthem.fit.renderer import Renderer
from synthem.measure.statistics import NAMES
from synthem.measure.statistics.distance import Features, Target
from synthem.measure.statistics.greys import SHARES

TURNS = 3
BLURS = (0.6, 0.8, 1.0, 1.25, 1.7)
"""Factors on the blur that are tried."""
SCALES = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
"""Scales of neurites that are tried, each in so many windows."""
SEEN = 4
LIE, LYING, LAID = "neurites along the plane", (0.12, 0.35, 0.6, 0.85), 24
"""Ways to lie that are tried, in parts of the range, each in so many windows."""
SHARPEST_VX = 0.45
"""Nothing is guessed to be sharper: what a lens does not resolve is noise that is taken for detail."""
_SCALE, _SPACING = "scale of neurites", NAMES.index("wall spacing")
_GREYS = [NAMES.index(f"smooth grey p{100 * share:02.0f}") for share in SHARES[1:-1]]
_POWER = [k for k, name in enumerate(NAMES) if name.startswith("power at")]
_LEAN = "power along x over y at 12 vx"
_LEAN_PER_WIDTH = 8 * math.pi * (0.5 * (1 / 14 + 1 / 10)) ** 2
"""What that figure gains for each square voxel of variance that the point spread has more along y than x.

A Gaussian's power falls as exp(-(2πfσ)²); cos² less sin² is 2/π in the mean over a wedge of 45° either side.
"""
_NOISE = ("read noise", "shot noise", "grain")
_CONTRASTS = ("halo", "mottle", "blotch", "patchiness", "cytoplasm grey, spread")


def quick_start(
    space: Space,
    target: Target,
    renderer: Renderer,
    known: bool = False,
) -> Vector:
    """Return a vector in 0 … 1 from which the search may begin; greys stay where they are ``known``."""
    values = space.values_of(space.start)
    for turn in range(TURNS):
        if turn and not known and _SCALE in [knob.name for knob in space.knobs]:
            values = _scale(space, values, target, renderer)
        if not known:
            ours = _median(space, values, renderer)
            values = _levels(space, values, ours, target)
        ours = _median(space, values, renderer)
        values = _noise(space, values, ours, target)
        values = _axes(space, values, target)
        values = _blur(space, values, target, renderer)
    return space.to_unit(values)


def _median(space: Space, values: Vector, renderer: Renderer) -> Features:
    features: Features = np.median(renderer.features([space.preset(space.to_unit(values))])[0], axis=0)
    return features


def _levels(space: Space, values: Vector, ours: Features, target: Target) -> Vector:
    """Stretch and shift all greys so that the quantiles of the blurred image fall on the real ones."""
    real = target.quantiles[2]
    gain, _ = np.polyfit(ours[_GREYS], real[_GREYS], 1)
    gain = float(np.clip(gain, 0.3, 3.0))
    offset = float(np.mean(real[_GREYS] - gain * ours[_GREYS]))
    out = values.copy()
    for k, knob in enumerate(space.knobs):
        if knob.name.endswith(" grey"):
            out[k] = gain * values[k] + offset
        elif knob.name in _CONTRASTS:
            out[k] = gain * values[k]
    return np.clip(out, space.low, space.high)


def _noise(space: Space, values: Vector, ours: Features, target: Target) -> Vector:
    """Set noise by the power of the finest bands, where blur has left nothing else."""
    real, mine = target.quantiles[2][_POWER], ours[_POWER]
    floor_real, floor_mine = real[-2:].mean(), mine[-2:].mean()
    ratio = float(np.clip(np.exp(0.5 * (floor_real - floor_mine)), 0.3, 3.0))
    out = values.copy()
    for k, knob in enumerate(space.knobs):
        if knob.name in _NOISE:
            out[k] *= ratio
    return np.clip(out, space.low, space.high)


def _scale(space: Space, values: Vector, target: Target, renderer: Renderer) -> Vector:
    """Set the scale of neurites by how far apart walls are, among those tried."""
    tried = []
    for scale in SCALES:
        tried.append(values.copy())
        tried[-1][space.index(_SCALE)] = scale
    figures = renderer.features([space.preset(space.to_unit(one)) for one in tried], renderer.seeds[:SEEN])
    apart = np.maximum.accumulate(np.median(figures[:, :, _SPACING], axis=1))  # larger tissue is not denser
    out = values.copy()
    real = float(target.quantiles[2][_SPACING])
    out[space.index(_SCALE)] = math.exp(np.interp(real, apart + 1e-6 * np.arange(len(apart)), np.log(SCALES)))
    return np.clip(out, space.low, space.high)


def laid(space: Space, learned: Learned, target: Target, renderer: Renderer) -> Learned:
    """Return what was learned, with neurites lying as suits the images best, of some ways that are tried.

    Across or along the plane are two sorts of picture, with sharp walls or broad ones: too far apart for
    what regression finds around either.
    """
    if LIE not in [knob.name for knob in space.knobs]:
        return learned
    at = space.index(LIE)
    tried = [learned.unit.copy() for _ in range(len(LYING) + 1)]
    for unit, lying in zip(tried[1:], LYING, strict=True):
        unit[at] = lying
    shown = renderer.features([space.preset(unit) for unit in tried], renderer.unseen(LAID, 2))
    return replace(learned, unit=tried[int(np.argmin([target.cost(one) for one in shown]))])


def _axes(space: Space, values: Vector, target: Target) -> Vector:
    """Draw the point spread out along y or x by how the real spectrum leans; no tissue leans in the mean."""
    lean = float(target.quantiles[2][NAMES.index(_LEAN)])
    more = lean / _LEAN_PER_WIDTH * min(space.start.voxel_nm[1:]) ** 2
    out = values.copy()
    out[space.index("blur along y over x")] = math.exp(
        math.asinh(more / (2 * values[space.index("blur")] ** 2))
    )
    return np.clip(out, space.low, space.high)


def _blur(space: Space, values: Vector, target: Target, renderer: Renderer) -> Vector:
    """Try some factors on the width of the point spread and take the best."""
    tried = []
    for factor in BLURS:
        tried.append(values.copy())
        at = space.index("blur")
        tried[-1][at] = max(tried[-1][at] * factor, SHARPEST_VX * min(space.start.voxel_nm[1:]))
    features = renderer.features([space.preset(space.to_unit(vector)) for vector in tried])
    best = tried[int(np.argmin([target.cost(one) for one in features]))]
    return np.clip(best, space.low, space.high)
