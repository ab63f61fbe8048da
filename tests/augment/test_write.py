"""Augmented copies on disk, as a person makes them: read again, trained on, counted; bad input is told."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from sections import blocks, tissue

from shapes import Grid
from synthem.cli.main import main
from synthem.data.open import open_data
from synthem.data.png_folder import write_png
from synthem.data.real.reading import Reading
from synthem.labels import CLASSES, channel
from synthem.patch import Patch

VOXEL = (8.0, 8.0, 8.0)
SETTINGS = "{network: {features: [4, 4, 4, 4, 4, 4]}, patch_vx: [1, 32, 32], batch: 2, accelerator: cpu}"


def section(name: str, seed: int, ignored: bool = False) -> Patch:
    """Dark squares are mitochondria; nothing else is labelled. Some are such that nobody knows."""
    mask = blocks(seed=seed)[:, :96, :128]
    image = tissue(1.5, 6.0, seed)[:, :96, :128].clip(0, 255).astype(np.uint8)
    unsaid = blocks(40, mask.shape, seed + 9) if ignored else None
    labels = np.zeros((6, *mask.shape), bool)
    labels[channel("mitochondrion")] = mask & ~unsaid if unsaid is not None else mask
    known = tuple(cls == "mitochondrion" for cls in CLASSES)
    return Patch(image, labels, Grid(mask.shape, VOXEL), known, name, ignored=unsaid)


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_png([section(f"s{k}", k + 1) for k in range(3)], "real")
    Path("settings.yaml").write_text(SETTINGS)
    return tmp_path


def refused(capsys, *arguments: str) -> str:
    before = sorted(Path().rglob("*"))
    assert main(["augment", *arguments]) == 2
    assert sorted(Path().rglob("*")) == before  # nothing was made, nothing was lost
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err
    return err.splitlines()[-1]


def test_copies_are_read_again_counted_and_trained_on(work, capsys):
    command = ["augment", "real", "more", "--count", "2", "--seed", "4", "--voxel-nm", "8,8,8"]
    assert main(command) == 0
    assert "more: 6 copies; " in capsys.readouterr().out
    assert {p.name for p in Path("more").iterdir()} == {"slices", "mitochondrion", "augmented.json"}
    copies, real = open_data("more"), open_data("real", voxel_nm=VOXEL)
    assert copies.names == ("s0-a", "s0-b", "s1-a", "s1-b", "s2-a", "s2-b")
    assert not any("voxel size" in line for line in copies.warnings)
    for k, copy in enumerate(copies):
        assert copy.grid.voxel_nm == VOXEL and copy.known == real[k // 2].known
    said = json.loads(Path("more/augmented.json").read_text())
    everywhere = {"elastic", "stain", "blur", "noise", "curve"}
    for k, (copy, section) in enumerate(zip(copies, said["sections"].values(), strict=True)):
        if everywhere & set(section["kinds"]):
            assert not np.array_equal(copy.image, real[k // 2].image)
    assert said["seed"] == 4 and tuple(said["sections"]) == copies.names
    assert all(section["of"] == name[:2] for name, section in said["sections"].items())
    for section in said["sections"].values():  # what is told to be done has its figures there
        for kind, part in (("blur", "beam"), ("noise", "detector"), ("elastic", "elastic")):
            assert (kind in section["kinds"]) == (part in section)
    assert main(["census", "more"]) == 0
    assert "mitochondrion" in capsys.readouterr().out
    train = ["train", "more", "model", "--config", "settings.yaml", "--steps", "2", "--augment", "microscope"]
    assert main(train) == 0, capsys.readouterr().err


def test_the_same_command_gives_the_same_bytes_and_another_seed_others(work, digests):
    for out, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main(["augment", "real", out, "--seed", seed]) == 0
    one, same, other = (digests(Path(out)) for out in "abc")
    assert one == same != other
    assert main(["augment", "real", "d", "--seed", "1", "--names", "s1"]) == 0
    some = digests(Path("d"))  # a copy does not depend on what is beside it
    assert all(one[name] == some[name] for name in some if name.startswith(("slices", "mito")))


def test_only_does_what_is_named_to_every_copy(work):
    assert main(["augment", "real", "more", "--only", "noise,curve", "--count", "2"]) == 0
    sections = json.loads(Path("more/augmented.json").read_text())["sections"]
    assert all(section["kinds"] == ["noise", "curve"] for section in sections.values())
    for name in ("s0", "s1", "s2"):
        mask = cv2.imread(f"real/mitochondrion/{name}.png")
        assert np.array_equal(mask, cv2.imread(f"more/mitochondrion/{name}-b.png"))


def test_strength_nought_copies(work):
    assert main(["augment", "real", "same", "--strength", "0"]) == 0
    for one, two in zip(open_data("real"), open_data("same"), strict=True):
        assert np.array_equal(one.image, two.image) and np.array_equal(one.labels, two.labels)


def test_images_alone_stay_so(work):
    Path("bare").mkdir()
    Path("real/slices").rename("bare/slices")
    assert main(["augment", "bare", "more"]) == 0
    assert {p.name for p in Path("more").iterdir()} == {"slices", "augmented.json"}
    assert not any(any(patch.known) for patch in open_data("more"))


def test_what_nobody_knows_of_stays_unknown_and_moves(work):
    write_png([section("u", 3, ignored=True)], "odd")
    (before,) = open_data("odd")
    assert np.array_equal(before.ignored, section("u", 3, ignored=True).ignored)
    assert main(["augment", "odd", "still", "--only", "noise"]) == 0
    assert main(["augment", "odd", "bent", "--only", "elastic", "--strength", "3"]) == 0
    (still,), (bent,) = open_data("still"), open_data("bent")
    assert np.array_equal(still.ignored, before.ignored) and np.array_equal(still.labels, before.labels)
    assert (bent.ignored != before.ignored).mean() > 0.005
    assert bent.ignored.mean() == pytest.approx(before.ignored.mean(), abs=0.05)
    assert not (bent.labels & bent.ignored).any()


def test_a_stack_stays_a_stack_whose_sections_are_misaligned(work):
    stack = [replace(section("x", 1), name=f"x{k:02d}") for k in range(4)]
    write_png(stack, "stack")
    assert main(["augment", "stack", "more", "--volumes", "--only", "misalignment", "--strength", "3"]) == 0
    (copy,), (before,) = (open_data(name, how=Reading(volumes=True)) for name in ("more", "stack"))
    assert copy.grid.shape == before.grid.shape == (4, 96, 128)
    offs = {tuple(np.flatnonzero((copy.labels[0, z] != before.labels[0, z]).any(0))[:4]) for z in range(4)}
    assert len(offs) > 1  # one section is not off as another is


def test_bad_input_is_told_in_a_sentence(work, capsys):
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    assert "full: exists already" in refused(capsys, "real", "full")
    assert "did you mean 'blur'" in refused(capsys, "real", "out", "--only", "blurr")
    assert "write kinds" in refused(capsys, "real", "out", "--only", ",")
    assert "less than or equal to 3" in refused(capsys, "real", "out", "--strength", "9")
    assert "strength" in refused(capsys, "real", "out", "--strength", "nan")
    assert "no such folder" in refused(capsys, "lost", "out")
    assert "no section is called 'q'" in refused(capsys, "real", "out", "--names", "q")
    assert "moves sections of a stack" in refused(capsys, "real", "out", "--only", "drift")
    assert "write z,y,x" in refused(capsys, "real", "out", "--voxel-nm", "5")
    Path("small/slices").mkdir(parents=True)
    cv2.imwrite("small/slices/a.png", np.zeros((12, 40), np.uint8))
    assert "12 × 40 pixels; at least 16 × 16" in refused(capsys, "small", "out")


def test_a_damaged_note_is_told(work, capsys):
    assert main(["augment", "real", "more"]) == 0
    for text in ("{", "[]", '{"voxel_nm": [5, 5]}', '{"voxel_nm": [5, 5, -1]}', '{"voxel_nm": null}'):
        Path("more/augmented.json").write_text(text)
        capsys.readouterr()
        assert main(["census", "more"]) == 2
        err = capsys.readouterr().err
        assert "augmented.json: " in err and "voxel_nm" in err and len(err.splitlines()) == 1


def test_many_copies_have_names_of_one_length(work):
    assert main(["augment", "real", "more", "--count", "27", "--names", "s0", "--only", "curve"]) == 0
    names = open_data("more").names
    assert len(names) == 27 and names[0] == "s0-aa" and names[-1] == "s0-ba"
