"""A fit from end to end: images in, preset and what is known of it out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.open import warnings_of
from synthem.data.real.reading import PLAIN, Reading
from synthem.data.unlabelled import SampledWindows, sample_windows
from synthem.fit.anatomy_choice import Tried, choose_tissue, descended, tissues_of, with_tissue
from synthem.fit.budget import Clock
from synthem.fit.cmaes import search
from synthem.fit.initial_guess import laid, quick_start
from synthem.fit.knobs import KNOBS
from synthem.fit.least_squares import Objective, descend
from synthem.fit.masks import Mended, fit_masks, masks_of
from synthem.fit.parameters import WIDTH, Space
from synthem.fit.regression import Learned, learn
from synthem.fit.renderer import SEEDS, Renderer, render
from synthem.fit.tuned_on import sections_seen
from synthem.fit.voxels import prepared
from synthem.measure.polarity import dark_lines
from synthem.measure.realism import features_of
from synthem.measure.statistics.distance import Features, Target
from synthem.preset.preset import Preset, load_preset

REAL_WINDOWS = 48
WINDOWS = 12
"""Windows of 256² that a candidate shows; of smaller ones, as many as have the same area, up to 32."""
POOL = 60
CHOICE, LEARN, SHARE = 0.5, 0.7, 0.9
"""The choice of a tissue, the lessons and least squares end when this part of the time is spent."""
LESSONS = 900
"""Candidates from which the parameters are learned."""
MOST_SEED = 2**62 // SEEDS
STEPS, BETWEEN = 8, 2
"""Steps of least squares, at most; and those between the two draws of the lessons."""


@dataclass
class FittedPreset:
    """What a fit found.

    Attributes
    ----------
    before, after : Preset
        The start, at the images' voxel size, and the fitted preset.
    origin : Preset
        The start as it was given, with the tissue that was taken: what comments compare with.
    space : Space
        The parameters; its start is ``origin`` at the images' voxel size.
    windows : SampledWindows
        The images' windows.
    target : Target
        Their statistics.
    was, now : float64 (windows, figures)
        The statistics of synthetic windows before and after, on windows that the search did not see.
    cost_before, cost_after : float
        On these windows.
    history : list of (float, float)
        Seconds and cost at every improvement.
    tissue : str
        The preset whose tissue was taken.
    tried : list of Tried
        What tissues came to, the one that was taken first; empty where it was interrupted before.
    mended : list of Mended
        What was taken from masks.
    notes : list of str
        What a person should know.
    interrupted : bool
        Whether it was stopped from the keyboard.
    evaluations : int
        How many candidates were looked at.
    """

    before: Preset
    after: Preset
    origin: Preset
    space: Space
    windows: SampledWindows
    target: Target
    was: Features
    now: Features
    cost_before: float
    cost_after: float
    history: list[tuple[float, float]]
    tissue: str
    tried: list[Tried]
    mended: list[Mended]
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    evaluations: int = 0


def fit_preset(
    images: str | Path,
    start: str | Path | Preset,
    *,
    masks: str | Path | None = None,
    tissues: Sequence[str] | None = None,
    names: list[str] | None = None,
    how: Reading = PLAIN,
    voxel_nm: Triple | None = None,
    minutes: float = 15.0,
    rounds: int | None = None,
    seed: int = 0,
    workers: int = 2,
    tick: Callable[[int, int], None] = lambda done, of: None,
    tell: Callable[[str], None] = lambda text: None,
) -> FittedPreset:
    """Fit a preset to images.

    Parameters
    ----------
    images : str or Path
        A picture or a folder of them.
    start : str, Path or Preset
        Where to begin; what is not fitted stays as it says.
    masks : str or Path, optional
        A folder of real EM with masks, of these images or of others of their kind.
    tissues : sequence of str, optional
        Presets whose tissue may take the place of the start's where it suits the images better; the start's
        own and those of all shipped presets if None.
    names : list of str, optional
        Sections to take.
    voxel_nm : tuple of float, optional
        The images' voxel size (z, y, x); the start's if None.
    minutes : float
        Wall clock; the best so far stands when it is over.
    rounds : int, optional
        Rounds of the search, for the same answer on any machine that the time allows it; as many as the
        time allows if None.
    seed : int
        Which windows are looked at, and the search's draws.
    workers : int
        Processes; their number makes no difference to the answer.

    Raises
    ------
    InputError
        Where images, masks or preset cannot be used.
    """
    if not minutes > 0:
        raise InputError(f"fit: minutes must be more than 0, not {minutes:g}")
    if not 0 <= seed < MOST_SEED:
        raise InputError(f"fit: seed must lie between 0 and {MOST_SEED - 1}, not {seed}")
    clock = Clock(60.0 * minutes, tick, shares=rounds is None)
    given = load_preset(start)
    candidates, before = tissues_of(given, tissues), prepared(given, voxel_nm)
    # names are those of the images; of another folder with masks all sections are taken
    own = names if masks is not None and Path(masks).resolve() == Path(images).resolve() else None
    seen: list[str] = []
    if masks is not None:  # refuses what is none, before any work
        masked = masks_of(masks, own, before.voxel_nm, how)
        for sentence in warnings_of(masked):
            tell(sentence)
        seen += sections_seen(masks, masked.names)
    windows = sample_windows(images, REAL_WINDOWS, names=names, seed=seed, how=how)
    seen += sections_seen(images, windows.sections)
    flipped = dark_lines(windows.images, before.voxel_nm[1]) < 0
    grey = 255 - windows.images if flipped else windows.images
    notes = list(windows.notes)
    if flipped:
        notes.append("membranes are bright in these images: the fitted preset says tone.invert")
    edge = int(grey.shape[1])
    count = min(32, round(WINDOWS * (256 / edge) ** 2))
    real = features_of(grey)
    target = Target.of(real)
    so_far, interrupted = before, False
    tried: list[Tried] = []
    mended: list[Mended] = []
    tissue, space = before.name, Space(before)
    whole = space

    def keep(one: Tried) -> None:
        nonlocal tissue, space, whole, so_far
        tissue, space, whole, so_far = one.name, one.space, one.space, one.preset

    with Renderer(edge, max(2, count // 2), seed, workers) as renderer:
        try:
            renderer.features([before])  # compiles the kernels, on a first run: that takes none of the time
            clock.begun = time.monotonic()
            tried = choose_tissue(
                before,
                candidates,
                real,
                renderer,
                clock,
                knobs=KNOBS,
                seed=seed,
                share=CHOICE,
                tell=tell,
                keep=keep,
            )
            learned = tried[0].learned
            if masks is not None:
                tell("masks: greys, sizes and numbers")
                so_far, mended = fit_masks(space.preset(learned.unit), masks, flipped, own, seed, how=how)
                fixed = {knob for one in mended for knob in one.knobs}
                drawn = any(one.path == WIDTH for one in mended)
                space = Space(so_far, [knob for knob in KNOBS if knob.name not in fixed], drawn)
                learned = Learned(quick_start(space, target, renderer, known=True), space.doubt)
            tell("lessons")

            def lie(taught: Learned) -> Learned:
                # with a microscope that does not suit, no way to lie does
                seen = descended(space, taught, target, renderer, clock, BETWEEN, LEARN)
                return laid(space, seen, target, renderer)

            learned = learn(space, learned, real, renderer, clock, LESSONS, seed, LEARN, lie)
            so_far = space.preset(learned.unit)
            pool = renderer.choose(so_far, count, max(POOL, 2 * count))
            target = Target.of(real, pool)
            objective = Objective(space, target, renderer, learned)
            tell("least squares")
            descend(objective, clock, STEPS, SHARE)
            tell("search")
            search(objective, learned.unit if clock.best is None else clock.best, clock, rounds, seed)
        except KeyboardInterrupt:
            interrupted = True
            notes.append("interrupted from the keyboard: this is the best up to then")
        after = so_far if clock.best is None else space.preset(clock.best)
        if rounds is not None and not interrupted and clock.over():
            notes.append("time was up before all rounds were done: another run may say something else")
        try:
            if masks is not None and not interrupted:
                tell("masks: greys again")
                after, again = fit_masks(after, masks, flipped, own, seed, greys_alone=True, how=how)
                mended = _joined(mended, again)
            was, now = renderer.features([before, after], renderer.unseen(count))
        except KeyboardInterrupt:
            # seconds of work without which there is nothing to write: a second interrupt ends it
            interrupted = True
            notes.append("interrupted from the keyboard at the very end")
            was, now = renderer.features([before, after], renderer.unseen(count))
    origin = given if tissue == given.name else with_tissue(given, candidates[tissue])
    tone = after.microscope.tone.model_copy(update={"invert": flipped})
    after = after.model_copy(
        update={
            "microscope": after.microscope.model_copy(update={"tone": tone}),
            "tuned_on": tuple(dict.fromkeys([*origin.tuned_on, *seen])),
        }
    )
    return FittedPreset(
        before=before, after=after, origin=origin, space=whole, windows=windows, target=target, was=was,
        now=now, cost_before=target.cost(was), cost_after=target.cost(now), history=clock.history,
        tissue=tissue, tried=tried, mended=mended, notes=notes, interrupted=interrupted,
        evaluations=renderer.evaluations,
    )  # fmt: skip


def patches_of(preset: Preset, edge: int, count: int, seed: int) -> npt.NDArray[np.uint8]:
    """Return pictures of a preset for a report, (count, y, x)."""
    return np.array([render(preset, 10**6 + seed + k, edge) for k in range(count)])


def _joined(first: list[Mended], second: list[Mended]) -> list[Mended]:
    """Return both lists of what masks gave, the later value of what is in both."""
    kept = {one.path: one for one in first}
    for one in second:
        kept[one.path] = one if one.path not in kept else one.since(kept[one.path])
    return list(kept.values())
