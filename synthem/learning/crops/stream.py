"""Training data without end, rendered while a network learns, by the workers of any torch ``DataLoader``."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.data.endless import CHUNK, endless_patch
from synthem.data.plan import make_request
from synthem.patch import Patch
from synthem.preset.preset import Preset

MOST_WORKERS = 1024

Sample = dict[str, Tensor]


class Stream(IterableDataset[Sample]):
    """An endless dataset of synthetic patches with labels.

    Each worker of each rank renders chunks of its own, and each chunk shows a world of its own, so no patch
    comes twice, in however many workers, ranks and epochs. An epoch is an iteration over the dataset: break
    it off when you like. What comes depends on the seed, the numbers of workers and ranks, and the epoch.

    Parameters
    ----------
    preset : str or Preset
        A preset's name, the path of a YAML file, or a preset.
    shape : tuple of int, optional
        Voxels of a patch, (z, y, x); the preset's own if left out.
    seed : int
        Another one gives other patches.
    voxel_nm : tuple of float, optional
        Voxel size, (z, y, x); the preset's own if left out.
    balance : mapping of str to float, optional
        Wanted share of voxels by class, met over each chunk: see ``synthem.data.choice``. Windows have to be
        looked at to be chosen, which takes several times as long as rendering them.
    chunk : int
        Patches that are chosen together.
    randomise, randomise_anatomy
        By which factor each patch's microscope, and its anatomy, vary: see ``synthem.preset.randomise``.
    rank, ranks : int, optional
        Which of how many processes that train together this is; asked of ``torch.distributed``, if left out.

    Raises
    ------
    InputError
        As ``synthem.data.plan.make_request`` does, or where there is no such rank.

    Examples
    --------
    >>> from torch.utils.data import DataLoader
    >>> stream = Stream("epfl", (1, 64, 64), seed=7)
    >>> batch = next(iter(DataLoader(stream, batch_size=2)))
    >>> batch["image"].shape, batch["labels"].shape
    (torch.Size([2, 1, 64, 64]), torch.Size([2, 6, 64, 64]))
    """

    def __init__(
        self,
        preset: str | Preset,
        shape: tuple[int, int, int] | None = None,
        *,
        seed: int = 0,
        voxel_nm: Triple | None = None,
        balance: Mapping[str, float] | None = None,
        chunk: int = CHUNK,
        randomise: float = 1.0,
        randomise_anatomy: bool = False,
        rank: int | None = None,
        ranks: int | None = None,
    ) -> None:
        super().__init__()
        self.request = make_request(
            preset,
            seed=seed,
            count=chunk,
            shape=shape,
            voxel_nm=voxel_nm,
            balance=balance,
            randomise=randomise,
            randomise_anatomy=randomise_anatomy,
        )
        asked = torch.distributed.is_available() and torch.distributed.is_initialized()
        self.rank = (torch.distributed.get_rank() if asked else 0) if rank is None else rank
        self.ranks = (torch.distributed.get_world_size() if asked else 1) if ranks is None else ranks
        if not 0 <= self.rank < self.ranks:
            raise InputError(f"stream: there is no rank {self.rank} of {self.ranks}")
        # shared with the workers: one of these does not know what another's iteration has come to
        self._epoch, self._taken = (torch.zeros(MOST_WORKERS, dtype=torch.int64) for _ in range(2))
        for shared in (self._epoch, self._taken):
            shared.share_memory_()  # type: ignore[no-untyped-call]
        self._state: dict[str, Any] = {"epoch": 0, "lanes": 0, "taken": {}}

    @property
    def classes(self) -> tuple[str, ...]:
        """What the channels of ``labels`` are: the classes of the preset."""
        return self.request.classes

    def __iter__(self) -> Iterator[Sample]:
        """Yield patches, in a worker those of its own; first go on where ``load_state_dict`` says."""
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        if workers > MOST_WORKERS:
            raise InputError(f"stream: at most {MOST_WORKERS} workers, not {workers}")
        lanes, lane = self.ranks * workers, self.rank * workers + worker
        epoch = int(self._epoch[worker])
        # what others had taken says nothing of this lane; its chunks are new in any case
        taken = int(self._taken[worker]) if self._state["lanes"] in (0, lanes) else 0
        self._epoch[worker] += 1
        self._taken[worker] = 0
        while True:
            number, index = divmod(taken, self.request.count)
            patch = endless_patch(self.request, (lanes, lane, epoch, number), index)
            taken += 1
            place = torch.tensor([epoch, lanes, worker, taken])
            self.seen(place[None])
            yield {**_tensors(patch), "place": place}

    def seen(self, place: Tensor) -> None:
        """Remember that a batch has been used, by its ``place``: for ``state_dict`` where there are workers.

        They work ahead, so what they have made is not what has been used.

        Parameters
        ----------
        place : int64 (patch, 4)
            Epoch, number of lanes, worker, and how many patches that worker has given in this epoch.
        """
        for epoch, lanes, worker, taken in place.tolist():
            if (epoch, lanes) != (self._state["epoch"], self._state["lanes"]):
                self._state = {"epoch": epoch, "lanes": lanes, "taken": {}}
            self._state["taken"][worker] = max(taken, self._state["taken"].get(worker, 0))

    def state_dict(self) -> dict[str, Any]:
        """Return where the stream stands: plain values, as of the last patch that was ``seen``."""
        return {
            **self._state,
            "taken": dict(self._state["taken"]),
            "request": self.request.model_dump(mode="json"),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state: with as many workers and ranks, with the very patches that would have come.

        With other numbers of them an epoch begins; no patch comes twice in either case.

        Raises
        ------
        InputError
            Where the state is of another stream.
        """
        if state.get("request") != self.request.model_dump(mode="json"):
            raise InputError("stream: the state is of a stream of another preset, seed, shape or budget")
        self._state = {"epoch": state["epoch"], "lanes": state["lanes"], "taken": dict(state["taken"])}
        self._epoch.fill_(state["epoch"])
        self._taken.zero_()
        for worker, taken in state["taken"].items():
            self._taken[int(worker)] = taken


def _tensors(patch: Patch) -> Sample:
    """Return image, labels and what is known of all classes, as ``learning.dataset.to_sample`` does."""
    labels, image = patch.labels.astype(np.float32), patch.image.astype(np.float32)
    known = patch.labelled.astype(np.float32)
    if patch.grid.shape[0] == 1:
        image, labels, known = image[0], labels[:, 0], known[:, 0]
    return {
        "image": torch.from_numpy(image[None]),
        "labels": torch.from_numpy(labels),
        "known": torch.from_numpy(known),
    }
