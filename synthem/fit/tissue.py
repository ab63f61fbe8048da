"""Whose tissue it is: microscopes can be fitted to anything, tissues cannot, so those of the presets compete.

Each tissue (anatomy, stain, and where its annotator draws the lines) is seen through the start's microscope,
which rules of thumb fit to the images. The best are fitted in earnest, for before that a microscope that does
not suit hides what suits; and the one that is nearest to the images on windows of its own is taken.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from synthem.fit.bench import Bench
from synthem.fit.clock import Clock
from synthem.fit.descend import Objective, descend
from synthem.fit.learn import Learned, learn
from synthem.fit.parameters import KNOBS, Knob, Space
from synthem.fit.start import quick_start
from synthem.preset import Preset, load_preset, preset_names
from synthem.statistics.distance import Features, Target

FINALISTS = 7
LESSONS = 128
STEPS = 3
"""Candidates from which each finalist learns, and steps of least squares that follow."""


@dataclass(frozen=True, eq=False)
class Tried:
    """A tissue, and what was learned through it.

    ``screened`` is the misfit after rules of thumb, ``cost`` that of the finalists after a short fit, on
    windows of its own; infinite for the others.
    """

    name: str
    space: Space
    learned: Learned
    screened: float
    cost: float = math.inf

    @property
    def preset(self) -> Preset:
        """The preset with what was learned."""
        return self.space.preset(self.learned.unit)


def with_tissue(preset: Preset, other: Preset) -> Preset:
    """Return a preset with the tissue of another: its anatomy, annotation and stain.

    The microscope stays, and what the preset says of itself is what the other says of its tissue.
    """
    scope = preset.microscope.model_copy(update={"stain": other.microscope.stain})
    own = {name: getattr(other, name) for name in ("anatomy", "annotation", "title", "source")}
    return load_preset(preset.model_copy(update=own | {"microscope": scope}))


def tissues_of(start: Preset, names: Sequence[str] | None) -> dict[str, Preset]:
    """Return the start with each tissue that is asked for: of presets by name or file; all shipped if None.

    The start's own comes first where all are asked for.
    """
    own = {start.name: start}
    if names is None:
        return own | {n: with_tissue(start, load_preset(n)) for n in preset_names() if n != start.name}
    others = [load_preset(name) for name in names]
    return {p.name: start if p.name == start.name else with_tissue(start, p) for p in others} or own


def choose_tissue(
    tissues: dict[str, Preset],
    real: Features,
    bench: Bench,
    clock: Clock,
    *,
    knobs: Sequence[Knob] = KNOBS,
    seed: int = 0,
    share: float = 0.4,
    tell: Callable[[str], None] = lambda text: None,
    keep: Callable[[Tried], None] = lambda tried: None,
) -> list[Tried]:
    """Return the tissues that were tried, the nearest to the images first.

    Parameters
    ----------
    tissues : dict of Preset
        The start with each tissue, by name.
    real : float64 (windows, figures)
        Figures of the real windows.
    bench, clock
        What renders, and what ends the trials when ``share`` of its time is spent: then the best so far are
        returned.
    knobs : sequence of Knob
        What is fitted.
    seed : int
        Of the draws.
    tell, keep : callable
        Told what is being done; given the best so far.
    """
    target = Target.of(real)
    tried: list[Tried] = []
    for name, preset in tissues.items():
        if tried and clock.over(share / 2):
            break
        tell(f"tissue of {name}")
        space = Space(preset, knobs)
        unit = quick_start(space, target, bench)
        cost = target.cost(bench.features([space.preset(unit)])[0])
        tried.append(Tried(name, space, Learned(unit, space.doubt), cost))
        if cost == min(one.screened for one in tried):
            keep(tried[-1])
    tried.sort(key=lambda one: one.screened)
    seeds = bench.unseen(2 * len(bench.seeds), 1)
    for k, one in enumerate(tried[:FINALISTS]):
        if k and clock.over(share):
            break
        tell(f"tissue of {one.name}, in earnest")
        learned = learn(one.space, one.learned, real, bench, clock, LESSONS, seed, share)
        own = clock.anew()
        descend(Objective(one.space, target, bench, learned), own, STEPS, share)
        learned = learned if own.best is None else replace(learned, unit=own.best)
        cost = target.cost(bench.features([one.space.preset(learned.unit)], seeds)[0])
        tried[k] = replace(one, learned=learned, cost=cost)
        if cost == min(other.cost for other in tried):
            keep(tried[k])
    return sorted(tried, key=lambda one: (one.cost, one.screened))
