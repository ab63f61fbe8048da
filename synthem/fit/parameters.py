"""The space that a fit searches: a start preset and its parameters, each mapped to 0 … 1."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.neurites.population import MOST_RUFFLED_NM
from synthem.fit.knobs import ANCHORS, KNOBS, Knob
from synthem.preset.preset import Preset, load_preset

Vector = npt.NDArray[np.float64]
Values = dict[str, Any]
_GAIN = (0.2, 5.0)
WIDTH = "annotation.membrane_width_nm"
"""How wide an annotator draws a membrane."""
_FWHM = 2.355
_MOST_LANES = 60.0
_SHORTEST_NM = {"cell_nm": 101.0, "ruffle_length_nm": 100.0}


def _turn_upright(beam: Values) -> None:
    """Lay the axes of the point spread along y and x: that can be fitted. It stays as much longer along y."""
    leaning = -math.cos(2 * math.radians(beam["angle_deg"]))
    beam["astigmatism"], beam["angle_deg"] = beam["astigmatism"] ** leaning, 90.0


def get(values: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path of a preset's mapping, None where a part of it is missing."""
    for part in path.split("."):
        if not isinstance(values, Mapping) or values.get(part) is None:
            return None
        values = values[part]
    return values


def put(values: Values, path: str, value: Any) -> None:
    """Set the value at a dotted path."""
    *parents, last = path.split(".")
    for part in parents:
        values = values[part]
    values[last] = value


def middle_and_width(spread: Mapping[str, Any]) -> tuple[float, float]:
    """Return the middle and the standard deviation of a spread as a preset's mapping holds it."""
    if spread.get("mean") is not None:
        return float(spread["mean"]), float(spread["std"])
    if spread.get("median") is not None:
        return float(spread["median"]), float(spread["median"]) * math.log(spread["ratio"])
    low, high = float(spread["min"]), float(spread["max"])
    return (low + high) / 2, (high - low) / math.sqrt(12)


def scaled(value: Any, factor: float, most: float = math.inf) -> Any:
    """Multiply a number, or the lengths of a spread; nothing becomes more than ``most``."""
    if isinstance(value, Mapping):
        return {
            key: v if v is None or key == "ratio" else round(min(most, v * factor), 4)
            for key, v in value.items()
        }
    return round(min(most, value * factor), 4)


class Space:
    """The parameters of one start preset, each mapped to 0 … 1.

    Parameters
    ----------
    start : Preset
        What factors multiply, and where everything that is not fitted comes from.
    knobs : sequence of Knob
        By default all whose fields the preset has; of several fields one is enough.
    drawn : bool
        Whether the width of an annotator's line is known: else it follows how wide membranes look.
    """

    def __init__(self, start: Preset, knobs: Sequence[Knob] = KNOBS, drawn: bool = False) -> None:
        self.drawn = drawn
        self._values: Values = start.model_dump()
        _turn_upright(self._values["microscope"]["beam"])
        self.start = load_preset(pruned(self._values))
        self.knobs = tuple(
            k
            for k in knobs
            if any(get(self._values, path) is not None for path in k.paths)
            and (not k.needs or get(self._values, k.needs))
        )
        unit = [min(start.voxel_nm[1:]) if knob.per_voxel else 1.0 for knob in self.knobs]
        self.low = np.array([knob.low * u for knob, u in zip(self.knobs, unit, strict=True)])
        self.high = np.array([knob.high * u for knob, u in zip(self.knobs, unit, strict=True)])
        self._log = np.array([knob.log for knob in self.knobs])
        self.doubt = np.array([knob.doubt for knob in self.knobs])
        self.anatomy = np.array([knob.anatomy for knob in self.knobs])

    def index(self, name: str) -> int:
        """Return the place of a parameter in the vector."""
        return [knob.name for knob in self.knobs].index(name)

    def to_unit(self, values: Vector) -> Vector:
        """Map values to 0 … 1; what lies outside the bounds is moved to them."""
        values = np.clip(values, self.low, self.high)
        low, high, at = (
            np.where(self._log, np.log(np.maximum(v, 1e-9)), v) for v in (self.low, self.high, values)
        )
        unit: Vector = (at - low) / (high - low)
        return unit

    def from_unit(self, unit: Vector) -> Vector:
        """Map 0 … 1 back to values."""
        unit = np.clip(unit, 0.0, 1.0)
        low, high = (np.where(self._log, np.log(np.maximum(v, 1e-9)), v) for v in (self.low, self.high))
        at = low + unit * (high - low)
        values: Vector = np.where(self._log, np.exp(np.where(self._log, at, 0.0)), at)
        return values

    def values_of(self, preset: Preset) -> Vector:
        """Return the vector of values that a preset has; factors are those against the start."""
        now = preset.model_dump()
        out: list[float] = []
        taken: dict[str, float] = {}  # factors of earlier parameters on the same fields
        for knob in self.knobs:
            path = next(p for p in knob.paths if get(self._values, p) is not None)
            value, base = get(now, path), get(self._values, path)
            if knob.how == "factor":
                sizes = [
                    middle_and_width(v)[0] if isinstance(v, Mapping) else float(v) for v in (value, base)
                ]
                out.append(sizes[0] / sizes[1] / taken.get(path, 1.0) if sizes[1] else 1.0)
                taken |= {p: taken.get(p, 1.0) * out[-1] for p in knob.paths}
            elif knob.how == "lying":
                out.append(_lying(value))
            elif isinstance(value, Mapping):
                out.append(middle_and_width(value)[knob.how == "spread"])
            else:
                out.append(float(value))
        return np.array(out)

    def preset(self, unit: Vector) -> Preset:
        """Return the start preset with the values of a vector in 0 … 1."""
        values = self.start.model_dump()
        for knob, value in zip(self.knobs, self.from_unit(unit).tolist(), strict=True):
            for path in knob.paths:
                old = get(values, path)
                if old is None:
                    continue
                if knob.how == "factor":
                    put(values, path, _within(scaled(old, value, _most(values, path)), path))
                elif knob.how == "lying":
                    put(values, path, _turned(old, value))
                elif isinstance(old, Mapping):
                    middle, width = middle_and_width(old)
                    pair = (middle, value) if knob.how == "spread" else (value, width)
                    put(values, path, {"mean": round(pair[0], 3), "std": round(pair[1], 3)})
                else:
                    put(values, path, round(value, 4))
        _follow(self._values, values, {path for knob in self.knobs for path in knob.paths})
        if not self.drawn:
            wider = apparent_width(values) / apparent_width(self._values)
            put(values, WIDTH, round(get(values, WIDTH) * wider, 2))
        return load_preset(pruned(values))


def apparent_width(values: Mapping[str, Any]) -> float:
    """Return how wide two membranes and their gap look in a preset's images, nm: so they are drawn."""
    wall = get(values, "anatomy.membranes")
    return math.hypot(
        2 * wall["bilayer_nm"] + wall["gap_nm"], _FWHM * get(values, "microscope.beam.sigma_nm")
    )


def _most(values: Values, path: str) -> float:
    """Return what a preset allows at most in a field: chances are shares, ruffles leave a neurite whole."""
    if path.endswith(".ruffle_nm"):
        return MOST_RUFFLED_NM * float(get(values, path.replace("ruffle_nm", "stiffness")))
    if path.endswith("lanes_per_um2"):
        return _MOST_LANES
    return 1.0 if path.endswith(("_chance", ".density")) else math.inf


def _within(value: Any, path: str) -> Any:
    """Return a length that is no shorter than a preset allows."""
    return max(value, _SHORTEST_NM.get(path.rpartition(".")[2], value)) if isinstance(value, float) else value


def _lying(grain: Sequence[float]) -> float:
    """Return the share of neurites that run along the plane of the image."""
    return (grain[1] + grain[2]) / sum(grain)


def _turned(grain: Sequence[float], lying: float) -> list[float]:
    """Return the chances along the axes where a share of neurites lies in the plane; the most is 1."""
    flat = grain[1] + grain[2]
    parts = (0.5, 0.5) if flat == 0 else (grain[1] / flat, grain[2] / flat)
    turned = [1 - lying, lying * parts[0], lying * parts[1]]
    return [round(part / max(turned), 4) for part in turned]


def _follow(start: Values, values: Values, fitted: set[str]) -> None:
    """Let greys that no parameter sets follow cytoplasm and membrane: they share a stain and a detector."""
    old, new = (
        [middle_and_width(v["microscope"]["stain"][name])[0] for name in ANCHORS] for v in (start, values)
    )
    if np.allclose(old, new, atol=1e-3) or old[0] == old[1]:
        return
    gain = min(max((new[0] - new[1]) / (old[0] - old[1]), _GAIN[0]), _GAIN[1])
    stain = values["microscope"]["stain"]
    for name, value in stain.items():
        if f"microscope.stain.{name}" in fitted:
            continue
        if isinstance(value, Mapping):
            middle, width = middle_and_width(value)
            moved = min(max(new[0] + gain * (middle - old[0]), 1.0), 254.0)
            stain[name] = {"mean": round(moved, 3), "std": round(gain * width, 3)}
        elif name.endswith("_texture") or name == "axon_darker":
            stain[name] = round(gain * value, 4)


def pruned(values: Values) -> Values:
    """Drop the empty parts of spreads, so that each is written in one form."""
    forms = {"min", "max", "mean", "std", "median", "ratio"}
    out: Values = {}
    for key, value in values.items():
        if isinstance(value, dict):
            value = (
                {k: v for k, v in value.items() if v is not None} if set(value) <= forms else pruned(value)
            )
        out[key] = value
    return out
