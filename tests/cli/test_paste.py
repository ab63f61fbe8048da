"""``synthem paste`` as a person runs it."""

import json

import pytest

from shapes import Grid
from synthem.cli.main import main
from synthem.data.open import open_data
from synthem.data.png_folder import write_png
from synthem.world import World


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    world = World("epfl", seed=3)
    root = tmp_path_factory.mktemp("real") / "REAL"
    write_png([world.patch(Grid((1, 320, 320), (5, 5, 5), (k * 9e3, 0, 0))) for k in range(2)], root)
    return root


def test_sections_are_written_once_and_alike(real, tmp_path, capsys, digests):
    call = ["paste", str(real), "--preset", "epfl", "--classes", "psd,vesicle", "--voxel-nm", "5,5,5"]
    assert main([*call, str(tmp_path / "a"), "--workers", "1"]) == 0
    assert "2 sections; set in:" in capsys.readouterr().out
    assert main([*call, str(tmp_path / "b"), "--workers", "2"]) == 0
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    record = json.loads((tmp_path / "a" / "pasted.json").read_text())
    assert record["sections"] == 2 and record["pasted"]
    made = open_data(tmp_path / "a", voxel_nm=(5, 5, 5))
    assert {entry["section"] for entry in record["pasted"]} <= set(made.names)
    before = open_data(real, voxel_nm=(5, 5, 5))
    assert sum(p.mask("psd").sum() for p in made) > sum(p.mask("psd").sum() for p in before)
    kept = digests(tmp_path / "a")
    assert main([*call, str(tmp_path / "a")]) == 2
    assert "exists already" in capsys.readouterr().err and digests(tmp_path / "a") == kept
    assert main(["census", str(tmp_path / "a"), "--voxel-nm", "5,5,5"]) == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--preset", "nowhere"], "unknown preset 'nowhere'"),
        (["--preset", "epfl", "--classes", "membrane"], "unknown class 'membrane'"),
        (
            ["--preset", "epfl", "--classes", "psd", "--balance", "sheath=0.1"],
            "balance: sheath is not pasted",
        ),
        (["--preset", "epfl", "--balance", "psd=2"], "must lie between 0 and 1"),
        (["--preset", "epfl", "--copy", "--classes", "sheath"], "a sheath fits no other axon"),
        (["--preset", "insect"], "the tissue of insect has none of sheath"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(real, tmp_path, capsys, more, says):
    assert main(["paste", str(real), str(tmp_path / "out"), "--voxel-nm", "5,5,5", *more]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert says in told and not (tmp_path / "out").exists()


def test_sections_without_membranes_are_refused(real, tmp_path, capsys):
    bare = tmp_path / "bare"
    (bare / "slices").mkdir(parents=True)
    (bare / "PSD").mkdir()
    for name in ("slices", "PSD"):
        for path in sorted((real / name).iterdir()):
            (bare / name / path.name).write_bytes(path.read_bytes())
    assert main(["paste", str(bare), str(tmp_path / "out"), "--preset", "epfl"]) == 2
    assert "has no mask of membranes" in capsys.readouterr().err
