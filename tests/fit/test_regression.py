"""What a fit learns from examples, and whose tissue it takes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from synthem.fit import anatomy_choice as tissue
from synthem.fit.anatomy_choice import choose_tissue, tissues_of, with_tissue
from synthem.fit.budget import Clock
from synthem.fit.initial_guess import LIE, LYING, laid, quick_start
from synthem.fit.knobs import KNOBS
from synthem.fit.parameters import Space
from synthem.fit.regression import Learned, learn, regress
from synthem.fit.renderer import Renderer, render
from synthem.fit.voxels import prepared
from synthem.measure.realism import features_of
from synthem.measure.statistics import NAMES
from synthem.measure.statistics.distance import Target
from synthem.preset.preset import Preset, load_preset, preset_names

EPFL = load_preset("epfl")
INSECT = load_preset("sstem_drosophila")


def test_regression_finds_what_figures_tell_and_leaves_the_rest() -> None:
    rng = np.random.default_rng(3)
    guess = Learned(np.array([0.5, 0.5, 0.5]), np.array([0.1, 0.1, 0.1]))
    asked = rng.normal(guess.unit, guess.doubt, (400, 3))
    # two parameters are mixed in the figures, of the third there is no trace
    mix = rng.normal(0, 1, (2, 20))
    figures = asked[:, :2] @ mix + rng.normal(0, 0.02, (400, 20))
    truth = np.array([0.62, 0.41])
    found = regress(asked, figures, truth @ mix, guess)
    assert_allclose(found.unit[:2], truth, atol=0.02)
    assert abs(found.unit[2] - 0.5) < 0.02
    assert (found.doubt[:2] < 0.03).all() and found.doubt[2] > 0.08


def test_a_figure_that_no_candidate_shows_does_not_carry_the_answer_away() -> None:
    rng = np.random.default_rng(4)
    guess = Learned(np.array([0.5]), np.array([0.1]))
    asked = rng.normal(0.5, 0.1, (200, 1))
    figures = np.concatenate([asked, rng.normal(0, 1e-3, (200, 30))], axis=1)
    real = np.concatenate([[0.55], np.full(30, 1e3)])
    assert abs(regress(asked, figures, real, guess).unit[0] - 0.55) < 0.1


def test_figures_that_tell_nothing_hide_none_that_do() -> None:
    rng = np.random.default_rng(6)
    guess = Learned(np.array([0.5, 0.5]), np.array([0.1, 0.1]))
    asked = rng.normal(0.5, 0.1, (150, 2))
    # ten figures tell of the first parameter, and a hundred of neither
    told = asked[:, :1] + rng.normal(0, 0.1, (150, 10))
    figures = np.concatenate([told, rng.normal(0, 1, (150, 110))], axis=1)
    found = regress(asked, figures, np.concatenate([np.full(10, 0.6), rng.normal(0, 1, 110)]), guess)
    assert_allclose(found.unit, [0.6, 0.5], atol=0.015)
    assert found.doubt[0] < 0.05 and found.doubt[1] > 0.09


def test_candidates_of_one_scene_are_seen_or_unseen_together() -> None:
    rng = np.random.default_rng(7)
    guess = Learned(np.array([0.5]), np.array([0.1]))
    # a scene shows its number, not its parameter: what is learned by heart is no knowledge
    asked = rng.normal(0.5, 0.1, (60, 1)).repeat(3, 0)
    figures = rng.normal(0, 1, (60, 100)).repeat(3, 0)
    apart, together = (regress(asked, figures, figures[0], guess, n) for n in (1, 3))
    assert apart.doubt[0] < 0.8 * together.doubt[0]


def test_views_of_a_scene_are_the_scene_seen_through_each_microscope() -> None:
    space = Space(EPFL)
    unit = space.to_unit(space.values_of(EPFL))
    pale = unit.copy()
    pale[space.index("cytoplasm grey")] += 0.1
    presets = [space.preset(one) for one in (unit, pale, unit, pale)]
    with Renderer(64, 2, workers=1) as alone, Renderer(64, 2, workers=2) as two:
        seen = alone.scattered(presets, 1, 40, views=2)
        assert np.array_equal(seen, two.scattered(presets, 1, 40, views=2))
        assert np.array_equal(seen[1], alone.features([presets[1]], [40])[0])
        assert np.array_equal(seen[2], alone.features([presets[2]], [41])[0])


def test_the_first_guess_finds_how_large_neurites_are() -> None:
    space = Space(EPFL, [knob for knob in KNOBS if knob.name in GUESSED])
    values = space.values_of(space.start)
    values[space.index("scale of neurites")] = 0.5
    small = space.preset(space.to_unit(values))
    real = features_of(np.array([render(small, 900 + k, 128) for k in range(8)]))
    with Renderer(128, 4, workers=1) as renderer:
        unit = quick_start(space, Target.of(real), renderer)
    assert space.from_unit(unit)[space.index("scale of neurites")] == pytest.approx(0.5, rel=0.35)


def test_neurites_across_the_plane_are_told_from_those_along_it() -> None:
    """Walls of the first are sharp in a section of 50 nm, those of the second broad and grey."""
    space = Space(prepared(EPFL, (50.0, 5.0, 5.0)))
    at, unit = space.index(LIE), space.to_unit(space.values_of(space.start))
    across = unit.copy()
    across[at] = LYING[0]
    with Renderer(128, 2, workers=1) as renderer:
        for truth in (across, unit):
            real = features_of(np.array([render(space.preset(truth), 900 + k, 128) for k in range(48)]))
            guess = Learned(across + unit - truth, space.doubt)
            found = laid(space, guess, Target.of(real), renderer).unit
            assert (found[at] < 0.5) == (truth is across)
            assert np.array_equal(np.delete(found, at), np.delete(unit, at))


GUESSED = (
    "cytoplasm grey", "membrane grey", "blur", "blur along y over x", "read noise", "shot noise",
    "scale of neurites",
)  # fmt: skip


def test_too_few_lessons_leave_the_guess() -> None:
    space = Space(EPFL)
    guess = Learned(space.to_unit(space.values_of(EPFL)), space.doubt)
    clock = Clock(1.0)
    clock.begun -= 10.0
    with Renderer(64, 2, workers=1) as renderer:
        assert learn(space, guess, np.zeros((3, len(NAMES))), renderer, clock, 100) is guess


def test_windows_of_their_own_are_the_same_for_any_number_of_processes() -> None:
    presets = [EPFL, INSECT, EPFL]
    with Renderer(64, 2, workers=1) as alone, Renderer(64, 2, workers=2) as two:
        one = alone.scattered(presets, 2, 40)
        assert np.array_equal(one, two.scattered(presets, 2, 40))
        assert np.array_equal(one[2, 1:], two.features([EPFL], [45])[0])


def test_a_tissue_brings_its_anatomy_and_stain_but_no_microscope() -> None:
    both = with_tissue(INSECT, EPFL)
    assert (both.anatomy, both.annotation) == (EPFL.anatomy, EPFL.annotation)
    assert both.microscope.stain == EPFL.microscope.stain
    assert both.microscope.detector == INSECT.microscope.detector and both.voxel_nm == INSECT.voxel_nm


def test_all_tissues_are_tried_where_none_is_named() -> None:
    every = tissues_of(INSECT, None)
    assert next(iter(every)) == INSECT.name and every[INSECT.name] is INSECT
    assert set(every) == set(preset_names())
    assert list(tissues_of(INSECT, ["epfl"])) == ["epfl"]


@pytest.mark.parametrize("name", ["epfl", "white_matter"])
def test_greys_that_are_not_fitted_follow_cytoplasm_and_membrane(name: str) -> None:
    start = load_preset(name)
    space = Space(start)
    values = space.values_of(start)
    c, m = (space.index(f"{n} grey") for n in ("cytoplasm", "membrane"))
    old = values[[c, m]]
    values[[c, m]] = 0.5 * old + 60
    moved = space.preset(space.to_unit(values)).microscope.stain
    stain = start.microscope.stain
    assert abs(moved.sheath.typical() - (0.5 * stain.sheath.typical() + 60)) < 0.1
    assert abs(moved.myelin_texture - 0.5 * stain.myelin_texture) < 0.01


def test_of_tissues_that_are_as_near_that_of_like_voxels_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tissue under three names, from data of three voxel sizes, and one that is another."""
    monkeypatch.setattr(tissue, "LESSONS", 8)
    monkeypatch.setattr(tissue, "STEPS", (1, 1))
    start = EPFL.model_copy(update={"name": "start"})
    sizes = {"thick": (50.0, 5.0, 5.0), "like": (6.0, 5.0, 5.0), "fine": (5.0, 2.0, 2.0)}
    names = {n: EPFL.model_copy(update={"name": n, "voxel_nm": size}) for n, size in sizes.items()}
    names["other"] = load_preset("white_matter").model_copy(
        update={"name": "other", "voxel_nm": (5.0, 5.0, 5.0)}
    )
    real = features_of(np.array([render(EPFL, 500 + k, 128) for k in range(6)]))
    few = [knob for knob in KNOBS if knob.name in ("blur", "blur along y over x", "read noise", "shot noise")]
    kept = []
    with Renderer(128, 2, workers=1) as renderer:
        windows = renderer.seeds
        tried = choose_tissue(
            start, names, real, renderer, Clock(600.0), knobs=few, share=1.0, keep=kept.append
        )
        assert renderer.seeds == windows
    assert [one.name for one in tried] in (
        ["like", "thick", "fine", "other"],
        ["like", "fine", "thick", "other"],
    )
    assert kept[-1] is tried[0]
    assert tried[0].preset.voxel_nm == EPFL.voxel_nm and tried[3].short > tried[0].short


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_a_spectrum_that_leans_says_which_way_the_blur_is_drawn_out(ratio: float) -> None:
    space = Space(EPFL)
    blur = space.index("blur along y over x")
    values = space.values_of(space.start)
    values[blur] = ratio
    real = features_of(
        np.array([render(space.preset(space.to_unit(values)), 700 + k, 256) for k in range(12)])
    )
    with Renderer(256, 4, workers=2) as renderer:
        found = space.from_unit(quick_start(space, Target.of(real), renderer, known=True))[blur]
    assert found == pytest.approx(ratio, rel=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("truth", ["epfl", "white_matter", "insect"])
def test_the_tissue_is_found(truth: str) -> None:
    """Windows of a preset, through another's microscope: which tissue is it? Minutes a preset."""
    start: Preset = INSECT.model_copy(update={"voxel_nm": (5.0, 5.0, 5.0)})
    shown = with_tissue(start, load_preset(truth))
    real = features_of(np.array([render(shown, 500 + k, 256) for k in range(36)]))
    names = ["sstem_drosophila", "epfl", "white_matter", "insect", "sbfsem_liver"]
    with Renderer(256, 6, workers=2) as renderer:
        tried = choose_tissue(start, tissues_of(start, names), real, renderer, Clock(600.0))
    assert tried[0].name == truth
