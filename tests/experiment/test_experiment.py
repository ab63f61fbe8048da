"""An experiment compares arms fairly, can be stopped, and never overwrites what it did not write."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from page_reader import check_that_it_stands_alone
from small_experiment import SYNTHETIC, config, load_data, section

from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem.experiment.config import (
    SyntheticConfig,
    experiment_names,
    load_experiment,
)
from synthem.experiment.gains import table
from synthem.experiment.mark import claimed, hash_of, identity_of_experiment
from synthem.experiment.report.regions import telling_regions
from synthem.experiment.report.tables import gains_table
from synthem.experiment.report.write import write_report
from synthem.experiment.results import MeanStd, Run, read_predictions, write_predictions
from synthem.experiment.run import run_experiment
from synthem.experiment.synthesis import synthetic_patches
from synthem.labels import CLASSES
from synthem.patch import Patch


@pytest.fixture(scope="module")
def done(real, tmp_path_factory):
    """An experiment with two seeds and two class sets, run to its report."""
    out = tmp_path_factory.mktemp("out") / "experiment"
    settings = config(real, seeds=(0, 1), class_sets=(6, 1))
    data = load_data(settings, lambda: SYNTHETIC)
    with claimed(out, identity_of_experiment(settings, data)):
        runs = run_experiment(settings, data, out)
        write_report(settings, data, runs, out, notice="A test.")
    return settings, data, runs, out


def test_synthetic_patches_may_come_through_microscopes_of_their_own(tmp_path):
    same = {"count": 3, "shape_vx": (1, 48, 64)}
    plain, wide = (
        synthetic_patches(SyntheticConfig(**same, randomise=by), (5.0, 5.0, 5.0), tmp_path / str(by))
        for by in (1.0, 2.0)
    )
    for one, other in zip(plain, wide, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        assert (one.image != other.image).any()


def test_every_combination_is_run_with_the_same_steps(done):
    _, _, runs, _ = done
    assert {(r.class_set, r.arm, r.seed) for r in runs} == {
        (c, a, s) for c in (6, 1) for a in ("real", "synthetic", "mixed") for s in (0, 1)
    }
    assert {r.steps for r in runs} == {4} and all(len(r.curves) == 2 for r in runs)
    assert all(list(r.scores) == (list(CLASSES) if r.class_set == 6 else ["mitochondrion"]) for r in runs)


def test_scores_are_those_of_the_stored_predictions(done):
    _, data, runs, out = done
    run = runs[2]
    truth = np.stack([p.labels for p in data.test], axis=1)
    found = np.stack(read_predictions(out, run, data.test), axis=1)
    for k, name in enumerate(CLASSES):
        both, sizes = (truth[k] & found[k]).sum(), truth[k].sum() + found[k].sum()
        expected = 2 * both / sizes if sizes else None
        assert run.scores[name]["dice"] == (None if expected is None else pytest.approx(expected))
        assert run.scores[name]["support"] == truth[k].sum()


def test_the_report_holds_table_pictures_and_configuration(done):
    settings, _, _, out = done
    text = (out / "report.md").read_text()
    assert "**A test.**" in text and "| sheath |" in text and "gain of mixed" in text and "±" in text
    for line in text.splitlines():
        if line.startswith("!["):
            assert (out / line.split("(")[1].rstrip(")")).stat().st_size > 5000
    content = json.loads((out / "report.json").read_text(), parse_constant=pytest.fail)
    assert (
        content["hash"] == hash_of(identity_of_experiment(settings, done[1])) and content["versions"]["torch"]
    )
    assert content["sections"]["train"] == ["s000", "s001", "s002", "s003"]
    assert content["sections"]["validation"] == ["s004"]
    assert len(content["runs"]) == 12 and len(content["tables"]) == 4
    psd = content["tables"][0]["rows"][3]
    assert psd["class"] == "psd" and psd["support"] == 0


def test_the_report_is_a_page_that_stands_alone_too(done):
    *_, out = done
    reader = check_that_it_stands_alone((out / "report.html").read_text())
    heads = ("Gains", "Learning curves", "What is taken for what", "Training sets", "How it was done", "Runs")
    assert all(head in reader.text for head in heads) and "Dice by number" not in reader.text
    assert "A test." in reader.text and "sheath: absent from the real training sections" in reader.text
    assert [attrs for tag, attrs in reader.tags if tag == "image"]


def test_a_rerun_keeps_finished_runs_and_makes_missing_ones_again(done):
    settings, data, runs, out = done
    lost = out / runs[4].folder / "result.json"
    kept = {r.folder: (out / r.folder / "result.json").stat().st_mtime_ns for r in runs if r is not runs[4]}
    lost.unlink()
    again = run_experiment(settings, data, out)
    assert all((out / f / "result.json").stat().st_mtime_ns == t for f, t in kept.items())
    assert [replace(r, seconds=0) for r in again] == [replace(r, seconds=0) for r in runs]


@pytest.mark.parametrize(("absent", "labelled"), [("unlabelled", {False}), ("silent", {True})])
def test_a_class_that_one_source_never_holds_is_left_to_the_other(real, absent, labelled):
    settings = config(real, absent=absent)
    source = load_data(settings, lambda: SYNTHETIC).source_for("mixed", settings, CLASSES)
    rng = np.random.default_rng(0)
    drawn = [source.draw(rng=rng)[0] for _ in range(60)]
    ours = {p.name for p in SYNTHETIC}
    assert {p.known[5] for p in drawn if p.name not in ours} == labelled
    assert all(p.known[0] and p.known[2] for p in drawn)
    assert all(p.known[5] for p in drawn if p.name in ours)


def test_a_balance_draws_patches_that_hold_the_class_more_often(real):
    few = [section(200 + k, sheath=k % 4 == 0) for k in range(40)]
    balance = {"count": 40, "shape_vx": (1, 48, 64), "balance": {"sheath": 0.04}}
    settings = config(real, synthetic=balance)
    source = load_data(settings, lambda: few).source_for("synthetic", settings, CLASSES)
    rng = np.random.default_rng(0)
    shares = [source.draw(rng=rng)[0].labels[5].mean() for _ in range(800)]
    assert np.mean(shares) == pytest.approx(0.04, rel=0.1)


def test_epochs_count_the_real_tiles(real):
    settings = config(real, steps=None, epochs=[2, 3])
    data = load_data(settings, lambda: SYNTHETIC)
    per_section = 2 * 3  # 48 x 64 by 32 with steps of 24
    assert data.epoch_steps(settings) == math.ceil(4 * per_section / 4)
    assert data.epoch_steps(settings) == 6


def run_of(arm, seed, **dice) -> Run:
    scores = {
        n: {"dice": d, "jaccard": None, "support": 0 if d is None else 9, "predicted": 0}
        for n, d in dice.items()
    }
    return Run(6, "4 steps", arm, seed, 4, 4, 1.0, scores, [], "")


def test_gains_are_paired_by_seed_and_undefined_stays_undefined():
    runs = [
        run_of("real", 0, psd=0.2, sheath=None), run_of("mixed", 0, psd=0.5, sheath=None),
        run_of("real", 1, psd=0.4, sheath=None), run_of("mixed", 1, psd=0.5, sheath=None),
    ]  # fmt: skip
    psd, sheath, mean = table(runs)
    assert psd.score["real"].mean == pytest.approx(0.3) and psd.gain["mixed"].mean == pytest.approx(0.2)
    assert psd.gain["mixed"].std == pytest.approx(np.std([0.3, 0.1], ddof=1))
    assert str(sheath.gain["mixed"]) == "–" and f"{sheath.score['real']:.3f}" == "–"
    assert mean.score["mixed"].mean == pytest.approx(0.5) and mean.support == 9
    assert f"{MeanStd.of([0.25]):.3f}" == "0.250"


def test_terminal_table_has_a_row_for_each_class_and_arm(done):
    shown = gains_table(done[2][:6])
    assert [str(c.header) for c in shown.columns] == ["class", "support, voxels", "arm", "Dice", "gain"]
    assert list(shown.columns[2].cells) == ["real", "synthetic", "mixed"] * 7
    assert [c for c in shown.columns[0].cells if c][3] == "PSD"


@pytest.fixture
def found(done, tmp_path):
    """Runs of which ``real`` finds half of all sections but the first, and the others half of the first."""
    settings, data, runs, _ = done
    runs = [replace(run, folder=run.arm) for run in runs[:3]]
    for run in runs:
        masks = {}
        for k, patch in enumerate(data.test):
            mask = patch.labels.copy()
            if (k == 0) == (run.arm != "real"):
                mask[..., ::2] = False
            masks[patch.name] = np.packbits(mask, axis=0, bitorder="little")[0]
        (tmp_path / run.folder).mkdir()
        write_predictions(tmp_path / run.folder, masks)
    return settings, data, runs, tmp_path


def test_regions_go_from_the_largest_gain_to_the_largest_loss(found):
    settings, data, runs, out = found
    regions = telling_regions(settings, data, runs, out, each=1)
    gains = [r.dice["mixed"] - r.dice["real"] for r in regions]
    assert [r.verdict.split()[0] for r in regions] == ["gain", "loss"]
    assert gains[0] > 0.2 and gains[1] < -0.2 and regions[1].section == data.test[0].name
    assert list(regions[0].masks) == ["truth", "real", "synthetic", "mixed"]
    assert regions[0].masks["truth"].shape == (6, 32, 32) and regions[0].image.shape == (32, 32)


def test_without_an_arm_to_compare_with_regions_are_the_best_and_the_worst(found):
    settings, data, runs, out = found
    best, worst = telling_regions(settings, data, runs[1:2], out, each=1)
    assert best.dice["synthetic"] == 1 and worst.dice["synthetic"] < 0.8
    assert best.verdict == "Dice 1.000" and worst.section == data.test[0].name


def test_runs_keep_counts_by_block_that_add_up_and_what_is_taken_for_what(done):
    _, data, runs, _ = done
    for run in (runs[0], runs[-1]):
        truth = sum(np.array(block["tp"]) + block["fn"] for block in run.blocks)
        assert truth.tolist() == [row["support"] for row in run.scores.values()]
        assert {block["section"] for block in run.blocks} == {p.name for p in data.test}
        assert np.sum(run.confusion) == 3 * 48 * 64 and len(run.confusion) == run.class_set + 1


@pytest.mark.parametrize("name", ["few", "getmanskaya2022", "getmanskaya2022-brief", "quick", "rare"])
def test_shipped_experiments_are_valid(name):
    assert name in experiment_names() and load_experiment(name).real is None


def test_the_paper_is_shipped_in_full():
    paper = load_experiment("getmanskaya2022")
    training = paper.training
    assert (training.patch_vx, training.batch, training.lr, training.optimiser) == (
        (1, 256, 256),
        7,
        2e-5,
        "adam",
    )
    assert (paper.overlap, paper.validation_share, paper.epochs) == (0.25, 0.2, (200, 1000))
    assert (training.schedule, training.bce, training.skip_absent) == ("constant", 0, False)
    assert paper.absent == "silent"
    assert paper.class_sets == (6, 5, 1) and paper.arms == ("real", "mixed")


def test_command_line_takes_precedence(real):
    settings = config(None, split=None, train=["x"], test=["y"]).with_sections(str(real), "half")
    assert settings.real == str(real) and len(load_data(settings, lambda: SYNTHETIC).test) == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 1}, "did you mean 'seeds'"),
        ({"synthetic": {"presett": "epfl"}}, r"did you mean 'synthetic\.preset'"),
        ({"epochs": 3}, "one of steps, epochs and minutes"),
        ({"steps": None}, "one of steps, epochs and minutes"),
        ({"training": {"seed": 3}}, "training.seed follows"),
        ({"training": {"devices": 2}}, "one device"),
        ({"arms": ["reel"]}, "arms"),
        ({"class_sets": [4]}, "class_sets"),
        ({"seeds": [1, 1]}, "each named once"),
        ({"crops": "rare"}, "rare needs"),
        ({"crops": "rare", "rare": {"pds": 1.0}}, "did you mean 'psd'"),
        ({"crops": "rare", "rare": {"psd": -0.1}}, "rare: weights must not be negative"),
        ({"crops": "rare", "rare": {"psd": 0.6, "sheath": 0.6}}, "nor sum to more than 1"),
        ({"training": {"class_weights": {"psd": -1.0}}}, "the weight of psd must not be negative"),
        ({"training": {"class_weights": dict.fromkeys(CLASSES, 0.0)}}, "must weigh more than 0"),
        ({"synthetic": {"shape_vx": (1, 16, 16)}}, "must not be smaller"),
        ({"steps": -1}, "steps"),
    ],
)
def test_bad_experiments_are_refused_in_one_sentence(change, says):
    with pytest.raises(InputError, match=says) as error:
        config(**change)
    assert "\n" not in str(error.value)


def test_missing_sections_are_named(real, tmp_path):
    with pytest.raises(InputError, match="--real"):
        load_data(config(), lambda: SYNTHETIC)
    with pytest.raises(InputError, match="--split"):
        load_data(config(real, split=None), lambda: SYNTHETIC)
    with pytest.raises(UnknownNameError, match="did you mean 'half'"):
        load_data(config(real, split="halff"), lambda: SYNTHETIC)
    with pytest.raises(InputError, match="both halves"):
        load_data(config(real, split=None, train="s00*", test="s003"), lambda: SYNTHETIC)
    with pytest.raises(UnknownNameError, match="did you mean 'quick'"):
        load_experiment("quik")
    (tmp_path / "bad.yaml").write_text("title: [")
    with pytest.raises(InputError, match=r"bad\.yaml"):
        load_experiment(tmp_path / "bad.yaml")


def test_a_section_may_have_any_name(tmp_path):
    masks = {name: np.full((1, 2, 3), 5, np.uint8) for name in ("file", "file.png", "allow_pickle", "s 1")}
    write_predictions(tmp_path, masks)
    patches = [
        Patch(np.zeros((1, 2, 3), np.uint8), np.zeros((6, 1, 2, 3), bool), Grid((1, 2, 3)), name=n)
        for n in masks
    ]
    found = read_predictions(tmp_path, replace(run_of("real", 0, psd=0.5), folder="."), patches)
    assert all(mask[0].all() and not mask[1].any() and mask[2].all() for mask in found)


def test_sections_named_in_an_experiment_are_text(tmp_path):
    path = tmp_path / "e.yaml"
    path.write_text("title: T\ntrain: [0000, 0010]\ntest: 0x1F\nsynthetic: {count: 4}\nsteps: 2\n")
    loaded = load_experiment(path)
    assert (loaded.train, loaded.test, loaded.steps) == (("0000", "0010"), ("0x1F",), (2,))
