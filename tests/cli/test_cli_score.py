"""The commands that score, as a person types them: tables, files, dashes with reasons, and bad input."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from synthem.cli.main import main
from synthem.data.files import FOLDERS
from synthem.data.real.masks_alone import are_masks_alone, read_masks_alone

FAMILIES = ["pixels", "surfaces", "partitions", "instances", "detection", "morphology", "errors"]


def discs(shift: int) -> dict[str, np.ndarray]:
    """Masks of a section: a mitochondrion with its boundary, walls, densities; vesicles are not drawn."""
    y, x = np.indices((64, 80))
    far = np.hypot(y - 40, x - 25 - shift)
    walls = (np.abs(x - 50 - shift) < 3) | (np.abs(y - 15) < 3)
    densities = np.zeros((64, 80), bool)
    for top in (22, 38, 54):
        densities[top : top + 4, 58 + shift : 74 + shift] = True
    return {
        "mitochondrion": far < 14, "mito_boundary": (far < 14) & (far >= 10), "membrane": walls,
        "psd": densities, "sheath": np.zeros((64, 80), bool),
    }  # fmt: skip


def write(root: str, shift: int, images: bool) -> None:
    for name in ("s0", "s1"):
        for cls, mask in discs(shift).items():
            folder = Path(root, FOLDERS[cls][0])
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{name}.png"), mask.astype(np.uint8) * 255)
        if images:
            Path(root, "slices").mkdir(exist_ok=True)
            cv2.imwrite(f"{root}/slices/{name}.png", np.full((64, 80), 120, np.uint8))


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """A folder of real sections, and one of masks alone that lie two pixels off."""
    monkeypatch.chdir(tmp_path)
    write("real", 0, images=True)
    write("masks", 2, images=False)
    Path("real/splits.yaml").write_text("far: {train: [s0], test: [s1]}")
    return tmp_path


def test_score_tells_all_and_writes_it(work, capsys):
    assert main(["score", "masks", "real", "--out", "scores"]) == 0
    said = capsys.readouterr()
    sheet = json.loads(Path("scores/scores.json").read_text())
    assert list(sheet["families"]) == FAMILIES and sheet["cases"] == ["s0", "s1"]
    psd = sheet["families"]["pixels"]["scores"]["psd"]
    assert psd["dice"] == pytest.approx(14 / 16) and psd["support"] == 2 * 3 * 64
    assert "0.875" in said.out and "there is none, neither true nor found" not in said.out
    assert "– neither true nor found anywhere: sheath (dice, jaccard, conformity)" in said.out
    assert "nan" not in said.out.lower()
    shift = sheet["families"]["detection"]["scores"]["psd"]
    assert (shift["matched"], shift["f1"], shift["distance"]) == (6, 1, pytest.approx(10))
    assert sorted(p.name for p in Path("scores/errors").iterdir()) == sorted(FOLDERS[c][0] for c in discs(0))
    written = {p.name for p in Path("scores").iterdir()}
    assert {
        "scores.md",
        "bland_altman.png",
        "morphology_pairs.csv",
        *(f"{f}.csv" for f in FAMILIES),
    } <= written


def test_lengths_and_families_are_what_is_asked_for(work, capsys):
    asked = ["--scores", "surfaces,detection", "--voxel-nm", "50,4,4"]
    tight = [*asked, "--tolerance-nm", "1", "--distance-nm", "psd=7", "--out", "tight"]
    assert main(["score", "masks", "real", *tight]) == 0
    wide = [*asked, "--tolerance-nm", "8", "--distance-nm", "psd=9,mitochondrion=9", "--out", "wide"]
    assert main(["score", "masks", "real", *wide]) == 0
    one, other = (json.loads(Path(d, "scores.json").read_text())["families"] for d in ("tight", "wide"))
    assert list(one) == ["surfaces", "detection"]
    assert (
        one["surfaces"]["scores"]["psd"]["boundary_dice"]
        < 1
        == other["surfaces"]["scores"]["psd"]["boundary_dice"]
    )
    assert one["detection"]["scores"]["psd"]["f1"] == 0 and other["detection"]["scores"]["psd"]["f1"] == 1
    assert other["detection"]["scores"]["mitochondrion"]["distance"] == pytest.approx(8, abs=0.1)
    assert not Path("wide/errors").exists()


def test_a_split_names_the_sections_and_what_was_not_looked_for_has_no_score(work, capsys):
    for path in Path("masks/PSD").iterdir():
        path.unlink()
    Path("masks/PSD").rmdir()
    Path("masks/membranes/s0.png").unlink()
    assert main(["score", "masks", "real", "--split", "far", "--scores", "pixels", "--out", "o"]) == 0
    said = capsys.readouterr()
    assert "no score of psd: nothing was looked for, there are no such masks" in said.err
    sheet = json.loads(Path("o/scores.json").read_text())
    assert sheet["cases"] == ["s1"] and "psd" not in sheet["families"]["pixels"]["scores"]


def test_stacks_are_sections_or_volumes(work):
    for root, shift in (("deep", 0), ("found", 2)):
        Path(root).mkdir()
        for cls, mask in discs(shift).items():
            Path(root, FOLDERS[cls][0]).mkdir()
            tifffile.imwrite(
                f"{root}/{FOLDERS[cls][0]}/v.tif", np.repeat(mask[None], 6, 0).astype(np.uint8) * 255
            )
    Path("deep/slices").mkdir()
    tifffile.imwrite("deep/slices/v.tif", np.full((6, 64, 80), 120, np.uint8))
    assert main(["score", "found", "deep", "--scores", "instances", "--out", "flat"]) == 0
    assert main(["score", "found", "deep", "--scores", "instances", "--out", "solid", "--volumes"]) == 0
    flat, solid = (json.loads(Path(d, "scores.json").read_text()) for d in ("flat", "solid"))
    assert (len(flat["cases"]), len(solid["cases"])) == (6, 1)
    counts = [s["families"]["instances"]["scores"]["psd"]["true objects"] for s in (flat, solid)]
    assert counts == [18, 3]


def test_labelled_data_of_any_kind_may_be_what_was_found(work):
    write("other", 2, images=True)
    assert main(["score", "other", "real", "--scores", "pixels", "--out", "a"]) == 0
    assert main(["score", "masks", "real", "--scores", "pixels", "--out", "b"]) == 0
    assert Path("a/scores.json").read_text() == Path("b/scores.json").read_text()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["score", "nowhere", "real"], "nowhere: no such folder"),
        (["score", "masks", "nowhere"], "nowhere: no such folder"),
        (["score", "masks", "masks"], "masks: real EM with labels must hold slices/"),
        (["score", "masks", "real", "--scores", "pixel"], "did you mean 'pixels'"),
        (["score", "masks", "real", "--scores", ","], "name families, such as pixels,surfaces, or all"),
        (["score", "masks", "real", "--out", "masks"], "masks: is there already; give a new or empty folder"),
        (["score", "masks", "real", "--tolerance-nm", "0"], "--tolerance-nm must be above 0 nm, not 0"),
        (["score", "masks", "real", "--distance-nm", "psd=-3"], "--distance-nm of psd must be above 0 nm"),
        (
            ["score", "masks", "real", "--distance-nm", "psd"],
            "write class=number, such as psd=100,vesicle=20",
        ),
        (["score", "masks", "real", "--distance-nm", "sheat=9"], "did you mean 'sheath'"),
        (["score", "masks", "real", "--split", "fa"], "did you mean 'far'"),
        (["score", "masks", "real", "--voxel-nm", "5,5"], "write z,y,x in nanometres"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(work, capsys, command, says):
    before = sorted(work.rglob("*"))
    assert main(command) == 2
    said = capsys.readouterr()
    *_, last = said.err.splitlines()
    assert says in last and "Traceback" not in said.err and not said.out
    assert sorted(work.rglob("*")) == before


def test_masks_of_another_size_are_refused_and_nothing_is_left(work, capsys):
    for path in Path("masks").rglob("s1.png"):
        cv2.imwrite(str(path), cv2.imread(str(path), 0)[:60])
    assert main(["score", "masks", "real", "--scores", "pixels", "--out", "o"]) == 2
    assert "s1 and s1 differ in size: 1 × 60 × 80 and 1 × 64 × 80 voxels" in capsys.readouterr().err
    assert not Path("o").exists()


def test_masks_alone(work):
    assert are_masks_alone(Path("masks")) and not are_masks_alone(Path("real"))
    found = read_masks_alone(Path("masks"), (5, 5, 5))
    assert found.names == ("s0", "s1") and not found[0].knows("vesicle")
    np.testing.assert_array_equal(found[1].mask("psd")[0], discs(2)["psd"])
    Path("empty/PSD").mkdir(parents=True)
    with pytest.raises(ValueError, match="its folders PSD hold no mask"):
        read_masks_alone(Path("empty"))


TRAIN = """
network: {features: [4, 4, 4, 4, 4, 4]}
patch_vx: [1, 32, 32]
batch: 2
check_every: 2
accelerator: cpu
"""


def test_evaluate_scores_a_model_and_agrees_with_score_of_its_masks(work, capsys):
    Path("settings.yaml").write_text(TRAIN)
    assert main(["train", "real", "run", "--config", "settings.yaml", "--steps", "2"]) == 0
    capsys.readouterr()
    assert (
        main(
            [
                "evaluate",
                "run/model.pt",
                "real",
                "--scores",
                "pixels,errors",
                "--out",
                "e",
                "--json",
                "j.json",
            ]
        )
        == 0
    )
    assert "average precision" in capsys.readouterr().out
    assert main(["predict", "run/model.pt", "real/slices", "out"]) == 0
    assert main(["score", "out", "real", "--scores", "pixels", "--out", "s"]) == 0
    ours, theirs = (json.loads(Path(d, "scores.json").read_text())["families"]["pixels"] for d in ("e", "s"))
    plain = json.loads(Path("j.json").read_text())
    for cls, row in theirs["scores"].items():
        own = {name: value for name, value in ours["scores"][cls].items() if name != "average_precision"}
        assert own == row
        assert plain[cls]["dice"] == row["dice"] and plain[cls]["support"] == row["support"]
    assert cv2.imread("e/precision_recall.png") is not None
    assert "vesicle" not in theirs["scores"]  # nobody drew any

    assert main(["evaluate", "run/model.pt", "real", "--out", "f"]) == 2
    assert "--out is of the scores that --scores names; give --scores all, or some" in capsys.readouterr().err
    assert main(["evaluate", "run/model.pt", "real", "--scores", "pixels", "--out", "e"]) == 2
    assert "e: is there already" in capsys.readouterr().err
