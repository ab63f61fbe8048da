"""A folder's run is known by what decides its result, and by nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.learning.config import TrainConfig
from synthem.learning.identity import identity_of_data, identity_of_training, keep_identity
from synthem.patch import Patch


def patch(**more) -> Patch:
    labels = np.zeros((6, 1, 4, 5), bool)
    labels[0, 0, 1, 1] = True
    return replace(Patch(np.zeros((1, 4, 5), np.uint8), labels, Grid((1, 4, 5)), name="a"), **more)


def test_everything_that_training_sees_of_data_counts():
    image, labels = patch().image.copy(), patch().labels.copy()
    image[0, 3, 4], labels[5, 0, 3, 4] = 1, True
    turned = Grid((1, 5, 4))
    others = [
        [patch(name="b")],
        [patch(image=image)],
        [patch(labels=labels)],
        [patch(known=(True,) * 5 + (False,))],
        [patch(grid=Grid((1, 4, 5), (5.0, 5.0, 6.0)))],
        [patch(image=image.reshape(1, 5, 4) * 0, labels=patch().labels.reshape(6, 1, 5, 4), grid=turned)],
        [patch(), patch(name="b")],
        [patch(name="b"), patch()],
        [],
    ]
    hashes = [identity_of_data(some) for some in [[patch()], *others]]
    assert len(set(hashes)) == len(hashes)
    assert identity_of_data([patch()]) == hashes[0] and hashes[0].startswith("1 patches, sha256 ")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"workers": 3}, True),
        ({"accelerator": "gpu"}, True),
        ({"devices": 2}, True),  # how many there were is told by the trainer
        ({"precision": "bf16-mixed"}, False),
        ({"seed": 1}, False),
        ({"lr": 0.5}, False),
        ({"patience": 3}, False),
        ({"class_weights": {"psd": 2.0}}, False),
        ({"check_every": 7}, False),  # the best model is chosen among validations
        ({"steps": 7}, False),
    ],
)
def test_settings_that_make_no_difference_do_not_count(change, same):
    assert (identity_of_training(TrainConfig(**change)) == identity_of_training(TrainConfig())) == same


def test_steps_count_where_the_schedule_follows_them():
    few, many = (TrainConfig(schedule="constant", steps=n) for n in (10, 20))
    assert identity_of_training(few) == identity_of_training(many)


def test_a_refusal_names_what_differs(tmp_path):
    file = tmp_path / "run" / "identity.json"
    keep_identity(file, {"data": "x" * 50, "lr": 0.1, "augment": {"flip": True, "grey": 0}}, "a training")
    before = file.read_bytes()
    keep_identity(file, {"augment": {"grey": 0, "flip": True}, "lr": 0.1, "data": "x" * 50}, "a training")
    with pytest.raises(InputError) as error:
        keep_identity(
            file, {"data": "y" * 50, "augment": {"flip": False, "grey": 0}, "more": 1}, "a training"
        )
    assert str(error.value) == (
        f"{tmp_path / 'run'}: holds a training with other data, augment.flip (True, not False), "
        "more (none, not 1), lr (0.1, not none); give another folder"
    )
    assert file.read_bytes() == before


def test_a_damaged_or_lost_identity_is_not_taken_for_the_same(tmp_path):
    file = tmp_path / "identity.json"
    for text in ("{", "[1]", ""):
        file.write_text(text)
        with pytest.raises(InputError, match="is damaged"):
            keep_identity(file, {}, "a training")
    file.unlink()
    (tmp_path / "last.ckpt").touch()
    with pytest.raises(InputError, match="is missing"):
        keep_identity(file, {}, "a training", of=tmp_path / "last.ckpt")
    assert not file.exists()
