"""An experiment on lists of any classes: patches, scores and reports follow them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from small_experiment import SYNTHETIC, config

from shapes.core.errors import InputError
from synthem.data.hdf5 import Dataset
from synthem.experiment.config import CLASS_SETS
from synthem.experiment.results import packed, read_predictions, read_run, write_predictions
from synthem.experiment.run import conduct
from synthem.labels import CLASSES

MANY = ("membrane", "er", "axon", "psd", "vesicle", "sheath", "mitochondrion", "dendrite", "glia")
"""More than fit into eight bits."""


@pytest.fixture(scope="module")
def done(real, tmp_path_factory):
    """An experiment on a set of the paper and a longer list, run to its report."""
    out = tmp_path_factory.mktemp("sets") / "out"
    more = {"count": 8, "shape_vx": (1, 48, 64), "fraction": 0.5}
    settings = config(real, steps=2, class_sets=(1, MANY), arms=("real", "synthetic"), synthetic=more)
    conduct(settings, out, jobs=1, say=lambda text: None)
    return settings, out


def test_synthetic_patches_are_labelled_for_all_sets(done) -> None:
    settings, out = done
    data = Dataset(out / "synthetic/seed0")
    assert data.classes == settings.classes == (*CLASSES, "er", "axon", "dendrite", "glia")


def test_runs_and_reports_have_the_classes_of_their_set(done) -> None:
    settings, out = done
    assert settings.sets == {1: CLASS_SETS[1], 9: MANY}
    runs = {(run.class_set, run.arm): run for run in map(read_run, out.rglob("result.json"))}
    assert runs.keys() == {(n, arm) for n in (1, 9) for arm in ("real", "synthetic")}
    for (count, _), run in runs.items():
        assert set(run.scores) == set(settings.sets[count])
        assert run.scores["mitochondrion"]["support"] > 0
    assert runs[9, "synthetic"].scores["er"]["support"] == 0, "no real section is labelled for it"
    page, told = (out / "report.html").read_text(), json.loads((out / "report.json").read_text())
    assert "9 classes" in page and ">ER<" in page and "dendrite" in page
    assert "er" in json.dumps(told)


@pytest.mark.parametrize("count", [1, 9])
def test_what_was_found_of_any_number_of_classes_is_kept(done, tmp_path, count) -> None:
    _, out = done
    run = next(run for run in map(read_run, out.rglob("result.json")) if run.class_set == count)
    section = SYNTHETIC[0]
    assert read_predictions(out, run, [replace(section, name="s005")])[0].shape == (count, 1, 48, 64)
    masks = np.random.default_rng(0).random((count, 1, 48, 64)) < 0.5
    (tmp_path / run.folder).mkdir(parents=True)
    write_predictions(tmp_path / run.folder, {section.name: packed(masks)})
    (found,) = read_predictions(tmp_path, run, [section])
    np.testing.assert_array_equal(found, masks)


def test_sets_are_told_apart_by_their_number(real) -> None:
    with pytest.raises(InputError, match="no two may have the same number"):
        config(real, class_sets=(1, ("er",)))
    with pytest.raises(InputError, match="unknown class 'eer'"):
        config(real, class_sets=(("eer", "psd"),))
