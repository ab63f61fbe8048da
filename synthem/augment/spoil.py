"""Which defects of ``synthem.microscope.defects`` a crop gets: their blocks, with sizes that suit the crop.

Sizes are those of ``synthem.preset.defects``, or a share of the crop's edge where that is smaller. What lies
here and there has a rate at which a crop shows as many as are wanted: lines that are longer than the crop are
seen from far away, so their rate is lower. Folds and cracks taper: half of their length is seen.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from shapes.core.grid import Grid
from shapes.core.spread import Spread
from synthem.augment.config import Event, Loss, MicroscopeAugment, Misalignment, Spoilt
from synthem.augment.draws import Draws
from synthem.preset.defects import (
    Charging,
    ContrastJumps,
    Cracks,
    Curtains,
    Defects,
    Drift,
    Folds,
    KnifeMarks,
    LostLines,
    Particles,
    Tiles,
)
from synthem.preset.defects import Loss as Torn
from synthem.preset.defects import Misalignment as Misaligned

_MOST = 2000.0  # of a rate


class _Crop(NamedTuple):
    """A crop, the draws of its augmentation, and how strong that is."""

    grid: Grid
    draws: Draws
    strength: float

    @property
    def edge_nm(self) -> float:
        """The shorter edge."""
        return min(self.grid.size_nm[1:])

    def at_most(self, usual_nm: float, share: float) -> float:
        """Return a usual size, or a share of the edge if that is smaller; never less than a voxel."""
        return max(min(usual_nm, share * self.edge_nm), self.grid.voxel_nm[2])

    def rate(self, kind: Event, length_nm: float = 0.0) -> float:
        """Return how many to lay on 100 µm² so that lines of a length, of any direction, meet it so often."""
        y, x = (edge / 1000.0 for edge in self.grid.size_nm[1:])
        seen_um2 = y * x + 2.0 * (y + x) / math.pi * length_nm / 1000.0
        return min(_MOST, self.strength * kind.number * 100.0 / seen_um2)


def _misalignment(kind: Misalignment, crop: _Crop) -> Misaligned:
    return Misaligned(shift_nm=crop.strength * crop.draws.of(kind.shift_nm, "misalignment/shift"))


def _drift(kind: Misalignment, crop: _Crop) -> Drift:
    period = max(6.0 * crop.grid.voxel_nm[0], 0.5 * crop.grid.size_nm[0])
    return Drift(amplitude_nm=crop.strength * crop.draws.of(kind.shift_nm, "drift/shift"), period_nm=period)


def _fold(kind: Event, crop: _Crop) -> Folds:
    width = Spread(median=crop.at_most(150.0, 0.05), ratio=1.4)
    return Folds(per_100um2=crop.rate(kind, 0.5 * 7500.0), width_nm=width)


def _crack(kind: Event, crop: _Crop) -> Cracks:
    width = Spread(median=crop.at_most(90.0, 0.04), ratio=1.5)
    return Cracks(per_100um2=crop.rate(kind, 0.5 * 5000.0), width_nm=width)


def _dust(kind: Event, crop: _Crop) -> Particles:
    return Particles(per_100um2=crop.rate(kind), radius_nm=Spread(median=crop.at_most(60.0, 0.05), ratio=1.5))


def _precipitate(kind: Event, crop: _Crop) -> Particles:
    return Particles(
        per_100um2=crop.rate(kind),
        radius_nm=Spread(median=crop.at_most(12.0, 0.02), ratio=1.5),
        grains=Spread(min=3, max=12),
        cluster_nm=crop.at_most(50.0, 0.1),
        roughness=0.6,
    )


def _debris(kind: Event, crop: _Crop) -> Particles:
    return Particles(
        per_100um2=crop.rate(kind),
        radius_nm=Spread(median=crop.at_most(130.0, 0.08), ratio=1.5),
        grey=Spread(mean=225, std=8),
        roughness=0.7,
        glow=-40.0,
        glow_nm=crop.at_most(150.0, 0.04),
    )


def _knife(kind: Event, crop: _Crop) -> KnifeMarks:
    across_um = sum(crop.grid.size_nm[1:]) / 2000.0
    return KnifeMarks(
        per_100um=min(_MOST, crop.strength * kind.number * 100.0 / across_um),
        angle_deg=180.0 * crop.draws.share("knife/angle"),
        width_nm=Spread(median=crop.at_most(15.0, 0.03), ratio=1.6),
        strength=25.0 + 30.0 * crop.draws.share("knife/strength"),
        chatter=4.0 * crop.draws.share("knife/chatter"),
    )


def _loss(kind: Loss, crop: _Crop) -> Torn:
    size = crop.strength * crop.draws.of(kind.size, "loss/size") * crop.edge_nm
    bright = crop.draws.share("loss/grey") < 0.5
    return Torn(damaged_chance=1.0, patch_nm=size, grey=Spread(mean=230 if bright else 25, std=5))


def _contrast_jump(kind: Spoilt, crop: _Crop) -> ContrastJumps:
    less = min(0.75, 0.45 * crop.strength * crop.draws.of(kind.amount, "contrast_jump/amount"))
    chance = 1.0 if crop.grid.shape[0] == 1 else 0.3
    return ContrastJumps(chance=chance, contrast=Spread(min=1 - less, max=1 - 0.6 * less))


def _charging(kind: Event, crop: _Crop) -> Charging:
    trail = crop.at_most(2500.0, 0.8)
    return Charging(
        per_100um2=crop.rate(kind, trail),
        radius_nm=Spread(median=crop.at_most(350.0, 0.15), ratio=1.5),
        trail_nm=trail,
    )


def _curtain(kind: Spoilt, crop: _Crop) -> Curtains:
    strength = 7.0 * crop.strength * crop.draws.of(kind.amount, "curtain/amount")
    return Curtains(strength=strength, width_nm=crop.at_most(25.0, 0.05), length_nm=4.0 * crop.edge_nm)


def _tile(kind: Spoilt, crop: _Crop) -> Tiles:
    amount = crop.strength * crop.draws.of(kind.amount, "tile/amount")
    y, x = (
        edge * (0.6 + 0.6 * crop.draws.share(f"tile/{k}")) for k, edge in enumerate(crop.grid.size_nm[1:])
    )
    return Tiles(size_nm=(y, x), shift_nm=10.0 * amount, brightness=7.0 * amount, shading=8.0 * amount)


def _lost_line(kind: Event, crop: _Crop) -> LostLines:
    length = Spread(min=crop.at_most(800.0, 0.3), max=crop.at_most(6000.0, 2.0))
    return LostLines(per_100um2=crop.rate(kind, 0.5 * (length.lowest() + length.highest())), length_nm=length)


BLOCKS: dict[str, Callable[[Any, _Crop], Any]] = {
    "misalignment": _misalignment,
    "drift": _drift,
    "fold": _fold,
    "crack": _crack,
    "dust": _dust,
    "precipitate": _precipitate,
    "debris": _debris,
    "knife": _knife,
    "loss": _loss,
    "contrast_jump": _contrast_jump,
    "charging": _charging,
    "curtain": _curtain,
    "tile": _tile,
    "lost_line": _lost_line,
}
"""What draws the block of each defect; a new one is a function, a line, a field of ``MicroscopeAugment``."""

OF_STACKS = ("misalignment", "drift")
"""These say nothing of a section alone."""


def spoil(config: MicroscopeAugment, draws: Draws, grid: Grid) -> Defects:
    """Draw which defects a crop gets, and how large or strong they are."""
    crop = _Crop(grid, draws, config.strength)
    found = {}
    for name, block in BLOCKS.items():
        kind = getattr(config, name)
        if draws.happens(name, kind.chance) and (grid.shape[0] > 1 or name not in OF_STACKS):
            found[name] = block(kind, crop)
    return Defects(**found)
