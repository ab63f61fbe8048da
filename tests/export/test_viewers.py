"""Precomputed volumes opened by the viewers' own Python, and any data opened by napari.

Environments as ``test_consumers.py`` has them, in the folder that ``SYNTHEM_CONSUMERS`` names:

    cd $SYNTHEM_CONSUMERS; for name in cloudvolume neuroglancer napari; do python3 -m venv $name; done
    cloudvolume/bin/pip install cloud-volume==12.15.2
    neuroglancer/bin/pip install --no-deps neuroglancer==2.41.2
    neuroglancer/bin/pip install numpy pillow requests tornado google-apitools
    napari/bin/pip install napari==0.9.2 PyQt6 lazy-loader platformdirs numpy scipy numba noise pydantic \\
        PyYAML h5py zarr tifffile scikit-image opencv-python-headless pillow
    napari/bin/pip install --no-deps -e CHECKOUT_OF_SYNTHEM
    SYNTHEM_CONSUMERS=$PWD pytest -m slow tests/export/test_viewers.py
"""

import json
from pathlib import Path

import numpy as np
import pytest
from consumers import run
from export.hand_made import SOLID

from shapes import Grid
from synthem.data.hdf5 import write_dataset
from synthem.data.plan import plan_dataset
from synthem.export.run import export
from synthem.labels import CLASSES
from synthem.volume.request import volume_request
from synthem.volume.write import write_volume
from synthem.world import World

pytestmark = pytest.mark.slow

CLOUD_VOLUME = """
import json, sys
import cloudvolume, numpy as np
print("VERSION", cloudvolume.__version__)
for name in json.load(open("layers.json")):
    volume = cloudvolume.CloudVolume("file://" + name, mip=0, progress=False)
    np.save(name.replace("/", "_"), np.asarray(volume[:])[..., 0].transpose(2, 1, 0))
    about = [volume.resolution.tolist(), volume.voxel_offset.tolist(), volume.layer_type, str(volume.dtype)]
    print("LAYER", json.dumps(about))
"""

NEUROGLANCER = """
import importlib.metadata, json
import neuroglancer
print("VERSION", importlib.metadata.version("neuroglancer"))
state = neuroglancer.ViewerState(json.load(open("state.json")))
urls = [[source.url for source in own.source] for own in state.layers]
told = [[own.name, own.layer.type, at, own.visible] for own, at in zip(state.layers, urls)]
print("LAYERS", json.dumps(told))
space = state.dimensions
told = [list(space.names), space.scales.tolist(), list(space.units), state.position.tolist()]
print("SPACE", json.dumps(told))
print("COLOURS", json.dumps({own.name: own.layer.to_json().get("segmentColors") for own in state.layers}))
"""

NAPARI = """
import json, sys
import napari, npe2, numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication
plugins = npe2.PluginManager.instance()
plugins.discover()
app = QApplication([])
print("VERSION", napari.__version__)
def told(layers):
    whole = [np.asarray(own.data[0] if own.multiscale else own.data) for own in layers]
    return [[type(own).__name__, own.name, own.scale.tolist(), [str(unit) for unit in own.units], own.visible,
             list(values.shape), own.multiscale, int(values.sum())]
            for own, values in zip(layers, whole)]
for path in json.load(open("paths.json")):
    print("OPENED", json.dumps(told(ViewerModel().open(path, plugin="synthem"))))
viewer = ViewerModel()
viewer.open_sample("synthem", "neuropil")
print("SAMPLE", json.dumps(told(viewer.layers)))
(widget,) = [own for own in plugins.iter_widgets() if own.plugin_name == "synthem"]
form = widget.get_callable()()
form.shape.value, form.voxel_nm.value, form.preset.value = (1, 32, 48), (50, 8, 8), "sstem_drosophila"
print("FORM", json.dumps([[type(part).__name__, part.name] for part in form]))
print("MADE", json.dumps(told([napari.layers.Layer.create(*layer) for layer in form()])))
from magicgui.type_map import type2callback
print("ADDED BY", *(call.__name__ for call in type2callback(form.return_annotation)))
"""


def lines(said: str, word: str) -> list:
    """Return what a script said behind a word, parsed."""
    return [json.loads(line.removeprefix(word)) for line in said.splitlines() if line.startswith(f"{word} ")]


@pytest.fixture(scope="module")
def precomputed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two volumes, the second of them far from its world's origin."""
    out = tmp_path_factory.mktemp("precomputed") / "set"
    export(SOLID[:2], out, "precomputed", validate=0, options={"url": "http://localhost:9000"})
    return out / "train"


def test_cloud_volume_reads_the_same_voxels(precomputed: Path) -> None:
    masks = [name for name in CLASSES if name != "mitochondrion"]
    names = [f"{case}/{kind}" for case in ("case_0", "case_1") for kind in ("image", "mitochondrion", *masks)]
    (precomputed / "layers.json").write_text(json.dumps(names))
    said = run("cloudvolume", precomputed, CLOUD_VOLUME)
    found = lines(said, "LAYER")
    assert len(found) == len(names)
    for name, (resolution, offset, kind, dtype) in zip(names, found, strict=True):
        case, layer = name.split("/")
        patch = SOLID[int(case[-1])]
        want = (
            patch.labels[CLASSES.index(layer)] if layer in masks else patch.instances.get(layer, patch.image)
        )
        np.testing.assert_array_equal(
            np.load(precomputed / f"{name.replace('/', '_')}.npy"), want, err_msg=name
        )
        assert resolution == [4.0, 8.0, 40.0] and offset == list(patch.grid.start_vx[::-1])
        assert (kind, dtype) == (("image", "uint8") if layer == "image" else ("segmentation", "uint32"))


def test_neuroglancer_parses_the_state(precomputed: Path) -> None:
    said = run("neuroglancer", precomputed / "case_1", NEUROGLANCER)
    (told,) = lines(said, "LAYERS")
    at = "precomputed://http://localhost:9000/train/case_1"
    masks = [name for name in CLASSES if name != "mitochondrion"]
    wanted = [["image", "image"], *([name, "segmentation"] for name in (*masks, "mitochondrion"))]
    assert told == [[name, kind, [f"{at}/{name}"], name == "image"] for name, kind in wanted]
    ((names, scales, units, position),) = lines(said, "SPACE")
    assert names == ["x", "y", "z"] and units == ["m"] * 3
    np.testing.assert_allclose(scales, [4e-9, 8e-9, 40e-9])
    assert position == [24, 10000 + 16, 8]
    (colours,) = lines(said, "COLOURS")
    assert colours["psd"] == {"1": "#f0dc3c"} and colours["mitochondrion"] is None


def test_napari_opens_data_renders_a_sample_and_makes_a_form(tmp_path: Path) -> None:
    volume = write_volume(volume_request("epfl", (24, 40, 70), seed=4, shard_vx=(32, 32, 32),
                                         chunk_vx=(16, 16, 16)), tmp_path / "v.zarr")  # fmt: skip
    data = write_dataset(plan_dataset(World("epfl", seed=11), 3, (1, 64, 80)), tmp_path / "set")
    (tmp_path / "paths.json").write_text(json.dumps([str(volume), str(data)]))
    said = run("napari", tmp_path, NAPARI, QT_QPA_PLATFORM="offscreen")
    pyramid, stack = lines(said, "OPENED")
    patch = World("epfl", 4).patch(Grid((24, 40, 70)))
    for found, scale in ((pyramid, [5.0, 5.0, 5.0]), (stack, [1.0, 5.0, 5.0])):
        assert [name for _, name, *_ in found][:7] == ["image", *CLASSES]
        assert {tuple(own[2]) for own in found} == {tuple(scale)}
        assert all(own[3][-1] == "nanometer" for own in found)
        assert all(own[4] == (not own[1].endswith(" ids")) for own in found)
        assert [own[0] for own in found] == ["Image"] + ["Labels"] * (len(found) - 1)
    sums = {name: total for _, name, *_, total in pyramid}
    assert all(sums[name] == mask.sum() for name, mask in zip(CLASSES, patch.labels, strict=True))
    assert sums["image"] == patch.image.sum() and pyramid[0][6] and not stack[0][6]
    (sample,) = lines(said, "SAMPLE")
    assert {name: total for _, name, *_, total in sample}["psd"] > 0
    (form,) = lines(said, "FORM")
    assert [name for _, name in form][:4] == ["preset", "seed", "shape", "voxel_nm"] and form[0][
        0
    ] == "ComboBox"
    (made,) = lines(said, "MADE")
    assert made[0][1:6] == ["image", [8.0, 8.0], ["nanometer"] * 2, True, [32, 48]]
    assert made[0][7] == World("sstem_drosophila", 1).patch(Grid((1, 32, 48), (50.0, 8.0, 8.0))).image.sum()
    assert "add_layer_data_tuples_to_viewer" in said
