"""How far a preset's windows are from real ones: curves, and each difference as a number and a direction."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.grid import Grid
from synthem.fit.renderer import undamaged
from synthem.measure.realism import features_of
from synthem.measure.statistics import NAMES, groups_of
from synthem.measure.statistics.distance import Features, Target
from synthem.preset.preset import Preset
from synthem.studio.curves import curves_of
from synthem.studio.latest import Ticket
from synthem.studio.pictures import Tissues, take

WINDOWS = 6
"""Synthetic windows that are compared; each lies in a world of its own."""
CLEAR = 1.0
"""A difference of less than so many spreads is none to speak of."""
_AT = {name: k for k, name in enumerate(NAMES)}


@dataclass(frozen=True)
class Trait:
    """What a person sees, made of several figures.

    ``more`` and ``less`` are what is said where a synthetic window has more or less of it than real ones;
    ``weights`` are those of the figures that add up to it.
    """

    name: str
    more: str
    less: str
    weights: dict[str, float]

    def of(self, features: Features) -> npt.NDArray[np.float64]:
        """Return it of each window."""
        return sum(w * features[:, _AT[name]] for name, w in self.weights.items())  # type: ignore[return-value]


def _power(low: float, high: float) -> list[str]:
    """Return the figures of power at periods between two, in voxels."""
    out = []
    for name in NAMES:
        if name.startswith("power at "):
            period = float(name.removeprefix("power at ").removesuffix(" vx"))
            if low <= period <= high:
                out.append(name)
    return out


def _mean(names: list[str], sign: float = 1.0) -> dict[str, float]:
    return {name: sign / len(names) for name in names}


TRAITS = (
    Trait("brightness", "too bright", "too dark", {"smooth grey p50": 1.0}),
    Trait("contrast", "too strong", "too weak", {"smooth grey p95": 1.0, "smooth grey p05": -1.0}),
    Trait("dark lines", "too pale", "too dark", {"smooth grey p05": 1.0}),
    # noise hides the finest; what a wider blur takes from membranes shows at some ten voxels
    Trait("blur", "spreads too wide", "spreads too narrow", _mean(_power(20, 60)) | _mean(_power(8, 14), -1)),
    Trait("noise", "too strong", "too weak", {"noise std": 1.0}),
    Trait("noise along x", "too smooth", "too fine", {"noise correlation x 1": 1.0}),
    Trait("noise along y", "too smooth", "too fine", {"noise correlation y 1": 1.0}),
    Trait("coarse structure", "too strong", "too weak", _mean(_power(30, 200))),
)
"""The differences that come first."""


class Real:
    """What real windows are: their figures, and how far they spread."""

    def __init__(self, windows: npt.NDArray[np.uint8]) -> None:
        self.edge = int(windows.shape[1])
        self.count = len(windows)
        self.features = features_of(windows)
        self.target = Target.of(self.features)
        self.curves = curves_of(windows)

    def against(self, windows: npt.NDArray[np.uint8]) -> dict[str, Any]:
        """Return curves and differences of synthetic windows, as the page draws them."""
        ours = features_of(windows)
        traits = []
        for trait in TRAITS:
            real, mine = trait.of(self.features), trait.of(ours)
            spread = float(np.hypot(real.std(), 0.01 * abs(np.median(real)))) + 1e-6
            traits.append(_said(trait, (float(np.median(mine)) - float(np.median(real))) / spread))
        shifts, middle = self.target.shift(ours), np.median(ours, 0)
        figures: list[dict[str, Any]] = [
            {
                "group": group, "name": name, "off": round(float(shifts[k]), 2),
                "ours": float(f"{middle[k]:.4g}"), "real": float(f"{self.target.quantiles[2][k]:.4g}"),
            }
            for k, (group, name) in enumerate(zip(groups_of(), NAMES, strict=True))
        ]  # fmt: skip
        figures.sort(key=lambda figure: -abs(figure["off"]))
        cost = self.target.cost(ours)
        return {
            "real": self.curves, "ours": curves_of(windows), "traits": traits, "figures": figures,
            "misfit": float(f"{cost:.3g}"), "near": int((np.abs(shifts) <= CLEAR).sum()), "of": len(NAMES),
        }  # fmt: skip


def _said(trait: Trait, off: float) -> dict[str, Any]:
    """Return a difference as a number and a direction: ``blur 1.8 spreads too wide`` reads the same aloud."""
    direction = "as in the real sections" if abs(off) < CLEAR else trait.more if off > 0 else trait.less
    text = direction if abs(off) < CLEAR else f"{abs(off):.1f} {_units(direction)}"
    return {
        "name": trait.name,
        "off": round(off, 2),
        "text": f"{trait.name} {text}",
        "clear": abs(off) >= CLEAR,
    }


def _units(direction: str) -> str:
    return direction if direction.startswith("spreads") else f"spreads {direction}"


def windows_of(
    preset: Preset, edge: int, tissues: Tissues, ticket: Ticket, seed: int = 0, count: int = WINDOWS
) -> npt.NDArray[np.uint8]:
    """Return windows of a preset without defects, uint8 (count, y, x), each of a world of its own."""
    plain = preset.model_copy(update={"microscope": undamaged(preset.microscope)})
    images = []
    for k in range(count):
        grid = Grid((1, edge, edge), preset.voxel_nm, (137.0 * k, 0.0, 0.0))
        images.append(take(plain, 10**6 + 100 * seed + k, grid, "tone", tissues, ticket).image)
        ticket.check()
    return np.array(images)
