"""What the size of the images' voxels tells of the start, and what follows what in the space of a fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthem.fit.parameters import WIDTH, Space, apparent_width, get
from synthem.fit.voxels import in_sections, of_sections, prepared
from synthem.preset.preset import Preset, load_preset, preset_names

EPFL = load_preset("epfl")
THICK = prepared(EPFL, (50.0, 4.0, 4.0))
GRAINS = {"grain", "finest grain", "lean of grain", "patches of grain"}


def moved(preset: Preset, name: str, value: float, drawn: bool = False) -> Preset:
    """Return a preset with one parameter of its space set."""
    space = Space(preset, drawn=drawn)
    values = space.values_of(space.start)
    values[space.index(name)] = value
    return space.preset(space.to_unit(values))


def test_deep_voxels_make_sections_of_a_block() -> None:
    scope = THICK.microscope
    assert (THICK.modality, scope.section.sheets, scope.detector.backscatter) == ("ssTEM", 5, False)
    assert scope.section.grain > 0 and scope.stain.crista_lumen > 0
    rules = THICK.annotation
    assert rules.membrane_followed > 0
    assert 15 < rules.membrane_width_nm < apparent_width(THICK.model_dump())
    assert THICK.anatomy.axons == EPFL.anatomy.axons
    assert {knob.name for knob in Space(THICK).knobs} >= GRAINS


def test_voxels_as_deep_as_wide_show_no_grain_of_sections() -> None:
    block = prepared(load_preset("sstem_drosophila"), (5.0, 5.0, 5.0))
    for preset in (block, prepared(EPFL, None)):
        assert preset.microscope.section.grain == 0
        assert not GRAINS & {knob.name for knob in Space(preset).knobs}
    assert prepared(EPFL, None).annotation == EPFL.annotation


@pytest.mark.parametrize("name", preset_names())
def test_what_is_known_of_sections_stays(name: str) -> None:
    start = load_preset(name)
    once = in_sections(start)
    assert in_sections(once) == once
    if not of_sections(start.voxel_nm) or start.annotation.membrane_followed:
        assert once == start


@pytest.mark.parametrize("name", preset_names())
@pytest.mark.parametrize("voxel", [None, (50.0, 4.0, 4.0)])
def test_every_corner_of_a_space_is_a_preset(name: str, voxel: tuple[float, float, float] | None) -> None:
    space = Space(prepared(load_preset(name), voxel))
    rng = np.random.default_rng(1)
    for unit in (*np.eye(2).repeat(len(space.knobs), 1), *rng.integers(0, 2, (4, len(space.knobs)))):
        space.preset(np.asarray(unit[: len(space.knobs)], float))


@given(st.floats(0, 1))
def test_neurites_lie_in_the_plane_as_they_are_told(lying: float) -> None:
    z, y, x = moved(THICK, "neurites along the plane", lying).anatomy.axons.grain
    assert (y + x) / (z + y + x) == pytest.approx(lying, abs=2e-3)
    assert max(z, y, x) == 1 and y == pytest.approx(x, abs=1e-3)


def test_a_label_is_as_wide_as_its_membrane_looks_unless_masks_have_drawn_it() -> None:
    for name, value in (("gap between membranes", 25.0), ("thickness of membranes", 14.0), ("blur", 10.0)):
        wide = moved(THICK, name, value)
        looks = apparent_width(wide.model_dump()) / apparent_width(Space(THICK).start.model_dump())
        assert looks > 1.1
        assert get(wide.model_dump(), WIDTH) == pytest.approx(
            looks * get(THICK.model_dump(), WIDTH), rel=1e-3
        )
        assert get(moved(THICK, name, value, drawn=True).model_dump(), WIDTH) == get(
            THICK.model_dump(), WIDTH
        )
