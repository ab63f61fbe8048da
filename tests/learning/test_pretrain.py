"""Networks from synthetic patches alone."""

import pytest
import torch
from pydantic import ValidationError

from shapes.core.errors import InputError, UnknownNameError
from synthem.data.open import open_data
from synthem.learning.network.model_file import load_model
from synthem.learning.training.pretrain import PATCHES, Recipe, load_recipe, pretrain, recipe_names

RECIPE = {
    "title": "a trial",
    "licence": "MIT",
    "shape_px": (48, 48),
    "sources": {
        "one": {"preset": "epfl", "count": 3, "seed": 1},
        "two": {"preset": "isbi2012", "count": 3, "seed": 2, "randomise": 2, "randomise_anatomy": True},
    },
    "training": {
        "network": {"features": (4, 4, 4, 4, 4, 4)},
        "patch_vx": (1, 32, 32),
        "batch": 2,
        "steps": 2,
    },
}


def test_a_recipe_makes_its_patches_and_a_model_that_says_so(tmp_path):
    told = []
    path = pretrain(
        Recipe(**RECIPE), tmp_path, command="synthem pretrain x OUT", tick=lambda *a: told.append(a)
    )
    assert told[-1] == (6, 6)
    patches = open_data(tmp_path / PATCHES / "two")
    assert [patch.grid.voxel_nm for patch in patches] == [(50.0, 5.0, 5.0)] * 3
    about = load_model(path).card.about
    assert "epfl (3), isbi2012 (3)" in about["data"] and "epfl6/training0042" not in about["data"]
    assert about["command"] == "synthem pretrain x OUT" and "epfl6/" in about["tuned on"]
    assert load_model(path).card.voxel_nm == (5, 5, 5)


def test_a_finished_recipe_is_not_done_again_and_another_is_refused(tmp_path):
    path = pretrain(Recipe(**RECIPE), tmp_path, command="x")
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.png")}
    state = load_model(path).net.state_dict()
    path.unlink()
    again = pretrain(Recipe(**RECIPE), tmp_path, command="x")
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.png")} == before
    new = load_model(again).net.state_dict()
    assert all(torch.equal(value, new[name]) for name, value in state.items())
    other = {**RECIPE, "sources": {"one": {"preset": "epfl", "count": 3, "seed": 9}}}
    with pytest.raises(InputError, match="one"):
        pretrain(Recipe(**other), tmp_path, command="x")


def test_shipped_recipes_are_understood_and_unknown_ones_named():
    assert recipe_names() == ["generalist", "renewed"]
    for name in recipe_names():
        recipe = load_recipe(name)
        for source in recipe.sources.values():
            assert recipe.request(source).voxel_nm[1:] == (5.0, 5.0)
    with pytest.raises(UnknownNameError, match="generalist"):
        load_recipe("generalst")
    volumes = {**RECIPE, "training": {"network": {"dims": 3}, "patch_vx": (32, 32, 32)}}
    with pytest.raises(ValidationError, match="sections"):
        Recipe(**volumes)
