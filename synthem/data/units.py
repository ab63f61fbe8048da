"""Units of length as files name them, in nanometres."""

import math
from typing import Any

from shapes.core.errors import InputError

NM: dict[str, float] = {
    "nm": 1, "nanometer": 1, "nanometre": 1, "nanometers": 1, "nanometres": 1,
    "µm": 1e3, "um": 1e3, "micron": 1e3, "microns": 1e3, "micrometer": 1e3, "micrometre": 1e3,
    "mm": 1e6, "millimeter": 1e6, "millimetre": 1e6, "cm": 1e7, "centimeter": 1e7, "centimetre": 1e7,
    "m": 1e9, "meter": 1e9, "metre": 1e9, "å": 0.1, "angstrom": 0.1, "ångström": 0.1, "angstroms": 0.1,
    "pm": 1e-3, "picometer": 1e-3, "picometre": 1e-3, "inch": 2.54e7,
}  # fmt: skip
"""Length of a unit in nanometres, names in small letters."""


def nm_of(value: Any, unit: Any) -> float | None:
    """Return a length in nanometres; None where there is none, or the unit is no length (``pixel``)."""
    name = str(unit or "").strip().strip("\0").replace("\\u00b5", "µ").replace("\\u00B5", "µ")
    scale = NM.get(name.replace("μ", "µ").casefold().replace("μ", "µ"))
    try:
        length = float(value) * (scale or 0.0)
    except (TypeError, ValueError):
        return None
    return round(length, 9) if math.isfinite(length) and length > 0 else None


def check_voxel(where: object, edges: Any) -> tuple[float, float, float] | None:
    """Return three edges as numbers; None where one is not told; InputError where they are no lengths."""
    try:
        z, y, x = (float(edge) for edge in edges)
    except (TypeError, ValueError):
        raise InputError(f"{where}: its voxel size is not three numbers (z, y, x): {edges}") from None
    return (z, y, x) if all(math.isfinite(edge) and edge > 0 for edge in (z, y, x)) else None
