"""The headline says what the figures say, also when that is a loss or nothing."""

import math
import re

import pytest
from made_up_runs import made_up

from synthem.experiment.gains import comparisons
from synthem.experiment.report.headline import foremost, headline
from synthem.experiment.results import spoken_of


def said(*runs, sections=36):
    return headline(comparisons(runs), sections)


def pair(before, after, arm="mixed", **more):
    return [
        made_up(a, s, found=found, **more) for a, found in (("real", before), (arm, after)) for s in (0, 1)
    ]


def test_a_gain_is_told_with_its_interval():
    text = said(*pair(0.5, 0.7))
    assert text.startswith("Synthetic patches added to 36 labelled sections lift PSD by .20 [.")
    assert "lower" not in text and "no difference" not in text and "sheath" not in text
    assert re.search(r"Mean Dice goes from \.(49|50)\d to \.(69|70)\d, \+\.\d{3} \[", text)


def test_a_loss_is_told_as_one():
    text = said(*pair(0.7, 0.5))
    assert "lower PSD by .20 [." in text and "lift" not in text
    low, high = map(float, text.split("[")[1].split("]")[0].split(", "))
    assert 0 < low <= 0.2 <= high


def test_nothing_shown_is_told_as_nothing():
    text = said(*pair(0.5, 0.5, support=(1000, 900)))
    assert "36 labelled sections show no difference for any class." in text
    assert "lift" not in text and "lower" not in text


def test_gain_loss_and_nothing_stand_side_by_side():
    runs = pair(0.5, 0.5, support=(1000, 1000))
    mixed = pair(0.5, 0.8, support=(1000, 1000))[2:]
    for run, better in zip(runs[2:], mixed, strict=True):
        for block, other in zip(run.blocks, better.blocks, strict=True):
            for key in ("tp", "fp", "fn"):
                block[key][1] = other[key][1]
        run.scores["sheath"] = better.scores["sheath"]
    assert re.search(r" lift sheath by \.\d\d \[\.29, \.3\d\]; show no difference for PSD\. ", said(*runs))


def test_a_class_in_few_places_is_told_without_interval():
    assert "change PSD by +.20, in too few places for an interval" in said(*pair(0.5, 0.7, columns=3))
    assert ", no interval." in said(*pair(0.5, 0.7, columns=3))


@pytest.mark.parametrize(
    ("arms", "says"),
    [
        (["real"], "36 labelled sections reach a mean Dice of ."),
        (["synthetic"], "No arm learned from real labels alone"),
        (["synthetic", "mixed"], " by synthetic and ."),
    ],
)
def test_without_two_arms_to_compare_the_reason_is_told(arms, says):
    assert says in said(*(made_up(arm) for arm in arms))


def test_a_comparison_of_no_class_at_all_is_told():
    assert "can be compared for no class" in said(*pair(0.5, 0.5, support=(0, 0)))


def test_one_class_alone_needs_no_mean():
    assert said(*pair(0.5, 0.7, support=(1000,))).endswith("].")


def test_the_comparison_with_most_labels_is_spoken_of_by_its_own_number():
    runs = [run for n, to in ((1, 0.9), (8, 0.6)) for run in pair(0.5, to, real_sections=n)] + [
        made_up("adapted", found=0.3)
    ]
    assert "added to 8 labelled sections lift PSD by .10" in said(*runs)
    assert foremost(comparisons(runs)).real_sections == 8
    assert "added to 1 labelled section lift" in said(*pair(0.5, 0.7, real_sections=1))


@pytest.mark.parametrize("arm", ["synthetic", "pretrained", "adapted"])
def test_every_arm_has_a_sentence(arm):
    text = said(*pair(0.5, 0.7, arm=arm))
    assert "36 labelled sections" in text and "lift PSD by .2" in text
    assert not math.isnan(float(text.split("goes from ")[1].split()[0]))


@pytest.mark.parametrize(
    ("arms", "foremost"),
    [
        (["real", "mixed", "pretrained", "adapted"], "pretrained"),
        (["real", "synthetic", "mixed"], "mixed"),
        (["real", "synthetic"], "synthetic"),
    ],
)
def test_a_report_speaks_first_of_the_arm_that_one_would_train_with(arms, foremost):
    assert spoken_of(arms) == foremost
