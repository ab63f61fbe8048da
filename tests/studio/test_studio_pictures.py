"""Pictures are those of the world, bit for bit; their tissue is kept while only the microscope changes."""

import numpy as np
import pytest

from shapes import Grid
from synthem.labels import from_bits
from synthem.preset.preset import load_preset
from synthem.studio.changes import changed
from synthem.studio.errors import ChangeError, SupersededError
from synthem.studio.latest import Ticket
from synthem.studio.pictures import STAGES, Tissues, take
from synthem.world import World

GRID = Grid((1, 96, 112), (5, 5, 5), (1000, 2000, -3000))
WIDE = {"microscope.beam.sigma_nm": 18.0}
MOVED = {
    "microscope.defects.misalignment": {},
    "microscope.defects.misalignment.shift_nm": 120.0,
    "microscope.section.thickness": 0.1,
    "microscope.section.sheets": 3,
}


@pytest.mark.parametrize("changes", [{}, WIDE, MOVED], ids=["saved", "blurred", "moved"])
def test_a_picture_is_that_of_the_world(changes):
    preset = changed(load_preset("epfl"), changes)
    tissues = Tissues()
    shots = {stage: take(preset, 7, GRID, stage, tissues, Ticket()) for stage in STAGES}
    patch = World(preset, 7).patch(GRID)
    np.testing.assert_array_equal(shots["tone"].image, patch.image[0])
    for name, image in World(preset, 7).stages(GRID):
        assert shots[name].image.shape == GRID.shape[1:]
        if name != "stain":
            np.testing.assert_allclose(shots[name].image, np.clip(np.rint(image[0]), 0, 255), err_msg=name)
    np.testing.assert_array_equal(from_bits(shots["tone"].bits, len(patch.classes)), patch.labels[:, 0])
    assert tissues.built == 1, "it was built for the first stage alone"


def test_a_change_of_the_microscope_builds_no_tissue():
    base, tissues = load_preset("epfl"), Tissues()
    assert take(base, 7, GRID, "tone", tissues, Ticket()).rebuilt
    for changes in (
        WIDE,
        {"microscope.stain.membrane": {"mean": 20, "std": 1}},
        {"microscope.tone.gamma": 2.0},
    ):
        assert not take(changed(base, changes), 7, GRID, "tone", tissues, Ticket()).rebuilt, changes
    for changes in ({"anatomy.er": None}, {"annotation.membrane_width_nm": 60.0}):
        assert take(changed(base, changes), 7, GRID, "tone", tissues, Ticket()).rebuilt, changes
    assert take(base, 8, GRID, "tone", tissues, Ticket()).rebuilt


def test_what_is_kept_is_bounded():
    base, tissues = load_preset("epfl"), Tissues(most_vx=100_000)
    for seed in range(12):
        take(base, seed, GRID, "tone", tissues, Ticket())
        assert tissues.voxels <= 100_000
    assert tissues.built == 12


def test_what_nobody_waits_for_is_not_rendered():
    ticket, tissues = Ticket(), Tissues()
    ticket.supersede()
    with pytest.raises(SupersededError):
        take(load_preset("epfl"), 0, GRID, "tone", tissues, ticket)
    assert tissues.built == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"microscope.beam.sigma_nm": 1e9},
        {"microscope.stain.mottle_nm": 1e-6},
        {"voxel_nm": [1e5, 1e5, 1e5]},
        {"microscope.section.sheets": 16},
    ],
)
def test_what_would_never_end_is_refused(changes):
    preset = changed(load_preset("epfl"), changes)
    grid = Grid((1, 768, 768), preset.voxel_nm)
    with pytest.raises(ChangeError, match=r"too (much|wide|fine|many)"):
        take(preset, 3, grid, "tone", Tissues(), Ticket())
