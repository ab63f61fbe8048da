"""The commands about data as a person runs them: what is printed, and what is refused in one sentence."""

import json
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from synthem.cli.main import main
from synthem.data import jobs as work
from synthem.data.hdf5 import Dataset
from synthem.measure.census import Census
from synthem.preset.preset import preset_names


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Status, standard output and error output of a command."""
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The sentence with which a command is refused; what was read before may be told, and nothing else."""
    status, out, err = run(capsys, *arguments)
    assert status == 2 and out == ""
    *before, last = err.splitlines()
    assert (last.startswith("synthem: ") and not before) or "read as" in before[0]
    return last


def test_presets_are_listed_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "presets")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == preset_names()


def test_generate_then_census(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command = [
        "generate",
        "epfl",
        tmp_path / "set",
        "--count",
        6,
        "--shape",
        "96,96",
        "--balance",
        "psd=0.02",
    ]
    status, out, err = run(capsys, *command, "--workers", 1)
    assert (status, err) == (0, "")
    assert "6 patches; shares of voxels: psd 0.0" in out
    plan = json.loads((tmp_path / "set/manifest.json").read_text())["plan"]
    assert f" of {plan['objects']['psd']} objects\n" in out and plan["objects"]["psd"] > 1
    assert len(Dataset(tmp_path / "set")) == 6
    assert run(capsys, *command)[0] == 0  # the same command again has nothing left to do
    assert "count 6, not 7" in refused(capsys, *command[:4], 7, *command[5:])

    status, out, _ = run(capsys, "census", tmp_path / "set", "--json", tmp_path / "census.json")
    assert status == 0
    assert "6 patches" in out and "membrane" in out
    count = Census.model_validate_json((tmp_path / "census.json").read_text())
    assert count.classes["psd"].share == pytest.approx(0.02, rel=0.1)
    assert "exists already" in refused(capsys, "census", tmp_path / "set", "--json", tmp_path / "census.json")


def test_a_missed_budget_is_told_and_the_data_are_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = [
        "generate",
        "epfl",
        tmp_path / "set",
        "--count",
        1,
        "--shape",
        "64,64",
        "--balance",
        "membrane=0.95",
    ]
    status, out, err = run(capsys, *command)
    assert status == 0 and "1 patch; shares of voxels: membrane 0." in out
    assert err.startswith("synthem: short of membrane: reached 0.")
    assert len(Dataset(tmp_path / "set")) == 1


def test_png_export_of_a_volume(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, _ = run(
        capsys, "generate", "epfl", tmp_path / "p", "--count", 1, "--shape", "2,32,32", "--format", "png"
    )
    assert status == 0
    assert len(list((tmp_path / "p/slices").iterdir())) == 2
    status, out, _ = run(capsys, "census", tmp_path / "p", "--names", "*_z001")
    assert status == 0 and "1 patch" in out


def test_census_of_a_real_folder_tells_what_is_odd(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for folder, name in (("slices", "a"), ("PSD", "a"), ("PSD", "b")):
        (tmp_path / folder).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / folder / f"{name}.png"), np.zeros((32, 32), np.uint8))
    status, out, err = run(capsys, "census", tmp_path, "--voxel-nm", "50,4,4")
    assert status == 0
    assert "not labelled" in out
    assert err.splitlines() == [
        f"synthem: {tmp_path}: read as a folder of masks for each class; 1 section",
        f"synthem: {tmp_path / 'PSD'}: masks without a slice, left out: b",
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["epfk", "OUT"], "unknown preset 'epfk': did you mean 'epfl'?"),
        (["epfl", "OUT", "--count", "-4"], "1 to 1000000 patches, not -4"),
        (["epfl", "OUT", "--count", "many"], "--count"),
        (["epfl", "OUT", "--shape", "256"], "shape: write y,x or z,y,x"),
        (["epfl", "OUT", "--shape", "99999,99999,99999"], "GiB of memory"),
        (["epfl", "OUT", "--voxel-nm", "5,5"], "voxel size: write z,y,x"),
        (["epfl", "OUT", "--balance", "psds=0.1"], "unknown class 'psds': did you mean 'psd'?"),
        (["epfl", "OUT", "--balance", "psd=2"], "share of psd must lie between 0 and 1"),
        (["epfl", "OUT", "--format", "tiff"], "--format"),
        (["epfl", "OUT", "--colour", "red"], "--colour"),
        (["epfl", "OUT", "--workers", "0"], "--workers"),
        (["epfl"], "out"),
    ],
)
def test_generate_refuses_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], says: str
) -> None:
    out = tmp_path / "set"
    sentence = refused(capsys, "generate", *[str(out) if option == "OUT" else option for option in options])
    assert says.lower() in sentence.lower()
    assert not out.exists()


def test_census_refuses_in_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "no such folder" in refused(capsys, "census", tmp_path / "none")
    assert "there is no folder" in refused(capsys, "census", tmp_path, "--json", tmp_path / "none/c.json")
    assert "slices/ or original/" in refused(capsys, "census", tmp_path)
    (tmp_path / "slices").mkdir()
    path = tmp_path / "slices/a.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    assert "truncated PNG" in refused(capsys, "census", tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    assert "not a manifest" in refused(capsys, "census", tmp_path)


def test_unknown_command_and_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'generat'" in refused(capsys, "generat")
    status, out, err = run(capsys)
    assert status == 2 and "census" in out + err and "Traceback" not in out + err
    assert run(capsys, "--help")[0] == 0


@pytest.mark.parametrize(
    ("raised", "status", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 2, "out of memory"),
        (
            PermissionError(13, "Permission denied", "/data/set"),
            2,
            "/data/set: cannot be written: Permission denied",
        ),
    ],
)
def test_what_stops_a_run_is_said_in_a_sentence(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    status: int,
    says: str,
) -> None:
    def stop(*_: object) -> None:
        raise raised

    monkeypatch.setattr(work, "as_completed", stop)
    monkeypatch.setattr("synthem.data.jobs.run_jobs", stop)
    got, _, err = run(capsys, "generate", "epfl", tmp_path / "set", "--count", 1, "--shape", "32,32")
    assert got == status
    assert says in err and err.count("\n") == 1


def test_help_is_quick_and_light() -> None:
    code = (
        "import sys, json; sys.argv = ['synthem', '--help']\n"
        "from synthem.cli.main import main\n"
        "status = main()\n"
        "heavy = {'torch', 'numba', 'cv2', 'scipy', 'h5py'} & set(sys.modules)\n"
        "print(json.dumps([status, sorted(heavy)]))"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]
    assert time.perf_counter() - start < 3  # 0.25 s on a quiet machine
