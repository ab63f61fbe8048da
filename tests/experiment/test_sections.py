"""Comparisons with few labelled sections: which they are, what validates, and which arms have them."""

import numpy as np
import pytest
from small_experiment import SYNTHETIC, config, load_data

from shapes import Grid
from shapes.core.errors import InputError
from synthem.experiment.cells import cells
from synthem.experiment.mark import identity_of_experiment
from synthem.experiment.run import run_experiment
from synthem.experiment.sections import spread_sections
from synthem.labels import CLASSES
from synthem.patch import Patch


def blank(k, known=True) -> Patch:
    labels = np.zeros((6, 1, 2, 2), bool)
    return Patch(np.zeros((1, 2, 2), np.uint8), labels, Grid((1, 2, 2)), (known,) * 6, name=f"{k:02}")


@pytest.mark.parametrize("total", [3, 9, 20, 36, 37])
def test_sections_are_spread_evenly_and_those_of_odd_multiples_hold_them(total):
    half = [blank(k) for k in range(total)]
    chosen = {n: [int(p.name) for p in spread_sections(half, n)] for n in (1, 2, 3, 9) if n <= total}
    for number, places in chosen.items():
        before, after = places[0], total - 1 - places[-1]
        gaps = [*np.diff(places), before + after + 1]  # the two ends together are as wide as a gap
        assert len(places) == number and min(places) >= 0 and max(gaps) - min(gaps) <= 1, places
        assert abs(before - after) <= 1
    assert set(chosen[1]) <= set(chosen[3]) and (total < 9 or set(chosen[3]) <= set(chosen[9]))
    assert spread_sections(half, total) == half


def test_only_labelled_sections_count():
    half = [blank(k, known=k % 2 == 0) for k in range(6)]
    assert [p.name for p in spread_sections(half, 3)] == ["00", "02", "04"]
    with pytest.raises(InputError, match="real_sections: 4 are asked for, and the training half holds 3 lab"):
        spread_sections(half, 4)


def test_too_many_sections_are_refused_before_anything_is_made(real):
    with pytest.raises(InputError, match="9 are asked for, and the training half holds 5 labelled ones"):
        load_data(config(real, real_sections=[1, 9]), lambda: SYNTHETIC)
    with pytest.raises(InputError, match="real_sections must be at least one, each named once"):
        config(real, real_sections=[1, 1])


def test_what_validates_is_held_out_of_the_sections_that_were_chosen(real):
    settings = config(real, real_sections=[1, 3, "all"])
    data = load_data(settings, lambda: SYNTHETIC)
    three, one = data.of_sections(settings, 3), data.of_sections(settings, 1)
    assert [p.name for p in (*three.train, *three.validation)] == ["s000", "s002", "s004"]
    assert [p.name for p in three.validation] == ["s004"] and len(data.train) == 4
    (kept,), (held,) = one.train, one.validation
    assert kept.name == held.name == "s002" and kept.grid.shape[2] + held.grid.shape[2] == 64
    np.testing.assert_array_equal(
        np.concatenate([kept.image, held.image], axis=2), next(p for p in data.half if p.name == "s002").image
    )
    assert three.synthetic == data.synthetic and three.test == data.test
    assert "3 labelled sections: s000, s002 train, s004 validate" in data.notes
    assert "1 labelled section: parts of s002 train and validate" in data.notes


def test_arms_that_see_no_real_label_are_trained_once_a_seed(real):
    settings = config(
        real, real_sections=[1, "all", 5], seeds=[0, 1], arms=["real", "synthetic", "mixed", "adapted"]
    )
    listed = cells(settings, [("4 steps", 4)], 5)
    assert len({cell.folder for cell in listed}) == len(listed) == 2 * (2 * 2 + 2)  # 5 of 5 are all
    assert {(c.arm, c.real_sections) for c in listed} == {
        ("real", 1), ("real", 5), ("mixed", 1), ("mixed", 5), ("synthetic", None), ("adapted", None)
    }  # fmt: skip
    folders = {cell.folder for cell in listed}
    assert "runs/6-classes/4-steps/1-section/real-seed0" in folders
    assert {"runs/6-classes/4-steps/real-seed0", "runs/6-classes/4-steps/adapted-seed1"} <= folders


def test_runs_say_how_many_sections_they_have_and_more_can_be_added(real, tmp_path):
    rare = {"crops": "rare", "rare": {"sheath": 0.5}}  # no real section to train on holds a sheath
    few = config(real, arms=["real", "synthetic"], real_sections=[1], **rare)
    data = load_data(few, lambda: SYNTHETIC)
    runs = run_experiment(few, data, tmp_path)
    assert [(r.arm, r.real_sections) for r in runs] == [("real", 1), ("synthetic", None)]
    times = [(tmp_path / r.folder / "result.json").stat().st_mtime_ns for r in runs]
    more = config(real, arms=["real", "synthetic"], real_sections=[1, "all"], **rare)
    same = load_data(more, lambda: SYNTHETIC)
    assert identity_of_experiment(more, same) == identity_of_experiment(few, data)
    again = run_experiment(more, data, tmp_path)
    assert [(r.arm, r.real_sections) for r in again] == [("real", 1), ("synthetic", None), ("real", 5)]
    assert [(tmp_path / r.folder / "result.json").stat().st_mtime_ns for r in again[:2]] == times
    assert again[0].curves != again[2].curves


def test_an_epoch_is_the_same_for_every_number_of_sections(real):
    settings = config(real, steps=None, epochs=2, arms=["real"], real_sections=[1, "all"])
    data = load_data(settings, lambda: SYNTHETIC)
    budgets = [(f"{n} epochs", n * data.epoch_steps(settings)) for n in settings.epochs]
    assert {cell.steps for cell in cells(settings, budgets, 5)} == {12}
    source = data.of_sections(settings, 1).source_for("real", settings, CLASSES)
    assert {p.name for p in source.patches} == {"s002"}
