"""An export as a whole: parts, names, options, and that a folder is whole or not there."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from export.hand_made import FLAT, SOLID, patch

from shapes.core.errors import InputError, UnknownNameError
from synthem.cli.main import main
from synthem.data.atomic import write_whole
from synthem.data.png_folder import write_png
from synthem.export import folder as aside
from synthem.export.run import export

Digests = Callable[[Path], dict[str, str]]


def cases(out: Path) -> dict[str, str]:
    return {case["name"]: case["part"] for case in json.loads((out / "export.json").read_text())["cases"]}


OF_PATCHES = ("nnunet", "torch-em", "connectomics", "biapy", "huggingface")
"""Formats that are files a patch; those that tell of objects are in ``test_objects.py``."""


@pytest.mark.parametrize("name", OF_PATCHES)
def test_a_kill_leaves_nothing_under_the_name_and_the_same_command_goes_on(
    name: str, tmp_path: Path, digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(SOLID, tmp_path / "whole/set", name)
    whole = digests(tmp_path / "whole/set")
    out = tmp_path / "cut/set"
    for last, there in ((0, 0), (1, 1), (1, 2), (2, 4)):
        written: list[str] = []

        def dying(path: Path, data: bytes, last: int = last, written: list[str] = written) -> None:
            if len(written) == last:
                (path.parent / f".{path.name}.1.part").write_bytes(data[:3])
                raise KeyboardInterrupt
            written.append(path.name)
            write_whole(path, data)

        monkeypatch.setattr(aside, "write_whole", dying)
        with pytest.raises(KeyboardInterrupt):
            export(SOLID, out, name)
        assert not out.exists()
        kept = [path for path in (out.parent / ".set.part").rglob("*") if path.is_file()]
        assert len([path for path in kept if path.suffix != ".part"]) == there + 1  # export.json
    monkeypatch.undo()
    export(SOLID, out, name)
    assert digests(out) == whole
    assert [path.name for path in out.parent.iterdir()] == ["set"]


def test_the_same_command_again_changes_nothing_and_another_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "set"
    export(FLAT, out, "biapy")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    export(FLAT, out, "biapy")
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    with pytest.raises(InputError, match=r"another export \(format biapy, not nnunet\)"):
        export(FLAT, out, "nnunet")
    turned = [replace(FLAT[0], image=255 - FLAT[0].image), *FLAT[1:]]
    with pytest.raises(InputError, match="another export"):
        export(turned, out, "biapy")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").touch()
    with pytest.raises(InputError, match="holds other files"):
        export(FLAT, tmp_path / "mine", "biapy")
    assert (tmp_path / "mine/thesis.txt").exists()


def test_what_was_left_out_is_said_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = export(FLAT, tmp_path / "set", "biapy")
    assert any("one class a pixel" in sentence for sentence in said)
    assert export(FLAT, tmp_path / "set", "biapy") == said
    write_png([replace(p, name=f"s{k}") for k, p in enumerate(FLAT)], tmp_path / "real")
    told = []
    for _ in range(2):
        assert main(["export", str(tmp_path / "real"), str(tmp_path / "out"), "--as", "biapy"]) == 0
        told.append(capsys.readouterr())
    assert told[0] == told[1] and "one class a pixel" in told[0].err and "no voxel size" in told[0].err


def test_another_command_does_not_go_on_with_what_was_left(tmp_path: Path, digests: Digests) -> None:
    left = tmp_path / ".set.part"
    with (
        pytest.raises(InputError, match="cannot be written"),
        aside.written(tmp_path / "set", {"a": 1}) as out,
    ):
        out.text("train/old.txt", "old")
        raise OSError(28, "No space left on device")
    assert (left / "train/old.txt").exists() and not (tmp_path / "set").exists()
    export(FLAT, tmp_path / "set", "biapy")
    assert not left.exists() and not (tmp_path / "set/train/old.txt").exists()
    left.mkdir()
    (left / "thesis.txt").touch()
    (tmp_path / "set").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="in the way"):
        export(FLAT, tmp_path / "set", "biapy")
    assert (left / "thesis.txt").exists()


def test_parts_are_told_and_what_is_for_testing_is_never_for_validation(tmp_path: Path) -> None:
    export(FLAT[:4], tmp_path / "a", "biapy", test=FLAT[4:], validate=0.5)
    told = cases(tmp_path / "a")
    assert {name for name, part in told.items() if part == "test"} == {"case_4", "case_5"}
    assert sorted(told.values()) == ["test", "test", "train", "train", "val", "val"]
    export(FLAT, tmp_path / "b", "biapy", validate=0)
    assert set(cases(tmp_path / "b").values()) == {"train"}


def test_patches_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    export([replace(p, name="Epfl/7") for p in FLAT], tmp_path / "set", "huggingface", test=[FLAT[0]])
    names = list(cases(tmp_path / "set"))
    assert len({name.casefold() for name in names}) == 7 and names[0] == "Epfl_7"
    assert len(list((tmp_path / "set").rglob("images/*.png"))) == 7


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"as_": "nnunett"}, "did you mean 'nnunet'"),
        ({"options": {"dataset_id": 3}}, "--dataset-id is an option of nnunet, not of biapy"),
        ({"as_": "nnunet", "options": {"dataset_id": 0}}, "from 1 to 999"),
        ({"name": "a/b"}, "letters, digits"),
        ({"validate": 1.0}, "from 0 to below 1"),
        ({"data": []}, "no patch to train on"),
        ({"data": [*FLAT, SOLID[0]]}, "export single sections and volumes apart"),
        ({"classes": ("psds",)}, "unknown class"),
        ({"data": [patch(0, known=(False,) * 6)]}, "labelled"),
    ],
)
def test_refusals_write_nothing(given: dict[str, Any], says: str, tmp_path: Path) -> None:
    arguments = {"data": FLAT, "out": tmp_path / "set", "as_": "biapy"} | given
    with pytest.raises((InputError, UnknownNameError), match=says):
        export(**arguments)
    assert not (tmp_path / "set").exists()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_png([replace(p, name=f"s{k}") for k, p in enumerate(FLAT)], tmp_path / "real")
    (tmp_path / "real/splits.yaml").write_text("rare: {train: [s0, s1, s2], test: [s4, s5]}")
    command = ["export", str(tmp_path / "real"), str(tmp_path / "out"), "--as", "nnunet", "--split", "rare"]
    assert main([*command, "--dataset-id", "7", "--name", "Mine"]) == 0
    assert "5 patches" in capsys.readouterr().out
    root = tmp_path / "out/nnUNet_raw/Dataset007_Mine"
    assert sorted(path.name for path in (root / "imagesTs").iterdir()) == ["s4_0000.png", "s5_0000.png"]
    assert main([*command[:3], "--as", "torch-em", "--dataset-id", "7"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "not of torch-em" in said.err
