"""A preset may begin with another and say only what differs."""

import pytest

from shapes import InputError
from synthem.preset.preset import load_preset


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_laid_over_what_it_begins_with(tmp_path):
    mine = written(
        tmp_path / "mine.yaml",
        "extends: epfl\n"
        "anatomy: {er: null, glycogen: {}}\n"
        "microscope: {beam: {sigma_nm: 4}, stain: {membrane: {median: 70, ratio: 1.1}}}\n",
    )
    base, tuned = load_preset("epfl"), load_preset(mine)
    assert tuned.name == "mine" and tuned.title == base.title and tuned.tuned_on == base.tuned_on
    assert tuned.anatomy.er is None and tuned.anatomy.glycogen is not None
    assert tuned.anatomy.axons == base.anatomy.axons
    assert tuned.microscope.beam.sigma_nm == 4 and tuned.microscope.beam.astigmatism == 1.8
    assert tuned.microscope.stain.membrane.mean is None, (
        "a spread is one value, and not merged with another form"
    )


def test_a_file_may_begin_with_a_file_beside_it(tmp_path):
    written(tmp_path / "first.yaml", "extends: epfl\nmicroscope: {tone: {gamma: 1.3}}\n")
    second = written(tmp_path / "second.yaml", "extends: first.yaml\nmicroscope: {tone: {gain: 0.9}}\n")
    tone = load_preset(second).microscope.tone
    assert (tone.gamma, tone.gain) == (1.3, 0.9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: nothing\n", "no file nothing, nor a preset of that name; known are ac4"),
        ("extends: [epfl]\n", "the name of a preset, or of a file, is wanted"),
        ("extends: mine.yaml\n", "begin with each other"),
        ("extends: epfl\nmicroscope: {beam: {sigma: 3}}\n", "unknown key"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        load_preset(written(tmp_path / "mine.yaml", text))
