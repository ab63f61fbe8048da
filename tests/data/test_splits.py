"""Splits: one way to name a half of one, wherever sections are chosen."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from shapes.core.errors import InputError, UnknownNameError
from synthem.cli.main import main
from synthem.data.splits import half_of


@pytest.fixture
def real(tmp_path: Path) -> Path:
    (tmp_path / "splits.yaml").write_text("rare: {train: [a, b], test: [c]}")
    (tmp_path / "slices").mkdir()
    (tmp_path / "membranes").mkdir()
    rng = np.random.default_rng(0)
    for name in "abc":
        image = cv2.GaussianBlur(rng.integers(0, 255, (256, 256)).astype(np.uint8), (0, 0), 2)
        cv2.imwrite(str(tmp_path / f"slices/{name}.png"), image)
        cv2.imwrite(str(tmp_path / f"membranes/{name}.png"), (image > 140).astype(np.uint8) * 255)
    return tmp_path


def test_a_half_is_named_or_the_usual_one(real: Path) -> None:
    assert half_of(real, "rare") == ["a", "b"] == half_of(real, "rare:train")
    assert half_of(real, "rare:test") == ["c"] == half_of(real, "rare", "test")
    with pytest.raises(InputError, match="NAME:train or NAME:test, not 'rare:tests'"):
        half_of(real, "rare:tests")
    with pytest.raises(UnknownNameError, match="did you mean 'rare'"):
        half_of(real, "rere:test")


def test_commands_take_a_half(real: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["census", str(real), "--against", str(real), "--against-split"]
    assert main([*ask, "rare:test"]) == 0
    assert "3 patches against 1" in capsys.readouterr().out
    assert main([*ask, "rare"]) == 0
    assert "3 patches against 2" in capsys.readouterr().out
    assert main(["realism", str(real), str(real), "--split", "rare:test", "--count", "8"]) == 2
    assert "1 real of 1" in capsys.readouterr().err
    assert main(["realism", str(real), str(real), "--split", "rare", "--count", "8"]) == 2
    assert "2 real of 2" in capsys.readouterr().err
    assert main([*ask, "rare:half"]) == 2
    assert "NAME:test" in capsys.readouterr().err
