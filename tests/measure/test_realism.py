"""Realism: what is alike is not told apart, what differs is named, and no section is in both halves."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.measure.halves import BAND, _halves, distances
from synthem.measure.realism import _blocks, _folds, features_of, quartered, realism
from synthem.measure.statistics import NAMES
from synthem.world import World

SECTIONS = [str(k // 4) for k in range(48)]


def windows(seed: int) -> np.ndarray:
    """Figures of 48 windows, four a section, which have something of their own in common."""
    rng = np.random.default_rng(seed)
    return (
        20 + np.repeat(rng.normal(0, 0.5, (12, len(NAMES))), 4, axis=0) + rng.normal(0, 1, (48, len(NAMES)))
    )


def test_what_is_alike_is_not_told_apart() -> None:
    result = realism(windows(0), windows(1), SECTIONS, SECTIONS)
    assert all(0.25 < one.auc < 0.75 for one in result.classifiers)
    assert all(group.ratio < 2.5 for group in result.groups.values())


@pytest.mark.parametrize("per_section", [1, 4])
def test_two_samples_of_one_law_are_as_far_apart_as_halves(per_section: int) -> None:
    """In the median 1, and mostly within the band of real halves; with few or many windows on our side."""
    found = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        sections = np.repeat(np.arange(64 // per_section), per_section)
        ours, real = (
            rng.normal(0, 0.5, (len(set(sections)), 40))[sections] + rng.normal(0, 1, (64, 40))
            for _ in range(2)
        )
        for some in (slice(None), slice(0, 24)):
            found.append(distances(ours[some], real, sections[some], sections, real.std(0)))
    assert np.median([one.ratio for one in found]) == pytest.approx(1, abs=0.1)
    low, high = np.mean([np.percentile(one.null, BAND, axis=0) for one in found], axis=0)
    assert np.mean([(one.ratio > low) & (one.ratio < high) for one in found]) > 0.8
    assert np.mean([one.null for one in found]) == pytest.approx(1)


def test_sections_of_one_preset_are_as_far_apart_as_halves() -> None:
    """Synthetic sections against others of the same preset, through all the statistics."""
    places = [(9e3 * k, 0.0, 0.0) for k in range(24)]
    ours, real = (
        features_of(
            np.stack([World("epfl", seed).patch(Grid((1, 96, 96), origin_nm=at)).image[0] for at in places])
        )
        for seed in (3, 4)
    )
    names = [str(k) for k in range(24)]
    result = realism(ours, real, names, names)
    assert np.median([figure.ratio for figure in result.figures]) == pytest.approx(1, abs=0.3)
    within = [figure.ratio < figure.null[1] for figure in result.figures]
    assert np.mean(within) > 0.7
    assert all(figure.null[0] <= 1 <= figure.null[1] for figure in result.figures)


def test_halves_are_runs_of_sections_of_equal_size() -> None:
    """Neighbours are nearly one image: a half that holds every other section is no half."""
    blocks = np.array([0, 0, 0, 1, 1, 2, 3, 3, 3, 4])
    for start in range(5):
        first, second = _halves(blocks, start)
        assert (sorted([*first, *second]) == list(range(10)) and len(first) == len(second) == 5) or start > 0
        assert not set(blocks[first]) & set(blocks[second])
        ring = np.isin(np.arange(5), blocks[first]).astype(int)
        assert np.abs(np.diff(np.append(ring, ring[0]))).sum() == 2, "each half is one run"


def test_what_differs_is_found_and_named_first() -> None:
    ours = windows(0)
    ours[:, NAMES.index("line spacing")] += 6
    result = realism(ours, windows(1), SECTIONS, SECTIONS)
    assert min(one.auc for one in result.classifiers) > 0.7 and result.classifiers[0].auc > 0.85
    worst = result.ranked()[0]
    assert worst.name == "line spacing" and worst.group == "ridges"
    assert worst.ratio > worst.null[1] > worst.null[0] > 0
    assert worst.distance == pytest.approx(6, rel=0.3) and worst.ratio > 5 and worst.importance > 0
    assert result == realism(ours, windows(1), SECTIONS, SECTIONS), "the same seed, the same report"
    assert type(result).model_validate_json(result.model_dump_json()) == result


def test_no_section_is_in_two_folds_and_neighbours_share_one() -> None:
    folds = _folds(_blocks(SECTIONS), 5)
    for name in set(SECTIONS):
        assert len({fold for fold, section in zip(folds, SECTIONS, strict=True) if section == name}) == 1
    assert set(folds) == set(range(5)) and (np.diff(folds) >= 0).all()


def test_quarters_stand_for_sections_where_there_are_few() -> None:
    names, few = quartered(["a"] * 4, [(0, 0), (0, 9), (9, 0), (9, 9)])
    assert few and len(set(names)) == 4
    assert quartered(["a", "b", "c", "d"], [(0, 0)] * 4) == (["a", "b", "c", "d"], False)


def test_any_seed_will_do() -> None:
    assert realism(windows(0), windows(1), SECTIONS, SECTIONS, seed=2**40).synthetic_windows == 48


def test_too_little_to_test_on_is_refused() -> None:
    with pytest.raises(InputError, match="at least 8 windows of two sections"):
        realism(windows(0)[:4], windows(1), SECTIONS[:4], SECTIONS)
    with pytest.raises(InputError, match="real of 1"):
        realism(windows(0), windows(1), SECTIONS, ["one"] * 48)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sections of another preset's tissue."""
    path, world = tmp_path_factory.mktemp("real"), World("insect", 4)
    for k in range(4):
        image = world.patch(Grid((1, 128, 128), (5.0, 5.0, 5.0), (k * 9000.0, 0.0, 0.0))).image[0]
        cv2.imwrite(str(path / f"{k}.png"), np.tile(image, (1, 2)))
    return path


def test_the_command(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["realism", "epfl", str(pictures), "--count", "8", "--json", str(tmp_path / "out.json")]
    assert main(asked) == 0
    out = capsys.readouterr().out
    assert "forest: AUC" in out and "What gives it away" in out
    report = json.loads((tmp_path / "out.json").read_text())
    assert len(report["figures"]) == len(NAMES) and report["real_windows"] == 8
    assert all(len(figure["null"]) == 2 for figure in report["figures"])
    assert out.count("real halves") == 2 and report["groups"]["noise"]["null"][1] >= 1
    assert main(asked) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing", "REAL"], "no such file or folder"),
        (["epfl", "nothing"], "no such file or folder"),
        (["REAL", "REAL", "--voxel-nm", "5,5,5"], "that of a preset"),
        (["epfl", "REAL", "--names", "0"], "8 windows"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    pictures: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main(["realism", *(str(pictures) if a == "REAL" else a for a in arguments), "--count", "8"]) == 2
    err = capsys.readouterr().err
    assert says in err and err.startswith("synthem: ") and err.count("\n") == 1
