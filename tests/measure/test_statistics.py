"""Statistics of sections against pictures of which the answer is known."""

import cv2
import numpy as np
import pytest

from shapes.core.errors import InputError
from synthem.measure.statistics import NAMES, STATISTICS, describe, groups_of
from synthem.measure.statistics.distance import LEVELS, Target

RNG = np.random.default_rng(5)
NOISE = RNG.normal(128, 12, (256, 256)).astype(np.float32)


def figures(image: np.ndarray) -> dict[str, float]:
    return dict(zip(NAMES, describe(image), strict=True))


def lines(period: int, dark: float = 60) -> np.ndarray:
    """Bright cells of one period between dark walls of 6 voxels, with a little noise."""
    at = np.arange(256)
    wall = (at % period < 6)[:, None] | (at % period < 6)[None, :]
    image = cv2.GaussianBlur(np.where(wall, dark, 160).astype(np.float32), (0, 0), 1.5)
    return image + RNG.normal(0, 3, image.shape).astype(np.float32)


def test_every_figure_has_a_name_of_its_own_and_a_family() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(groups_of()) == len(describe(NOISE))
    assert list(dict.fromkeys(groups_of())) == list(STATISTICS)
    for family in STATISTICS.values():
        assert len(family.of(NOISE)) == len(family.names)
    assert np.isfinite(describe(NOISE[:64, :64])).all()


def test_white_noise_is_known_for_what_it_is() -> None:
    found = figures(NOISE)
    powers = [value for name, value in found.items() if name.startswith("power at")]
    assert np.allclose(powers, np.log(12.0**2), atol=0.25)
    # what a blur of 2 voxels leaves over of white noise
    assert found["noise std"] == pytest.approx(
        12 * np.sqrt(1 - 2 / (4 * np.pi * 4) + 1 / (8 * np.pi * 4)), rel=0.03
    )
    assert found["noise kurtosis"] == pytest.approx(3, abs=0.15)
    assert all(abs(found[f"noise correlation {axis} 1"]) < 0.1 for axis in "xy")
    assert found["grey p50"] == pytest.approx(128, abs=0.5)
    assert found["grey p95"] - found["grey p05"] == pytest.approx(2 * 1.645 * 12, rel=0.05)


def test_noise_that_is_smooth_along_rows_is_correlated_along_rows() -> None:
    smooth = cv2.GaussianBlur(NOISE, (5, 1), 1.0)
    found = figures(smooth)
    assert found["noise correlation x 1"] > 0.4 > 0.25 > abs(found["noise correlation y 1"])
    assert found["power along x over y at 4.4 vx"] < -0.5


def test_shot_noise_is_stronger_where_it_is_bright() -> None:
    ramp = np.broadcast_to(np.linspace(40, 220, 256, dtype=np.float32), (256, 256))
    shot = ramp + RNG.normal(0, 1, ramp.shape) * np.sqrt(ramp)
    found = figures(shot)
    assert found["noise std, bright"] > 1.5 * found["noise std, dark"]


def test_blur_takes_power_from_fine_bands_alone() -> None:
    before, after = figures(lines(40)), figures(cv2.GaussianBlur(lines(40), (0, 0), 3.0))
    assert after["power at 4.4 vx"] < before["power at 4.4 vx"] - 2
    assert after["power at 43 vx"] == pytest.approx(before["power at 43 vx"], abs=0.3)


def test_lines_twice_as_far_apart_are_measured_so() -> None:
    near, far = figures(lines(32)), figures(lines(64))
    assert np.exp(far["line spacing"] - near["line spacing"]) == pytest.approx(2, rel=0.35)
    assert far["line distance p80"] == pytest.approx(2 * near["line distance p80"], rel=0.4)
    assert far["line share"] < near["line share"]
    assert near["line grey"] > 50 and figures(lines(32, dark=130))["line grey"] < 30


def test_inversion_turns_skew_round() -> None:
    dark, bright = figures(lines(40)), figures(255 - lines(40))
    assert dark["band skew at 4 vx"] < 0 < bright["band skew at 4 vx"]
    assert dark["band std at 4 vx"] == pytest.approx(bright["band std at 4 vx"], abs=1e-3)


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (np.full((80, 80), 7, np.uint8), "constant: every grey is 7"),
        (np.zeros((63, 80), np.uint8), "at least 64 × 64 pixels is wanted, not one of 63 × 80"),
        (np.zeros((2, 80, 80), np.uint8), "not one of 2 × 80 × 80"),
        (np.where(np.eye(80) > 0, np.nan, 1.0), "NaN"),
    ],
)
def test_what_cannot_be_described_is_refused(image: np.ndarray, says: str) -> None:
    with pytest.raises(InputError, match=says):
        describe(image)


def test_a_target_is_met_by_itself_and_missed_by_what_is_shifted() -> None:
    real = RNG.normal(50, 2, (40, len(NAMES)))
    target = Target.of(real)
    assert target.cost(real) == 0 and not target.shift(real).any()
    moved = real.copy()
    moved[:, 3] += 2 * target.scale[3]
    assert target.shift(moved)[3] == pytest.approx(2) and np.count_nonzero(target.shift(moved)) == 1
    wider = 50 + 3 * (real - 50)
    assert target.cost(wider) > 0.1, "the same medians with another spread are no match"
    # families count alike, however many figures they have
    groups = np.array(groups_of())
    sums = {group: target.weight[groups == group].sum() * len(LEVELS) for group in set(groups)}
    assert np.allclose(list(sums.values()), 1)


def discs(radius: int, step: int = 64) -> np.ndarray:
    """Dark discs in rows, 16 of them at the usual step."""
    image = np.full((256, 256), 160, np.float32)
    for y in range(step // 2, 256, step):
        for x in range(step // 2, 256, step):
            cv2.circle(image, (x, y), radius, 60, -1)
    return image + RNG.normal(0, 2, image.shape).astype(np.float32)


def test_openings_tell_how_wide_dark_areas_are() -> None:
    narrow, wide = figures(discs(9, 32)), figures(discs(20))
    assert narrow["dark share"] == pytest.approx((discs(9, 32) < 110).mean(), rel=0.1)
    assert wide["dark share"] == pytest.approx((discs(20) < 110).mean(), rel=0.1)
    assert narrow["dark, 14 vx wide"] ** 2 == pytest.approx(narrow["dark share"], rel=0.15)
    assert narrow["dark, 22 vx wide"] == 0 < 0.9 * wide["dark, 32 vx wide"]
    assert wide["dark, 32 vx wide"] ** 2 == pytest.approx(wide["dark share"], rel=0.1)


def test_openings_tell_how_wide_profiles_are() -> None:
    """Between walls of 6 voxels, 32 apart, there is room for a disc of 26, not for one of 28."""
    small, large = figures(lines(32)), figures(lines(64))
    assert small["bright, 28 vx wide"] == 0 < small["bright, 16 vx wide"]
    assert large["bright, 44 vx wide"] > 0.7


def test_neither_sizes_nor_dots_depend_on_contrast() -> None:
    names = [name for name, group in zip(NAMES, groups_of(), strict=True) if group in ("dots", "sizes")]
    once, half = figures(discs(9)), figures(0.5 * discs(9) + 70)
    for name in names:
        by = -np.log(2) if name.startswith("dots") else 0.0  # strengths are in grey levels
        assert half[name] - once[name] == pytest.approx(by, abs=0.2), name


def test_dots_are_told_from_lines_and_counted() -> None:
    dotted, lined = figures(discs(5, 32)), figures(lines(32))
    for sigma in ("2 vx", "2.8 vx", "4 vx"):
        assert dotted[f"dots, strongest at {sigma}"] > lined[f"dots, strongest at {sigma}"]
    assert np.expm1(dotted["number of dots at 4 vx"]) == pytest.approx(64, abs=1)
    assert np.expm1(figures(discs(5, 64))["number of dots at 4 vx"]) == pytest.approx(16, abs=1)
