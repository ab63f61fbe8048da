"""Which preset's tissue to start from: microscopes can be fitted to any image, tissues are compared.

Each tissue (anatomy, stain, and where its annotator draws the lines) is seen through the start's microscope,
which rules of thumb fit to the images. The best are fitted for a few steps, for with a microscope that does
not suit no tissue does; the best of these are fitted longer, and the one that is nearest to the images on
windows of its own is taken. Where several are as near, it is the one whose preset has voxels like the
images', for what is drawn of a tissue, and how its annotator draws, is what such voxels show.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synthem.fit.budget import Clock
from synthem.fit.initial_guess import quick_start
from synthem.fit.knobs import KNOBS, Knob
from synthem.fit.least_squares import Objective, descend
from synthem.fit.parameters import Space
from synthem.fit.regression import Learned, learn
from synthem.fit.renderer import Renderer
from synthem.fit.voxels import in_sections
from synthem.measure.statistics.distance import Features, Target
from synthem.preset.preset import Preset, load_preset, preset_names

SHORT, EARNEST = 7, 3
"""Tissues that are fitted in short, and of these in earnest."""
LESSONS = 240
STEPS = 3, 6
"""Candidates from which a short fit learns, and steps of least squares, in short and in earnest."""
ALIKE = 1.1
"""Misfits up to the least times this are alike: that much is the choice of windows."""


@dataclass(frozen=True, eq=False)
class Tried:
    """A tissue, and what was learned through it.

    ``screened`` is the misfit after rules of thumb, ``short`` and ``cost`` those after a short fit and one in
    earnest, on windows of their own; infinite where there was none. ``apart`` is by what factor its preset's
    voxels differ from the images', as a logarithm.
    """

    name: str
    space: Space
    learned: Learned
    screened: float
    short: float = math.inf
    cost: float = math.inf
    apart: float = 0.0

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
    own["tuned_on"] = tuple(dict.fromkeys([*preset.tuned_on, *other.tuned_on]))
    return preset.model_copy(update=own | {"microscope": scope})


def tissues_of(start: Preset, names: Sequence[str] | None) -> dict[str, Preset]:
    """Return the presets whose tissues compete: those named, by name or file; if None, all shipped.

    The start's own comes first where all are asked for.
    """
    if names is None:
        return {start.name: start} | {n: load_preset(n) for n in preset_names() if n != start.name}
    others = [load_preset(name) for name in names]
    return {p.name: start if p.name == start.name else p for p in others} or {start.name: start}


def choose_tissue(
    start: Preset,
    tissues: dict[str, Preset],
    real: Features,
    renderer: Renderer,
    clock: Clock,
    *,
    knobs: Sequence[Knob] = KNOBS,
    seed: int = 0,
    share: float = 0.4,
    tell: Callable[[str], None] = lambda text: None,
    keep: Callable[[Tried], None] = lambda tried: None,
) -> list[Tried]:
    """Return the tissues that were tried, the one to take first.

    Parameters
    ----------
    start : Preset
        The microscope, at the images' voxel size; and the tissue that goes by its name.
    tissues : dict of Preset
        Presets by name, as ``tissues_of`` gives them. Of a single one there is nothing to fit.
    real : float64 (windows, figures)
        Figures of the real windows.
    renderer, clock
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
        if tried and clock.over(share / 3):
            break
        tell(f"tissue of {name}")
        space = Space(start if name == start.name else in_sections(with_tissue(start, preset)), knobs)
        unit = quick_start(space, target, renderer)
        cost = target.cost(renderer.features([space.preset(unit)])[0])
        apart = float(np.abs(np.log(np.divide(preset.voxel_nm, start.voxel_nm))).sum())
        tried.append(Tried(name, space, Learned(unit, space.doubt), cost, apart=apart))
        if cost == min(one.screened for one in tried):
            keep(tried[-1])
    tried.sort(key=lambda one: one.screened)
    if len(tried) == 1:
        return tried
    windows, unseen = renderer.seeds, renderer.unseen(4 * len(renderer.seeds), 1)
    for k, one in enumerate(tried[:SHORT]):
        if k and clock.over(2 * share / 3):
            break
        tell(f"tissue of {one.name}, in short")
        learned = learn(one.space, one.learned, real, renderer, clock, LESSONS, seed, share)
        learned = descended(one.space, learned, target, renderer, clock, STEPS[0], share)
        short = target.cost(renderer.features([one.space.preset(learned.unit)], unseen)[0])
        tried[k] = replace(one, learned=learned, short=short)
        if short == min(other.short for other in tried):
            keep(tried[k])
    tried.sort(key=lambda one: (one.short, one.screened))
    for k, one in enumerate(tried[:EARNEST]):
        if clock.over(share) or one.short == math.inf:
            break
        tell(f"tissue of {one.name}, in earnest")
        pool = renderer.choose(one.preset, 2 * len(windows), 10 * len(windows))
        learned = descended(one.space, one.learned, Target.of(real, pool), renderer, clock, STEPS[1], share)
        cost = target.cost(renderer.features([one.space.preset(learned.unit)], unseen)[0])
        tried[k] = replace(one, learned=learned, cost=cost)
    renderer.seeds = windows
    tried.sort(key=lambda one: (one.cost, one.short, one.screened))
    near = [one for one in tried if math.isfinite(one.cost) and one.cost <= ALIKE * tried[0].cost]
    if near:
        first = min(near, key=lambda one: one.apart)
        tried.remove(first)
        tried.insert(0, first)
        keep(first)
    return tried


def descended(
    space: Space, learned: Learned, target: Target, renderer: Renderer, clock: Clock, steps: int, share: float
) -> Learned:
    """Return what was learned, with the microscope that some steps of least squares find."""
    own = clock.anew()
    descend(Objective(space, target, renderer, learned), own, steps, share)
    return learned if own.best is None else replace(learned, unit=own.best)
