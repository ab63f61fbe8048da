"""Which fields of a preset are fitted, within which bounds. A new one is one line of ``KNOBS``."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from synthem.preset.preset import Preset, load_preset

Vector = npt.NDArray[np.float64]
Values = dict[str, Any]
_TUBES = ("axons", "dendrites", "myelinated")
_TUBE_LENGTHS = (
    "cell_nm", "step_nm", "radius_nm", "bouton_radius_nm", "swelling_radius_nm", "spine_length_nm",
    "spine_neck_radius_nm", "spine_head_radius_nm", "ruffle_length_nm",
)  # fmt: skip


_GAIN = (0.2, 5.0)


@dataclass(frozen=True)
class Knob:
    """One parameter of the search.

    Attributes
    ----------
    name : str
        What to call it.
    paths : tuple of str
        Fields of the preset that it sets.
    low, high : float
        Bounds; of a factor, of the factor; ``per_voxel``: in voxels rather than nm.
    how : str
        ``set`` gives the value, or a spread's middle; ``spread`` a spread's standard deviation; ``factor``
        multiplies what the start preset says.
    log : bool
        Whether steps are factors.
    anatomy : bool
        Whether the geometry has to be built again.
    doubt : float
        By how much of its range the start may well be off, a standard deviation, once rules of thumb have set
        greys, noise and blur: sizes in nm are known better than greys. What images tell nothing of stays.
    """

    name: str
    paths: tuple[str, ...]
    low: float
    high: float
    how: Literal["set", "spread", "factor"] = "set"
    log: bool = False
    anatomy: bool = False
    per_voxel: bool = False
    doubt: float = 0.06


def _stain(name: str, low: float, high: float, how: Literal["set", "spread", "factor"] = "set") -> Knob:
    label = f"{name} grey" + (", spread" if how == "spread" else "")
    return Knob(label, (f"microscope.stain.{name}",), low, high, how, doubt=0.06 if name in ANCHORS else 0.04)


def _texture(name: str, high: float) -> Knob:
    return Knob(name, (f"microscope.stain.{name}",), 0.0, high, doubt=0.08)


ANCHORS = ("cytoplasm", "membrane")
"""The greys that images tell most of; those that are not fitted follow them."""

KNOBS: tuple[Knob, ...] = (
    _stain("cytoplasm", 30, 250),
    _stain("cytoplasm", 0, 30, "spread"),
    _stain("glia", 30, 250),
    _stain("membrane", 0, 200),
    _stain("matrix", 10, 230),
    _stain("boundary", 0, 220),
    _stain("crista", 0, 220),
    _stain("psd", 0, 200),
    _stain("vesicle", 0, 220),
    _stain("lumen", 10, 240),
    _stain("er", 0, 220),
    _texture("halo", 80),
    _texture("mottle", 30),
    _texture("blotch", 40),
    _texture("patchiness", 20),
    Knob("blotch size", ("microscope.stain.blotch_nm",), 10, 90, log=True),
    Knob("brightness of sections", ("microscope.section.brightness",), 0, 20),
    Knob("blur", ("microscope.beam.sigma_nm",), 0.3, 4.0, log=True, per_voxel=True, doubt=0.08),
    Knob("blur along y over x", ("microscope.beam.astigmatism",), 1 / 4, 4.0, log=True, doubt=0.12),
    Knob("read noise", ("microscope.detector.read",), 0, 45),
    Knob("shot noise", ("microscope.detector.shot",), 0, 45, doubt=0.1),
    Knob("correlated noise", ("microscope.detector.correlated",), 0, 1, doubt=0.15),
    Knob("noise along y over x", ("microscope.detector.elongation",), 0.4, 4.0, log=True, doubt=0.15),
    Knob("noise of scan lines", ("microscope.detector.rows",), 0, 12),
    Knob("correlation of noise", ("microscope.detector.correlation_vx",), 0.4, 3.0, log=True, doubt=0.1),
    Knob(
        "scale of neurites", tuple(f"anatomy.{t}.{p}" for t in _TUBES for p in _TUBE_LENGTHS),
        0.4, 2.5, "factor", log=True, anatomy=True, doubt=0.2,
    ),
    Knob(
        "spacing of dendrites", ("anatomy.dendrites.cell_nm",),
        0.6, 1.8, "factor", log=True, anatomy=True, doubt=0.1,
    ),
    Knob(
        "thickness of membranes", ("anatomy.membranes.bilayer_nm",), 4, 16, log=True, anatomy=True, doubt=0.1,
    ),
    Knob("gap between membranes", ("anatomy.membranes.gap_nm",), 3, 30, log=True, anatomy=True, doubt=0.1),
    Knob(
        "number of mitochondria", tuple(f"anatomy.mitochondrion.{k}_chance" for k in ("bouton", "dendrite")),
        0.3, 3.0, "factor", log=True, anatomy=True, doubt=0.1,
    ),
    Knob(
        "thickness of mitochondria", ("anatomy.mitochondrion.radius_nm",),
        0.6, 1.7, "factor", log=True, anatomy=True, doubt=0.1,
    ),
    Knob(
        "number of boutons", ("anatomy.axons.bouton_chance",),
        0.3, 3.0, "factor", log=True, anatomy=True, doubt=0.1,
    ),
)  # fmt: skip
"""Every parameter. Those whose fields the start preset lacks are left out."""


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
    """

    def __init__(self, start: Preset, knobs: Sequence[Knob] = KNOBS) -> None:
        self._values: Values = start.model_dump()
        _turn_upright(self._values["microscope"]["beam"])
        self.start = load_preset(pruned(self._values))
        self.knobs = tuple(k for k in knobs if any(get(self._values, path) is not None for path in k.paths))
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
                    put(values, path, scaled(old, value, 1.0 if path.endswith("_chance") else math.inf))
                elif isinstance(old, Mapping):
                    middle, width = middle_and_width(old)
                    pair = (middle, value) if knob.how == "spread" else (value, width)
                    put(values, path, {"mean": round(pair[0], 3), "std": round(pair[1], 3)})
                else:
                    put(values, path, round(value, 4))
        _follow(self._values, values, {path for knob in self.knobs for path in knob.paths})
        return load_preset(pruned(values))


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
        elif name.endswith("_texture"):
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
