"""A quick start: greys from quantiles, noise and blur from the spectrum, scale from a scan.

None of these is exact, for each leans on the others; a few turns bring a preset of another modality so near
that the search begins with a recognisable picture.
"""

from collections.abc import Callable

import numpy as np

from synthem.fit.bench import Bench
from synthem.fit.parameters import Space, Vector
from synthem.statistics import NAMES
from synthem.statistics.distance import Features, Target
from synthem.statistics.greys import SHARES
from synthem.statistics.spectrum import EDGES

TURNS = 3
SCALES = (0.55, 0.67, 0.82, 1.0, 1.22, 1.49, 1.82)
"""Factors on the neurites that are tried."""
_GREYS = [NAMES.index(f"smooth grey p{100 * share:02.0f}") for share in SHARES[1:-1]]
_POWER = [k for k, name in enumerate(NAMES) if name.startswith("power at")]
_MIDDLE = np.array([0.5 * (a + b) for a, b in zip(EDGES, EDGES[1:], strict=False)])
_BLURRED = (_MIDDLE > 1 / 16) & (_MIDDLE < 1 / 4)
_NOISE = ("read noise", "shot noise")
_CONTRASTS = ("halo", "mottle", "blotch", "patchiness", "cytoplasm grey, spread")


def quick_start(space: Space, target: Target, bench: Bench, tell: Callable[[str], None] = lambda text: None) -> Vector:
    """Return a vector in 0 … 1 from which the search may begin."""
    values = space.values_of(space.start)
    for turn in range(TURNS):
        tell(f"quick start, turn {turn + 1} of {TURNS}")
        ours = _median(space, values, bench)
        values = _levels(space, values, ours, target)
        ours = _median(space, values, bench)
        values = _optics(space, values, ours, target)
        if turn == 0 and "scale of neurites" in [knob.name for knob in space.knobs]:
            values = _scan(space, values, target, bench)
    return space.to_unit(values)


def _median(space: Space, values: Vector, bench: Bench) -> Features:
    features: Features = np.median(bench.features([space.preset(space.to_unit(values))])[0], axis=0)
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


def _optics(space: Space, values: Vector, ours: Features, target: Target) -> Vector:
    """Set noise by the power of the finest band, and blur by how power falls with frequency below it."""
    real, mine = target.quantiles[2][_POWER], ours[_POWER]
    floor_real, floor_mine = real[-2:].mean(), mine[-2:].mean()
    ratio = float(np.clip(np.exp(0.5 * (floor_real - floor_mine)), 0.3, 3.0))
    out = values.copy()
    for name in _NOISE:
        out[space.index(name)] *= ratio
    signal = [
        np.log(np.maximum(np.exp(power) - np.exp(floor), 0.05 * np.exp(floor)))[_BLURRED]
        for power, floor in ((real, floor_real), (mine, floor_mine))
    ]
    slope, _ = np.polyfit(_MIDDLE[_BLURRED] ** 2, signal[0] - signal[1], 1)
    at, voxel = space.index("blur"), min(space.start.voxel_nm[1:])
    old = float(values[at])
    square = old**2 - 0.7 * slope / (4 * np.pi**2) * voxel**2
    out[at] = float(np.clip(np.sqrt(max(square, 0.0)), 0.6 * old, 1.6 * old))
    return np.clip(out, space.low, space.high)


def _scan(space: Space, values: Vector, target: Target, bench: Bench) -> Vector:
    """Try some scales of the neurites and take the best."""
    at = space.index("scale of neurites")
    tried = []
    for scale in SCALES:
        tried.append(values.copy())
        tried[-1][at] = scale
    features = bench.features([space.preset(space.to_unit(vector)) for vector in tried])
    return tried[int(np.argmin([target.cost(one) for one in features]))]
