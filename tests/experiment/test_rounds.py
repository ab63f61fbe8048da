"""Synthetic patches in rounds: each learns on from the last, spends its share, and a kill changes nothing."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from small_experiment import SETTINGS, config, section

from shapes import Grid
from shapes.core.errors import InputError
from synthem.experiment import rounds as rounds_module
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import load_data
from synthem.experiment.mark import identity_of_settings
from synthem.experiment.results import read_run
from synthem.experiment.rounds import last_steps, world_seed
from synthem.experiment.run import conduct, run_experiment
from synthem.learning.crops.balance import balance_weights
from synthem.learning.training import trainer

BALANCE = {"mitochondrion": 0.05, "membrane": 0.2, "sheath": 0.02}
SYNTHESIS = {
    "count": 8, "shape_vx": (1, 48, 64), "fraction": 0.5, "seed": 7,
    "balance": BALANCE, "rounds": 2,
}  # fmt: skip
TRAINING = {**SETTINGS["training"], "lr": 0.05, "check_every": 5}
FILES = ("result.json", "rounds.json", "predictions.npz", "training/curves.csv", "training/model.pt")


def looped(real, *arms, **more) -> ExperimentConfig:
    return config(real, **{"synthetic": SYNTHESIS, "arms": arms, "steps": 17, "training": TRAINING, **more})


def timeless(path):
    text = path.read_bytes()
    return {**json.loads(text), "seconds": 0} if path.name == "result.json" else text


ASKED = []


def made(asked, voxel_nm, folder, *, classes):
    """Stand in for tissue, which takes longer to grow: sections by the seed, as many as are asked for."""
    ASKED.append((folder.name, asked.seed, asked.count, asked.balance))
    patches = [section(asked.seed % 1000 + k, sheath=True) for k in range(asked.count)]
    return [replace(p, grid=Grid(p.grid.shape, voxel_nm, (0, 9000 * k, 0))) for k, p in enumerate(patches)]


@pytest.fixture(autouse=True, scope="module")
def _quick_tissue():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rounds_module, "synthetic_patches", made)
        yield


@pytest.fixture(scope="module")
def whole(real, tmp_path_factory):
    """A finished experiment of all three allocations, with its report."""
    out = tmp_path_factory.mktemp("loop") / "out"
    settings = looped(real, "real", "mixed-uniform", "mixed-inverse", "mixed-adaptive")
    return settings, out, {run.arm: run for run in conduct(settings, out)}


def test_each_round_spends_its_part_and_trains_on_from_the_last(whole):
    settings, out, runs = whole
    assert not settings.needs_patches and not (out / "synthetic").exists() and not runs["real"].rounds
    for arm in ("mixed-uniform", "mixed-inverse", "mixed-adaptive"):
        run = runs[arm]
        assert [one["until"] for one in run.rounds] == [8, 17]
        assert [row["step"] for row in run.curves] == [
            5,
            8,
            10,
            15,
            17,
        ]  # one training
        assert [one["seed"] for one in run.rounds] == [world_seed(7, 0), world_seed(7, 1)]
        for one, row in zip(run.rounds, (run.curves[1], run.curves[-1]), strict=True):
            assert one["dice"] == {key: row[key] for key in one["dice"]} and "mean" in one["dice"]
            assert sum(one["budgets"].values()) == pytest.approx(sum(BALANCE.values()))
            assert one["patches"] == 3 and one["reached"].keys() == BALANCE.keys()
    first, second = (one["budgets"] for one in runs["mixed-adaptive"].rounds)
    assert first == BALANCE == runs["mixed-uniform"].rounds[1]["budgets"]
    dice = runs["mixed-adaptive"].rounds[0]["dice"]
    assert dice["sheath"] is None  # the validation holds none
    less, more = sorted(("mitochondrion", "membrane"), key=lambda name: 1 - dice[name])
    factor = {name: second[name] / BALANCE[name] for name in BALANCE}
    assert factor[less] < factor["sheath"] < factor[more]
    inverse = [one["budgets"] for one in runs["mixed-inverse"].rounds]
    assert inverse[0] == inverse[1] and inverse[0]["sheath"] == pytest.approx(4 * BALANCE["sheath"])


def test_the_pool_grows_and_the_sampler_has_the_budgets_of_the_round(real, tmp_path, monkeypatch):
    asked, pools = [], []

    def watched(shares, targets, **more):
        asked.append(dict(targets))
        pools.append(len(shares))
        return balance_weights(shares, targets, **more)

    monkeypatch.setattr("synthem.experiment.data.balance_weights", watched)
    settings = looped(real, "mixed-adaptive")
    ASKED.clear()
    (run,) = run_experiment(settings, load_data(settings), tmp_path)
    assert pools == [3, 6] and asked == [one["budgets"] for one in run.rounds]
    assert [
        (f"round{k + 1}", world_seed(7, k), 4, one["budgets"]) for k, one in enumerate(run.rounds)
    ] == ASKED


@pytest.mark.parametrize("moment", ["before patches", "before training", "before the note"])
def test_a_kill_in_the_second_round_changes_nothing(whole, real, tmp_path, monkeypatch, moment):
    _, out, runs = whole
    name = {"before patches": "synthetic_patches", "before the note": "write_json"}.get(moment)
    settings, calls = looped(real, "mixed-adaptive"), []
    target = (rounds_module, name) if name else (trainer, "fit")
    own = getattr(*target)

    def killed(*given, **more):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return own(*given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(*target, killed)
        with pytest.raises(KeyboardInterrupt):
            run_experiment(settings, load_data(settings), tmp_path)
    kept = tmp_path / runs["mixed-adaptive"].folder
    assert len(json.loads((kept / "rounds.json").read_text())) == 1 and not (kept / "result.json").exists()
    (run,) = run_experiment(settings, load_data(settings), tmp_path)
    assert run.rounds == runs["mixed-adaptive"].rounds
    for file in FILES:
        assert timeless(kept / file) == timeless(out / run.folder / file), file
    stamp = (kept / "training" / "model.pt").stat().st_mtime_ns
    (kept / "result.json").unlink()  # a kill while it was scored
    run_experiment(settings, load_data(settings), tmp_path)
    assert (kept / "training" / "model.pt").stat().st_mtime_ns == stamp
    (kept / "result.json").unlink()
    (kept / "rounds.json").write_text("[{}]")
    with pytest.raises(InputError, match=r"rounds\.json: is damaged"):
        run_experiment(settings, load_data(settings), tmp_path)


def test_the_report_tells_the_rounds(whole):
    _, out, runs = whole
    for name in ("report.html", "report.md"):
        text = (out / name).read_text()
        assert "Synthetic patches in rounds" in text
        assert "in 2 rounds of equal steps" in text and "nan" not in text.lower().replace("getmanskaya", "")
    told = (out / "report.md").read_text().split("## Synthetic patches in rounds")[1].split("## Runs")[0]
    assert told.count("| mixed-adaptive |") == 2 and "| 5 (" in told.replace("| 5.0 (", "| 5 (")
    plain = json.loads((out / "report.json").read_text())
    assert [run["rounds"] for run in plain["runs"] if run["arm"] == "mixed-adaptive"] == [
        runs["mixed-adaptive"].rounds
    ]
    assert "rounds" not in next(run for run in plain["runs"] if run["arm"] == "real")
    assert read_run(out / runs["real"].folder / "result.json").rounds == []


def test_without_rounds_settings_and_identities_are_those_of_before(real):
    plain = config(real)
    assert "rounds" not in plain.model_dump()["synthetic"]
    with_rounds = config(real, synthetic={**SETTINGS["synthetic"], "rounds": 3})
    assert identity_of_settings(with_rounds) == identity_of_settings(plain)  # arms can be added later
    assert "rounds" not in json.dumps(identity_of_settings(with_rounds))


def test_other_rounds_are_another_training(whole, real):
    _, out, _ = whole
    settings = looped(real, "mixed-uniform", synthetic={**SYNTHESIS, "rounds": 4})
    with pytest.raises(InputError, match=r"holds a training with other synthetic\.rounds"):
        run_experiment(settings, load_data(settings), out)


def test_what_does_not_fit_is_refused(real, tmp_path):
    for change, says in (
        ({"rounds": None}, r"synthetic\.rounds: say in how many"),
        ({"count": 3}, "fewer than two for each of 2 rounds"),
        ({"balance": {"psd": 0.1}}, "give two classes or more"),
    ):
        with pytest.raises(InputError, match=says) as error:
            looped(real, "mixed-adaptive", synthetic={**SYNTHESIS, **change})
        assert "\n" not in str(error.value)
    few = looped(real, "mixed-adaptive", steps=1)
    with pytest.raises(InputError, match="1 steps are fewer than 2 rounds"):
        run_experiment(few, load_data(few), tmp_path)


def test_rounds_are_equal_parts():
    for steps, number in ((5, 2), (100, 7), (4, 4)):
        ends = [0, *last_steps(steps, number)]
        assert ends[-1] == steps and {b - a for a, b in pairwise(ends)} <= {
            steps // number,
            -(-steps // number),
        }
