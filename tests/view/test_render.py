"""Surfaces of objects, against shapes whose picture is known."""

import numpy as np
import pytest

from shapes.core.errors import InputError
from synthem.view.render import Body, render

RED, BLUE = (220, 40, 40), (40, 40, 220)
CUBE = (5.0, 5.0, 5.0)
STRAIGHT = (0.0, 0.0)


def ball(radius_nm, voxel_nm, size_nm=240.0, centre_nm=(120.0, 120.0, 120.0)):
    axes = [(np.arange(round(size_nm / v)) + 0.5) * v - c for v, c in zip(voxel_nm, centre_nm, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return (z**2 + y**2 + x**2 < radius_nm**2).astype(np.int32)


def seen(picture):
    return (picture != 255).any(-1)


@pytest.mark.parametrize("view", [STRAIGHT, (30.0, 25.0), (100.0, -40.0)])
@pytest.mark.parametrize("voxel_nm", [CUBE, (20.0, 5.0, 5.0), (4.0, 8.0, 4.0)])
def test_a_ball_is_round_and_of_its_size_from_everywhere_for_any_voxel(view, voxel_nm):
    radius = 80.0
    picture = render([Body(ball(radius, voxel_nm), RED)], voxel_nm, (250, 250), 1.0, view, frame=False)
    rows, columns = np.nonzero(seen(picture))
    assert np.sqrt(len(rows) / np.pi) == pytest.approx(radius, rel=0.03)
    for place in (rows, columns):
        # a voxel's middle decides for all of it
        assert np.ptp(place) + 1 == pytest.approx(2 * radius, abs=2 + max(voxel_nm) / 2)
        assert place.mean() == pytest.approx(124.5, abs=1)


def test_straight_on_x_runs_right_and_y_down():
    ids = np.zeros((16, 20, 24), np.int32)
    ids[4:9, 3:10, 12:22] = 1
    picture = render([Body(ids, RED)], CUBE, (20, 24), 5.0, STRAIGHT, frame=False)
    expected = ids.any(0)
    expected[[3, 3, 9, 9], [12, 21, 12, 21]] = False  # corners are rounded off
    found = seen(picture)
    found[[3, 3, 9, 9], [12, 21, 12, 21]] = False
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("near_first", [True, False])
def test_the_nearer_object_hides_the_farther(near_first):
    ids = np.zeros((2, 24, 24, 24), np.int32)
    ids[0 if near_first else 1, 3:7, 6:18, 6:18] = 1
    ids[1 if near_first else 0, 15:19, 6:18, 6:18] = 2
    picture = render([Body(ids[0], RED), Body(ids[1], BLUE)], CUBE, (24, 24), 5.0, STRAIGHT, frame=False)
    red, _, blue = picture[12, 12].astype(int)
    assert (red > blue + 60) == near_first
    assert (blue > red + 60) != near_first


@pytest.mark.parametrize("view", [STRAIGHT, (60.0, -20.0)])
def test_what_faces_the_light_is_brighter(view):
    picture = render([Body(ball(80.0, CUBE), RED)], CUBE, (250, 250), 1.0, view, frame=False).astype(int)
    # the light comes from the upper left
    assert picture[90, 95].sum() > picture[124, 124].sum() + 20
    assert picture[124, 124].sum() > picture[170, 165].sum() + 20


def test_nothing_is_plain_background_and_the_frame_the_box():
    empty = [Body(np.zeros((8, 12, 16), np.int32), RED)]
    assert not seen(render(empty, CUBE, (40, 50), 2.5, frame=False)).any()
    framed = seen(render(empty, CUBE, (40, 50), 2.5, STRAIGHT))
    rows, columns = np.nonzero(framed)
    assert np.ptp(rows) + 1 == pytest.approx(12 * 2, abs=1.5)
    assert np.ptp(columns) + 1 == pytest.approx(16 * 2, abs=1.5)


def test_each_object_has_its_own_shade_of_one_colour():
    ids = np.zeros((16, 16, 32), np.int32)
    ids[4:12, 4:12, 4:12], ids[4:12, 4:12, 20:28] = 1, 2
    picture = render([Body(ids, RED)], CUBE, (16, 32), 5.0, STRAIGHT, frame=False).astype(int)
    one, other = picture[8, 8], picture[8, 24]
    assert np.abs(one - other).sum() > 15
    assert min(one[0] - one[2], other[0] - other[2]) > 60


def test_through_a_clear_object_one_sees_what_is_behind():
    front, behind = np.zeros((24, 24, 24), np.int32), np.zeros((24, 24, 24), np.int32)
    front[3:7, 2:22, 2:22] = behind[12:18, 8:16, 8:16] = 1

    def middle(*bodies):
        return render(bodies, CUBE, (24, 24), 5.0, STRAIGHT, frame=False)[12, [4, 12]].astype(int)

    both, alone, shut = (
        middle(Body(front, BLUE, clear=True), Body(behind, RED)),
        middle(Body(behind, RED)),
        middle(Body(front, BLUE), Body(behind, RED)),
    )
    assert both[1, 0] > both[1, 2] + 40  # red shines through
    assert (both[1] != alone[1]).any()  # and is tinted
    assert shut[1, 2] > shut[1, 0] + 60
    assert both[0, 2] > both[0, 0] > shut[0, 0]  # beside it there is a pale blue film


def test_a_window_cuts_an_object_with_a_flat_lit_face():
    picture = render([Body(np.ones((8, 16, 16), np.int32), RED)], CUBE, (20, 20), 5.0, STRAIGHT, frame=False)
    assert np.array_equal(seen(picture)[2:18, 2:18].sum(), 256)
    assert (picture[6:14, 6:14] == picture[10, 10]).all()
    assert picture[10, 10, 0] > 120


@pytest.mark.parametrize("shapes", [[], [(4, 4, 4), (4, 4, 5)], [(4, 4)]])
def test_bodies_of_no_or_unequal_shape_are_refused(shapes):
    with pytest.raises(InputError, match="one shape"):
        render([Body(np.zeros(shape, np.int32), RED) for shape in shapes], CUBE, (8, 8), 5.0)
