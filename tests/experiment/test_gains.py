"""Intervals of gains hold the truth as often as they say, and nothing where nothing can be said."""

import math
import time

import numpy as np
import pytest
from made_up_runs import CLASSES, made_up

from synthem.experiment.gains import LEAST_COLUMNS, Gain, interval, short, table
from synthem.experiment.report.tables import markdown_table
from synthem.experiment.results import groups


def simulated(rng, seeds, columns, *, gain=0.05, deviation=0.01, classes=1):
    """Make counts of two arms, float64 (seed, column, 3, class): columns and gains in them vary."""
    size = rng.poisson(2000 * rng.gamma(2, 0.5, columns)) + 20
    hard, more = rng.normal(0, 0.12, columns), rng.normal(0, 0.05, columns)
    out = []
    for arm in (1, 0):
        luck = rng.normal(0, deviation, (seeds, 1)) + rng.normal(0, 0.02, (seeds, columns))
        share = np.clip(0.6 + hard + luck + arm * (gain + more), 0.02, 0.98)
        tp = rng.binomial(size, share)
        fp = rng.binomial(size, 1 - share)
        out.append(np.repeat(np.stack([tp, fp, size - tp], -1)[..., None], classes, -1).astype(float))
    return out


def pooled_gain(ours, real):
    tp, fp, fn = np.moveaxis(np.stack([ours, real]).sum(2)[..., 0], -1, 0)
    dice = 2 * tp / (2 * tp + fp + fn)
    return float((dice[0] - dice[1]).mean())


@pytest.mark.parametrize(("seeds", "columns"), [(1, 12), (3, 8), (3, 24)])
def test_intervals_hold_the_true_gain_in_about_95_of_100_experiments(seeds, columns):
    rng = np.random.default_rng(0)
    deviation = 0.0 if seeds == 1 else 0.01
    true = np.mean([pooled_gain(*simulated(rng, 3, 3000, deviation=0)) for _ in range(20)])
    ends = np.array([interval(*simulated(rng, seeds, columns, deviation=deviation))[0] for _ in range(150)])
    held = np.mean((ends[:, 0] <= true) & (true <= ends[:, 1]))
    assert 0.88 <= held <= 0.995


def test_intervals_are_as_wide_as_students_where_the_gain_is_a_mean():
    """With equal columns, one seed and no false finds to spoil it, Dice is nearly linear in the columns."""
    rng = np.random.default_rng(1)
    share = rng.normal(0.5, 0.02, 10)
    size = np.full(10, 1e6)
    real = np.stack([0.5 * size, 0.5 * size, 0.5 * size], -1)[None, ..., None]
    ours = np.stack([share * size, (1 - share) * size, (1 - share) * size], -1)[None, ..., None]
    low, high = interval(ours, real)[0]
    half = 2.262 * share.std(ddof=1) / math.sqrt(10)  # Student's t of nine degrees of freedom
    assert (high - low) / 2 == pytest.approx(half, rel=0.12)
    assert (high + low) / 2 == pytest.approx(share.mean() - 0.5, abs=0.15 * half)


def test_identical_arms_gain_exactly_nothing():
    ours, _ = simulated(np.random.default_rng(2), 3, 9, classes=2)
    assert interval(ours, ours).tolist() == [[0.0, 0.0]] * 3


def test_a_doubled_gain_doubles_the_interval():
    columns = np.array([100, 300, 200, 250, 50, 400, 120])[None, :]
    effect = np.array([0.02, 0.05, 0.03, 0.06, 0.01, 0.04, 0.02])

    def arm(times):
        tp = 1000 * columns * (0.4 + times * effect)
        return np.stack([tp, 1000 * columns - tp, 1000 * columns - tp], -1)[..., None]

    once, twice = interval(arm(1), arm(0))[0], interval(arm(2), arm(0))[0]
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-9)
    np.testing.assert_allclose(interval(arm(0), arm(1))[0], -once[::-1], rtol=0.02)


def test_seeds_that_differ_widen_the_interval():
    rng = np.random.default_rng(3)
    width = [np.ptp(interval(*simulated(rng, 3, 20, deviation=d))[0]) for d in (0.0, 0.1)]
    assert width[1] > 2 * width[0]


def test_neighbouring_sections_do_not_make_the_interval_narrower():
    def gain(copies):
        runs = []
        for arm, found in (("real", 0.5), ("mixed", 0.52)):
            run = made_up(arm, found=found, columns=7)
            again = [
                {**b, "section": f"s{1000 * k + n}"} for n in range(copies) for k, b in enumerate(run.blocks)
            ]
            runs.append(made_up(arm, found=found, columns=7, blocks=again))
        return table(runs)[0].gain["mixed"]

    once, copied = gain(1), gain(20)
    assert copied.columns == once.columns == 7
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))


def test_the_same_counts_give_the_same_interval_in_well_under_a_second():
    ours, real = simulated(np.random.default_rng(4), 5, 240, classes=6)
    start = time.perf_counter()
    first = interval(ours, real)
    assert time.perf_counter() - start < 1
    np.testing.assert_array_equal(first, interval(ours, real))
    assert (interval(ours, real, "jaccard") != first).all()


def test_a_class_in_few_columns_has_no_interval_and_one_that_is_nowhere_a_dash():
    def run(arm, found):
        few = made_up(arm, found=found, support=(1000, 1000))
        for block in few.blocks[LEAST_COLUMNS - 1 :]:
            block["tp"][1] = block["fp"][1] = block["fn"][1] = 0
        return few

    psd, sheath, mean = table([run("real", 0.5), run("mixed", 0.7)])
    assert psd.gain["mixed"].verdict == "gain" and psd.gain["mixed"].columns == 12
    assert sheath.gain["mixed"].verdict == "no interval" and sheath.gain["mixed"].columns == 4
    assert mean.gain["mixed"].verdict == "gain"
    nowhere = table([made_up("real"), made_up("mixed")])[1]
    assert nowhere.support == 0 and nowhere.gain["mixed"].verdict == "undefined"
    assert str(nowhere.gain["mixed"]) == "–"


def test_one_seed_has_an_interval_over_columns_and_no_deviation():
    gain = table([made_up("real"), made_up("mixed", found=0.6)])[0].gain["mixed"]
    assert gain.seeds == 1 and math.isnan(gain.std) and gain.low < gain.mean < gain.high


def test_only_seeds_that_both_arms_have_are_compared():
    runs = [made_up("real", s) for s in (0, 1, 2)] + [made_up("mixed", s, found=0.6) for s in (1, 2, 3)]
    gain = table(runs)[0].gain["mixed"]
    assert gain.seeds == 2 and gain.low < gain.mean < gain.high
    apart = table([made_up("real", 0), made_up("mixed", 1)])[0].gain["mixed"]
    assert apart.seeds == 0 and apart.verdict == "undefined"


@pytest.mark.parametrize(
    ("gain", "text", "verdict"),
    [
        (Gain(0.1349, 0.01, 0.088, 0.171), "+.135 [.09, .17]", "gain"),
        (Gain(-0.02, 0.01, -0.041, -0.004), "−.020 [−.04, −.00]", "loss"),
        (Gain(0.01, 0.01, -0.02, 0.04), "+.010 [−.02, .04]", "no difference shown"),
        (Gain(0.0, 0.0, 0.0, 0.0), "+.000 [.00, .00]", "no difference shown"),
        (Gain(0.42, math.nan), "+.420", "no interval"),
        (Gain(math.nan, math.nan), "–", "undefined"),
    ],
)
def test_gains_are_written_with_their_interval(gain, text, verdict):
    assert (str(gain), gain.verdict) == (text, verdict)


def test_shares_are_written_without_their_nought():
    assert [short(v) for v in (0.5, 1.0, -0.25, math.nan)] == [".500", "1.000", "−.250", "–"]


def test_markdown_says_where_no_difference_is_shown():
    runs = [made_up(arm, s) for arm in ("real", "mixed") for s in (0, 1)]
    line = markdown_table(table(runs)).splitlines()[2]
    assert line.startswith("| PSD | 12,000 | .") and ", no difference shown |" in line
    assert "| sheath | 0 | – | – | – |" in markdown_table(table(runs))


def test_arms_without_real_labels_stand_in_every_comparison():
    runs = [made_up("adapted"), made_up("synthetic")]
    runs += [made_up(arm, s, real_sections=n) for n in (36, 4) for s in (1, 0) for arm in ("mixed", "real")]
    found = groups(runs)
    assert list(found) == [(6, "4 steps", 36), (6, "4 steps", 4)]
    for (_, _, sections), group in found.items():
        assert [(r.arm, r.seed) for r in group] == [
            ("real", 0), ("real", 1), ("synthetic", 0), ("mixed", 0), ("mixed", 1), ("adapted", 0),
        ]  # fmt: skip
        assert {r.real_sections for r in group} == {None, sections}
    assert list(groups([made_up("synthetic"), made_up("real")])) == [(6, "4 steps", None)]
    assert len(CLASSES) == 2
