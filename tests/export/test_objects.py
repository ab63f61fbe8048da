"""What exports tell of objects and of who is joined to whom is what the volume shows."""

import csv
import json
import socket
import subprocess
import sys
import time
from dataclasses import replace
from urllib.error import URLError
from urllib.request import urlopen

import h5py
import numpy as np
import pytest
import tensorstore
import trimesh
import zarr
from pyarrow import parquet

from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem import World
from synthem.export.cremi import NO_CLEFT
from synthem.export.run import export
from synthem.export.wiring import scene_of, wiring
from synthem.labels import CLASSES
from synthem.patch import Patch

VOXEL = (12.0, 12.0, 12.0)


@pytest.fixture(scope="module")
def volume():
    place = next(World("epfl", 4).find("psd"))
    start = tuple(p - 6 * n for p, n in zip(place, (40, 72, 72), strict=True))
    return World("epfl", 4).patch(Grid((40, 72, 72), VOXEL, start))


def written(volume, tmp_path, as_, **more):
    export([volume], tmp_path / as_, as_, **more)
    return tmp_path / as_


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_sites_lie_in_their_neurites(volume):
    found = wiring(volume, scene_of(volume))
    assert found
    for one in found:
        for site, who in ((one.presynaptic_nm, one.presynaptic), (one.postsynaptic_nm, one.postsynaptic)):
            at = np.floor(np.divide(site, VOXEL)).astype(int) - volume.grid.start_vx
            assert volume.instances["neurite"][tuple(at)] == who


def test_cremi_has_ids_clefts_and_pairs(volume, tmp_path):
    out = written(volume, tmp_path, "cremi")
    found = wiring(volume, scene_of(volume))
    with h5py.File(next((out / "train").glob("*.hdf"))) as file:
        assert file.attrs["file_format"] == "0.2"
        labels = file["volumes/labels"]
        for name in ("volumes/raw", "volumes/labels/neuron_ids", "volumes/labels/clefts"):
            np.testing.assert_array_equal(file[name].attrs["resolution"], VOXEL)
        np.testing.assert_array_equal(file["volumes/raw"], volume.image)
        np.testing.assert_array_equal(labels["neuron_ids"], volume.instances["neurite"])
        assert labels["neuron_ids"].dtype == labels["clefts"].dtype == np.uint64
        clefts = labels["clefts"][:]
        np.testing.assert_array_equal(clefts != NO_CLEFT, volume.instances["psd"] > 0)
        ids, kinds = file["annotations/ids"][:], file["annotations/types"].asstr()[:]
        at = (file["annotations/locations"][:] / VOXEL).astype(int)
        owners = labels["neuron_ids"][:][tuple(at.T)]
        pairs = file["annotations/presynaptic_site/partners"][:]
    sites = {int(i): (kind, int(who)) for i, kind, who in zip(ids, kinds, owners, strict=True)}
    told = [(sites[int(a)], sites[int(b)]) for a, b in pairs]
    assert told == [
        (("presynaptic_site", one.presynaptic), ("postsynaptic_site", one.postsynaptic)) for one in found
    ]


def test_the_table_counts_every_voxel(volume, tmp_path):
    out = written(volume, tmp_path, "objects")
    rows = table(out / "objects.csv")
    for name, ids in volume.instances.items():
        own = {int(row["id"]): int(row["voxels"]) for row in rows if row["class"] == name}
        found, count = np.unique(ids[ids != 0], return_counts=True)
        assert own == dict(zip(found.tolist(), count.tolist(), strict=True))
    mito = [row for row in rows if row["class"] == "mitochondrion"]
    for row in mito:
        own = volume.instances["mitochondrion"] == int(row["id"])
        centre = (np.argwhere(own).mean(0) + 0.5 + volume.grid.start_vx) * VOXEL
        np.testing.assert_allclose([float(row[f"centre_{a}_nm"]) for a in "zyx"], centre, atol=0.06)
        at, count = np.unique(volume.instances["neurite"][own], return_counts=True)
        assert int(row["neurite"]) == at[count.argmax()]
        touches = any(own.take(k, axis).any() for axis in range(3) for k in (0, -1))
        assert row["cut"] == str(int(touches))
    pairs = table(out / "synapses.csv")
    told = [(int(p["psd"]), int(p["presynaptic"]), int(p["postsynaptic"])) for p in pairs]
    found = wiring(volume, scene_of(volume))
    assert told == [(s.density, s.presynaptic, s.postsynaptic) for s in found]


def test_parquet_holds_the_same_rows_with_types_and_units(volume, tmp_path, monkeypatch):
    whole = written(volume, tmp_path, "objects", options={"table": "parquet"})
    names = {
        "README.md",
        "export.json",
        *(f"{n}.{end}" for n in ("objects", "synapses") for end in ("csv", "parquet")),
    }
    assert {path.name for path in whole.iterdir()} == names
    for name in ("objects", "synapses"):
        rows, found = table(whole / f"{name}.csv"), parquet.read_table(whole / f"{name}.parquet")
        assert rows and found.column_names == list(rows[0])
        for field in found.schema:
            unit = (field.metadata or {}).get(b"unit")
            kind = (
                "string" if field.name in ("case", "part", "class", "kind") else "double" if unit else "int64"
            )
            assert str(field.type) == kind, field.name
            assert unit == (
                b"nm^3" if field.name == "volume_nm3" else b"nm" if field.name.endswith("_nm") else None
            )
        for row, own in zip(rows, found.to_pylist(), strict=True):
            for column, value in own.items():
                told = "" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)
                assert told == row[column] and value != "", column
    with pytest.raises(UnknownNameError, match="did you mean 'parquet'"):
        export([volume], tmp_path / "b", "objects", options={"table": "parqet"})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'synthem\[tables\]'"):
        export([volume], tmp_path / "b", "objects", options={"table": "parquet"})
    assert not (tmp_path / "b").exists()


def test_surfaces_enclose_their_objects(volume, tmp_path):
    out = written(volume, tmp_path, "meshes", classes=("mitochondrion", "psd"))
    scene = trimesh.load(next((out / "train").glob("*.glb")))
    ids = {name: set(np.unique(volume.instances[name])) - {0} for name in ("mitochondrion", "psd", "neurite")}
    assert set(scene.geometry) == {f"{name}/{who}" for name, own in ids.items() for who in own}
    large = [(name, who) for name, own in ids.items() for who in own]
    for name, who in large:
        own = volume.instances[name] == who
        mesh = scene.geometry[f"{name}/{who}"]
        assert mesh.is_watertight
        if own.sum() > 3000:
            assert mesh.volume == pytest.approx(own.sum() * 12.0**3, rel=0.1)
        low, high = np.argwhere(own).min(0) * 12.0, (np.argwhere(own).max(0) + 1) * 12.0
        assert (mesh.bounds[0][::-1] >= low - 12).all() and (mesh.bounds[1][::-1] <= high + 12).all()


def test_skeletons_are_trees_in_micrometres(volume, tmp_path):
    out = written(volume, tmp_path, "swc")
    files = list((out / "train").rglob("*.swc"))
    assert files
    for path in files:
        lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
        for number, (own, _, x, y, z, radius, parent) in enumerate(lines, 1):
            assert int(own) == number and int(parent) < number and float(radius) > 0
            at = np.floor(np.multiply([float(z), float(y), float(x)], 1e3 / 12)).astype(int)
            near = tuple(
                slice(max(a - s - 1, 0), a - s + 2) for a, s in zip(at, volume.grid.start_vx, strict=True)
            )
            assert (volume.instances["neurite"][near] == int(path.stem)).any()


@pytest.mark.parametrize(
    ("as_", "says"),
    [("cremi", "no ids of neurite and psd"), ("objects", "no ids"), ("meshes", "no ids"), ("swc", "no axes")],
)
def test_real_em_has_no_objects_to_tell_of(volume, tmp_path, as_, says):
    bare = Patch(volume.image, volume.labels, volume.grid, name="real")
    with pytest.raises(InputError, match=says):
        export([bare], tmp_path / "out", as_)
    assert not (tmp_path / "out").exists()


def test_ome_zarr_has_masks_and_ids(volume, tmp_path):
    out = written(volume, tmp_path, "ome-zarr")
    store = zarr.open_group(next((out / "train").glob("*.zarr")), mode="r")
    np.testing.assert_array_equal(store["0"], volume.image)
    for k, name in enumerate(CLASSES):
        np.testing.assert_array_equal(store[f"labels/{name}/0"], volume.labels[k])
    for kind, ids in volume.instances.items():
        np.testing.assert_array_equal(store[f"labels/{kind}_instances/0"], ids)
    (multiscale,) = store.attrs["ome"]["multiscales"]
    assert [axis["unit"] for axis in multiscale["axes"]] == ["nanometer"] * 3


def test_neuroglancer_finds_image_and_ids_where_they_are(volume, tmp_path):
    out = written(volume, tmp_path, "precomputed", options={"url": "http://there/"})
    folder = next((out / "train").iterdir())
    start = volume.grid.start_vx[::-1]
    for name, want in (("image", volume.image), *volume.instances.items()):
        spec = {"driver": "neuroglancer_precomputed", "kvstore": f"file://{folder}/{name}/"}
        store = tensorstore.open(spec).result()
        assert store.domain.inclusive_min[:3] == start
        np.testing.assert_array_equal(store.read().result()[..., 0].transpose(2, 1, 0), want)
    state = json.loads((folder / "state.json").read_text())
    assert {layer["name"] for layer in state["layers"]} >= {"image", "neurite", "psd", "membrane"}
    assert all(
        layer["source"] == f"precomputed://http://there/train/{folder.name}/{layer['name']}"
        and (folder / layer["name"] / "info").exists()
        for layer in state["layers"]
    )


def test_the_server_of_a_folder_lets_pages_from_elsewhere_read(volume, tmp_path):
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    out = written(volume, tmp_path, "precomputed", options={"url": f"http://localhost:{port}/"})
    folder = next((out / "train").iterdir())
    layer = json.loads((folder / "state.json").read_text())["layers"][0]
    url = layer["source"].removeprefix("precomputed://") + "/info"
    with subprocess.Popen([sys.executable, out / "serve.py"], stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                try:
                    answer = urlopen(url, timeout=5)
                    break
                except URLError:
                    time.sleep(0.1)
            with answer:
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                assert answer.read() == (folder / layer["name"] / "info").read_bytes()
        finally:
            server.kill()
    export([volume], tmp_path / "far", "precomputed", options={"url": "https://there.org/data"})
    assert not (tmp_path / "far/serve.py").exists()
    with pytest.raises(InputError, match="is no address"):
        export([volume], tmp_path / "none", "precomputed", options={"url": "http://localhost:port"})


@pytest.mark.parametrize("as_", ["cremi", "objects", "meshes", "swc", "ome-zarr", "precomputed"])
def test_a_killed_export_goes_on_to_the_same_bytes(volume, tmp_path, as_, monkeypatch):
    pair = [volume, replace(volume, name="other")]
    export(pair, tmp_path / "whole", as_, name="n", validate=0)

    def stopping(done, of):
        if done == of - 1:  # after the first of two was written
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(pair, tmp_path / "killed", as_, name="n", validate=0, tick=stopping)
    assert not (tmp_path / "killed").exists()
    export(pair, tmp_path / "killed", as_, name="n", validate=0)
    whole, killed = (
        {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (tmp_path / "whole", tmp_path / "killed")
    )
    assert whole == killed
