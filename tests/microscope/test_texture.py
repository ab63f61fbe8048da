"""The grain of thick sections: as strong and as fine as its figures say, the same in every window."""

from itertools import islice

import numpy as np
import pytest
from scipy import ndimage, stats

from shapes import Grid
from synthem.microscope.stain import stain
from synthem.microscope.texture import texture
from synthem.preset.microscope import SectionParams, Stain
from synthem.preset.preset import load_preset
from synthem.world import World

GRID = Grid((2, 300, 300), (50.0, 4.0, 4.0), (0.0, 800.0, -1200.0))


def grained(grid: Grid = GRID, **params: float) -> np.ndarray:
    """The grain alone, on an even section."""
    flat = np.full(grid.shape, 120, np.float32)
    return texture(flat, SectionParams(grain=10, **params), 3, grid) - flat


@pytest.mark.parametrize("octaves", [1, 2, 4])
def test_every_octave_adds_its_deviation(octaves):
    found = grained(octaves=octaves, lean=0)
    assert found.std() == pytest.approx(10 * octaves**0.5, rel=0.08)
    assert found.mean() == pytest.approx(0, abs=1.5)


def test_it_is_as_fine_as_the_finest_octave_and_as_coarse_as_the_last():
    """What a Gaussian takes away is most of an octave as fine, and little of one 8 times as coarse."""
    for finest, octaves, low, high in ((4, 1, 0.8, 1.0), (32, 1, 0.0, 0.2), (4, 4, 0.4, 0.8)):
        found = grained(finest_nm=finest, octaves=octaves)
        fine = found - ndimage.gaussian_filter(found, (0, 2, 2))
        assert low < fine.std() / found.std() < high, (finest, octaves)


def test_it_leans_to_the_dark():
    assert stats.skew(grained(lean=0).ravel()) == pytest.approx(0, abs=0.1)
    assert stats.skew(grained(lean=0.2).ravel()) < -0.4
    assert grained(lean=0.4, octaves=1).std() == pytest.approx(10, rel=0.1)


def test_patchy_grain_is_stronger_here_than_there():
    even, patchy = (ndimage.uniform_filter(grained(patchy=p) ** 2, (0, 15, 15)) ** 0.5 for p in (0, 0.5))
    assert patchy.std() / patchy.mean() > 1.3 * even.std() / even.mean()


def test_sections_share_only_what_is_coarser_than_they_are_thick():
    def shared(finest_nm: float) -> float:
        one, two = grained(octaves=1, finest_nm=finest_nm).reshape(2, -1)
        return float(np.corrcoef(one, two)[0, 1])

    assert abs(shared(4)) < 0.05
    assert abs(shared(10)) < 0.1
    assert shared(60) > 0.4


@pytest.mark.parametrize("thickness", [50.0, 5.0])
def test_a_voxel_of_the_world_has_one_grain_in_every_window(thickness):
    grid = Grid((3, 60, 80), (thickness, 4.0, 4.0), (400.0, 800.0, -1200.0))
    part = Grid((1, 20, 30), grid.voxel_nm, (400.0 + thickness, 840.0, -1120.0))
    whole = grained(grid, patchy=0.3)
    np.testing.assert_array_equal(grained(part, patchy=0.3), whole[1:2, 10:30, 20:50])


def test_windows_of_a_world_with_grain_fit_together():
    preset = load_preset("isbi2012")
    assert preset.microscope.section.grain > 0
    world = World(preset, 4)
    whole = world.patch(Grid((1, 60, 90), preset.voxel_nm)).image
    part = world.patch(Grid((1, 60, 50), preset.voxel_nm, (0.0, 0.0, 160.0))).image
    np.testing.assert_array_equal(whole[:, :, 40:], part)


def test_without_grain_the_image_is_handed_on():
    image = np.zeros(GRID.shape, np.float32)
    assert texture(image, SectionParams(), 3, GRID) is image


def test_the_space_within_a_crista_is_pale_and_its_walls_are_dark():
    world = World("isbi2012", 5)
    for place in islice(world.find("mitochondrion"), 20):
        corner = (place[0], *(p - 120 * 4.0 / 2 for p in place[1:]))
        scene = world.scene(Grid((1, 120, 120), (10.0, 4.0, 4.0), corner))
        mito = scene.layers["mitochondrion"]
        inside = mito.distance_nm < -20
        core, wall = inside & (np.abs(mito.detail_nm + 9) < 1.5), inside & (np.abs(mito.detail_nm + 2) < 1)
        if min(core.sum(), wall.sum()) > 50:
            break
    plain, seen = (stain(scene, Stain(crista_lumen=c)) for c in (0.0, 0.8))
    assert core.any() and np.median(seen[core]) > np.median(seen[wall]) + 25
    np.testing.assert_array_equal(seen[wall], plain[wall])
    np.testing.assert_array_equal(seen[mito.distance_nm > 0], plain[mito.distance_nm > 0])
