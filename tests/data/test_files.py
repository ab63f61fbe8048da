"""One rule of listing, ordering and matching: names and folders as people have them."""

from pathlib import Path

import pytest

from shapes.core.errors import InputError
from synthem.data.files import (
    check_file_name,
    choose,
    class_folders,
    core,
    is_vacant,
    match,
    pictures,
    slices_folder,
)


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_endings_in_any_case_in_order_without_what_systems_leave(tmp_path: Path) -> None:
    folder = touch(
        tmp_path, "s10.png", "s2.PNG", "S1.Png", "._s2.png", ".DS_Store", "Thumbs.db", "a.tif", "b.txt"
    )
    assert list(pictures(folder, (".png",))) == ["S1", "s2", "s10"]
    assert list(pictures(folder)) == ["a", "S1", "s2", "s10"]
    touch(folder, "s2.png")
    with pytest.raises(InputError, match=r"s2\.PNG and s2\.png are of one name"):
        pictures(folder)


def test_a_folder_is_vacant_with_nothing_but_leftovers(tmp_path: Path) -> None:
    assert is_vacant(tmp_path / "new")
    folder = touch(tmp_path / "out", ".DS_Store", "Thumbs.db", "desktop.ini", "._x.png")
    assert is_vacant(folder)
    assert not is_vacant(touch(folder, "thesis.tex"))
    assert not is_vacant(folder / "thesis.tex")


def test_a_literal_name_comes_before_a_pattern() -> None:
    stems = ["s1", "s[1]", "s2", "a.png"]
    assert choose(stems, ["s[1]"], Path("x")) == ["s[1]"]
    assert choose(stems, ["s[2]"], Path("x")) == ["s2"]
    assert choose(stems, ["s2.PNG", "s1"], Path("x")) == ["s1", "s2"]
    assert choose(stems, ["a.png"], Path("x")) == ["a.png"]
    assert choose(stems, "s*", Path("x")) == ["s1", "s[1]", "s2"]
    with pytest.raises(InputError, match=r"no section is called 't\*'; there are 4"):
        choose(stems, ["t*"], Path("x"))


@pytest.mark.parametrize(
    ("slices", "mask"),
    [
        ("s0", "s0_mask"),
        ("s0", "S0"),
        ("s0", "s0-seg"),
        ("s0", "s0.labels"),
        ("img_007", "label_007"),
        ("img_007", "mask007"),
        ("train-volume", "train-labels"),
        ("007", "007_gt"),
    ],
)
def test_masks_are_matched_by_stem_but_for_usual_affixes(slices: str, mask: str) -> None:
    path = Path("m") / f"{mask}.png"
    assert match([slices, "other"], {mask: path}) == {slices: path}


def test_names_that_differ_otherwise_do_not_match() -> None:
    masks = {name: Path(f"{name}.png") for name in ("t0", "s00", "s0x_mask")}
    assert match(["s0", "s1"], masks) == {}
    assert core("mask") == "mask" and core("label_mask") == "mask"


def test_an_ambiguous_match_is_refused_with_both_names() -> None:
    with pytest.raises(InputError, match=r"s0_mask\.png and s0_seg\.png both fit slice 's0'"):
        match(["s0"], {name: Path(f"m/{name}.png") for name in ("s0_mask", "s0_seg")})
    with pytest.raises(InputError, match=r"s0\.png and s0_mask\.png both fit slice 's0'"):
        match(["s0"], {name: Path(f"m/{name}.png") for name in ("s0", "s0_mask")})
    with pytest.raises(InputError, match="fits two slices, 'img_7' and 'raw_7'"):
        match(["img_7", "raw_7"], {"7_mask": Path("m/7_mask.png")})


def test_folders_in_any_case_and_by_their_usual_names(tmp_path: Path) -> None:
    for name in (
        "Images",
        "MITOCHONDRIA",
        "Mitochondrial-Boundaries",
        "psd_masks",
        "Myelin",
        "notes",
        ".git",
    ):
        (tmp_path / name).mkdir()
    assert slices_folder(tmp_path) == tmp_path / "Images"
    found = {cls: [path.name for path in paths] for cls, paths in class_folders(tmp_path).items()}
    assert found == {
        "mitochondrion": ["MITOCHONDRIA"],
        "mito_boundary": ["Mitochondrial-Boundaries"],
        "psd": ["psd_masks"],
        "sheath": ["Myelin"],
    }
    (tmp_path / "Slices").mkdir()
    assert slices_folder(tmp_path) == tmp_path / "Slices"


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\\b", "/etc/x", "c:x"])
def test_a_file_name_holds_no_path(name: str) -> None:
    with pytest.raises(InputError, match="no plain file name"):
        check_file_name(name, "shard")
    assert check_file_name("a b.c", "shard") == "a b.c"
