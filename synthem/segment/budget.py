"""How the minutes are shared: what each part takes is measured, and the rest is handed out."""

import time
from dataclasses import dataclass, field
from math import ceil

import numpy as np

from shapes import Grid
from shapes.core.errors import InputError
from synthem.learning.training.pace import measure_pace
from synthem.preset.preset import load_preset
from synthem.segment.job import START, Checked
from synthem.world import World

FIT_SECONDS, FIT_SHARE = 60.0, 0.3
"""The least that a fit gets, and its share of what is to spare; …"""
FEWEST, MOST, PATCH_SHARE = 10, 400, 0.25
"""… as many patches as may be made, and the share of making them; …"""
FEWEST_STEPS, MOST_STEPS = 20, 3000
"""… and training gets what is left, up to so many steps."""
CHECKS = 5
"""Validations of a training."""
SLOWER = 1.5
"""A step of training with its crops and losses takes so many times a bare one: 1.0 for features of 4 and
crops of 64², 1.5 for features of 16 to 256 and eight crops of 192², on two cores that others used too."""
LOOKED_AT = 6.0
"""To choose a window for class budgets takes as long as to label so many: 2.3 to 4.4 are looked at, and their
objects looked for, by one process; 4.6 to 10 were measured for 150 to 10 patches of ``epfl``."""
START_SECONDS = 12.0
"""Loading code, starting processes and writing the report take about so long."""
FLIPS = 4
OVERLAP = 0.25


@dataclass
class Budget:
    """Seconds that parts take on this machine, and how many there are.

    Attributes
    ----------
    seconds : float
        For all of it.
    patch, step, crop, label : float
        Seconds of a patch with the search for its window, a step, of validating on a crop, and of labelling
        all images.
    tiles : int
        Crops that a validation is on; of patches alone, a fifth of them.
    fits : bool
        Whether a preset is fitted.
    begun : float
        When the work began.
    """

    seconds: float
    patch: float
    step: float
    crop: float
    label: float
    tiles: int
    fits: bool
    begun: float = field(default_factory=time.monotonic)

    @property
    def check(self) -> float:
        """Seconds of all validations."""
        return CHECKS * self.tiles * self.crop

    @property
    def least(self) -> float:
        """Seconds that all parts take at least."""
        fixed = self.label + (FIT_SECONDS if self.fits else 0.0) + START_SECONDS
        return fixed + FEWEST * self.patch + FEWEST_STEPS * self.step + self.check

    @property
    def spare(self) -> float:
        """Seconds beyond that."""
        return max(0.0, self.seconds - self.least)

    def require(self, option: str) -> None:
        """Raise InputError where not even the least of each part can be done in time."""
        if self.seconds < self.least:
            minutes = ceil(self.least / 6) / 10
            raise InputError(
                f"{option}: {self.seconds / 60:g} minutes are too few for these images on this machine; "
                f"{minutes:g} are the least"
            )

    def fit_minutes(self) -> float:
        """Minutes that a fit gets."""
        return round((FIT_SECONDS + FIT_SHARE * self.spare) / 60, 2)

    def patches(self) -> int:
        """How many patches are made."""
        return int(np.clip(FEWEST + PATCH_SHARE * self.spare / self.patch, FEWEST, MOST))

    def steps(self) -> int:
        """How many steps are trained, with what is left of the time now."""
        left = self.seconds - (time.monotonic() - self.begun) - self.label - self.check - START_SECONDS
        return int(np.clip(left / self.step, FEWEST_STEPS, MOST_STEPS))


def measure(
    checked: Checked, patch_vx: tuple[int, int, int], batch: int, workers: int, begun: float
) -> Budget:
    """Time a patch, a step and a crop, and count what there is of each."""
    job = checked.job
    world = World(load_preset(job.preset or START), job.seed)
    world.patch(Grid(patch_vx, checked.work_nm))  # compiles, on a first run
    at = time.perf_counter()
    world.patch(Grid(patch_vx, checked.work_nm, (0.0, 1e5, 1e5)))
    patch = (time.perf_counter() - at) / workers
    at = time.perf_counter()
    world.annotated(Grid(patch_vx, checked.work_nm, (0.0, 2e5, 2e5)))
    patch += LOOKED_AT * (time.perf_counter() - at)
    pace = measure_pace(checked.model, patch_vx, batch)
    crops = sum(_windows(shape, patch_vx) for shape in checked.prepared.shapes)
    tiles = held_tiles(FEWEST)
    if checked.real is not None:
        size = max(_windows((1, *size), patch_vx, 0.0) for size in sizes(checked))
        tiles = size * held_tiles(len(checked.real))
    return Budget(
        seconds=60 * job.minutes,
        patch=patch,
        step=SLOWER * pace.step,
        crop=SLOWER * pace.crop,
        label=FLIPS * crops * pace.crop,
        tiles=tiles,
        fits=job.fits,
        begun=begun,
    )


def held_tiles(patches: int) -> int:
    """Count the patches that are held out of a number of them, as a training does."""
    return max(1, round(0.2 * patches))


def sizes(checked: Checked) -> set[tuple[int, int]]:
    """Return height and width of the sections with masks."""
    return {checked.real.shape(name)[1:] for name in checked.real.names} if checked.real else set()


def _windows(shape: tuple[int, int, int], window: tuple[int, int, int], overlap: float = OVERLAP) -> int:
    """Count the windows that cover a volume."""
    steps = [max(1, round(edge * (1 - overlap))) for edge in window]
    count = 1
    for size, edge, step in zip(shape, window, steps, strict=True):
        count *= 1 + ceil(max(0, size - edge) / step)
    return count
