"""What `train` is asked for is what it trains on, and a folder goes on only with the same."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from synthem.cli.main import main
from synthem.data import memory
from synthem.data.files import FOLDERS
from synthem.labels import CLASSES, channel

SETTINGS = """
network: {features: [4, 4, 4, 4, 4, 4]}
patch_vx: [1, 32, 32]
batch: 2
steps: 2
check_every: 2
accelerator: cpu
"""


def draw(root, seed: int, bright: int) -> None:
    """Twelve sections; one in four is half mitochondrion."""
    rng = np.random.default_rng(seed)
    for k in range(12):
        mask = np.zeros((40, 48), np.uint8)
        mask[:, : 24 if k % 4 == 0 else 2] = 255
        image = bright + mask * 0.2 + rng.normal(0, 3, mask.shape)
        planes = {name: mask if name == "mitochondrion" else 0 * mask for name in CLASSES}
        for folder, plane in [("slices", image), *((FOLDERS[n][0], p) for n, p in planes.items())]:
            (root / folder).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / folder / f"{root.name}{k:02}.png"), plane)


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "real", 0, 80)
    draw(tmp_path / "more", 1, 120)
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def asked(work, monkeypatch):
    """Return a function that gives 600 crops of what a command would train on."""
    seen = {}

    def keep(config, source, validation, out, **more):
        seen.update(source=source, validation=validation)
        raise KeyboardInterrupt

    monkeypatch.setattr("synthem.learning.training.trainer.fit", keep)

    def crops(*options):
        assert main(["train", "real", "run", "--config", "settings.yaml", *options]) == 130
        rng = np.random.default_rng(0)
        return [seen["source"].draw(rng=rng)[0] for _ in range(600)], seen["validation"]

    return crops


@pytest.mark.parametrize("fraction", ["0", "0.2", "0.7"])
def test_the_fraction_of_crops_comes_from_added_data(asked, fraction):
    crops, validation = asked("--add", "more", "--fraction", fraction)
    added = np.mean([patch.name.startswith("more") for patch in crops])
    assert added == pytest.approx(float(fraction), abs=0.06)
    assert all(patch.name.startswith("real") for patch in validation)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_the_balance_decides_how_often_a_section_is_drawn(asked, share):
    crops, _ = asked("--balance", f"mitochondrion={share}")
    assert np.mean([p.labels[channel("mitochondrion")].mean() for p in crops]) == pytest.approx(
        share, rel=0.15
    )


@pytest.mark.parametrize("rare", ["0", "0.6", "1"])
def test_so_many_crops_begin_with_a_rare_class(asked, rare):
    """Where all of a class lies in one section of four, and a crop cannot but show some of it, all do."""
    crops, _ = asked("--rare", f"mitochondrion={rare}")
    held = np.mean([patch.labels[0].mean() > 0.3 for patch in crops])
    pixels = 3 * 24 / (3 * 24 + 7 * 2)  # of ten sections that are kept, three hold half a section
    assert held == pytest.approx(float(rare) * pixels + (1 - float(rare)) * 0.3, abs=0.06)


def test_two_ways_to_choose_crops_are_one_too_many(work, capsys):
    options = ["--config", "settings.yaml", "--balance", "mitochondrion=0.3", "--rare", "mitochondrion=0.3"]
    assert main(["train", "real", "run", *options]) == 2
    assert "balance and rare both say which crops are drawn" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "labelled"),
    [((), False), (("--absent", "silent"), True), (("--absent", "unlabelled"), False)],
)
def test_what_the_absence_of_a_class_means(asked, options, labelled):
    crops, _ = asked("--add", "more", "--fraction", "0.5", *options)
    sheath = channel("sheath")
    assert not any(patch.labels[sheath].any() for patch in crops)
    assert all(patch.known[sheath] == labelled for patch in crops)


def test_what_is_held_out_is_never_trained_on(asked):
    crops, validation = asked()
    assert [p.name for p in validation] == ["real10", "real11"]
    assert {p.name for p in crops} == {f"real{k:02}" for k in range(10)}


ADDED = ["--add", "more", "--fraction", "0.5"]


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        ([], ADDED, "added data, fraction (none, not 0.5)"),
        (ADDED, [*ADDED[:2], "--fraction", "0.4"], "fraction (0.5, not 0.4)"),
        ([], ["--balance", "mitochondrion=0.3"], "balance.mitochondrion (none, not 0.3)"),
        ([], ["--voxel-nm", "8,5,5"], "data"),
        ([], ["--seed", "4"], "seed (0, not 4)"),
        ([], ["--classes", "mitochondrion"], "classes"),
        ([], ["--steps", "9"], "steps of its schedule (2, not 9)"),
    ],
)
def test_a_folder_goes_on_with_nothing_else(work, capsys, digests, first, then, says):
    command = ["train", "real", "run", "--config", "settings.yaml"]
    assert main([*command, *first]) == 0
    before = digests(work / "run")
    assert main([*command, *first]) == 0
    assert digests(work / "run") == before
    capsys.readouterr()
    assert main([*command, *then]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("synthem: run: holds a training with other") and says in said
    assert digests(work / "run") == before


def test_a_folder_goes_on_with_no_other_pixels(work, capsys):
    command = ["train", "real", "run", "--config", "settings.yaml"]
    assert main(command) == 0
    image = cv2.imread("real/slices/real03.png", cv2.IMREAD_GRAYSCALE)
    image[0, 0] += 1
    cv2.imwrite("real/slices/real03.png", image)
    assert main(command) == 2
    assert "with other data;" in capsys.readouterr().err


def test_want_of_memory_is_foreseen(work, capsys, monkeypatch):
    """Data are held in memory while they train, so it is asked for before any is read."""
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    assert main(["train", "real", "run", "--config", "settings.yaml"]) == 2
    assert "training: holding 12 patches in memory takes about" in capsys.readouterr().err
    assert not Path("run").exists()


def test_a_share_that_cannot_be_reached_is_told(work, capsys):
    command = ["train", "real", "run", "--config", "settings.yaml", "--balance", "psd=0.1"]
    assert main(command) == 0
    assert "balance: psd: reached 0 of 0.1: none of the 10 patches holds any" in capsys.readouterr().err
