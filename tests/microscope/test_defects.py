"""Defects: halves are still the whole; labels follow what moves the tissue, not what covers it."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from shapes import Grid
from shapes.core.errors import InputError
from synthem.labels import CLASSES, channel
from synthem.microscope.defects.apply import (
    COVERING,
    MOVING,
    RECORDING,
    TEARING,
    covered,
    displacement,
    recorded,
)
from synthem.microscope.defects.losses import missing
from synthem.microscope.defects.places import CELL_NM, scattered, streaky_noise
from synthem.microscope.view import boundaries, look
from synthem.preset.defects import Defects
from synthem.preset.microscope import Microscope, SectionParams
from synthem.preset.preset import Preset, load_preset
from synthem.world import World, replay

MOVED = {
    "misalignment": {"shift_nm": 30, "jump_chance": 0.3, "jump_nm": 90, "bend_nm": 15, "bend_length_nm": 500},
    "drift": {"amplitude_nm": 20},
    "fold": {"per_100um2": 25, "width_nm": 90},
    "crack": {"per_100um2": 25, "width_nm": 60},
    "tile": {"size_nm": [700, 900], "shift_nm": 25, "brightness": 9, "shading": 8},
}
COVERED = {
    "dust": {"per_100um2": 150},
    "precipitate": {"per_100um2": 90, "radius_nm": 15, "grains": {"min": 3, "max": 9}, "cluster_nm": 50},
    "debris": {"per_100um2": 60, "radius_nm": 90, "glow": 30},
    "knife": {"per_100um": 200, "chatter": 6},
    "loss": {"missing_chance": 0.2, "damaged_chance": 0.4},
    "contrast_jump": {"chance": 0.4},
    "charging": {"per_100um2": 40, "radius_nm": 200},
    "lost_line": {"per_100um2": 150},
    "curtain": {"strength": 8},
}
ALL = {**MOVED, **COVERED}
HERE = (0.0, 5000.0, 5000.0)


@cache
def bare(**sections: float) -> Preset:
    """Return sections of insect tissue with few things in it, quick to render, and no noise."""
    described = load_preset("sstem_drosophila").model_dump(mode="json", exclude_none=True)
    anatomy = {**described["anatomy"], "vesicle": None, "psd": None}
    return load_preset(
        {**described, "anatomy": anatomy, "microscope": {"section": sections or {"sheets": 1}}}
    )


def world(spoilt: dict, seed: int = 4, preset: Preset | None = None, **stages: dict) -> World:
    preset = preset or bare()
    microscope = {**preset.microscope.model_dump(mode="json"), **stages, "defects": spoilt}
    return World(preset.model_copy(update={"microscope": Microscope.model_validate(microscope)}), seed)


def grid(*shape: int) -> Grid:
    return Grid(shape, (50.0, 4.0, 4.0), HERE)


def arrays(patch) -> dict[str, np.ndarray]:
    return {"image": patch.image, "labels": patch.labels, "clean": patch.clean, **patch.instances}


# what every defect must keep


@pytest.mark.parametrize("name", [*ALL, "all"])
@given(
    seed=st.integers(0, 2**63 - 1),
    origin=st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    shape=st.sampled_from([(2, 40, 90), (3, 64, 31)]),
    cut=st.floats(0.2, 0.8),
)
@settings(max_examples=3, deadline=None)
def test_two_half_windows_are_the_whole(name, seed, origin, shape, cut):
    busy = {
        "section": {"sheets": 3, "thickness": 0.2, "brightness": 5},
        "beam": {
            "sigma_nm": 5,
            "astigmatism": 1.6,
            "angle_deg": 35,
            "defocus_nm": 8,
            "defocus_field_nm": 300,
        },
        "detector": {"rows": 5, "row_length_nm": 200, "gain": 1.1, "saturation": 220},
    }
    one = world(ALL if name == "all" else {name: ALL[name]}, seed, **(busy if name == "all" else {}))
    voxel = one.preset.voxel_nm
    whole = Grid(shape, voxel, origin)
    patch = arrays(one.patch(whole))
    np.testing.assert_array_equal(one.labels(whole), patch["labels"])
    for axis in range(3):
        size = max(1, round(cut * shape[axis]))
        parts = []
        for low, high in ((0, size), (size, shape[axis])):
            part, start = list(shape), list(whole.origin_nm)
            part[axis], start[axis] = high - low, (whole.start_vx[axis] + low) * voxel[axis]
            if high > low:
                parts.append(arrays(one.patch(Grid(tuple(part), voxel, tuple(start)))))
        for key in patch:
            both = np.concatenate([part[key] for part in parts], axis - 3)
            np.testing.assert_array_equal(both, patch[key], err_msg=f"{key}, cut along axis {axis}")


@pytest.mark.parametrize("name", ["ac4", "cremi", "isbi2012", "sbfsem_liver", "urisc", "urocell"])
def test_halves_are_the_whole_in_the_presets_of_the_modalities(name):
    one = World(load_preset(name), 20)
    voxel = one.preset.voxel_nm
    whole = arrays(one.patch(Grid((2, 60, 70), voxel)))
    for axis, size in ((0, 1), (2, 33)):
        near, far, start = [2, 60, 70], [2, 60, 70], [0.0, 0.0, 0.0]
        near[axis], far[axis], start[axis] = size, far[axis] - size, size * voxel[axis]
        halves = [
            arrays(one.patch(Grid(tuple(n), voxel, tuple(o)))) for n, o in ((near, (0, 0, 0)), (far, start))
        ]
        for key, values in whole.items():
            both = np.concatenate([half[key] for half in halves], axis - 3)
            np.testing.assert_array_equal(both, values, err_msg=f"{key}, cut along axis {axis}")


def test_a_trace_replays_every_defect():
    patch = world(ALL).patch(grid(3, 60, 60))
    again = replay(patch.trace)
    assert again == patch
    np.testing.assert_array_equal(again.clean, patch.clean)


def test_no_defect_is_the_default_and_costs_nothing():
    assert all(value is None for value in Defects().model_dump().values())
    image = np.zeros((1, 8, 8), np.float32)
    assert covered(image, Defects(), 3, grid(1, 8, 8)) is image
    assert recorded(image, Defects(), 3, grid(1, 8, 8)) is image
    view = look(load_preset("epfl").microscope, 3, grid(1, 8, 8))
    assert view.plain and view.steps is None and view.scene_grid == grid(1, 8, 8)


def test_every_defect_of_a_preset_is_carried_out():
    done = {*MOVING, *TEARING, *COVERING, *RECORDING}
    assert done == set(Defects.model_fields) == set(ALL)


@pytest.mark.parametrize("name", COVERED)
def test_what_covers_changes_the_image_alone(name):
    preset = bare()
    drawn = preset.annotation.model_copy(update={"blank_sections": "labelled"})
    preset = preset.model_copy(update={"annotation": drawn})
    plain, spoilt = (world(d, preset=preset).patch(grid(8, 300, 300)) for d in ({}, {name: COVERED[name]}))
    before, after = arrays(plain), arrays(spoilt)
    assert (before.pop("image") != after.pop("image")).any()
    for key, values in before.items():
        np.testing.assert_array_equal(values, after[key], err_msg=key)


@pytest.mark.parametrize("name", MOVED)
def test_what_moves_takes_labels_and_ids_along(name):
    """Image, labels and ids are those of the plain tissue at the places that the field names."""
    window, rim = grid(2, 150, 150), 90
    one = world({name: MOVED[name]})
    patch, plain = one.patch(window), arrays(world({}).patch(window.padded((0, rim, rim))))
    field, void = displacement(one.preset.microscope.defects, 4, window)
    at = np.indices(window.shape).astype(float)
    at[1:] += rim + field / 4.0
    assert 0.05 < np.hypot(*field).mean() / 4.0 < 40
    z, y, x = at[0].astype(int), np.floor(at[1] + 0.5).astype(int), np.floor(at[2] + 0.5).astype(int)
    for key, values in arrays(patch).items():
        if key == "clean":
            wanted = ndimage.map_coordinates(plain[key], at, order=1)
            np.testing.assert_allclose(values[~void], wanted[~void], atol=0.02)
        elif key != "image":
            np.testing.assert_array_equal(values[..., ~void], plain[key][..., z, y, x][..., ~void])
            assert not values[..., void].any()


# each of them


def test_a_misaligned_section_is_the_tissue_a_little_off():
    """Whole voxels off: the shifted section is bit for bit another window of the plain one."""
    one = world({"misalignment": {"shift_nm": 40}}, detector={"read": 0, "shot": 0})
    window = grid(3, 80, 80)
    field, void = displacement(one.preset.microscope.defects, 4, window)
    assert not void.any()
    labels = one.patch(window).labels
    for z in range(3):
        assert np.ptp(field[0, z]) == 0 == np.ptp(field[1, z])
        dy, dx = (int(np.floor(field[a, z, 0, 0] / 4.0 + 0.5)) for a in (0, 1))
        place = (HERE[0] + 50.0 * z, HERE[1] + 4.0 * dy, HERE[2] + 4.0 * dx)
        there = world({}).labels(Grid((1, 80, 80), (50.0, 4.0, 4.0), place))
        np.testing.assert_array_equal(labels[:, z], there[:, 0])
    many = displacement(one.preset.microscope.defects, 4, Grid((2000, 1, 1), (50.0, 4.0, 4.0)))[0]
    assert many.std() == pytest.approx(40, rel=0.05) and abs(np.corrcoef(many[:, :, 0, 0])[0, 1]) < 0.08


def test_jumps_are_rare_and_large():
    params = Defects.model_validate({"misalignment": {"shift_nm": 1, "jump_chance": 0.1, "jump_nm": 500}})
    far = np.abs(displacement(params, 7, Grid((3000, 1, 1), (50.0, 4.0, 4.0)))[0][0]).ravel() > 20
    assert far.mean() == pytest.approx(0.1, abs=0.03)


def test_drift_is_smooth_from_section_to_section():
    params = Defects.model_validate({"drift": {"amplitude_nm": 10, "period_nm": 600}})
    way = displacement(params, 7, Grid((4000, 1, 1), (10.0, 4.0, 4.0)))[0][0].ravel()
    assert way.std() == pytest.approx(10, rel=0.25)
    assert np.abs(np.diff(way)).max() < 2.0


@pytest.mark.parametrize(("name", "sign"), [("fold", 1), ("crack", -1)])
def test_tissue_is_drawn_into_a_fold_and_away_from_a_crack(name, sign):
    params = {**MOVED[name], "per_100um2": 3, "width_nm": 100}
    window = Grid((30, 200, 200), (50.0, 20.0, 20.0))
    field, void = displacement(Defects.model_validate({name: params}), 3, window)
    far = np.hypot(*field)
    assert 0.05 < (far > 0).mean() < 0.95, "tissue far off stays where it is"
    assert void.any() == (name == "crack")
    # where tissue is drawn together, looking further out on both sides, more of it is seen than fits
    divergence = np.gradient(field[0], axis=1) + np.gradient(field[1], axis=2)
    at_line = (np.abs(divergence) > 20) & ~void
    assert np.sign(np.median(divergence[at_line])) == sign


def test_a_fold_is_as_dark_as_its_layers_and_a_crack_shows_what_lies_behind():
    flat = {"mottle": 0, "blotch": 0, "patchiness": 0, "cytoplasm": 170, "glia": 170}
    quiet = {"stain": flat, "detector": {"read": 0, "shot": 0}, "beam": {"sigma_nm": 0}}
    folded = world({"fold": {**MOVED["fold"], "width_nm": 150, "layers": 3}}, **quiet).patch(
        grid(4, 300, 300)
    )
    usual = folded.clean > 165
    dark = folded.image[usual & (folded.image < 90)]
    assert len(dark) > 500
    assert np.median(dark) == pytest.approx(255 * (170 / 255) ** 3, abs=3)
    torn = world({"crack": {**MOVED["crack"], "grey": 240}}, **quiet).patch(grid(4, 300, 300))
    gap = torn.instances["neurite"] == 0
    assert 0 < gap.mean() < 0.5
    np.testing.assert_array_equal(torn.image[gap], 240)
    np.testing.assert_array_equal(torn.clean[gap], 240)
    assert not torn.labels[:, gap].any()


def test_tiles_differ_in_brightness_and_meet_at_straight_seams():
    params = Defects.model_validate({"tile": {"size_nm": [200, 280], "shift_nm": 12, "brightness": 6}})
    window = grid(40, 100, 140)
    flat = np.full(window.shape, 100, np.float32)
    image = recorded(flat, params, 3, window)
    assert len(np.unique(image[0])) == 6, "the window shows two by three tiles"
    assert (image.reshape(-1) - 100).std() == pytest.approx(6, rel=0.2)
    field = displacement(params, 3, window)[0]
    seams = np.abs(np.diff(field[0], axis=2)) > 0
    assert set(np.nonzero(seams.any((0, 1)))[0]) == {9, 79}


def test_shading_darkens_the_corners_of_tiles():
    block = {"size_nm": [400, 400], "shift_nm": 0, "brightness": 0, "shading": 20}
    flat = np.full((1, 100, 100), 100, np.float32)
    image = recorded(flat, Defects.model_validate({"tile": block}), 3, grid(1, 100, 100))
    middle = 5000 % 400 / 4
    assert image[0].max() == pytest.approx(100, abs=0.1) and image[0].min() == pytest.approx(80, abs=1)
    assert middle == 50, "the window starts in the middle of a tile"
    assert image[0, 0, 0] > 99.9 and image[0, 50, 50] < 80.5


def test_particles_have_their_size_grey_and_rate():
    params = Defects.model_validate({"dust": {"per_100um2": 40, "radius_nm": 60, "grey": 20, "roughness": 0}})
    window = Grid((40, 400, 400), (50.0, 8.0, 8.0))
    flat = np.full(window.shape, 150, np.float32)
    image = covered(flat, params, 3, window)
    wanted = 40 * np.pi * 0.06**2 / 100
    assert (image < 85).mean() == pytest.approx(wanted, rel=0.2)
    assert image.min() == pytest.approx(20, abs=1e-4) and image.max() == 150


def test_dust_hides_the_tissue_from_beam_and_detector():
    """Within it there is its own grey with the noise of that grey; its edge is blurred."""
    detector, blur = {"read": 4, "shot": 40, "correlated": 0}, {"sigma_nm": 6}
    block = {**COVERED["dust"], "grey": 60, "roughness": 0}
    dusty = world({"dust": block}, detector=detector, beam=blur)
    images = dict(dusty.stages(grid(4, 300, 300)))
    bare_images = dict(world({}, detector=detector, beam=blur).stages(grid(4, 300, 300)))
    dust = images["cover"] != images["section"]
    deep = np.stack([ndimage.binary_erosion(d, iterations=8) for d in dust])
    assert 0.01 < deep.mean() < 0.5
    np.testing.assert_allclose(images["beam"][deep], 60, atol=0.1)
    noise = images["detector"][deep] - 60
    assert noise.std() == pytest.approx(np.hypot(4, 40 * (60 / 255) ** 0.5), rel=0.05)
    before = bare_images["beam"][deep]
    assert before.std() > 10 and abs(np.corrcoef(np.abs(noise), before)[0, 1]) < 0.05
    edge = np.abs(np.diff(images["beam"], axis=2)).max()
    assert edge < 0.6 * np.abs(np.diff(images["cover"], axis=2)).max()
    np.testing.assert_array_equal(images["section"], bare_images["section"])


def test_nothing_of_a_lost_section_is_in_its_image():
    """Neither grey nor noise knows of the tissue: the strength of noise is the same over dark and pale."""
    loud = {"read": 2, "shot": 60, "correlated": 0}
    patch = world({"loss": {"missing_chance": 1.0, "grey": 128}}, detector=loud).patch(grid(4, 200, 200))
    tissue = world({}).patch(grid(4, 200, 200)).clean
    assert tissue.std() > 20
    off = patch.image.astype(float) - patch.image.mean()
    for seen in (off, np.abs(off)):
        assert abs(np.corrcoef(seen.ravel(), tissue.ravel())[0, 1]) < 0.02


def test_labels_of_a_lost_section_are_unknown():
    """They and the ids are empty and marked so; a preset may ask for what geometry knows."""
    loss = {"loss": {"missing_chance": 0.4}}
    window = grid(6, 60, 60)
    gone = missing(Defects.model_validate(loss).loss, 4, window)
    assert 0 < gone.sum() < 6
    patch, plain = world(loss).patch(window), world({}).patch(window)
    np.testing.assert_array_equal(world(loss).labels(window), patch.labels)
    assert patch.unlabelled == tuple(np.flatnonzero(gone)) and patch.known == (True,) * 6
    np.testing.assert_array_equal(patch.labelled, np.broadcast_to(~gone, (6, 6)))
    np.testing.assert_array_equal(patch.labels[:, ~gone], plain.labels[:, ~gone])
    assert plain.labels[:, gone].any() and not patch.labels[:, gone].any()
    assert not any(values[gone].any() for values in patch.instances.values())
    for k in range(6):
        z, y, x = window.origin_nm
        alone = world(loss).patch(Grid((1, 60, 60), window.voxel_nm, (z + 50.0 * k, y, x)))
        assert alone.known == (not gone[k],) * 6
    drawn = world(loss).preset
    drawn = drawn.model_copy(
        update={"annotation": drawn.annotation.model_copy(update={"blank_sections": "labelled"})}
    )
    asked = World(drawn, 4).patch(window)
    assert asked.unlabelled == ()
    np.testing.assert_array_equal(asked.labels, plain.labels)
    np.testing.assert_array_equal(asked.image, patch.image)


def test_sections_are_lost_damaged_and_jump_as_often_as_asked():
    window = Grid((1000, 12, 12), (50.0, 400.0, 400.0))
    ramp = np.broadcast_to(np.linspace(60, 180, 12, dtype=np.float32), window.shape).copy()
    lost = covered(ramp, Defects.model_validate({"loss": {"missing_chance": 0.1, "grey": 9}}), 3, window)
    blank = (lost == 9).all((1, 2))
    assert blank.mean() == pytest.approx(0.1, abs=0.025)
    np.testing.assert_array_equal(lost[~blank], ramp[~blank])
    torn = covered(ramp, Defects.model_validate({"loss": {"damaged_chance": 0.3, "grey": 9}}), 3, window)
    assert 0.1 < (torn != ramp).any((1, 2)).mean() <= 0.33
    assert 0.1 < (torn != ramp)[(torn != ramp).any((1, 2))].mean() < 0.6
    block = {"contrast_jump": {"chance": 0.2, "contrast": 0.5, "brightness": 0}}
    jumped = np.ptp(recorded(ramp, Defects.model_validate(block), 3, window), axis=(1, 2)) / 120
    assert (jumped < 0.6).mean() == pytest.approx(0.2, abs=0.03)
    np.testing.assert_allclose(np.unique(np.round(jumped, 3)), [0.5, 1.0])


def test_marks_of_the_knife_run_along_its_path_and_stay():
    window = Grid((3, 200, 200), (50.0, 8.0, 8.0), (0.0, 800.0, 800.0))
    flat = np.full(window.shape, 120, np.float32)
    block = {"per_100um": 300, "angle_deg": 0.0, "sections": 3, "width_nm": 12, "strength": 30}
    image = covered(flat, Defects.model_validate({"knife": block}), 3, window) - 120
    assert image.std(axis=1).mean() > 3 * image.std(axis=2).mean(), "at 0° they run along x"
    np.testing.assert_allclose(image[0], image[2], atol=1e-3)
    chatter = {"per_100um": 0, "angle_deg": 0.0, "chatter": 10, "chatter_nm": 400}
    image = covered(flat, Defects.model_validate({"knife": chatter}), 3, window) - 120
    assert np.abs(np.fft.rfft(image[0, 0])).argmax() == 4, "1600 nm hold four waves"
    assert image.std() == pytest.approx(10 / np.sqrt(2), rel=0.05)


def test_curtains_run_along_y_through_many_sections():
    window = Grid((6, 200, 200), (8.0, 8.0, 8.0))
    flat = np.zeros(window.shape, np.float32)
    image = recorded(flat, Defects.model_validate({"curtain": {"strength": 7}}), 3, window)
    assert np.abs(np.diff(image, axis=2)).mean() > 8 * np.abs(np.diff(image, axis=1)).mean()
    assert np.corrcoef(image[0].ravel(), image[1].ravel())[0, 1] > 0.9
    wide = Grid((2, 4, 20000), (8.0, 8.0, 8.0))
    spread = recorded(np.zeros(wide.shape, np.float32),
                     Defects.model_validate({"curtain": {"strength": 7}}), 3, wide)  # fmt: skip
    assert spread.std() == pytest.approx(7, rel=0.25)


def test_lost_lines_are_parts_of_rows():
    window = grid(5, 300, 300)
    flat = np.full(window.shape, 100, np.float32)
    block = {"per_100um2": 300, "lines": 2, "length_nm": 300, "grey": 4}
    image = recorded(flat, Defects.model_validate({"lost_line": block}), 3, window)
    assert set(np.unique(image)) == {4, 100}
    assert (image == 4).mean() == pytest.approx(300 * 0.3 * 0.008 / 100, rel=0.4)
    runs = np.diff((image[:, :, 1:-1] == 4).astype(int), axis=2)
    assert (runs == 1).sum() > 5, "some begin within the window"


def test_charge_brightens_a_spot_and_darkens_the_lines_after_it():
    window = Grid((60, 100, 200), (50.0, 20.0, 20.0))
    flat = np.full(window.shape, 100, np.float32)
    block = {"per_100um2": 4, "radius_nm": 200, "strength": 60, "trail_nm": 600}
    change = recorded(flat, Defects.model_validate({"charging": block}), 3, window) - 100
    bright = np.argwhere(change > 55)
    bright = bright[(bright[:, 2] > 20) & (bright[:, 2] < 150)]
    assert len(bright) > 20
    right = np.mean([change[z, y, x + 25] for z, y, x in bright])
    left = np.mean([change[z, y, x - 20] for z, y, x in bright])
    assert right < left - 5


# where they lie


def test_events_are_poisson_and_the_same_from_every_window():
    key = np.uint64(77)
    whole = Grid((1, 500, 500), (50.0, 40.0, 40.0), (0.0, -8000.0, 3000.0))
    counts = [len(scattered(key, 6.0, 0.0, whole, k)[1]) for k in range(60)]
    assert np.mean(counts) == pytest.approx(24, rel=0.1) and np.var(counts) == pytest.approx(24, rel=0.5)
    part = Grid((1, 120, 90), (50.0, 40.0, 40.0), (0.0, -6000.0, 4000.0))
    centres, keys = scattered(key, 6.0, 700.0, part, 5)
    others = dict(zip(*map(np.ndarray.tolist, scattered(key, 6.0, 9000.0, whole, 5)[::-1]), strict=True))
    assert all(others[k] == c for k, c in zip(keys.tolist(), centres.tolist(), strict=True))
    crowded = scattered(key, 2000.0, 0.0, Grid((1, 100, 100), (50.0, CELL_NM / 25, CELL_NM / 25)), 0)
    assert len(crowded[1]) == pytest.approx(2000 * 0.64, rel=0.15), "there is room for as many as there are"


def test_streaky_noise_has_deviation_one_and_its_own_length_along_each_axis():
    noise = streaky_noise(np.uint64(5), (0.0, 400.0, 40.0), Grid((30, 150, 300), (50.0, 20.0, 20.0)))
    assert noise.std() == pytest.approx(1, rel=0.15)
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.15
    assert np.abs(np.diff(noise, axis=1)).mean() < 0.3 * np.abs(np.diff(noise, axis=2)).mean()


# sections of unequal thickness


def test_sections_differ_in_thickness_without_gap_or_overlap():
    at = boundaries(SectionParams(thickness=0.2), 3, Grid((4000, 1, 1), (50.0, 4.0, 4.0), (-5e4, 0, 0)))
    thick = np.diff(at)
    assert thick.mean() == pytest.approx(1, abs=0.01) and thick.std() == pytest.approx(0.2, rel=0.12)
    assert thick.min() > 0.3
    later = boundaries(SectionParams(thickness=0.2), 3, Grid((10, 1, 1), (50.0, 4.0, 4.0), (-4e4, 0, 0)))
    np.testing.assert_array_equal(later, at[200:211])


def test_thick_sections_are_darker_and_show_other_sheets():
    plain, uneven = (
        world({}, preset=bare(sheets=4, thickness=t), stain={"mottle": 0, "blotch": 0, "patchiness": 0})
        for t in (0.0, 0.25)
    )
    window = grid(12, 60, 60)
    thickness = look(uneven.preset.microscope, 4, window).thickness
    change = (uneven.patch(window).clean - plain.patch(window).clean).mean((1, 2))
    assert np.corrcoef(thickness, change)[0, 1] < -0.9
    assert (uneven.labels(window) != plain.labels(window)).any()


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ({"folds": {}}, "did you mean 'microscope.defects.fold'"),
        ({"fold": {"per_100um2": -1}}, "per_100um2"),
        ({"dust": {"rate": 3}}, "rate"),
        ({"loss": {"missing_chance": 2}}, "missing_chance"),
    ],
)
def test_a_bad_defect_is_refused_in_one_sentence(block, says):
    described = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    with pytest.raises(InputError, match=says) as caught:
        load_preset({**described, "microscope": {"defects": block}})
    assert "\n" not in str(caught.value)


def test_labels_keep_their_classes_apart_under_every_defect():
    labels = world(ALL, preset=load_preset("sstem_drosophila")).labels(grid(2, 150, 150))
    count = labels.sum(0) - labels[channel("mito_boundary")]
    assert len(labels) == len(CLASSES) and count.max() == 1
