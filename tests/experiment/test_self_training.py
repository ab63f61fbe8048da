"""Self-training sees images alone, listens to its teacher only while that makes sense, and says so."""

import math
import shutil

import cv2
import numpy as np
import pytest
import torch
from small_experiment import SETTINGS, config
from test_arms import FREE, save

from shapes.core.errors import InputError
from synthem.data.files import FOLDERS
from synthem.experiment.data import load_data
from synthem.experiment.run import conduct, run_experiment
from synthem.experiment.starts import with_its_network
from synthem.labels import CLASSES
from synthem.learning.training import mean_teacher

FILES = ("training/model.pt", "training/curves.csv", "cell.json")


def taught(real, init, **more):
    own = {"unlabelled": ["s00[34]"], "within": 1e6, "ramp": 0, "confidence": 0.5, **more.pop("own", {})}
    return with_its_network(
        config(
            real, **{
                "arms": ["self-trained"], "pretrained": {"init": init}, "training": FREE, "split": None,
                "self_training": own, "train": ["s00[012]"], "test": ["s00[567]"], **more,
            },
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def init(tmp_path_factory):
    return save(tmp_path_factory.mktemp("model") / "first.pt")


def scrambled(real, out, names):
    """Copy the sections with other labels, at random, of some of them."""
    shutil.copytree(real, out)
    rng = np.random.default_rng(0)
    for name in names:
        for cls in CLASSES:
            mask = (rng.random((48, 64)) < 0.5).astype(np.uint8) * 255
            cv2.imwrite(str(out / FOLDERS[cls][0] / f"{name}.png"), mask)
    return out


def heard(monkeypatch, wrong=()):
    """Let what the teacher finds be in range, or not, whatever a network of four steps finds."""
    monkeypatch.setattr(mean_teacher, "out_of_range", lambda *given: list(wrong))


def test_labels_of_unlabelled_sections_are_never_read(real, init, tmp_path, monkeypatch):
    heard(monkeypatch)
    other = scrambled(real, tmp_path / "real", ["s003", "s004"])
    runs = []
    for where, root in (("one", real), ("two", other)):
        settings = taught(root, init)
        data = load_data(settings)
        assert [p.name for p in data.unlabelled] == ["s003", "s004"]
        assert all(not p.known and not p.labels.size for p in data.unlabelled)
        runs += run_experiment(settings, data, tmp_path / where)
    assert runs[0].scores == runs[1].scores and runs[0].looks == runs[1].looks
    for name in FILES:
        one, two = ((tmp_path / where / runs[0].folder / name).read_bytes() for where in ("one", "two"))
        assert one == two, name


def test_unlabelled_images_teach_while_the_teacher_is_in_range(real, init, tmp_path, monkeypatch):
    losses = {}
    for name, sections, wrong in (
        ("taught", "s004", ()), ("other", "s003", ()), ("off", "s004", "?"), ("off, other", "s003", "?"),
    ):  # fmt: skip
        heard(monkeypatch, wrong)
        settings = taught(real, init, own={"unlabelled": sections})
        (run,) = run_experiment(settings, load_data(settings), tmp_path / name)
        assert run.looks == [{"step": 2, "wrong": list(wrong)}, {"step": 4, "wrong": list(wrong)}]
        state = torch.load(tmp_path / name / run.folder / "training" / "last.ckpt", weights_only=True)
        losses[name] = torch.cat([v.flatten().double() for v in state["state_dict"].values()])
    assert torch.equal(losses["off"], losses["off, other"])  # nobody listened
    assert not torch.equal(losses["taught"], losses["off"])
    assert not torch.equal(losses["taught"], losses["other"])


def test_a_figure_is_out_of_range_beyond_the_factor_alone():
    truth = {"psd": (0.02, 50.0), "sheath": (0.0, math.nan), "membrane": (0.2, math.nan)}
    fine = {"psd": (0.05, 20.0), "sheath": (0.5, 9.0), "membrane": (0.1, math.nan)}
    assert mean_teacher.out_of_range(fine, truth, 3.0) == []
    assert mean_teacher.out_of_range({**fine, "psd": (0.0, math.nan)}, truth, 3.0) == [
        "psd: share 0, of labels 0.02"
    ]
    assert mean_teacher.out_of_range({**fine, "psd": (0.02, 200.0)}, truth, 3.0) == [
        "psd: median area 200, of labels 50"
    ]
    mask = np.zeros((1, 1, 40, 40), bool)
    mask[0, 0, 2:38:6, 2:7] = True
    assert mean_teacher.figures_of([mask], ["psd"])["psd"] == (mask.mean(), 5)
    assert math.isnan(mean_teacher.figures_of([mask], ["membrane"])["membrane"][1])


def test_the_report_says_when_the_teacher_was_not_listened_to(real, init, tmp_path, monkeypatch):
    heard(monkeypatch, ["psd: share 0, of labels 0.1"])
    settings = taught(real, init, own={"within": 1.0001, "unlabelled": "s00[56]"})
    (run,) = conduct(settings, tmp_path)
    told = (tmp_path / "report.md").read_text()
    assert (
        "after 2 of 2 looks at its teacher nothing was learned" in told and run.looks[0]["wrong"][0] in told
    )
    assert "2 of these (s005, …) are test sections" in told
    assert run.arm in (tmp_path / "report.html").read_text()


def test_test_sections_are_taken_only_by_their_names(real, init):
    assert [p.name for p in load_data(taught(real, init, own={"unlabelled": None})).unlabelled] == [
        "s003",
        "s004",
    ]
    for own, says in (
        ({"unlabelled": "s*"}, r"'s\*' takes in s005 of the test half beside others"),
        ({"unlabelled": "t*"}, r"no section is called 't\*'"),
    ):
        with pytest.raises(InputError, match=says):
            load_data(taught(real, init, own=own))
    full = taught(real, init, own={"unlabelled": None}, train=["s00[01234]"])
    with pytest.raises(InputError, match=r"all sections of .* are in one of the halves"):
        load_data(full)
    with pytest.raises(InputError, match="self-trained needs this block"):
        config(real, arms=["self-trained"])
    with pytest.raises(InputError, match="confidence"):
        taught(real, init, own={"confidence": 0.3})
    assert "self_training" not in config(real, synthetic=SETTINGS["synthetic"]).model_dump()
