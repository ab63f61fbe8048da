"""Patches that are rendered while a network learns: each once, in any number of workers, and gone on with."""

from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

import synthem
from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.data.endless import chunk_request, endless_patch
from synthem.data.plan import make_patch, plan_request
from synthem.learning.config import TrainConfig
from synthem.learning.crops.stream import Stream
from synthem.learning.crops.stream_crops import LANES, StreamCrops
from synthem.learning.training.waiting import Waiting
from synthem.world import World

SHAPE = (1, 32, 32)


def stream(**more) -> Stream:
    return Stream("epfl", SHAPE, **{"seed": 3, "chunk": 4, **more})


def taken(of: Stream, count: int, workers: int = 0, batch: int = 2) -> list[dict]:
    """Return the batches of an epoch that is broken off, which the stream is told of."""
    out = []
    for got in DataLoader(of, batch_size=batch, num_workers=workers):
        of.seen(got["place"])
        out.append(got)
        if len(out) == count:
            return out
    raise AssertionError("a stream has no end")


def prints(batches: list[dict]) -> list[bytes]:
    return [image.numpy().tobytes() for got in batches for image in got["image"]]


def test_a_patch_is_one_of_the_data_set_that_its_chunk_is() -> None:
    of = stream(balance={"mitochondrion": 0.2}, chunk=2)
    own = chunk_request(of.request, (1, 0, 0, 0))
    patch = make_patch(plan_request(World("epfl", own.seed), own), 1)
    got = [next(it) for it in [iter(of)] for _ in range(2)][1]
    assert got["image"].shape == (1, 32, 32) and got["image"].dtype == torch.float32
    assert (got["image"][0].numpy() == patch.image[0]).all()
    assert (got["labels"].numpy() == patch.labels[:, 0]).all() and got["known"].tolist() == [1] * 6
    assert patch == endless_patch(of.request, (1, 0, 0, 0), 1)
    assert chunk_request(of.request, (1, 0, 0, 1)).seed != own.seed


def test_no_patch_comes_twice_in_workers_ranks_and_epochs() -> None:
    seen: list[bytes] = []
    for rank in range(2):
        of = stream(rank=rank, ranks=2)
        for _ in range(2):
            seen += prints(taken(of, 4, workers=2))
    seen += prints(taken(stream(seed=4), 4)) + prints(taken(stream(), 4))
    assert len(set(seen)) == len(seen) == 2 * 2 * 8 + 16


def test_the_same_comes_again() -> None:
    one, other = stream(), stream()
    for _ in range(2):
        assert prints(taken(one, 3, workers=2)) == prints(taken(other, 3, workers=2))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_goes_on_where_it_was(workers: int) -> None:
    """Workers are ahead of what has been used; the state is of that."""
    whole = prints(taken(stream(), 7, workers))
    first = stream()
    assert prints(taken(first, 4, workers)) == whole[:8]
    state = first.state_dict()
    again = stream()
    again.load_state_dict(state)
    assert prints(taken(again, 3, workers)) == whole[8:]
    assert prints(taken(again, 3, workers)) == prints(taken(first, 3, workers)), "then the next epoch"
    more = stream()
    more.load_state_dict(state)
    assert not set(prints(taken(more, 4, {0: 2, 2: 1}[workers]))) & set(whole)


def test_what_is_not_this_stream_is_refused() -> None:
    with pytest.raises(InputError, match="of another preset, seed"):
        stream(seed=4).load_state_dict(stream().state_dict())
    with pytest.raises(InputError, match="there is no rank 2 of 2"):
        stream(rank=2, ranks=2)
    with pytest.raises(InputError, match="share of psd must lie between"):
        stream(balance={"psd": 2.0})


def test_a_volume_keeps_its_axis() -> None:
    got = next(iter(Stream("epfl", (3, 16, 16))))
    assert got["image"].shape == (1, 3, 16, 16) and got["labels"].shape == (6, 3, 16, 16)


def test_synthem_has_it_by_name() -> None:
    assert synthem.Stream is Stream


SETTINGS = {
    "network": {"features": (4, 4, 4, 4, 4, 4)}, "patch_vx": SHAPE, "batch": 2, "steps": 4, "check_every": 2,
    "accelerator": "cpu", "classes": ("mitochondrion", "membrane"),
}  # fmt: skip


def test_crops_depend_on_their_index_alone_and_come_once() -> None:
    source = StreamCrops("epfl", TrainConfig(**SETTINGS))
    crops = [source.draw(rng=None, index=k).patch for k in range(2 * LANES + 4)]
    assert source.draw(rng=None, index=5).patch == crops[5]
    assert (
        len({patch.image.tobytes() for patch in [*crops, *source.held(4), *source.patches]})
        == len(crops) + 12
    )
    other = StreamCrops("epfl", TrainConfig(**{**SETTINGS, "seed": 1}))
    assert other.draw(rng=None, index=5).patch != crops[5]


def test_classes_that_a_preset_lacks_can_be_unlabelled() -> None:
    source = StreamCrops("sstem_drosophila", TrainConfig(**SETTINGS))
    assert "sheath" in source.absent and "membrane" not in source.absent
    assert all(source.draw(rng=None, index=0).patch.known)
    known = source.without_absent().draw(rng=None, index=0).patch.known
    assert [name for name, k in zip(synthem.CLASSES, known, strict=True) if not k] == list(source.absent)


def test_waiting_is_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 3.0, 4.0, 5.0, 8.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    waiting = Waiting()
    assert waiting.share == 0.0
    waiting.on_train_epoch_start(None, None)
    for _ in range(2):
        waiting.on_train_batch_start(None, None, None, 0)
        waiting.on_train_batch_end(None, None, None, None, 0)
    assert waiting.waited_s == 4.0 and waiting.worked_s == 4.0 and waiting.share == 0.5


def test_training_on_a_stream_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alone, and beside stored data; workers change nothing, and options that do not fit are refused."""
    (tmp_path / "small.yaml").write_text(
        "network: {features: [4, 4, 4, 4, 4, 4]}\npatch_vx: [1, 32, 32]\nbatch: 2\nsteps: 2\ncheck_every: 2\n"
        "accelerator: cpu\nclasses: [mitochondrion, membrane]\n"
    )
    common = ["--config", str(tmp_path / "small.yaml")]
    curves = []
    for workers in ("0", "2"):
        out = tmp_path / workers
        assert main(["train", "epfl", str(out), "--stream", "--workers", workers, *common]) == 0
        said = capsys.readouterr()
        assert (
            "% of the time of training went by in waiting for data" in said.err
            and "the model of step 2" in said.out
        )
        curves.append((out / "curves.csv").read_text())
    assert curves[0] == curves[1]
    assert (
        main(
            ["generate", "epfl", str(tmp_path / "data"), "--count", "4", "--shape", "48,48", "--workers", "1"]
        )
        == 0
    )
    mixed = ["train", str(tmp_path / "data"), str(tmp_path / "mixed"), "--workers", "0", *common]
    assert main([*mixed, "--add-stream", "epfl", "--fraction", "1"]) == 0
    capsys.readouterr()
    assert main([*mixed, "--add-stream", "cremi", "--fraction", "1"]) == 2
    assert "other added data" in capsys.readouterr().err
    for refused, says in (
        (["--stream", "--add-stream", "epfl"], "give one"),
        (["--stream", "--balance", "psd=0.1"], "--balance is of stored data"),
        (["--stream-balance", "psd=0.1"], "--stream-balance is of patches that --stream"),
        (["--add-stream", "epfl", "--add", str(tmp_path / "data")], "two sources to mix in"),
    ):
        assert main([*mixed, *refused]) == 2
        assert says in capsys.readouterr().err
