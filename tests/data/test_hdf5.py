"""Datasets in HDF5: what goes in comes out, kills and workers change no byte, nothing is overwritten."""

import errno
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import h5py
import numpy as np
import pytest

from shapes.core.errors import InputError
from synthem.data import atomic
from synthem.data import manifest as manifests
from synthem.data.hdf5 import Dataset, write_dataset
from synthem.data.manifest import MANIFEST, read_manifest, stored_plan
from synthem.data.open import open_data
from synthem.data.plan import Plan, make_patch, plan_dataset
from synthem.world import World, replay

Digests = Callable[[Path], dict[str, str]]
SHAPE = (1, 64, 80)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_dataset(World("epfl", seed=11), 20, SHAPE)


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of twenty patches in three shards, written by one process; tests do not change it."""
    return write_dataset(plan, tmp_path_factory.mktemp("data") / "set")


def test_every_patch_comes_back(plan: Plan, folder: Path) -> None:
    dataset = Dataset(folder)
    assert len(dataset) == 20
    for index in (0, 7, 8, 19):
        made, read = make_patch(plan, index), dataset[index]
        assert read == made
        assert read.name == made.name and read.trace == made.trace
        assert read.trace is not None and replay(read.trace) == read
    assert dataset[-1].name == "epfl-11-000019"
    assert [patch.name for patch in dataset[2:4]] == ["epfl-11-000002", "epfl-11-000003"]
    with pytest.raises(IndexError):
        dataset[20]
    assert Dataset(folder, instances=False)[3].instances == {}


def test_the_manifest_says_what_the_folder_holds(plan: Plan, folder: Path, digests: Digests) -> None:
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.plan == plan
    assert len(manifest.sha256) == 64 and manifest.synthem
    assert set(digests(folder)) == {MANIFEST, *(shard.file for shard in manifest.shards)}
    assert sum(shard.count for shard in manifest.shards) == 20


def test_plain_h5py_can_read_a_shard(plan: Plan, folder: Path) -> None:
    with h5py.File(folder / "shard-00000.h5") as file:
        assert list(file.attrs["classes"])[2] == "membrane"
        assert file["image"].shape == (8, *SHAPE) and file["image"].dtype == np.uint8
        assert np.array_equal(file["labels"][5] >> 2 & 1, make_patch(plan, 5).labels[2])


def test_what_shows_nothing_takes_no_room_and_images_have_a_checksum(folder: Path) -> None:
    dataset = Dataset(folder)
    for shard in dataset.manifest.shards:
        patches = dataset[shard.first : shard.first + shard.count]
        with h5py.File(folder / shard.file) as file:
            for name, ids in file["instances"].items():
                assert ids.id.get_num_chunks() == sum(patch.instances[name].any() for patch in patches)
            assert file["image"].fletcher32 and file["image"].compression is None


def test_workers_change_no_byte(plan: Plan, folder: Path, tmp_path: Path, digests: Digests) -> None:
    seen: list[int] = []
    write_dataset(plan, tmp_path / "two", workers=2, progress=lambda done, of: seen.append(done))
    assert digests(tmp_path / "two") == digests(folder)
    assert seen[0] == 0 and seen[-1] == 20 and seen == sorted(seen)


def test_a_kill_changes_no_byte(folder: Path, tmp_path: Path, digests: Digests) -> None:
    """The command is killed, with no chance to tidy up, when one shard is there; then it is run again."""
    command = [sys.executable, "-P", "-m", "synthem", "generate", "epfl", str(tmp_path / "set")]
    command += ["--count", "20", "--shape", "64,80", "--seed", "11", "--workers"]
    run = subprocess.Popen([*command, "2"], start_new_session=True)
    deadline = time.monotonic() + 500  # kernels may have to be compiled first
    while not list((tmp_path / "set").glob("*.h5")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert len(list((tmp_path / "set").glob("*.h5"))) >= 1
    (tmp_path / "set" / f".shard-00002.h5.1{atomic.PART}").write_bytes(b"half a shard")
    subprocess.run([*command, "1"], check=True, capture_output=True, timeout=500)
    assert digests(tmp_path / "set") == digests(folder)


def test_bytes_do_not_depend_on_when_what_was_written_is_let_go(
    plan: Plan, folder: Path, tmp_path: Path, digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profiler that looks at the stack holds on to what it finds there for a while."""
    held, create = [], h5py.Group.create_dataset

    def holding(*args, **kwargs):
        dataset = create(*args, **kwargs)
        held.append(dataset if len(held) % 3 else None)
        return dataset

    monkeypatch.setattr(h5py.Group, "create_dataset", holding)
    write_dataset(plan, tmp_path / "set")
    assert held and digests(tmp_path / "set") == digests(folder)


def test_complete_files_are_not_made_again(
    plan: Plan, folder: Path, tmp_path: Path, digests: Digests
) -> None:
    write_dataset(plan, tmp_path / "set")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").iterdir()}
    (tmp_path / "set/shard-00001.h5").unlink()
    write_dataset(plan, tmp_path / "set")
    changed = [path.name for path, then in times.items() if path.stat().st_mtime_ns != then]
    assert changed == ["shard-00001.h5"]
    assert digests(tmp_path / "set") == digests(folder)


def test_other_content_is_refused_and_left_alone(
    plan: Plan, folder: Path, tmp_path: Path, digests: Digests
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"holds other files \('thesis.tex'"):
        write_dataset(plan, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(InputError, match="is no folder"):
        write_dataset(plan, tmp_path / "thesis.tex")
    before = digests(folder)
    other = plan_dataset(World("epfl", seed=12), 20, SHAPE)
    with pytest.raises(InputError, match=r"holds another dataset \(seed 11, not 12\)"):
        write_dataset(other, folder)
    longer = plan_dataset(World("epfl", seed=11), 21, SHAPE)
    with pytest.raises(InputError, match=r"\(count 20, not 21\)"):
        stored_plan(folder, longer.request, "hdf5")
    with pytest.raises(InputError, match=r"\(format hdf5, not png\)"):
        stored_plan(folder, plan.request, "png")
    assert digests(folder) == before


def test_the_plan_of_an_earlier_run_is_found(plan: Plan, folder: Path, tmp_path: Path) -> None:
    assert stored_plan(folder, plan.request, "hdf5") == plan
    assert stored_plan(tmp_path / "new", plan.request, "hdf5") is None
    assert stored_plan(tmp_path, plan.request, "hdf5") is None


def test_one_writer_at_a_time(plan: Plan, tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="this system has no locks of this kind")
    manifest = manifests.make_manifest(plan, "hdf5")
    with (
        manifests.opened(tmp_path / "set", manifest),
        pytest.raises(InputError, match="another run is writing"),
    ):
        write_dataset(plan, tmp_path / "set")


def test_a_full_disk_leaves_no_half_shard(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digests: Digests
) -> None:
    flush, calls = os.fsync, []

    def fill_up(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 4:  # the manifest and its folder, one shard and its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(InputError, match=r"shard-00001\.h5: cannot be written: No space left on device"):
        write_dataset(plan, tmp_path / "set")
    assert sorted(digests(tmp_path / "set")) == [MANIFEST, "shard-00000.h5"]
    with pytest.raises(InputError, match=r"unfinished, 2 of 3 shards are missing"):
        Dataset(tmp_path / "set")


def test_files_that_are_no_dataset(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a dataset in HDF5"):
        Dataset(tmp_path)
    write_dataset(plan, tmp_path / "set")
    shard = next((tmp_path / "set").glob("*.h5"))
    with pytest.raises(InputError, match=r"is a file of a generated dataset; name its folder"):
        open_data(shard)
    (tmp_path / MANIFEST).write_text('{"synthem": 3}')
    with pytest.raises(InputError, match=r"manifest\.json: not a manifest of synthem"):
        Dataset(tmp_path)


@pytest.mark.parametrize("harm", ["text", "truncated", "empty", "bit"])
def test_a_damaged_shard_is_named(plan: Plan, tmp_path: Path, harm: str) -> None:
    write_dataset(plan, tmp_path / "set")
    path = tmp_path / "set/shard-00001.h5"
    data = path.read_bytes()
    with h5py.File(path) as file:
        middle = file["image"].id.get_chunk_info(0).byte_offset + 20
    harmed = {
        "text": b"this is no HDF5 file",
        "truncated": data[: len(data) // 2],
        "empty": b"",
        "bit": data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :],
    }
    path.write_bytes(harmed[harm])
    dataset = Dataset(tmp_path / "set")
    assert dataset[0].image.shape == SHAPE
    with pytest.raises(InputError, match=r"shard-00001\.h5: not an HDF5 shard, or damaged"):
        dataset[8]


def _sum(dataset: Dataset) -> int:
    return int(dataset[9].image.sum())


def test_a_dataset_goes_to_other_processes(folder: Path) -> None:
    dataset = Dataset(folder)
    here = _sum(dataset)  # opens a file, which must not travel
    assert _sum(pickle.loads(pickle.dumps(dataset))) == here
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(_sum, (dataset,)) == here
    if hasattr(os, "fork"):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, str(_sum(dataset)).encode())
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reader, 100).decode() == str(here)


def test_a_dataset_of_another_world_version_is_read_but_not_gone_on_with(
    plan: Plan, folder: Path, tmp_path: Path
) -> None:
    old = tmp_path / "set"
    shutil.copytree(folder, old)
    manifest = json.loads((old / MANIFEST).read_text())
    (old / MANIFEST).write_text(json.dumps({**manifest, "world_version": 999, "synthem": "7.1"}))
    assert len(Dataset(old)) == len(plan.origins_nm)
    before = {path: path.read_bytes() for path in old.iterdir()}
    with pytest.raises(InputError, match=r"which is of a world of version 999.*synthem 7\.1"):
        write_dataset(plan, old)
    assert {path: path.read_bytes() for path in old.iterdir()} == before


def test_sections_without_labels_come_back_as_such(lossy: Plan, folder: Path, tmp_path: Path) -> None:
    made = [make_patch(lossy, k) for k in range(3)]
    assert any(0 < len(patch.unlabelled) < 4 for patch in made)
    read = Dataset(write_dataset(lossy, tmp_path / "set"))
    for one, other in zip(made, read, strict=True):
        assert other == one and other.unlabelled == one.unlabelled and other.known == one.known
    with h5py.File(folder / "shard-00000.h5") as file:
        assert "unlabelled" not in file, "where every section is labelled nothing is said"


@pytest.mark.parametrize("key", ["image", "labels", "origin_nm", "name", "instances", "instances/neurite"])
def test_links_to_other_files_are_not_followed(folder: Path, tmp_path: Path, key: str) -> None:
    copy = tmp_path / "set"
    shutil.copytree(folder, copy)
    shutil.copy(copy / "shard-00000.h5", tmp_path / "outside.h5")
    with h5py.File(copy / "shard-00000.h5", "r+") as file:
        del file[key]
        file[key] = h5py.ExternalLink("../outside.h5", key)
    with pytest.raises(InputError, match=rf"shard-00000\.h5: {key.split('/')[-1]} is a link.*not followed"):
        Dataset(copy)[0]


@pytest.mark.parametrize("kind", ["raw", "virtual"])
def test_values_stored_in_other_files_are_not_read(folder: Path, tmp_path: Path, kind: str) -> None:
    copy = tmp_path / "set"
    shutil.copytree(folder, copy)
    shutil.copy(copy / "shard-00000.h5", tmp_path / "outside.h5")
    with h5py.File(copy / "shard-00000.h5", "r+") as file:
        shape = file["image"].shape
        del file["image"]
        if kind == "raw":
            (tmp_path / "secret").write_bytes(bytes(int(np.prod(shape))))
            file.create_dataset(
                "image", shape, "u1", external=[(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
            )
        else:
            layout = h5py.VirtualLayout(shape, "u1")
            layout[:] = h5py.VirtualSource(str(tmp_path / "outside.h5"), "image", shape)
            file.create_virtual_dataset("image", layout)
    with pytest.raises(InputError, match="image is a link or is stored in another file"):
        Dataset(copy)[0]


@pytest.mark.parametrize("name", ["../x.h5", "/tmp/x.h5", "sub/x.h5", ".."])
def test_a_shard_lies_in_its_own_folder(folder: Path, tmp_path: Path, name: str) -> None:
    content = json.loads((folder / MANIFEST).read_text())
    content["shards"][0]["file"] = name
    (tmp_path / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"manifest\.json: not a manifest.*no plain file name"):
        Dataset(tmp_path)


SCRIPT = """
import sys
from synthem.data.hdf5 import write_dataset
from synthem.data.plan import plan_dataset
from synthem.world import World
{guard}write_dataset(plan_dataset(World("epfl", seed=11), 20, (1, 16, 16)), "set", workers=2)
"""


@pytest.mark.parametrize(
    ("guard", "stdin"), [("", True), ("", False), ('if __name__ == "__main__": ', False)]
)
def test_workers_need_a_script_with_a_main_guard(tmp_path: Path, guard: str, stdin: bool) -> None:
    (tmp_path / "script.py").write_text(SCRIPT.format(guard=guard))
    command = [sys.executable, "-"] if stdin else [sys.executable, "script.py"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with (tmp_path / "script.py").open() as script:
        done = subprocess.run(
            command, stdin=script, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
    said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    assert (done.returncode == 0) == bool(guard)
    assert guard or ("if __name__ == '__main__':" in said and "want of memory" not in done.stderr)


def test_what_an_operating_system_leaves_is_not_in_the_way(plan: Plan, tmp_path: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._set.png"):
        (tmp_path / name).touch()
    assert stored_plan(tmp_path, plan.request, "hdf5") is None
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match=r"holds other files \('thesis\.tex'"):
        stored_plan(tmp_path, plan.request, "hdf5")
