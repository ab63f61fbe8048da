"""Domain randomisation: presets drawn around a preset, the same for ever, which change the picture alone."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.data.hdf5 import Dataset
from synthem.data.plan import make_patch, make_request, plan_dataset
from synthem.preset.microscope import Microscope
from synthem.preset.preset import load_preset, preset_names
from synthem.preset.randomise import MOST, SCALED, SIZES, randomised
from synthem.world import World, replay

EPFL = load_preset("epfl")
MEMBRANE = EPFL.microscope.stain.membrane.typical()


@given(seed=st.integers(0, 2**63 - 1), index=st.integers(0, 10**6))
@settings(max_examples=5)
def test_one_changes_nothing(seed, index):
    assert randomised(EPFL, 1.0, seed, index) is EPFL
    assert randomised(EPFL, 1.0, seed, index, anatomy=True) is EPFL


@pytest.mark.parametrize("name", preset_names())
@given(seed=st.integers(0, 2**63 - 1), factor=st.floats(1.01, MOST), anatomy=st.booleans())
@settings(max_examples=8)
def test_every_preset_can_be_randomised(name, seed, factor, anatomy):
    """What is drawn is a valid preset that says all it is; without anatomy the tissue is as it was."""
    preset = load_preset(name)
    drawn = randomised(preset, factor, seed, 3, anatomy)
    assert drawn == randomised(preset, factor, seed, 3, anatomy) != preset
    assert load_preset(json.loads(drawn.model_dump_json())) == drawn
    assert (drawn.anatomy == preset.anatomy) == (not anatomy)
    assert drawn.annotation == preset.annotation and drawn.voxel_nm == preset.voxel_nm
    assert drawn.microscope.section.sheets == preset.microscope.section.sheets
    assert drawn.microscope.defects == preset.microscope.defects


@pytest.mark.parametrize("name", preset_names())
def test_sizes_stay_within_what_a_preset_may_have(name):
    for index in range(40):
        randomised(load_preset(name), MOST, 7, index, anatomy=True)


def test_strengths_lie_within_the_factor_and_are_log_normal():
    def strengths(scope: Microscope) -> np.ndarray:
        return np.array([scope.beam.sigma_nm, scope.detector.read, scope.stain.blotch])

    around = strengths(EPFL.microscope)
    logs = [np.log2(strengths(randomised(EPFL, 2.0, 7, k).microscope) / around) for k in range(300)]
    assert np.abs(logs).max() <= 1 + 1e-9
    assert np.std(logs, axis=0) == pytest.approx(np.full(3, 0.48), abs=0.06)
    assert np.abs(np.corrcoef(np.transpose(logs))[np.triu_indices(3, 1)]).max() < 0.15, "each on its own"
    none = randomised(load_preset("getmanskaya2022"), 3.0, 7).microscope
    assert none.stain.mottle == none.detector.shot == none.section.brightness == 0, "what is 0 stays 0"


def test_greys_shift_more_the_larger_the_factor():
    shifts = {
        factor: [randomised(EPFL, factor, 7, k).microscope.stain.membrane.mean - MEMBRANE for k in range(300)]
        for factor in (1.2, 2.0)
    }
    assert np.std(shifts[2.0]) == pytest.approx(9.5, rel=0.15) and np.abs(shifts[2.0]).max() <= 20
    assert np.std(shifts[1.2]) == pytest.approx(9.5 * np.log2(1.2), rel=0.15)
    for k in range(40):
        for name, grey in randomised(EPFL, MOST, 7, k).microscope.stain.model_dump().items():
            if isinstance(grey, dict):
                assert all(0 < grey[m] <= 255 for m in ("mean", "min") if grey[m] is not None), name


def test_greys_given_as_a_range_widen_and_defocus_stays_within_its_bound():
    values = json.loads(EPFL.model_dump_json())
    values["microscope"]["stain"]["membrane"] = {"min": 70, "max": 90}
    values["microscope"]["beam"]["defocus_nm"] = 150
    drawn = [randomised(load_preset(values), 3.0, seed, 0).microscope for seed in range(60)]
    widths = [one.stain.membrane.max - one.stain.membrane.min for one in drawn]
    assert min(widths) < 15 and max(widths) > 26
    assert max(one.beam.defocus_nm for one in drawn) == 200


def test_all_that_is_named_varies():
    one, other = (randomised(load_preset("kasthuri"), 2.0, 7, k, anatomy=True) for k in (0, 1))
    for stage, names in SCALED.items():
        for name in names:
            values = [getattr(getattr(p.microscope, stage), name) for p in (one, other)]
            assert values[0] != values[1] or values == [0, 0], name
    assert one.microscope.tone != other.microscope.tone
    for name in SIZES:
        assert getattr(one.anatomy, name).radius_nm != getattr(other.anatomy, name).radius_nm


def test_a_randomised_patch_has_the_labels_of_the_plain_one_and_replays():
    plan = plan_dataset(World("epfl", 3), 3, (1, 64, 64), randomise=2.0)
    for k in range(3):
        patch, plain = make_patch(plan, k), World("epfl", 3).patch(plan.grid(k))
        np.testing.assert_array_equal(patch.labels, plain.labels)
        assert (patch.image != plain.image).mean() > 0.5
        again = replay(json.loads(json.dumps(patch.trace)))
        np.testing.assert_array_equal(again.image, patch.image)
    part = plan.part(2, 1)
    assert make_patch(part, 0) == make_patch(plan, 2)
    means = [make_patch(plan, k).trace["preset"]["microscope"]["beam"]["sigma_nm"] for k in range(3)]
    assert len(set(means)) == 3


def test_randomised_anatomy_changes_the_labels():
    world, window = World("epfl", 3), Grid((1, 96, 96))
    assert (world.randomised(2.0, 0, anatomy=True).labels(window) != world.labels(window)).any()
    np.testing.assert_array_equal(world.randomised(2.0, 0).labels(window), world.labels(window))


@pytest.mark.parametrize("factor", [0.5, 0.0, -1.0, 5.1, float("nan"), float("inf")])
def test_a_bad_factor_is_refused(factor):
    with pytest.raises(InputError, match=r"between 1 .no change. and 5"):
        randomised(EPFL, factor, 1)
    with pytest.raises(InputError, match=r"between 1 .no change. and 5"):
        make_request("epfl", seed=1, count=1, randomise=factor)


def test_the_command_line_randomises_and_says_what_it_cannot(tmp_path, capsys):
    command = ["generate", "epfl", "--count", "3", "--shape", "48,48", "--workers", "1"]
    assert main([*command, str(tmp_path / "plain")]) == 0
    assert main([*command, str(tmp_path / "wide"), "--randomise", "2"]) == 0
    plain, wide = Dataset(tmp_path / "plain"), Dataset(tmp_path / "wide")
    for k in range(3):
        np.testing.assert_array_equal(plain[k].labels, wide[k].labels)
        assert (plain[k].image != wide[k].image).any()
    capsys.readouterr()
    assert main([*command, str(tmp_path / "wide"), "--randomise", "3"]) == 2
    assert "randomise 2.0, not 3.0" in capsys.readouterr().err
    for wrong, says in (
        (["--randomise", "9"], "between 1"),
        (["--randomise-anatomy"], "above 1"),
        (["--randomise", "2", "--randomise-anatomy", "--balance", "psd=0.02"], "own tissue"),
    ):
        assert main([*command, str(tmp_path / "no"), *wrong]) == 2
        assert says in capsys.readouterr().err
    picture = tmp_path / "a.png"
    preview = ["preview", "epfl", "--shape", "48,48", "--count", "2", "-o"]
    assert main([*preview, str(picture)]) == 0
    assert main([*preview, str(tmp_path / "b.png"), "--randomise", "2"]) == 0
    assert picture.read_bytes() != (tmp_path / "b.png").read_bytes()
    assert main([*preview, str(tmp_path / "c.png"), "--randomise-anatomy"]) == 2
