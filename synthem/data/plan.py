"""A dataset as a plan: which window of which world each patch shows. Each can be made alone, in any order."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from pydantic import Field

from shapes import Grid
from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from shapes.core.grid import Triple
from synthem.data.choice import choose
from synthem.data.windows import WindowMaker
from synthem.labels import CELLS, CLASSES, check_class
from synthem.patch import Patch
from synthem.preset.preset import Preset, load_preset
from synthem.preset.randomise import check_factor
from synthem.world import World

MOST_PATCHES = 1_000_000
"""A dataset holds no more patches than this."""

PLAN_STREAM = 0x706C616E
"""Sets the stream that places windows apart from those that fill the world."""


class Request(Frozen):
    """What was asked for; two equal requests make the same dataset, bit for bit."""

    preset: dict[str, Any]
    seed: int
    count: int
    shape: tuple[int, int, int]
    voxel_nm: Triple
    balance: dict[str, float]
    randomise: float = 1.0
    randomise_anatomy: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that the patches are labelled for; of before there were others, those of EPFL6."""
        return tuple(self.preset["annotation"].get("classes", CLASSES))


class Plan(Frozen):
    """A request and the windows that were chosen for it.

    Attributes
    ----------
    request : Request
        What was asked for.
    origins_nm : tuple of (z, y, x)
        Where each window begins, in nanometres.
    reached : dict of str to float
        Shares of voxels, over the whole dataset, of the classes that have a budget.
    shortfalls : tuple of str
        A sentence for each budget that was missed by more than a tenth, with the reason.
    objects : dict of str to int
        How many distinct objects of each class that has a budget the windows show; membranes are none.
    first : int
        Index of the first window within the whole dataset; not 0 in a part of a plan.
    """

    request: Request
    origins_nm: tuple[Triple, ...]
    reached: dict[str, float] = Field(default_factory=dict)
    shortfalls: tuple[str, ...] = ()
    objects: dict[str, int] = Field(default_factory=dict)
    first: int = 0

    @property
    def preset(self) -> Preset:
        """The preset that was asked for."""
        return Preset.model_validate_json(json.dumps(self.request.preset))

    @cached_property
    def world(self) -> World:
        """The world of that preset."""
        return _world(json.dumps(self.request.preset), self.request.seed)

    def part(self, first: int, count: int) -> "Plan":
        """Return the plan of some consecutive patches, which keep their names."""
        origins = self.origins_nm[first : first + count]
        return self.model_copy(update={"origins_nm": origins, "first": self.first + first})

    def missed(self) -> list[str]:
        """Return a sentence for each budget that was missed, which begins with ``short of`` or ``over``."""
        return [
            f"{'over' if self.reached[name] > self.request.balance[name] else 'short of'} {sentence}"
            for sentence in self.shortfalls
            for name in [sentence.partition(":")[0]]
        ]

    def grid(self, index: int) -> Grid:
        """Return the window of one patch."""
        return Grid(self.request.shape, self.request.voxel_nm, self.origins_nm[index])

    def name(self, index: int) -> str:
        """Return what one patch is called: preset, seed and index."""
        return f"{self.request.preset['name']}-{self.request.seed}-{self.first + index:06d}"


def make_request(
    preset: str | Preset,
    *,
    seed: int,
    count: int,
    shape: tuple[int, int, int] | None = None,
    voxel_nm: Triple | None = None,
    balance: Mapping[str, float] | None = None,
    randomise: float = 1.0,
    randomise_anatomy: bool = False,
) -> Request:
    """Check what is asked for, and fill in the preset's own shape and voxel size where none is given.

    Raises
    ------
    InputError
        Where the count is not between 1 and a million, the seed is negative, a shape or size is not
        positive, the budgets cannot be shares of one whole or are of classes that are not labelled, or the
        factor of randomisation is not from 1 to 5; or budgets are asked for while the anatomy varies.
    UnknownNameError
        Where there is no such preset, or a budget names no class.
    """
    chosen = load_preset(preset)
    if not 1 <= count <= MOST_PATCHES:
        raise InputError(f"count: a dataset holds 1 to {MOST_PATCHES} patches, not {count}")
    if not 0 <= seed < 2**63:
        raise InputError(f"seed: must lie between 0 and 2^63 - 1, not {seed}")
    grid = Grid(shape or chosen.patch_shape, voxel_nm or chosen.voxel_nm)
    balance = dict(balance or {})
    for name, share in balance.items():
        if check_class(name) not in chosen.annotation.classes:
            own = ", ".join(chosen.annotation.classes)
            raise InputError(
                f"balance: patches are labelled for {own}, and not for {name}; add it with --classes, or "
                "under annotation.classes"
            )
        if not 0 < share < 1:
            raise InputError(f"balance: the share of {name} must lie between 0 and 1, not {share}")
    check_factor(randomise)
    if randomise_anatomy and randomise == 1.0:
        raise InputError("randomise: the anatomy varies by the factor; give one above 1")
    if randomise_anatomy and balance:
        raise InputError(
            "balance: windows are chosen in the preset's own tissue; do without randomised anatomy"
        )
    cells = {name for name in balance if name in CELLS}
    # what is in a cell is a part of it
    for names in (balance.keys() - cells - {"mito_boundary"}, cells):
        if (total := sum(balance[name] for name in names)) > 1:
            raise InputError(f"balance: the shares sum to {total:.3g}, more than the whole image")
    return Request(
        preset=chosen.model_dump(mode="json"),
        seed=seed,
        count=count,
        shape=grid.shape,
        voxel_nm=grid.voxel_nm,
        balance=balance,
        randomise=randomise,
        randomise_anatomy=randomise_anatomy,
    )


def plan_dataset(
    world: World,
    count: int,
    shape: tuple[int, int, int] | None = None,
    voxel_nm: Triple | None = None,
    balance: Mapping[str, float] | None = None,
    tick: Callable[[int, int], None] = lambda done, most: None,
    randomise: float = 1.0,
    randomise_anatomy: bool = False,
) -> Plan:
    """Choose the windows of a dataset: scattered at random, and exchanged until the class budgets are met.

    Parameters
    ----------
    world : World
        Where to look.
    count : int
        Number of patches.
    shape : tuple of int, optional
        Voxels of a patch, (z, y, x); the preset's own if None.
    voxel_nm : tuple of float, optional
        Voxel size, (z, y, x); the preset's own if None.
    balance : mapping of str to float, optional
        Wanted share of voxels by class, over the whole dataset.
    tick : callable
        Told how many candidate windows were measured and how many there may be; only with a balance.
    randomise, randomise_anatomy
        By which factor each patch's microscope, and its anatomy, vary: see ``synthem.preset.randomise``.

    Raises
    ------
    InputError
        As ``make_request`` does.
    """
    request = make_request(
        world.preset,
        seed=world.seed,
        count=count,
        shape=shape,
        voxel_nm=voxel_nm,
        balance=balance,
        randomise=randomise,
        randomise_anatomy=randomise_anatomy,
    )
    return plan_request(world, request, tick)


def plan_request(
    world: World, request: Request, tick: Callable[[int, int], None] = lambda done, most: None
) -> Plan:
    """Choose the windows of a request that ``make_request`` has checked, in the world that it names."""
    rng = np.random.default_rng([request.seed, PLAN_STREAM])
    windows = WindowMaker(world, request.shape, request.voxel_nm, rng=rng)
    choice = choose(windows, request.count, request.balance, tick)
    return Plan(
        request=request,
        origins_nm=tuple(grid.origin_nm for grid in choice.grids),
        reached=choice.reached,
        shortfalls=tuple(choice.shortfalls),
        objects=choice.objects,
    )


def make_patch(plan: Plan, index: int) -> Patch:
    """Render one patch of a plan; it depends on nothing but these two."""
    request = plan.request
    world = plan.world
    if request.randomise > 1.0:
        world = world.randomised(request.randomise, plan.first + index, request.randomise_anatomy)
    return replace(world.patch(plan.grid(index)), name=plan.name(index))


@lru_cache(maxsize=4)
def _world(preset: str, seed: int) -> World:
    return World(Preset.model_validate_json(preset), seed=seed)
