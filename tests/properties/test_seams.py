"""Content depends on where one looks, not on how one cuts: halves side by side are the whole, bit for bit."""

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.errors import InputError
from synthem.patch import Patch
from synthem.preset.microscope import SectionParams
from synthem.preset.preset import Preset, load_preset
from synthem.world import World, replay

places = st.tuples(*[st.floats(-1e6, 1e6)] * 3)
seeds = st.integers(0, 2**63 - 1)
shapes = st.sampled_from([(1, 120, 110), (1, 47, 131), (7, 40, 36), (24, 21, 18)])


@cache
def preset(name: str) -> Preset:
    """Return a shipped preset, or one whose every stage is busy: sheets, uneven sections, coarse noise."""
    if name != "busy":
        return load_preset(name)
    plain = load_preset("epfl")
    microscope = plain.microscope.model_copy(
        update={
            "section": SectionParams(sheets=3, brightness=9, contrast=0.1),
            "beam": plain.microscope.beam.model_copy(update={"sigma_nm": 11.0}),
            "detector": plain.microscope.detector.model_copy(
                update={"correlated": 0.7, "correlation_vx": 2.5}
            ),
            "tone": plain.microscope.tone.model_copy(update={"gamma": 0.8, "invert": True}),
        }
    )
    return plain.model_copy(update={"voxel_nm": (30.0, 6.0, 4.0), "microscope": microscope})


def arrays(patch: Patch) -> dict[str, np.ndarray]:
    return {"image": patch.image, "labels": patch.labels, "clean": patch.clean, **patch.instances}


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila", "getmanskaya2022", "busy"])
@given(seed=seeds, origin=places, shape=shapes, cut=st.floats(0.1, 0.9))
@settings(max_examples=7, deadline=None)
def test_two_half_windows_are_the_whole(check_halves, name, seed, origin, shape, cut):
    world = World(preset(name), seed)
    check_halves(world, Grid(shape, world.preset.voxel_nm, origin), cut)


@given(seed=seeds, origin=places)
@settings(max_examples=5, deadline=None)
def test_labels_alone_are_those_of_the_patch(seed, origin):
    for name in ("epfl", "busy"):
        world = World(preset(name), seed)
        grid = Grid((3, 40, 50), world.preset.voxel_nm, origin)
        np.testing.assert_array_equal(world.labels(grid), world.patch(grid).labels)


def test_a_section_is_the_same_alone_and_in_a_volume():
    world = World("epfl", 11)
    volume = world.patch(Grid((9, 60, 60), world.preset.voxel_nm))
    for z in (0, 4, 8):
        alone = world.patch(Grid((1, 60, 60), world.preset.voxel_nm, (5.0 * z, 0, 0)))
        for key, values in arrays(alone).items():
            np.testing.assert_array_equal(values, arrays(volume)[key][..., z : z + 1, :, :], err_msg=key)


def test_seeds_and_places_differ():
    grid, away = Grid((1, 80, 80)), Grid((1, 80, 80), origin_nm=(0, 0, 4e4))
    one, two = World("epfl", 1), World("epfl", 2)
    assert (one.patch(grid).image != two.patch(grid).image).mean() > 0.8
    assert (one.patch(grid).image != one.patch(away).image).mean() > 0.8


@pytest.mark.parametrize("name", ["epfl", "sstem_drosophila", "busy"])
def test_replay_of_a_trace_from_json_is_the_same_patch(name):
    world = World(preset(name), 2**63 - 1)
    patch = world.patch(Grid((2, 40, 50), world.preset.voxel_nm, (1e5, -7e5, 3.3)))
    again = replay(json.loads(json.dumps(patch.trace)))
    assert again == patch
    np.testing.assert_array_equal(again.clean, patch.clean)
    assert again.trace == patch.trace and again.name == patch.name
    assert again != world.patch(Grid((2, 40, 50), world.preset.voxel_nm))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 99}, "version 1"),
        ({"version": None}, "version 1"),
        ({"seed": None}, "seed"),
        ({"seed": -1}, "seed"),
        ({"preset": {"name": "x"}}, "title"),
        ({"preset": 5}, "preset"),
        ({"preset": "no_such_preset"}, "unknown preset"),
        ({"grid": {"shape": [1, 0, 5], "voxel_nm": [5, 5, 5], "origin_nm": [0, 0, 0]}}, "shape"),
        ({"grid": {"shape": [1, 5, 5], "voxel_nm": 5, "origin_nm": [0, 0, 0]}}, "voxel_nm"),
        ({"grid": {"size": [1, 4, 5]}}, "grid"),
        ({"grid": {"shape": 5}}, "shape"),
        ({"grid": [1, 2, 3]}, "grid"),
    ],
)
def test_a_damaged_trace_is_refused_in_one_sentence(change, says):
    trace = World("epfl", 3).trace(Grid((1, 8, 8)))
    with pytest.raises(InputError, match=says) as caught:
        replay({**trace, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("what", [{}, [], "trace", None, {"version": 1}])
def test_what_is_no_trace_is_refused(what):
    with pytest.raises(InputError, match="replay"):
        replay(what)
