"""A world: unbounded tissue of one preset and one seed, of which any window can be looked at."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from shapes.core.grid import Grid
from synthem import __version__
from synthem.microscope.defects.losses import missing
from synthem.microscope.pipeline import clean, halo_vx, stages, to_uint8
from synthem.microscope.stain import softness_nm
from synthem.microscope.view import View, inside, look
from synthem.patch import Patch, joined
from synthem.preset.preset import Preset, load_preset
from synthem.preset.randomise import randomised
from synthem.scene.annotate import Annotator
from synthem.scene.find import find
from synthem.scene.scene import Scene, build_scene

TRACE_VERSION = 1
"""Of the layout of a trace."""

WORLD_VERSION = 3
"""Of tissue and images: a change that gives any window other bytes raises it (see ``tests/golden.py``)."""

BLOCK_VX = 2**18
"""Larger windows are made in blocks of at most so many voxels, thin or thick: there a voxel costs least."""


@cache
def _keep_freed_memory() -> None:
    """Let glibc keep what one patch frees for the next, once a process.

    It hands back to the system what is free beyond twice the largest block that was ever freed, and patches
    are small enough to fall under that rule in the middle of their work: faulting the same pages in again
    took a tenth of a patch. A block that nobody writes to costs nothing, on other systems neither.
    """
    np.empty(31 * 2**20, np.uint8)


class World:
    """Unbounded tissue, addressed in nanometres.

    Parameters
    ----------
    preset : str, Path, dict or Preset
        A shipped preset's name, a YAML file, or a preset.
    seed : int
        Which of the preset's worlds; the same seed always gives the same world.

    Examples
    --------
    >>> world = World("epfl", seed=7)
    >>> patch = world.patch(Grid((1, 64, 64)))
    >>> patch.labels.shape
    (6, 1, 64, 64)
    """

    def __init__(self, preset: str | Path | Preset | dict[str, Any], seed: int = 0) -> None:
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
            raise InputError(f"world: seed must be a whole number from 0 to 2**63 - 1, not {seed!r}")
        self.preset = load_preset(preset)
        self.seed = int(seed)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that its windows are labelled for."""
        return self.preset.annotation.classes

    def randomised(self, factor: float, index: int, anatomy: bool = False) -> "World":
        """Return this world through a microscope drawn around its own: see ``synthem.preset.randomise``."""
        return World(randomised(self.preset, factor, self.seed, index, anatomy), self.seed)

    def scene(self, grid: Grid) -> Scene:
        """Return the geometry of a window, each section split into the preset's sheets.

        It is what lies there before any section is cut: defects that move tissue do not show.
        """
        return self.tissue(grid.split_sections(self.preset.microscope.section.sheets))

    def tissue(self, sheets: Grid) -> Scene:
        """Return the geometry of a window of sheets, as ``view`` has it in its ``scene_grid``.

        It depends on the anatomy, the seed and ``annotation.membrane_width_nm`` alone, and a box of a larger
        one (``Scene.boxed``) is that of the smaller window, bit for bit.
        """
        anatomy = self.preset.anatomy
        near = max(
            self.preset.annotation.membrane_width_nm / 2,
            anatomy.membranes.half_width_nm + softness_nm(sheets.voxel_nm),
        )
        return build_scene(anatomy, self.seed, sheets, near)

    def labels(self, grid: Grid) -> npt.NDArray[np.bool_]:
        """Return the labels of a window, bool (class, z, y, x), without rendering it; none where unknown.

        The classes are those of the preset's annotation.
        """
        return self.annotated(grid)[0]

    def unlabelled(self, grid: Grid) -> tuple[int, ...]:
        """Return which sections of a window have no labels: those lost, unless the preset labels them."""
        loss = self.preset.microscope.defects.loss
        if loss is None or self.preset.annotation.blank_sections == "labelled":
            return ()
        return tuple(np.flatnonzero(missing(loss, self.seed, grid)).tolist())

    def annotated(self, grid: Grid) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[np.int32]]]:
        """Return the labels and the instance ids of a window, as a patch has them, without rendering it."""
        view = look(self.preset.microscope, self.seed, grid)
        return self._annotated(view, self.tissue(view.scene_grid))

    def _annotated(
        self, view: View, scene: Scene
    ) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[np.int32]]]:
        rules, sheets = self.preset.annotation, self.preset.microscope.section.sheets
        seen = Annotator(view.labelled(scene), rules, sheets)
        labels, maps = (
            view.nearest(seen.labels()),
            {name: view.nearest(ids) for name, ids in seen.ids().items()},
        )
        blank = list(self.unlabelled(view.window))
        for values in (labels, *maps.values()):
            values[..., blank, :, :] = 0
        return labels, maps

    def stages(self, grid: Grid) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
        """Yield the image after each stage: stain, section, cover, beam, detector, recording, tone."""
        view = self.view(grid)
        yield from stages(self.tissue(view.scene_grid), view, self.preset.microscope)

    def view(self, grid: Grid) -> View:
        """Return which tissue the image of a window shows, with the rim that the beam mixes into it."""
        microscope = self.preset.microscope
        return look(microscope, self.seed, grid.padded(halo_vx(microscope, grid.voxel_nm)))

    def labels_in(self, view: View, scene: Scene) -> npt.NDArray[np.bool_]:
        """Return the labels, bool (class, z, y, x), of the window of ``view``, given its tissue."""
        return self._annotated(self._inner(view), scene)[0]

    def _inner(self, view: View) -> View:
        """Return the view without the rim that the beam mixes in."""
        _, hy, hx = halo_vx(self.preset.microscope, view.window.voxel_nm)
        return inside(view, (hy, hx))

    def patch(self, grid: Grid) -> Patch:
        """Return a window's image with its labels, instances and trace.

        A large one is made block by block, which is the same bit for bit, faster, and takes less memory.
        """
        _keep_freed_memory()
        if math.prod(grid.shape) <= BLOCK_VX:
            return self._block(grid)
        parts = ((corner, self._block(block)) for corner, block in grid.blocks(BLOCK_VX))
        return replace(joined(grid, parts), trace=self.trace(grid), unlabelled=self.unlabelled(grid))

    def _block(self, grid: Grid) -> Patch:
        """Return the patch of a window that is made in one go."""
        preset = self.preset
        view = self.view(grid)
        scene = self.tissue(view.scene_grid)
        images = dict(stages(scene, view, preset.microscope))
        labels, ids = self._annotated(self._inner(view), scene)
        return Patch(
            image=to_uint8(images["tone"]),
            labels=labels,
            grid=grid,
            name=f"{preset.name}-{self.seed}",
            clean=clean(images["section"], preset.microscope),
            instances=ids,
            trace=self.trace(grid),
            unlabelled=self.unlabelled(grid),
            classes=self.classes,
        )

    def trace(self, grid: Grid) -> dict[str, Any]:
        """Return all that a window depends on, JSON-serialisable: ``replay`` makes the same patch of it."""
        return {
            "version": TRACE_VERSION,
            "world_version": WORLD_VERSION,
            "synthem": __version__,
            "preset": json.loads(self._preset_json),
            "seed": self.seed,
            "grid": grid.to_json(),
        }

    @cached_property
    def _preset_json(self) -> str:
        """The preset as a trace holds it; reading it back is much faster than writing it down anew."""
        return json.dumps(self.preset.model_dump(mode="json"))

    def find(
        self, kind: str, near_nm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ) -> Iterator[tuple[float, float, float]]:
        """Yield places of objects of a class, (z, y, x) in nm, nearest first: see ``synthem.scene.find``."""
        return find(self.preset.anatomy, self.seed, kind, near_nm, self.preset.annotation.psd_en_face)


def check_world_version(found: object, release: str, what: str) -> None:
    """Raise InputError where something was made by code that gives other bytes; ``what`` begins the sentence.

    ``found`` is its world version, None where it was made before these were counted, by synthem ``release``.
    """
    if found != WORLD_VERSION:
        version = "a version before these were counted" if found is None else f"version {found}"
        raise InputError(
            f"{what} is of a world of {version}, made by synthem {release}; this one, {__version__}, makes "
            f"version {WORLD_VERSION}, which looks different: use synthem {release}, or make it anew"
        )


def replay(trace: dict[str, Any]) -> Patch:
    """Return the patch that a trace describes, bit for bit.

    Raises
    ------
    InputError
        Where the trace is not one, or of a world version that this synthem no longer makes.
    """
    if not isinstance(trace, dict) or trace.get("version") != TRACE_VERSION:
        found = trace.get("version") if isinstance(trace, dict) else type(trace).__name__
        raise InputError(f"replay: a trace of version {TRACE_VERSION} is wanted, not {found!r}")
    check_world_version(trace.get("world_version"), str(trace.get("synthem", "0.1.0")), "replay: the trace")
    if missing := {"preset", "seed", "grid"} - trace.keys():
        raise InputError(f"replay: the trace lacks {', '.join(sorted(missing))}")
    grid = trace["grid"]
    if not isinstance(grid, dict) or grid.keys() != {"shape", "voxel_nm", "origin_nm"}:
        raise InputError(f"replay: the trace's grid must hold shape, voxel_nm and origin_nm, not {grid!r}")
    return World(trace["preset"], trace["seed"]).patch(Grid(**grid))
