"""Changed values make a preset; what is written of them is read again as the same preset."""

import pytest

from synthem.preset.preset import load_preset
from synthem.studio.changes import changed, differences
from synthem.studio.errors import ChangeError
from synthem.studio.leave import changes_text, commands, kept, whole_text

CHANGES = {
    "microscope.beam.sigma_nm": 6.5,
    "microscope.stain.membrane": {"min": 60, "max": 80},
    "microscope.defects.fold": {},
    "microscope.defects.fold.per_100um2": 2.0,
    "anatomy.glycogen": {},
    "anatomy.er": None,
    "annotation.classes": ["membrane", "psd"],
    "voxel_nm": [4, 4, 4],
    "microscope.beam.radius_vx": 7,
}


def test_changes_are_made_and_told_again():
    base = load_preset("epfl")
    tuned = changed(base, CHANGES)
    assert tuned.microscope.beam.sigma_nm == 6.5 and tuned.microscope.beam.astigmatism == 1.8
    assert tuned.anatomy.er is None and tuned.anatomy.glycogen is not None
    assert tuned.microscope.defects.fold.per_100um2 == 2.0
    assert tuned.annotation.classes == ("membrane", "psd")
    found = differences(base, tuned)
    assert found["microscope.beam.sigma_nm"] == (9.0, 6.5)
    assert found["anatomy.er"][1] is None
    assert changed(base, {path: new for path, (_, new) in found.items()}) == tuned
    assert differences(base, changed(base, {})) == {}


@pytest.mark.parametrize("preset", ["epfl", "sstem_drosophila", "white_matter", "urocell"])
def test_no_change_is_the_preset_itself(preset):
    base = load_preset(preset)
    assert changed(base, {"microscope.tone.gamma": base.microscope.tone.gamma}) == base


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("microscope.beam.sigma_nm", -1, "greater than or equal to 0"),
        ("microscope.beam.sigma_nm", float("nan"), "finite"),
        ("microscope.beam.sigma", 1, "no such key"),
        ("microscope.beam.sigma_nm.more", 1, "no such key"),
        ("microscope.stain.membrane", {"min": 3}, "write a number"),
        ("anatomy.glycogen.radius_nm", 3, "switch it on"),
        ("name", "x", "no such key"),
        ("anatomy.warp.amplitude_nm", 500, "fold over itself"),
    ],
)
def test_what_is_not_allowed_is_said_beside_its_key(path, value, said):
    with pytest.raises(ChangeError, match=said) as error:
        changed(load_preset("epfl"), {"microscope.tone.gamma": 1.1, path: value})
    assert error.value.path in (path, path.rpartition(".")[0])


@pytest.mark.parametrize("write", [changes_text, None])
def test_what_one_leaves_with_is_the_tuned_preset(tmp_path, write):
    base = load_preset("epfl")
    text = changes_text(base, "epfl", CHANGES) if write else whole_text(base, CHANGES)
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    again, tuned = load_preset(file), changed(base, CHANGES)
    assert again.model_copy(update={"name": "epfl", "title": base.title}) == tuned
    assert again.tuned_on == base.tuned_on, "what must not be scored on is not forgotten"


def test_changed_keys_alone_are_written_each_with_what_it_was():
    text = changes_text(load_preset("epfl"), "epfl", CHANGES | {"microscope.tone.gamma": 1.0})
    assert (
        "sigma_nm: 6.5  # was 9.0" in text
        and "membrane: {min: 60, max: 80}  # was {mean: 72.0, std: 6.0}" in text
    )
    assert "er: null  # left out" in text and "extends: epfl" in text
    assert "# It is a Gaussian of standard deviation sigma_nm" in text
    assert "gamma" not in text and "astigmatism:" not in text
    assert "microscope.tone.gamma" not in kept(load_preset("epfl"), {"microscope.tone.gamma": 1.0})


def test_a_preset_of_a_file_is_named_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text("extends: epfl\ntitle: Own\n", encoding="utf-8")
    text = changes_text(load_preset("own.yaml"), "own.yaml", {"microscope.tone.gamma": 1.2})
    file = tmp_path / "deep" / "next.yaml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    assert load_preset(file).microscope.tone.gamma == 1.2 and load_preset(file).title == "Own, tuned"


def test_command_lines_can_be_pasted(tmp_path):
    import shlex

    lines = commands("my file.yaml", 3, tmp_path / "a b", (4.0, 4.0, 4.0), 20, {"psd": 0.02})
    words = [shlex.split(one["line"]) for one in lines]
    assert all(line[0] == "synthem" and "my file.yaml" in line for line in words)
    assert words[1][-2:] == ["--balance", "psd=0.02"]
    assert str(tmp_path / "a b") in words[2]
