"""Crops that are rendered while a network learns, for our own trainings: each once, and gone."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from shapes.core.grid import Triple
from synthem.data.endless import CHUNK, endless_patch
from synthem.data.plan import Request, make_request
from synthem.learning.config import TrainConfig
from synthem.learning.crops.crops import Crop
from synthem.patch import Patch
from synthem.preset.anatomy import lacks
from synthem.preset.preset import Preset, load_preset

LANES = 12
"""Batches take turns among so many rows of chunks. A worker makes every n-th batch, so with 1, 2, 3, 4, 6 or
12 workers no two choose the windows of one chunk; what comes does not depend on their number."""

LOOK_AT = 8
"""So many patches tell which classes there are to learn."""

_TRAINING, _VALIDATION = 0, 1


class StreamCrops:
    """Crops of a stream of synthetic patches, a patch each; the crop of an index depends on that alone.

    Parameters
    ----------
    preset : str or Preset
    config : TrainConfig
        Its seed, crop size and batch are used.
    voxel_nm : tuple of float, optional
        Voxel size, (z, y, x); the preset's own if left out.
    balance : mapping of str to float, optional
        Wanted share of voxels by class.
    randomise, randomise_anatomy
        See ``synthem.preset.randomise``.

    Raises
    ------
    InputError
        As ``synthem.data.plan.make_request`` does.
    """

    def __init__(
        self,
        preset: str | Preset,
        config: TrainConfig,
        *,
        voxel_nm: Triple | None = None,
        balance: Mapping[str, float] | None = None,
        randomise: float = 1.0,
        randomise_anatomy: bool = False,
    ) -> None:
        self.request: Request = make_request(
            preset,
            seed=config.seed,
            count=CHUNK,
            shape=config.patch_vx,
            voxel_nm=voxel_nm,
            balance=balance,
            randomise=randomise,
            randomise_anatomy=randomise_anatomy,
        )
        self.batch = config.batch
        anatomy = load_preset(preset).anatomy
        self.classes = self.request.classes
        self.absent = tuple(name for name in self.classes if lacks(anatomy, name))
        """Classes that the anatomy lacks: a patch never holds one."""
        self.known = (True,) * len(self.classes)
        self.patches: Sequence[Patch] = self.held(LOOK_AT, first=1)

    def held(self, count: int, first: int = 0) -> list[Patch]:
        """Return patches that training never meets, such as to validate on."""
        places = (divmod(k, CHUNK) for k in range(count))
        return [self._patch((_VALIDATION, first, chunk), k) for chunk, k in places]

    def without_absent(self) -> "StreamCrops":
        """Return this source with the classes that the anatomy lacks as unlabelled."""
        other = copy(self)
        other.known = tuple(name not in self.absent for name in self.classes)
        other.patches = [replace(patch, known=other.known) for patch in self.patches]
        return other

    def draw(self, *, rng: np.random.Generator, progress: float = 0.0, index: int = 0) -> Crop:
        """Render the crop of an index."""
        turn, lane = divmod(index // self.batch, LANES)
        chunk, k = divmod(turn * self.batch + index % self.batch, CHUNK)
        return Crop(self._patch((_TRAINING, lane, chunk), k), (0, 0, 0))

    def identity(self) -> dict[str, object]:
        """Return what the crops depend on, plain values."""
        return self.request.model_dump(mode="json")

    def _patch(self, key: tuple[int, ...], index: int) -> Patch:
        patch = endless_patch(self.request, key, index)
        # neither ids nor traces are learned from, and a patch may travel from a worker
        return replace(patch, known=self.known, clean=None, instances={}, trace=None)
