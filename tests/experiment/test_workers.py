"""Cells in several processes: the same results, byte for byte, and an end that loses nothing."""

import multiprocessing

import pytest
from small_experiment import SYNTHETIC, config, load_data

from shapes.core.errors import InputError
from synthem.experiment import workers
from synthem.experiment.run import conduct, run_experiment
from synthem.experiment.synthesis import stored_patches, synthetic_folder
from synthem.experiment.workers import jobs_for, threads_of_cell

RESULTS = ("predictions.npz", "training/curves.csv", "training/model.pt", "cell.json")


def small(real, **more):
    synthetic = {"preset": "getmanskaya2022", "count": 4, "shape_vx": (1, 48, 64), "fraction": 0.5, "seed": 7}
    return config(real, synthetic=synthetic, seeds=[0, 1], arms=["real", "mixed"], steps=3, **more)


def test_processes_find_what_one_finds_and_an_interrupt_keeps_what_is_whole(
    real,
    tmp_path,
    digests,
    monkeypatch,
):
    monkeypatch.setattr("synthem.experiment.run.write_report", lambda *given, **more: None)
    one, many, said = tmp_path / "one", tmp_path / "many", []
    runs = conduct(small(real), one, jobs=1)

    def stop(text):
        if "finished, 2 of 4" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        conduct(small(real), many, jobs=2, say=stop)
    assert not multiprocessing.active_children()
    kept = {path: path.stat().st_mtime_ns for path in many.rglob("result.json")}
    assert 2 <= len(kept) < 4
    conduct(small(real), many, jobs=1, say=said.append)
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert len([text for text in said if "is there already" in text]) == len(kept)
    assert said[-1].endswith("finished, 4 of 4")
    for run in runs:
        for name in RESULTS:
            assert (one / run.folder / name).read_bytes() == (many / run.folder / name).read_bytes(), name
    assert digests(one / "synthetic") == digests(many / "synthetic")
    worlds = [stored_patches(synthetic_folder(one, seed)) for seed in (0, 1)]
    assert [patches[0].name for patches in worlds] == ["getmanskaya2022-7-000000", "getmanskaya2022-8-000000"]
    assert (worlds[0][0].labels != worlds[1][0].labels).any()


def test_each_seed_is_trained_on_its_own_patches_and_read_once(real, tmp_path, monkeypatch):
    settings, read = small(real, class_sets=[6, 1]), []
    data = load_data(settings, lambda: SYNTHETIC)
    bare = load_data(settings, lambda: SYNTHETIC)
    bare = type(bare)(bare.train, bare.validation, bare.test, half=bare.half)
    monkeypatch.setattr(workers, "stored_patches", lambda folder: read.append(folder.name) or SYNTHETIC)
    runs = run_experiment(settings, bare, tmp_path)
    assert read == ["seed0", "seed1"]
    assert [(r.class_set, r.seed, r.arm) for r in runs[:4]] == [
        (6, 0, "real"), (6, 0, "mixed"), (6, 1, "real"), (6, 1, "mixed")
    ]  # fmt: skip
    assert len(data.synthetic) == 8


def test_a_cell_that_fails_is_named_and_one_of_other_settings_is_refused(real, tmp_path):
    settings = config(real, arms=["real"])
    data = load_data(settings, lambda: SYNTHETIC)
    training = tmp_path / "runs/6-classes/4-steps/real-seed0/training"
    training.mkdir(parents=True)
    (training / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"^real, 6 classes, 4 steps, seed 0: .*holds other files"):
        run_experiment(settings, data, tmp_path)
    (training / "mine.txt").unlink()
    run_experiment(settings, data, tmp_path)
    other = config(real, arms=["real"], validation_tiles=1)
    with pytest.raises(InputError, match="real-seed0: holds a training with other experiment"):
        run_experiment(other, data, tmp_path)


def test_threads_follow_from_the_machine_and_the_experiment_alone(real, monkeypatch):
    settings = config(real)
    data = load_data(settings, lambda: SYNTHETIC)
    monkeypatch.setattr(workers, "cores", lambda: 8)
    assert [threads_of_cell(settings, count) for count in (1, 3, 8, 20)] == [8, 2, 1, 1]
    assert jobs_for(settings, data, None) == 8 and jobs_for(settings, data, 3) == 3
    monkeypatch.setattr(workers, "available_bytes", lambda: 2 * workers.PROCESS_BYTES + 2**27)
    assert jobs_for(settings, data, None) == 2
    monkeypatch.setattr(workers, "uses_gpu", lambda config: True)
    assert threads_of_cell(settings, 3) is None and jobs_for(settings, data, None) == 1
