"""The microscope: each stage alone does what its name says, and all of them together in order."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage, stats

from shapes import Grid
from synthem.microscope.beam import beam, beam_kernels, blur, kernel, oblique_kernel, reach_vx, widths_nm
from synthem.microscope.detector import detector
from synthem.microscope.pipeline import halo_vx, to_uint8
from synthem.microscope.section import section
from synthem.microscope.stain import stain
from synthem.microscope.tone import tone
from synthem.preset.defects import Defects
from synthem.preset.microscope import Beam, Detector, Microscope, SectionParams, Stain, Tone
from synthem.preset.preset import load_preset, preset_names
from synthem.world import World

STAGES = ["stain", "section", "cover", "beam", "detector", "recording", "tone"]
VOXEL = (50.0, 4.0, 6.0)


def noise_image(shape=(2, 60, 50)) -> np.ndarray:
    return np.random.default_rng(3).normal(128, 40, shape).astype(np.float32)


# beam


def test_beam_is_a_gaussian_in_the_plane_of_the_section():
    image, sigma = noise_image(), 9.0
    out = beam(image, Beam(sigma_nm=sigma), VOXEL)
    wanted = ndimage.gaussian_filter1d(image.astype(float), sigma / 4, axis=1, radius=7, mode="nearest")
    wanted = ndimage.gaussian_filter1d(wanted, sigma / 6, axis=2, radius=5, mode="nearest")
    np.testing.assert_allclose(out, wanted, atol=2e-3)


def test_beam_keeps_the_mean_and_never_mixes_sections():
    image = noise_image()
    image[1] += 50
    out = beam(image, Beam(sigma_nm=8), VOXEL)
    flat = beam(np.full_like(image, 77), Beam(sigma_nm=8), VOXEL)
    np.testing.assert_allclose(flat, 77, rtol=1e-6)
    alone = beam(image[:1], Beam(sigma_nm=8), VOXEL)
    np.testing.assert_array_equal(out[:1], alone)
    np.testing.assert_allclose(out.mean((1, 2)), image.mean((1, 2)), atol=1.0)
    assert (out.std((1, 2)) < 0.4 * image.std((1, 2))).all()


def test_kernels_sum_to_one_and_end_at_their_radius():
    for sigma, radius in ((1.3, None), (2.6, 7), (0.4, None), (30.0, 3)):
        weights = kernel(sigma, radius)
        assert weights.sum() == pytest.approx(1, abs=1e-6)
        np.testing.assert_array_equal(weights, weights[::-1])
        assert len(weights) == 2 * (radius or int(np.ceil(3 * sigma))) + 1
    np.testing.assert_array_equal(kernel(0.0), [1])


def test_no_beam_changes_nothing():
    image = noise_image()
    np.testing.assert_array_equal(beam(image, Beam(sigma_nm=0), VOXEL), image)
    np.testing.assert_array_equal(beam(image, Beam(sigma_nm=0, radius_vx=7), VOXEL), image)


def test_blur_works_where_the_kernel_is_wider_than_the_image():
    image = noise_image((1, 4, 3))
    weights = kernel(3.0)
    wanted = ndimage.convolve1d(image.astype(float), weights, axis=1, mode="nearest")
    wanted = ndimage.convolve1d(wanted, weights, axis=2, mode="nearest")
    np.testing.assert_allclose(blur(image, weights, weights), wanted, rtol=1e-4)


def test_halo_is_all_that_the_beam_mixes_in():
    params = load_preset("epfl").microscope
    wy, wx = beam_kernels(params.beam, VOXEL)
    assert halo_vx(params, VOXEL) == (0, len(wy) // 2, len(wx) // 2)


def test_an_astigmatic_beam_is_an_oblique_gaussian():
    """Its second moments are those of the ellipse, whichever way it lies and however large the voxels are."""
    for sigma, ratio, angle, voxel in ((20.0, 2.5, 30.0, (4.0, 4.0)), (20.0, 1.5, -70.0, (3.0, 5.0))):
        weights = oblique_kernel(sigma, ratio, angle, voxel).astype(float)
        assert weights.sum() == pytest.approx(1, abs=1e-5)
        y, x = (v * (np.arange(n) - n // 2) for v, n in zip(voxel, weights.shape, strict=True))
        spread = np.array(
            [[(weights * a * b).sum() for b in (x[None], y[:, None])] for a in (x[None], y[:, None])]
        )
        widths, axes = np.linalg.eigh(spread)
        np.testing.assert_allclose(np.sqrt(widths[::-1] / sigma**2), [ratio**0.5, ratio**-0.5], rtol=0.03)
        turn = np.degrees(np.arctan2(axes[1, 1], axes[0, 1])) - angle
        assert abs((turn + 90) % 180 - 90) < 2
    image = noise_image()
    round_one = beam(image, Beam(sigma_nm=9), VOXEL)
    np.testing.assert_allclose(
        ndimage.convolve(image[0], oblique_kernel(9, 1, 0, VOXEL[1:]), mode="nearest"),
        round_one[0],
        atol=0.02,
    )
    oblique = beam(image, Beam(sigma_nm=9, astigmatism=2, angle_deg=40), VOXEL)
    wanted = ndimage.convolve(
        image[1].astype(float), oblique_kernel(9, 2, 40, VOXEL[1:])[::-1, ::-1], mode="nearest"
    )
    np.testing.assert_allclose(oblique[1], wanted, atol=0.02)


@pytest.mark.parametrize(("angle", "sigma_yx"), [(0, (4.5, 18.0)), (90, (18.0, 4.5)), (-180, (4.5, 18.0))])
def test_a_beam_along_an_axis_is_two_gaussians(angle, sigma_yx):
    image, params = noise_image(), Beam(sigma_nm=9, astigmatism=4, angle_deg=angle)
    wanted = image.astype(float)
    for axis, sigma, voxel in zip((1, 2), sigma_yx, VOXEL[1:], strict=True):
        weights = kernel(sigma / voxel)
        wanted = ndimage.convolve1d(wanted, weights, axis=axis, mode="nearest")
        assert reach_vx(params, VOXEL)[axis - 1] == len(weights) // 2
    np.testing.assert_allclose(beam(image, params, VOXEL), wanted, atol=2e-3)
    turned = Beam(sigma_nm=9, astigmatism=1 / 4, angle_deg=angle + 90)
    np.testing.assert_array_equal(beam(image, turned, VOXEL), beam(image, params, VOXEL))
    # a hair away from the axis, where the point spread is summed as a whole
    near = Beam(sigma_nm=9, astigmatism=4, angle_deg=angle + 1e-6)
    np.testing.assert_allclose(beam(image, near, VOXEL), beam(image, params, VOXEL), atol=0.02)


def test_out_of_focus_the_image_is_blurred_here_more_there_less():
    params = Beam(sigma_nm=6, defocus_nm=30, defocus_field_nm=400)
    assert widths_nm(params)[0] == 6 and widths_nm(params)[-1] == pytest.approx(np.hypot(6, 30))
    image = noise_image((4, 300, 300))
    out = beam(image, params, (50.0, 5.0, 5.0), 3, (7, -40, 20))
    sharp = beam(image, Beam(sigma_nm=6), (50.0, 5.0, 5.0))
    soft = beam(image, Beam(sigma_nm=np.hypot(6, 30)), (50.0, 5.0, 5.0))
    local = [
        ndimage.uniform_filter(a[1] ** 2, 25) - ndimage.uniform_filter(a[1], 25) ** 2
        for a in (out, sharp, soft)
    ]
    assert (local[0] > 0.8 * local[1]).mean() > 0.02, "in focus somewhere"
    assert (local[0] < 0.3 * local[1]).mean() > 0.05, "and far out of it elsewhere"
    np.testing.assert_allclose(out.mean(), image.mean(), atol=0.5)
    reach = reach_vx(params, (50.0, 5.0, 5.0))
    inner = image[:2, 50:200, 60:250]
    again = beam(inner, params, (50.0, 5.0, 5.0), 3, (7, 10, 80))
    rim = (slice(None), slice(reach[0], -reach[0]), slice(reach[1], -reach[1]))
    np.testing.assert_array_equal(again[rim], out[:2, 50:200, 60:250][rim])


# detector


@pytest.mark.parametrize("grey", [0.0, 60.0, 255.0])
@pytest.mark.parametrize(("read", "shot", "correlated"), [(8, 0, 0), (0, 12, 0), (5, 12, 0.5), (9, 3, 1)])
def test_noise_grows_with_the_signal_as_its_figures_say(grey, read, shot, correlated):
    flat = np.full((1, 300, 300), grey, np.float32)
    params = Detector(read=read, shot=shot, correlated=correlated)
    noise = detector(flat, params, 7, (0, 0, 0)).astype(float) - grey
    wanted = np.sqrt(read**2 + shot**2 * grey / 255)
    assert noise.std() == pytest.approx(wanted, rel=0.03, abs=1e-6)
    assert abs(noise.mean()) < 0.06 * wanted + 1e-6


def test_noise_has_one_deviation_whatever_its_correlation():
    flat = np.zeros((1, 400, 400), np.float32)
    neighbours = []
    for correlated in (0.0, 0.3, 0.6, 1.0):
        noise = detector(flat, Detector(read=10, correlated=correlated, correlation_vx=1.0), 7, (0, 0, 0))[0]
        assert noise.std() == pytest.approx(10, rel=0.04)
        neighbours.append(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1])
    assert abs(neighbours[0]) < 0.01, "white"
    assert all(b > a + 0.1 for a, b in pairwise(neighbours))


def test_noise_is_normal_and_differs_from_section_to_section():
    flat = np.zeros((3, 100, 100), np.float32)
    noise = detector(flat, Detector(read=10, correlated=0.4), 7, (5, -50, 9))
    assert stats.kstest(noise.ravel()[::7] / 10, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.05
    again = detector(flat[:1], Detector(read=10, correlated=0.4), 7, (6, -50, 9))
    np.testing.assert_array_equal(again[0], noise[1])
    other = detector(flat, Detector(read=10, correlated=0.4), 8, (5, -50, 9))
    assert abs(np.corrcoef(noise.ravel(), other.ravel())[0, 1]) < 0.05


def test_a_silent_detector_changes_nothing():
    image = noise_image()
    np.testing.assert_array_equal(detector(image, Detector(read=0, shot=0), 7, (0, 0, 0)), image)


def test_scan_lines_share_a_part_of_the_noise():
    flat = np.zeros((2, 400, 400), np.float32)
    params = Detector(read=0, shot=0, rows=5, row_length_nm=500)
    noise = detector(flat, params, 7, (0, 0, 0), (50.0, 5.0, 5.0))
    assert noise.std() == pytest.approx(5, rel=0.15)
    along, across = (np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in (
        (noise[0, :, 10:], noise[0, :, :-10]), (noise[0, 1:], noise[0, :-1])))  # fmt: skip
    assert along > 0.85 and abs(across) < 0.12
    part = detector(flat[:1, :50, :70], params, 7, (1, 30, 200), (50.0, 5.0, 5.0))
    np.testing.assert_array_equal(part[0], noise[1, 30:80, 200:270])


def test_gain_multiplies_signal_and_shot_noise_and_saturation_cuts():
    flat = np.full((1, 300, 300), 100, np.float32)
    seen = detector(flat, Detector(read=3, shot=10, correlated=0, gain=1.8), 7, (0, 0, 0))
    assert seen.mean() == pytest.approx(180, abs=0.3)
    assert seen.std() == pytest.approx(np.sqrt(9 + (1.8 * 10) ** 2 * 100 / 255), rel=0.03)
    cut = detector(flat, Detector(read=3, shot=10, correlated=0, gain=1.8, saturation=185), 7, (0, 0, 0))
    np.testing.assert_array_equal(cut, np.minimum(seen, 185))


def test_noise_of_the_preset_has_the_spectrum_of_the_real_sections():
    """Measured on EPFL6: deviation 13 after removing a blur of 3 pixels, 0.40 at 1 pixel, 0.27–0.35 at 2."""
    grids = [Grid((1, 300, 300), origin_nm=(3000.0 * k, 0, 0)) for k in range(3)]
    figures = []
    for window in grids:
        image = World("epfl", 3).patch(window).image[0].astype(float)
        fine = (image - ndimage.gaussian_filter(image, 3))[10:-10, 10:-10]
        figures.append(
            [fine.std(), *(np.corrcoef(fine[:, k:].ravel(), fine[:, :-k].ravel())[0, 1] for k in (1, 2))]
        )
    deviation, one, two = np.mean(figures, axis=0)
    assert deviation == pytest.approx(13, abs=1.5)
    assert one == pytest.approx(0.40, abs=0.06) and 0.25 < two < 0.37


# section


def test_a_section_is_the_average_of_its_sheets():
    sheets = noise_image((6, 20, 30))
    out = section(sheets, SectionParams(sheets=3), 7, 0)
    np.testing.assert_allclose(out[0], sheets[:3].mean(0), rtol=1e-5)
    np.testing.assert_allclose(out[1], sheets[3:].mean(0), rtol=1e-5)
    assert out.dtype == np.float32


def test_plain_sections_pass_unchanged():
    image = noise_image()
    np.testing.assert_array_equal(section(image, SectionParams(), 7, 0), image)


def test_sections_differ_in_brightness_and_contrast_and_keep_theirs():
    image = np.tile(np.array([28.0, 228.0], np.float32), (300, 2, 4))
    out = section(image, SectionParams(brightness=8, contrast=0.1), 7, -100).astype(float)
    shift = out.mean((1, 2)) - 128
    scale = np.ptp(out, axis=(1, 2)) / 200
    assert shift.std() == pytest.approx(8, rel=0.2)
    assert scale.mean() == pytest.approx(1, abs=0.03)
    assert scale.std() == pytest.approx(0.088, rel=0.25), "a normal deviate of 0.1, cut at two"
    np.testing.assert_array_equal(
        section(image[:5], SectionParams(brightness=8, contrast=0.1), 7, -60), out[40:45]
    )
    np.testing.assert_array_equal(image[0, 0], np.tile([28, 228], 4), err_msg="its input is left alone")


# tone


def test_tone_is_gain_offset_gamma_and_inversion():
    image = np.array([[[0, 51, 102, 255]]], np.float32)
    np.testing.assert_array_equal(tone(image, Tone()), image)
    np.testing.assert_allclose(tone(image, Tone(gain=0.5, offset=10)), image * 0.5 + 10)
    np.testing.assert_allclose(tone(image, Tone(invert=True)), 255 - image)
    np.testing.assert_allclose(tone(image, Tone(gamma=2)), 255 * (image / 255) ** 2, rtol=1e-5)
    assert np.isfinite(tone(image - 300, Tone(gamma=0.5))).all(), "below black is black"
    assert all(tone(image, Tone(gamma=g)).dtype == np.float32 for g in (1, 2))


def test_bytes_are_rounded_and_saturate():
    greys = np.array([[[-5, 0.4, 0.6, 254.6, 300]]], np.float32)
    np.testing.assert_array_equal(to_uint8(greys), [[[0, 0, 1, 255, 255]]])


# stain, and all stages


@pytest.fixture(scope="module")
def world() -> World:
    return World("epfl", 5)


def test_stages_come_in_order_with_the_shape_of_the_window(world):
    grid = Grid((2, 50, 70))
    seen = list(world.stages(grid))
    assert [name for name, _ in seen] == STAGES
    for name, image in seen:
        assert image.dtype == np.float32
        assert np.isfinite(image).all()
        if name != "stain":
            assert image.shape == grid.shape, name
    _, hy, hx = halo_vx(world.preset.microscope, grid.voxel_nm)
    assert dict(seen)["stain"].shape == (2, 50 + 2 * hy, 70 + 2 * hx)


def test_each_stage_acts_on_the_one_before(world):
    grid = Grid((1, 60, 60), origin_nm=(0, 3e4, 0))
    image = dict(world.stages(grid))
    patch = world.patch(grid)
    np.testing.assert_array_equal(patch.clean, image["section"])
    np.testing.assert_array_equal(patch.image, to_uint8(image["tone"]))
    fine = {name: float(np.abs(np.diff(values, axis=2)).mean()) for name, values in image.items()}
    assert fine["beam"] < 0.8 * fine["section"]
    assert fine["detector"] > 2 * fine["beam"]


def test_the_clean_image_has_no_noise():
    """Another detector leaves it as it is; its cytoplasm is smooth where the texture is switched off."""
    preset = load_preset("epfl")
    grid = Grid((1, 60, 60), origin_nm=(0, 3e4, 0))
    loud = preset.microscope.model_copy(update={"detector": Detector(read=60)})
    noisy = World(preset.model_copy(update={"microscope": loud}), 5).patch(grid)
    patch = World(preset, 5).patch(grid)
    np.testing.assert_array_equal(noisy.clean, patch.clean)
    assert np.abs(noisy.image.astype(float) - patch.image).mean() > 20


def test_clean_and_image_share_one_grey_scale():
    """Also where tone or the detector's gain is not the identity: only noise is between."""
    preset = load_preset("epfl")
    grid = Grid((1, 160, 160), origin_nm=(0, 3e4, 0))
    for stages in (
        {},
        {"tone": {"gain": 0.7, "offset": 20}},
        {"tone": {"gamma": 0.6, "invert": True}},
        {"detector": {"read": 3, "shot": 5, "gain": 1.3}},
        {"detector": {"read": 3, "shot": 5, "saturation": 120}, "tone": {"gain": 1.6}},
    ):
        scope = {**preset.microscope.model_dump(mode="json"), "beam": {"sigma_nm": 0}, **stages}
        world = World(preset.model_copy(update={"microscope": Microscope.model_validate(scope)}), 5)
        patch = world.patch(grid)
        seen = (patch.image > 0) & (patch.image < 255) & (patch.clean > 0) & (patch.clean < 255)
        clean, image = patch.clean[seen], patch.image[seen].astype(float)
        assert np.polyfit(clean, image, 1)[0] == pytest.approx(1, abs=0.05), stages
        assert image.mean() - clean.mean() == pytest.approx(0, abs=1.5), stages


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_shows_what_is_clean_but_for_beam_and_noise(name):
    """Of every preset, without its defects: blurred by the beam, the clean image is the image's mean."""
    preset = load_preset(name)
    plain = preset.microscope.model_copy(update={"defects": Defects()})
    world = World(preset.model_copy(update={"microscope": plain}), 5)
    _, hy, hx = halo_vx(plain, preset.voxel_nm)
    patch = world.patch(Grid((1, 200, 200), preset.voxel_nm))
    inner = (slice(None), slice(hy, 200 - hy), slice(hx, 200 - hx))
    clean = beam(patch.clean, plain.beam, preset.voxel_nm, 5, patch.grid.start_vx)[inner]
    image = patch.image[inner].astype(float)
    assert np.polyfit(clean.ravel(), image.ravel(), 1)[0] == pytest.approx(1, abs=0.05)
    assert image.mean() - clean.mean() == pytest.approx(0, abs=1)


def test_structures_have_the_greys_that_the_preset_gives():
    described = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    bare = {name: None for name in ("er", "endosome", "microtubule", "glycogen")}
    preset = load_preset({**described, "anatomy": {**described["anatomy"], **bare}})
    flat = {"mottle": 0, "blotch": 0, "patchiness": 0, "lamella": 0, "gap": 0}
    greys = {
        "cytoplasm": 200,
        "glia": 200,
        "membrane": 20,
        "matrix": 120,
        "boundary": 90,
        "crista": 120,
        "psd": 60,
    }
    params = Stain.model_validate({**flat, **greys, "vesicle": 40, "lumen": 40})
    world = World(preset, 5)
    seen = {}
    for kind in ("mitochondrion", "psd", "vesicle"):
        for place, _ in zip(world.find(kind), range(3), strict=False):
            corner = [p - n * 5.0 / 2 for p, n in zip(place, (1, 120, 120), strict=True)]
            scene = world.scene(Grid((1, 120, 120), (5.0, 5.0, 5.0), tuple(corner)))
            image = stain(scene, params)
            deep = scene.layers[kind].distance_nm
            depth = scene.partition.depth_nm
            other = np.min([scene.layers[k].distance_nm for k in scene.layers], axis=0)
            seen.setdefault("cytoplasm", []).append(image[(other > 20) & (depth > 20)])
            seen.setdefault("membrane", []).append(
                image[(other > 20) & (depth < 3) & (scene.partition.tilt < 0.2)]
            )
            if kind == "mitochondrion":
                seen.setdefault("matrix", []).append(image[deep < -60])
            elif kind == "psd":
                # darkest right behind the membrane
                behind = scene.layers[kind].detail_nm
                seen.setdefault(kind, []).append(image[(deep < -20) & (behind > 12) & (behind < 22)])
            else:
                seen.setdefault(kind, []).append(image[(deep < -9) & (depth > 20)])
    for name, values in seen.items():
        grey = np.concatenate(values)
        assert len(grey) > 20, name
        assert np.median(grey) == pytest.approx(greys.get(name, 40), abs=12), name


def test_one_object_has_one_grey_and_objects_differ(world):
    preset = load_preset("epfl")
    spread = {"matrix": {"mean": 120, "std": 25}, "crista": 120, "mottle": 0, "blotch": 0, "patchiness": 0}
    params = Stain.model_validate({**spread, "boundary": 120})
    greys = []
    for place, _ in zip(world.find("mitochondrion"), range(12), strict=False):
        corner = [p - n * 8.0 / 2 for p, n in zip(place, (1, 90, 90), strict=True)]
        scene = World(preset, 5).scene(Grid((1, 90, 90), (8.0, 8.0, 8.0), tuple(corner)))
        layer = scene.layers["mitochondrion"]
        image = stain(scene, params)
        for who in np.unique(layer.ids[layer.distance_nm < -80]):
            inside = (layer.ids == who) & (layer.distance_nm < -80)
            # cristae are all of one grey: the matrix is what is left
            body = image[inside & (layer.detail_nm > 20)]
            if len(body) > 10:
                assert np.ptp(body) < 2
                greys.append(body.mean())
    assert len(greys) >= 5
    assert np.std(greys) > 8


def test_thick_sections_blur_what_lies_obliquely():
    """Averaging over thickness leaves fewer sharp edges than one thin sheet has."""
    preset = load_preset("sstem_drosophila")
    thin = preset.microscope.model_copy(update={"section": SectionParams(sheets=1)})
    thick = preset.microscope.model_copy(update={"section": SectionParams(sheets=5)})
    grid = Grid((1, 150, 150), preset.voxel_nm)
    sharp, soft = (
        World(preset.model_copy(update={"microscope": m}), 5).patch(grid).clean for m in (thin, thick)
    )
    assert np.abs(np.diff(soft, axis=2)).mean() < 0.8 * np.abs(np.diff(sharp, axis=2)).mean()
    assert soft.mean() == pytest.approx(sharp.mean(), abs=8)


# grain


def stained(**params: float) -> tuple[np.ndarray, np.ndarray, "object"]:
    """Tissue at 2 nm, stained without and with some parameters, and its scene."""
    scene = World("urisc", 5).scene(Grid((1, 220, 220), (2.0, 2.0, 2.0), (0.0, 2600.0, 900.0)))
    still = {"mottle": 0, "blotch": 0, "patchiness": 0}
    return stain(scene, Stain(**still)), stain(scene, Stain(**still, **params)), scene


def test_a_membrane_shows_two_leaflets_where_voxels_are_fine():
    plain, seen, scene = stained(leaflets=0.8)
    part, walls = scene.partition, scene.anatomy.membranes
    others = np.min([layer.distance_nm for layer in scene.layers.values()], axis=0)
    clear = (others > 20) & (part.tilt < 0.15)
    middle = 0.5 * (walls.gap_nm + walls.bilayer_nm)
    core = clear & (np.abs(part.depth_nm - middle) < 0.6)
    leaflets = clear & (np.abs(np.abs(part.depth_nm - middle) - 2.9) < 0.4)
    assert core.sum() > 100 and leaflets.sum() > 100
    assert np.median(seen[core]) > np.median(seen[leaflets]) + 15, "a pale core between dark leaflets"
    assert np.median(plain[core]) <= np.median(plain[leaflets]) + 2
    np.testing.assert_array_equal(seen[clear & (part.depth_nm > 25)], plain[clear & (part.depth_nm > 25)])


def test_coarse_voxels_show_one_line_whatever_the_leaflets():
    scene = World("urisc", 5).scene(Grid((1, 60, 60), (5.0, 5.0, 5.0)))
    np.testing.assert_array_equal(stain(scene, Stain(leaflets=0.8)), stain(scene, Stain()))


def test_matrix_and_myelin_have_a_grain_of_their_own():
    world = World("epfl", 5)
    for kind, name in (("mitochondrion", "matrix_texture"), ("sheath", "myelin_texture")):
        place = next(world.find(kind))
        corner = (place[0], *(p - 110 * 10.0 / 2 for p in place[1:]))
        scene = world.scene(Grid((1, 110, 110), (10.0, 10.0, 10.0), corner))
        change = stain(scene, Stain(**{name: 9})) - stain(scene, Stain())
        inside = scene.layers[kind].distance_nm < 0
        assert change[inside].std() == pytest.approx(9, rel=0.25), kind
        assert inside.sum() > 50 and not change[~inside].any(), kind


def test_uneven_stain_changes_what_is_dark_more_than_what_is_pale():
    plain, seen, _ = stained(unevenness=0.2, unevenness_nm=20)
    uptake = (255 - seen) / (255 - plain)
    assert uptake.std() == pytest.approx(0.2, rel=0.2) and uptake.mean() == pytest.approx(1, abs=0.04)
