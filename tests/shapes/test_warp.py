"""The displacement of tissue: one field for the whole world, that never folds, and can be inverted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shapes import Grid
from shapes.core.warp import FARTHEST, Warp, to_world, warp_window, world_points

places = st.tuples(*[st.floats(-1e6, 1e6)] * 3)
seeds = st.integers(0, 2**63 - 1)
STEEPEST = Warp(amplitude_nm=46, wavelength_nm=1000)


@given(
    seeds, places, st.sampled_from([(5.0, 5.0, 5.0), (50.0, 4.0, 4.0)]), st.tuples(*[st.integers(0, 3)] * 3)
)
@settings(max_examples=20, deadline=None)
def test_a_place_shows_the_same_tissue_in_every_window(seed, origin, voxel, shift):
    whole = Grid((4, 20, 24), voxel, origin)
    start = tuple((s + k) * v for s, k, v in zip(whole.start_vx, shift, voxel, strict=True))
    part = Grid((1, 9, 8), voxel, start)
    z, y, x = shift
    np.testing.assert_array_equal(
        warp_window(seed, Warp(), whole).tissue_nm[:, z : z + 1, y : y + 9, x : x + 8],
        warp_window(seed, Warp(), part).tissue_nm,
    )


@given(seeds, places)
@settings(max_examples=20, deadline=None)
def test_the_way_back_leads_to_the_same_place(seed, origin):
    grid = Grid((5, 30, 30), (40.0, 20.0, 20.0), origin)
    window = warp_window(seed, STEEPEST, grid)
    for index in np.ndindex(5, 5, 5):
        at = (index[0], 6 * index[1], 6 * index[2])
        world = to_world(
            window.lattice_nm,
            np.array(window.first),
            window.spacing_nm,
            window.tissue_nm[(slice(None), *at)].copy(),
            1e-3,
        )
        wanted = [grid.centres_nm(axis)[at[axis]] for axis in range(3)]
        np.testing.assert_allclose(world, wanted, atol=0.01)


@given(seeds, places)
@settings(max_examples=10, deadline=None)
def test_points_find_back_wherever_they_lie(seed, origin):
    grid = Grid((3, 4, 5), (700.0, 900.0, 1100.0), origin)
    tissue = warp_window(seed, STEEPEST, grid).tissue_nm.reshape(3, -1).T
    wanted = np.stack(np.meshgrid(*[grid.centres_nm(a) for a in range(3)], indexing="ij"), -1).reshape(-1, 3)
    np.testing.assert_allclose(world_points(seed, STEEPEST, tissue), wanted, atol=0.01)
    assert world_points(seed, STEEPEST, np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("seed", range(6))
def test_no_two_points_are_pulled_apart_faster_than_the_bound(seed):
    # odd seeds look where the noise package begins to repeat itself, every 1024 wavelengths
    edge = 1024e3 if seed % 2 else 1e4
    grid = Grid((30, 60, 60), (25.0, 25.0, 25.0), (-edge - 400, edge - 700, -700))
    moved = warp_window(seed, STEEPEST, grid).tissue_nm
    for axis in range(3):
        moved[axis] -= grid.centres_nm(axis).reshape([-1 if a == axis else 1 for a in range(3)])
    # the largest singular value of the field's Jacobian, everywhere
    jacobian = np.stack([np.stack(np.gradient(moved[c], 25.0), -1) for c in range(3)], -2)
    steepest = np.linalg.svd(jacobian, compute_uv=False)[..., 0].max()
    assert steepest < STEEPEST.steepest
    assert steepest > 0.4 * STEEPEST.steepest, "a bound that loose would cost time"


def test_amplitude_is_a_standard_deviation():
    warp = Warp(amplitude_nm=36, wavelength_nm=850)
    grid = Grid((1, 40, 40), (500.0, 500.0, 500.0))
    moved = []
    for seed in range(12):
        tissue = warp_window(seed, warp, grid).tissue_nm
        moved.append(
            [
                tissue[a] - grid.centres_nm(a).reshape([-1 if i == a else 1 for i in range(3)])
                for a in range(3)
            ]
        )
    values = np.array(moved)
    assert values.std() == pytest.approx(36, rel=0.1)
    assert np.abs(values.mean(axis=(0, 2, 3, 4))).max() < 3.0
    assert np.abs(values).max() < FARTHEST * 36, "objects are looked for no farther off than this"


def test_without_amplitude_tissue_is_the_world():
    grid = Grid((2, 3, 4), (50.0, 4.0, 4.0), (1e5, -2e5, 300))
    tissue = warp_window(7, Warp(amplitude_nm=0), grid).tissue_nm
    for axis in range(3):
        centres = grid.centres_nm(axis).reshape([-1 if a == axis else 1 for a in range(3)])
        np.testing.assert_array_equal(tissue[axis], np.broadcast_to(centres, grid.shape))


def test_a_ball_of_tissue_stays_within_its_stretch():
    window = warp_window(3, STEEPEST, Grid((40, 40, 40), (10.0, 10.0, 10.0)))
    tissue = window.tissue_nm.reshape(3, -1)
    middle = window.tissue_nm[:, 20, 20, 20]
    inside = (((tissue.T - middle) ** 2).sum(1) ** 0.5 < 100).reshape(40, 40, 40)
    far = (np.argwhere(inside) - 20) * 10.0
    assert ((far**2).sum(1) ** 0.5).max() <= 100 * window.stretch


@pytest.mark.parametrize(
    "wrong", [{"amplitude_nm": 50, "wavelength_nm": 1000}, {"amplitude_nm": -1}, {"wavelength_nm": 0}]
)
def test_tissue_that_folds_is_refused(wrong):
    with pytest.raises(ValidationError):
        Warp(**wrong)
