"""The renderer of a fit: the same few windows rendered for one candidate after the other, and described.

Each window is the middle of a world of its own, so that a larger tissue is the same tissue, zoomed: the
figures change smoothly with the parameters, and candidates are compared on the same draw. Scenes are kept
while the anatomy stays, for they cost ten times as much as the microscope.
"""

import multiprocessing
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from shapes.core.grid import Grid
from shapes.core.streams import stream_key, uniform
from synthem.data.new_process import GUARD, check_start, ended_at_start, start_worker
from synthem.measure.statistics import NAMES, describe
from synthem.measure.statistics.distance import Features, Target
from synthem.microscope.pipeline import halo_vx, stages, to_uint8
from synthem.microscope.view import look
from synthem.preset.defects import Defects
from synthem.preset.microscope import Microscope
from synthem.preset.preset import Preset
from synthem.scene.scene import Scene
from synthem.world import World

KEPT_ANATOMIES = 2
"""Scenes of so many anatomies are kept …"""
KEPT_VX = 6_000_000
"""… as far as they do not have more voxels than this together: a voxel of a scene is some 120 bytes."""
RIM_VX = 12
"""Scenes are at least so much wider than a window: as far as the widest round blur of the search reaches."""

SEEDS = 1000
"""A fit's seed stands for so many windows: half to search on, half to check on."""
DEPTH_NM = 500.0
"""Windows lie up to so deep: a plane through the nodes of smooth noise is not like others."""

_scenes: OrderedDict[tuple[str, int, int], Scene] = OrderedDict()


def undamaged(microscope: Microscope) -> Microscope:
    """Return a microscope without defects and with sections of one thickness: neither is fitted."""
    section = microscope.section.model_copy(update={"thickness": 0.0})
    return microscope.model_copy(update={"defects": Defects(), "section": section})


def render(preset: Preset, seed: int, edge: int, keep: int = 0) -> npt.NDArray[np.uint8]:
    """Return the image, uint8 (y, x), of the middle of a world; ``keep`` scenes are kept for later."""
    voxel = preset.voxel_nm
    depth = DEPTH_NM * uniform(stream_key(seed, "fit/depth"), 0)
    grid = Grid((1, edge, edge), voxel, (depth, -0.5 * edge * voxel[1], -0.5 * edge * voxel[2]))
    microscope = undamaged(preset.microscope)
    halo = halo_vx(microscope, voxel)
    rim = max(RIM_VX, *halo)
    sheets = microscope.section.sheets
    # labels are not looked at: how they are drawn makes no other scene
    key = (f"{preset.anatomy!r}{voxel}{sheets}{rim}", seed, edge)
    scene = _scenes.get(key)
    if scene is None:
        scene = World(preset, seed).scene(grid.padded((0, rim, rim)))
        if keep:
            _scenes[key] = scene
            while len(_scenes) > keep:
                _scenes.popitem(last=False)
    else:
        _scenes.move_to_end(key)
    view = look(microscope, seed, grid.padded(halo))
    corner = (rim - halo[1], rim - halo[2])
    *_, (_, image) = stages(scene.boxed(corner, view.window.shape[1:]), view, microscope)
    picture: npt.NDArray[np.uint8] = to_uint8(image)[0]
    return picture


def describe_windows(presets: Sequence[Preset], seeds: Sequence[int], edge: int) -> Features:
    """Return the figures of each preset's windows, (presets, seeds, figures)."""
    out = np.empty((len(presets), len(seeds), len(NAMES)))
    for i, preset in enumerate(presets):
        voxels = preset.microscope.section.sheets * (edge + 2 * RIM_VX) ** 2
        keep = min(KEPT_ANATOMIES * len(seeds), KEPT_VX // voxels)
        for j, seed in enumerate(seeds):
            out[i, j] = _described(render(preset, seed, edge, keep))
    return out


def describe_apart(
    groups: Sequence[Sequence[Preset]], seeds: Sequence[Sequence[int]], edge: int
) -> list[Features]:
    """Return the figures of windows of its own of each group of presets, each (presets, windows, figures)."""
    return [describe_windows(group, own, edge) for group, own in zip(groups, seeds, strict=True)]


def _described(image: npt.NDArray[np.uint8]) -> Features:
    if image.min() == image.max():
        image = image.copy()
        image[::2, ::2] ^= 1  # a hopeless candidate still gets its figures
    return describe(image)


class Renderer:
    """Renders and describes candidates on the same windows, shared out among processes.

    The windows are shared out rather than the candidates, so that each process keeps its own scenes; the
    figures are the same for any number of processes.

    Parameters
    ----------
    edge : int
        Edge of a window, voxels.
    count : int
        Number of windows.
    seed : int
        Which windows.
    workers : int
        Processes; with one, the work is done here.
    """

    def __init__(self, edge: int, count: int, seed: int = 0, workers: int = 2) -> None:
        self.edge = edge
        self._first = SEEDS * seed
        self.seeds: Sequence[int] = range(self._first, self._first + count)
        self.evaluations = 0
        workers = max(1, min(workers, count))
        check_start(workers)
        context = multiprocessing.get_context("spawn")
        self._started: list[Any] = []
        self._pools = [
            ProcessPoolExecutor(1, context, initializer=start_worker) for _ in range(workers) if workers > 1
        ]

    def __enter__(self) -> "Renderer":
        """Return the renderer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the processes go when they have done what they are at."""
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)

    def choose(self, preset: Preset, count: int, pool: int) -> Features:
        """Take, of a pool of windows, as many as wanted that together are most like all of them.

        Returns the figures of the pool, (windows, figures).

        So few windows as a search can afford differ from the rest by chance, and the answer would make up for
        that; windows that are typical together leave it less to make up for.
        """
        seeds = range(self._first, self._first + pool)
        features: Features = self.features([preset], seeds)[0]
        target = Target.of(features)
        taken: list[int] = []
        while len(taken) < count:
            left = [k for k in range(pool) if k not in taken]
            taken.append(min(left, key=lambda k: float((target.residuals(features[[*taken, k]]) ** 2).sum())))
        self.seeds = [seeds[k] for k in sorted(taken)]
        return features

    def unseen(self, count: int, block: int = 0) -> Sequence[int]:
        """Return windows that no candidate has shown; blocks are apart from each other."""
        first = self._first + SEEDS // 2 + block * SEEDS // 8
        return range(first, first + count)

    def features(self, presets: Sequence[Preset], seeds: Sequence[int] | None = None) -> Features:
        """Return the figures of windows, the given ones or its own: (presets, windows, figures)."""
        seeds = self.seeds if seeds is None else seeds
        parts = max(1, len(self._pools))
        out = np.empty((len(presets), len(seeds), len(NAMES)))
        jobs = [(list(presets), seeds[k::parts], self.edge) for k in range(parts)]
        for k, part in enumerate(self._all(describe_windows, jobs)):
            out[:, k::parts] = part
        self.evaluations += len(presets)
        return out

    def scattered(self, presets: Sequence[Preset], windows: int, first: int, views: int = 1) -> Features:
        """Return the figures of windows of its own of each preset, (presets, windows, figures).

        ``first`` is the seed of the first preset's first window; the others follow. So many presets in a row
        as ``views`` says show the same windows: where their anatomy is the same, it is built once.
        """
        parts = max(1, len(self._pools))
        groups = [presets[k : k + views] for k in range(0, len(presets), views)]
        seeds = [range(first + windows * k, first + windows * (k + 1)) for k in range(len(groups))]
        out = np.empty((len(groups), views, windows, len(NAMES)))
        jobs = [(groups[k::parts], seeds[k::parts], self.edge) for k in range(parts)]
        for k, part in enumerate(self._all(describe_apart, jobs)):
            if len(part):
                out[k::parts] = part
        self.evaluations += len(presets)
        return out.reshape(len(presets), windows, -1)

    def _all(self, do: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
        if not self._pools:
            return [do(*job) for job in jobs]
        try:
            futures = [pool.submit(do, *job) for pool, job in zip(self._pools, jobs, strict=True)]
            self._started = self._started or multiprocessing.active_children()
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            if ended_at_start(self._started):
                raise InputError(f"fit: {GUARD}") from error
            raise InputError("fit: a worker was killed, most likely for want of memory") from error
