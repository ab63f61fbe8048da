"""An organelle that is new takes one file and one line: no other module has to know it."""

import subprocess
import sys
from pathlib import Path

TOY = '''
"""Balls of one size, one at each node of an axon."""

import numpy as np
from pydantic import Field

from shapes.core.block import Block
from shapes.core.table import Balls
from shapes.neurites.population import AXON
from shapes.partition.depths import Depths
from shapes.partition.generator import empty_layer


class Toys(Block):
    radius_nm: float = Field(default=50.0, gt=0)


def reach_nm(params: Toys, kind: int, rim_nm: float) -> float:
    return 0.0


def nodes_nm(params: Toys, step_nm: float) -> float:
    return params.radius_nm


def place(tissue, params: Toys, placed):
    low, high = tissue.window.box_nm
    rows, nodes = np.nonzero(tissue.neurites.kinds[:, None] == AXON), tissue.neurites.nodes_nm
    places = nodes[rows[0], :, :3].reshape(-1, 3)
    owners = np.repeat(rows[0], nodes.shape[1]).astype(np.int32)
    near = ((places > low - params.radius_nm) & (places < high + params.radius_nm)).all(1)
    ids = np.arange(1, near.sum() + 1, dtype=np.int32)
    return Balls(places[near], np.full(len(ids), params.radius_nm), owners[near], ids)


def depths(objects, tissue, params: Toys) -> Depths:
    return Depths.nowhere()


def build(objects, tissue, partition, params: Toys):
    layer = empty_layer(tissue.window.grid.shape)
    for middle, radius, owner, number in zip(*objects[:4]):
        d = np.sqrt(((tissue.window.tissue_nm - middle[:, None, None, None]) ** 2).sum(0)) - radius
        near = (d < np.minimum(layer.distance_nm, 8.0)) & (partition.index == owner)
        layer.distance_nm[near], layer.ids[near] = d[near], number
    return layer
'''
SCRIPT = """
import numpy as np
import pytest

import toys
from shapes.organelles import GENERATORS

GENERATORS["toy"] = toys
from shapes import Grid, InputError
from synthem import World, load_preset

values = load_preset("epfl").model_dump(mode="json", exclude_none=True)
assert "toy" not in values["anatomy"], "it is left out unless a preset names it"
grid = Grid((1, 256, 256))
without = World(values, 3).patch(grid)
values["anatomy"]["toy"] = {"radius_nm": 70}
values["microscope"]["stain"]["toy"] = 20
values["annotation"]["also"] = ["toy"]
world = World(load_preset(values), 3)
patch = world.patch(grid)
seen = patch.instances["toy"] > 0
assert len(np.unique(patch.instances["toy"])) > 2 and 0.001 < seen.mean() < 0.2, seen.mean()
assert patch.clean[seen].mean() < 60 < without.clean[seen].mean() - 30
far = world.scene(grid).layers["toy"].distance_nm > 50
np.testing.assert_array_equal(patch.labels, without.labels)
assert (np.abs(patch.clean - without.clean)[far] < 1e-3).mean() > 0.99
again = World(world.trace(grid)["preset"], 3).patch(grid)
assert again == patch

values["annotation"] |= {"classes": ["membrane", "toy", "axon"], "also": []}
asked = World(values, 3).patch(grid)
assert asked.classes == ("membrane", "toy", "axon")
inside = world.scene(grid).layers["toy"].distance_nm < 0
np.testing.assert_array_equal(asked.mask("toy"), inside)
np.testing.assert_array_equal(asked.instances["toy"] > 0, inside)
np.testing.assert_array_equal(asked.mask("membrane"), without.mask("membrane"))
values["annotation"] |= {"classes": list(without.classes), "also": ["toy"]}

for place, wrong in (("anatomy", {"toi": {}}), ("anatomy", {"toy": {"radius": 3}})):
    bad = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    bad[place] |= wrong
    with pytest.raises(InputError, match="did you mean 'anatomy.(toy|toy.radius_nm)'"):
        load_preset(bad)
bad = load_preset("epfl").model_dump(mode="json", exclude_none=True)
bad["annotation"]["also"] = ["toi"]
with pytest.raises(InputError, match="annotation.also.*did you mean 'toy'"):
    load_preset(bad)
bad["annotation"] = {"classes": ["membrane", "toi"]}
with pytest.raises(InputError, match="annotation.classes.*did you mean 'toy'"):
    load_preset(bad)
"""


def test_a_new_organelle_is_one_file_and_one_line(tmp_path: Path) -> None:
    """In image, ids and trace, apart from all labels; misspelt keys are refused with the nearest name."""
    (tmp_path / "toys.py").write_text(TOY, encoding="utf-8")
    (tmp_path / "use.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, "use.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
