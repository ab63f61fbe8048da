"""Volumes: shard by shard they are the whole window, by any workers, after any end."""

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import dask
import numpy as np
import pytest
import yaozarrs
import zarr

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.dask_jobs import connected
from synthem.data.ome_zarr.layout import Box, parts
from synthem.labels import CLASSES
from synthem.preset.defects import Defects
from synthem.preset.preset import load_preset
from synthem.volume import shard as shards
from synthem.volume.request import VolumeRequest, volume_request
from synthem.volume.write import write_volume
from synthem.world import World

Digests = Callable[[Path], dict[str, str]]
SHAPE = (24, 40, 70)


def asked(**more) -> VolumeRequest:
    given = {"seed": 4, "shard_vx": (32, 32, 32), "chunk_vx": (16, 16, 16), **more}
    return volume_request("epfl", SHAPE, **given)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A volume of six shards and two levels; tests do not change it."""
    return write_volume(asked(), tmp_path_factory.mktemp("volume") / "x.zarr")


def test_shards_side_by_side_are_the_whole_window(path: Path) -> None:
    patch = World("epfl", 4).patch(Grid(SHAPE))
    root = zarr.open_group(path, mode="r")
    np.testing.assert_array_equal(root["0"][...], patch.image)
    for name, mask in zip(CLASSES, patch.labels, strict=True):
        np.testing.assert_array_equal(root[f"labels/{name}/0"][...], mask, err_msg=name)
    for kind, ids in patch.instances.items():
        np.testing.assert_array_equal(root[f"labels/{kind}_instances/0"][...], ids, err_msg=kind)
    assert set(root["labels"].group_keys()) == {*CLASSES, *(f"{kind}_instances" for kind in patch.instances)}


def test_the_validator_finds_nothing(path: Path) -> None:
    yaozarrs.validate_zarr_store(str(path))


def test_its_attributes_suffice_to_make_it_again(path: Path, tmp_path: Path, digests: Digests) -> None:
    about = zarr.open_group(path, mode="r").attrs["synthem"]
    again = VolumeRequest.model_validate(about["volume"])
    assert digests(write_volume(again, tmp_path / "y.zarr")) == digests(path)


def test_pieces_and_workers_change_no_byte(
    path: Path, tmp_path: Path, digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    write_volume(asked(), tmp_path / "two.zarr", workers=2, progress=lambda *told: seen.append(told))
    assert digests(tmp_path / "two.zarr") == digests(path)
    assert seen[0][0] == 0 and seen[-1][0] == seen[-1][1] and seen == sorted(seen)
    monkeypatch.setattr(shards, "PIECE_BYTES", 22 * 2**20)
    piece = shards.piece_shape(load_preset("epfl"), (24, 32, 32), (5, 5, 5))
    assert np.prod(piece) < 24 * 32 * 32
    write_volume(asked(), tmp_path / "small.zarr")
    assert digests(tmp_path / "small.zarr") == digests(path)


def test_dask_changes_no_byte_and_a_dead_worker_is_one_sentence(
    path: Path, tmp_path: Path, digests: Digests
) -> None:
    write_volume(asked(), tmp_path / "x.zarr", workers=1, scheduler="local")
    assert digests(tmp_path / "x.zarr") == digests(path)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        connected("local", 1) as run,
        pytest.raises(InputError, match=r"several workers of Dask died.*the same command goes on"),
    ):
        run(os.kill, [], print)
        run(_die, [0], print)


def _die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_no_scheduler_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthem.data.dask_jobs.REACH_S", 0.3)
    with pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:9: no Dask scheduler answers there"):
        write_volume(asked(), tmp_path / "x.zarr", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match="nonsense: no Dask scheduler answers there"):
        write_volume(asked(), tmp_path / "x.zarr", scheduler="nonsense")


def test_what_is_missing_is_made_and_nothing_else(path: Path, tmp_path: Path, digests: Digests) -> None:
    copy = tmp_path / "x.zarr"
    write_volume(asked(), copy)
    files = [file for file in copy.rglob("*") if "/c/" in str(file) and file.is_file()]
    before = {file: file.stat().st_mtime_ns for file in files}
    # as after a kill: shards of a coarser level and of the EM image, which comes last, are not there
    (copy / "zarr.json").write_text((copy / "zarr.json").read_text().replace('"ome"', '"no"'))
    for gone in ("0/c/0/1/2", "1/c/0/0/1", "labels/psd/1/c/0/0/0"):
        (copy / gone).unlink()
    (copy / "0/c/0/1/.2.77.part").write_bytes(b"half a shard")
    write_volume(asked(), copy)
    assert digests(copy) == digests(path)
    kept = [file for file, then in before.items() if file.stat().st_mtime_ns == then]
    # the shard of all images, and two of the coarser level
    assert len(files) - len(kept) == len(CLASSES) + 5 + 1 + 2


def test_other_content_is_refused_and_left_alone(path: Path, tmp_path: Path, digests: Digests) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"holds other files \('thesis.tex'"):
        write_volume(asked(), tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        write_volume(asked(), tmp_path / "thesis.tex")
    with pytest.raises(InputError, match=r"thesis\.tex.*cannot be written: Not a directory"):
        write_volume(asked(), tmp_path / "thesis.tex" / "x.zarr")
    before = digests(path)
    with pytest.raises(InputError, match=r"holds another volume \(seed 4, not 5\)"):
        write_volume(asked(seed=5), path)
    with pytest.raises(InputError, match=r"another volume \(voxel_nm \[5.0, 5.0, 5.0\], not \[6.0"):
        write_volume(asked(voxel_nm=(6.0, 5.0, 5.0)), path)
    write_volume(asked(), path)
    assert digests(path) == before


def test_a_full_disk_leaves_no_half_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush, calls = os.fsync, []

    def fill_up(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 80:  # metadata of 25 arrays, and some shards
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(InputError, match=r"x\.zarr/.*: cannot be written: No space left on device"):
        write_volume(asked(), tmp_path / "x.zarr")
    monkeypatch.undo()
    files = [file for file in (tmp_path / "x.zarr").rglob("*") if file.is_file()]
    assert files and not [file for file in files if file.name.endswith(".part")]
    with pytest.raises(ValueError):
        yaozarrs.validate_zarr_store(str(tmp_path / "x.zarr"))


def test_sections_without_labels_are_named(tmp_path: Path) -> None:
    preset = load_preset("sstem_drosophila")
    flaws = Defects.model_validate({"loss": {"missing_chance": 0.4}})
    scope = preset.microscope.model_copy(update={"defects": flaws})
    lossy = preset.model_copy(update={"microscope": scope})
    request = volume_request(lossy, (8, 32, 32), seed=2, shard_vx=(4, 32, 32), chunk_vx=(4, 16, 16))
    root = zarr.open_group(write_volume(request, tmp_path / "x.zarr"), mode="r")
    lost = root.attrs["synthem"]["unlabelled_sections"]
    assert 0 < len(lost) < 8
    assert not root["labels/membrane/0"][...][lost].any()
    patch = World(lossy, 2).patch(Grid((8, 32, 32), request.layout.voxel_nm))
    assert lost == list(patch.unlabelled)
    np.testing.assert_array_equal(root["labels/membrane/0"][...], patch.labels[2])


def test_memory_is_bounded_by_the_shard() -> None:
    """Whatever the volume's size: less than 2 GiB a worker, at the sizes that are the default."""
    large = volume_request("epfl", (256, 1024, 1024))
    huge = volume_request("epfl", (2048, 10240, 10240))
    assert shards.shard_bytes(large) == shards.shard_bytes(huge) < 2 * 2**30 - 300 * 2**20
    piece = shards.piece_shape(load_preset("epfl"), (256, 256, 256), (5, 5, 5))
    assert len(list(parts(Box((0, 0, 0), (256, 256, 256)), piece))) == (256**3) // np.prod(piece)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="shape must be three whole numbers"):
        volume_request("epfl", (0, 5, 5))
    with pytest.raises(ValueError, match="whole number of chunks"):
        asked(chunk_vx=(24, 16, 16))
    with pytest.raises(InputError, match="unknown preset"):
        volume_request("epfll", (5, 5, 5))
