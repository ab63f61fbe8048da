"""What napari finds in the manifest and calls gives layers that hold the voxels of the data."""

import inspect
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from data import real_files
from export.hand_made import SOLID
from npe2 import PluginManager, PluginManifest
from npe2.io_utils import _read

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.hdf5 import write_dataset
from synthem.data.ome_zarr.store import META
from synthem.data.plan import make_patch, plan_dataset
from synthem.data.png_folder import write_png
from synthem.data.real.address import ENDINGS, PICTURES
from synthem.export.run import export
from synthem.labels import CLASSES, COLOURS
from synthem.napari import get_reader, layers, made
from synthem.napari.style import LayerData
from synthem.patch import Patch
from synthem.preset.defects import Defects
from synthem.preset.preset import load_preset, preset_names
from synthem.volume.request import volume_request
from synthem.volume.write import write_volume
from synthem.world import World

REPOSITORY = Path(__file__).parents[2]
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    """The manifest that the entry point of the package leads to."""
    points = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["entry-points"]
    ((name, value),) = points["napari.manifest"].items()
    module, _, file = EntryPoint(name, value, "napari.manifest").value.partition(":")
    return PluginManifest.from_file(REPOSITORY / module.replace(".", "/") / file)


@pytest.fixture(scope="module")
def plugins(manifest: PluginManifest) -> PluginManager:
    """A manager of plugins that knows this one."""
    manager = PluginManager()
    manager.register(manifest)
    manager.activate(manifest.name)
    return manager


@pytest.fixture(scope="module")
def read(plugins: PluginManager) -> Call:
    """What napari does with a path."""
    return lambda path: _read([str(path)], stack=False, _pm=plugins)


def check(data: list[LayerData], wanted: list[Patch], scale: tuple[float, ...]) -> None:
    """Hold layers against patches, one or along a first axis."""
    found = {more["name"]: (np.asarray(values), more, kind) for values, more, kind in data}
    assert len(found) == len(data)
    known = {
        name for patch in wanted for name, is_known in zip(CLASSES, patch.known, strict=True) if is_known
    }
    kinds = {kind for patch in wanted for kind in patch.instances}
    assert found.keys() - {"unlabelled"} == {"image", *known, *(f"{kind} ids" for kind in kinds)}
    for name, (values, more, kind) in found.items():
        assert more["scale"] == scale and len(more["units"]) == len(more["axis_labels"]) == values.ndim
        assert kind == ("image" if name == "image" else "labels")
        assert more.get("visible", True) == (not name.endswith(" ids"))
        if name in CLASSES:
            np.testing.assert_allclose(more["colormap"][1][:3], np.divide(COLOURS[name], 255))
        stacked = values if len(wanted) > 1 else values[None]
        for patch, own in zip(wanted, stacked, strict=True):
            if name == "image":
                want = patch.image
            elif name in CLASSES:
                want = patch.labels[CLASSES.index(name)]
            elif name == "unlabelled":
                want = np.zeros(patch.grid.shape, bool)
                want[list(patch.unlabelled)] = True
                want |= False if patch.ignored is None else patch.ignored
            else:
                want = patch.instances[name.removesuffix(" ids")]
            np.testing.assert_array_equal(own.reshape(want.shape), want, err_msg=name)
            assert own.ndim == 3 - (patch.grid.shape[0] == 1)


def test_the_manifest_names_what_is_there(manifest: PluginManifest) -> None:
    assert manifest.name == "synthem"
    for command in manifest.contributions.commands:
        module, _, name = str(command.python_name).partition(":")
        assert callable(getattr(import_module(module), name))
    (reader,) = manifest.contributions.readers
    assert reader.accepts_directories
    assert {pattern[1:] for pattern in reader.filename_patterns} == set(ENDINGS) - set(PICTURES)


def test_a_generated_dataset_in_hdf5(read: Call, tmp_path: Path) -> None:
    plan = plan_dataset(World("epfl", seed=11), 3, (1, 64, 80))
    folder = write_dataset(plan, tmp_path / "set")
    check(read(folder), [make_patch(plan, k) for k in range(3)], (1.0, 5.0, 5.0))


def test_lost_sections_of_volumes_are_unlabelled() -> None:
    assert SOLID[1].unlabelled
    for some in (SOLID, [SOLID[1]]):
        found = layers(some)
        check(found, some, (1.0, 40.0, 8.0, 4.0) if len(some) > 1 else (40.0, 8.0, 4.0))
        (blank,) = [np.asarray(values) for values, more, _ in found if more["name"] == "unlabelled"]
        assert blank.sum() == 32 * 48
    assert "unlabelled" not in {more["name"] for _, more, _ in layers([SOLID[0]])}


def test_real_em_in_folders_and_sizes_that_differ(read: Call, tmp_path: Path) -> None:
    with pytest.warns(UserWarning) as told:
        found = read(real_files.class_folders(tmp_path / "real"))
    assert any("5 × 5 × 5 nm is taken" in str(one.message) for one in told)
    image = next(values for values, more, _ in found if more["name"] == "image")
    np.testing.assert_array_equal(image, real_files.IMAGE)
    named = {more["name"]: values for values, more, _ in found}
    for cls, mask in real_files.MASKS.items():
        np.testing.assert_array_equal(named[cls], mask)
    assert named.keys() == {"image", *real_files.MASKS, "unlabelled"}
    patches = [World("epfl", 1).patch(Grid((1, 32, n))) for n in (32, 40, 32)]
    names = [more["name"] for _, more, _ in layers(patches)]
    assert "image 32 × 32" in names and "image 32 × 40" in names and len(set(names)) == len(names)


def test_a_stack_keeps_its_voxel_size(read: Call, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="read as"):
        found = read(real_files.mrc(tmp_path / "mrc"))
    assert {more["scale"] for _, more, _ in found} == {real_files.VOXEL}


def test_a_generated_dataset_in_png(read: Call, tmp_path: Path) -> None:
    plan = plan_dataset(World("epfl", seed=11), 2, (1, 40, 48))
    wanted = [replace(make_patch(plan, k), instances={}) for k in range(2)]
    check(read(write_png(plan, tmp_path / "png")), wanted, (1.0, 5.0, 5.0))


def test_a_volume_is_a_pyramid(read: Call, tmp_path: Path) -> None:
    shape = (24, 40, 70)
    whole = [World("epfl", 4).patch(Grid(shape))]
    small = volume_request("epfl", shape, seed=4, shard_vx=(32, 32, 32), chunk_vx=(16, 16, 16))
    path = write_volume(small, tmp_path / "x.zarr")
    found = read(path)
    assert all(more["multiscale"] and len(values) == 3 for values, more, _ in found)
    check([(values[0], more, kind) for values, more, kind in found], whole, (5.0, 5.0, 5.0))
    export(whole, tmp_path / "out", "ome-zarr")
    found = read(next((tmp_path / "out/train").iterdir()))
    assert not any(more["multiscale"] for _, more, _ in found)
    check(found, whole, (5.0, 5.0, 5.0))
    about = (path / META).read_text()
    (path / META).write_text(about.replace('"ome"', '"not yet"'))
    with pytest.raises(InputError, match="unfinished"):
        read(path)


def test_lost_sections_of_a_volume_are_unlabelled(read: Call, tmp_path: Path) -> None:
    preset = load_preset("sstem_drosophila")
    flaws = Defects.model_validate({"loss": {"missing_chance": 0.4}})
    microscope = preset.microscope.model_copy(update={"defects": flaws})
    lossy = preset.model_copy(update={"microscope": microscope})
    found = read(write_volume(volume_request(lossy, (6, 24, 24), seed=2), tmp_path / "x.zarr"))
    patch = World(lossy, 2).patch(Grid((6, 24, 24), lossy.voxel_nm))
    assert patch.unlabelled
    # tissue of this preset has no sheaths, and a volume has no map of what cannot be there
    shown = {kind: ids for kind, ids in patch.instances.items() if kind != "sheath"}
    check(found, [replace(patch, instances=shown)], lossy.voxel_nm)
    assert "unlabelled" in {more["name"] for _, more, _ in found}


def test_what_is_no_data_is_left_to_others(read: Call, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="No readers returned data"):
        read(tmp_path)
    assert get_reader([str(tmp_path), str(tmp_path)]) is None


def test_sample_and_widget(
    plugins: PluginManager, manifest: PluginManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "SAMPLE_SHAPE", (8, 48, 48))
    (sample,) = manifest.contributions.sample_data
    found = sample.open(_registry=plugins.commands)
    named = {more["name"]: (np.asarray(values), more) for values, more, _ in found}
    psd, more = named["psd"]
    assert psd.shape == (8, 48, 48) and psd.any()
    place = next(World(made.SAMPLE, made.SAMPLE_SEED).find("psd"))
    assert all(a <= p <= a + 5 * n for a, p, n in zip(more["translate"], place, psd.shape, strict=True))

    (widget,) = manifest.contributions.widgets
    assert widget.autogenerate
    render = plugins.commands.get(widget.command)
    check(render("sstem_drosophila", 3, (2, 32, 40), (50.0, 6.0, 6.0)),
          [World("sstem_drosophila", 3).patch(Grid((2, 32, 40), (50, 6, 6)))], (50, 6, 6))  # fmt: skip
    form = inspect.signature(render).parameters
    assert set(form) == {"preset", "seed", "shape", "voxel_nm"}
    assert get_args(form["preset"].annotation)[1]["choices"](None) == preset_names()
    assert all(parameter.default is not parameter.empty for parameter in form.values())


def test_neither_napari_nor_qt_is_imported() -> None:
    code = "import sys, synthem.napari.reader, synthem.napari.made; print(*sys.modules)"
    names = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"napari", "magicgui", "qtpy", "npe2", "torch", "dask"} & set(names)
