"""Realism: what is alike is not told apart, what differs is named, and no section is in both halves."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.measure.realism import _blocks, _folds, quartered, realism
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
    assert all(ratio < 2.5 for ratio in result.groups().values())


def test_what_differs_is_found_and_named_first() -> None:
    ours = windows(0)
    ours[:, NAMES.index("line spacing")] += 6
    result = realism(ours, windows(1), SECTIONS, SECTIONS)
    assert min(one.auc for one in result.classifiers) > 0.7 and result.classifiers[0].auc > 0.85
    worst = result.ranked()[0]
    assert worst.name == "line spacing" and worst.group == "ridges"
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
