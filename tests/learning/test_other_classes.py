"""Networks of other classes than the six, and of more than eight."""

from pathlib import Path

import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.labels import CLASSES
from synthem.learning.config import AugmentConfig, TrainConfig
from synthem.learning.crops.augment import augment
from synthem.learning.crops.balance import balance_weights
from synthem.learning.crops.crops import Crop
from synthem.learning.crops.dataset import to_sample
from synthem.learning.crops.held_classes import learned_classes, spared_weights, without_absent
from synthem.learning.crops.rare_crops import RareCrops
from synthem.learning.identity import identity_of_data
from synthem.learning.network.model_file import Model, ModelCard, load_model, save_model
from synthem.learning.network.unet import build_unet
from synthem.patch import Patch, classes_of, shares_of

TINY = {"features": (4, 4, 4, 4, 4, 4)}


def patch(classes: tuple[str, ...], held: dict[str, int], known: tuple[bool, ...] = ()) -> Patch:
    """A patch with so many pixels of each class."""
    labels = np.zeros((len(classes), 1, 32, 32), bool)
    for name, count in held.items():
        labels[classes.index(name)].reshape(-1)[:count] = True
    image = np.full((1, 32, 32), 90, np.uint8)
    return Patch(image, labels, Grid((1, 32, 32)), known, "a", classes=classes)


@pytest.mark.parametrize("count", [3, 8, 9, 17])
def test_any_number_of_classes_moves_as_the_image_does(count: int) -> None:
    rng = np.random.default_rng(1)
    labels = rng.random((count, 2, 24, 24)) < 0.3
    image = rng.random((2, 24, 24)).astype(np.float32)
    config = AugmentConfig(rotate_deg=30, quarter_turns=True)
    _, moved = augment(image, labels, config, rng=np.random.default_rng(5))
    assert moved.shape == labels.shape and moved.dtype == np.bool_
    for k in range(count):
        _, alone = augment(image, labels[k : k + 1], config, rng=np.random.default_rng(5))
        np.testing.assert_array_equal(moved[k], alone[0])
    assert (moved != labels).any()


def test_a_sample_has_the_channels_of_the_training() -> None:
    config = TrainConfig(classes=("psd", "er", "axon"), patch_vx=(1, 16, 16), network=TINY)
    crop = Crop(patch(("er", "psd"), {"er": 40}), (0, 0, 0), {"er": 0.5})
    sample = to_sample(crop, config)
    assert sample["labels"].shape == (3, 16, 16)
    assert sample["labels"].sum((1, 2)).tolist() == [0, 24, 0]
    assert sample["known"].flatten().tolist() == [1.0, 0.5, 0.0]


def test_a_training_takes_the_classes_of_its_data_unless_others_are_named() -> None:
    assert TrainConfig().for_classes(("er",)).classes == ("er",)
    assert TrainConfig(classes=("psd",)).for_classes(("er",)).classes == ("psd",)
    assert TrainConfig(classes=CLASSES).for_classes(("er",)).classes == CLASSES
    plain = TrainConfig(steps=3)
    assert plain.for_classes(CLASSES) is plain
    assert "steps" in plain.for_classes(("er",)).model_fields_set
    with pytest.raises(ValueError, match="unknown class 'eer'"):
        TrainConfig(classes=("eer",))


def test_sources_of_other_classes_are_counted_by_name() -> None:
    one, two = patch(("er", "psd"), {"er": 500}), patch(("psd", "axon"), {"psd": 300, "axon": 900})
    assert classes_of([one, two]) == ("er", "psd", "axon")
    np.testing.assert_allclose(shares_of([one, two]) * 1024, [[500, 0, 0], [0, 300, 900]])
    assert spared_weights([one]) == {"er": 0.1} and spared_weights([two]) == {"psd": 0.1, "axon": 0.1}
    assert [p.known for p in without_absent([one])] == [(True, False)]
    assert learned_classes([one, two], ("axon", "glia", "er")) == ("axon", "er")
    with pytest.raises(InputError, match="labelled for none of it"):
        learned_classes([one], ("axon",))
    weights = balance_weights(shares_of([one, two]), {"axon": 0.5}, classes=("er", "psd", "axon")).weights
    assert weights[1] > 0.5


def test_crops_begin_at_a_rare_class_of_any_name() -> None:
    sections = [patch(("er",), {"er": 4}), patch(("psd",), {"psd": 900})]
    crops = RareCrops(sections, (1, 16, 16), {"er": 1.0})
    rng = np.random.default_rng(0)
    assert not crops.missing and {crops.draw(rng=rng)[0] for _ in range(20)} == {0}
    assert RareCrops(sections, (1, 16, 16), {"axon": 1.0}).missing == ("axon",)


def test_data_of_other_classes_are_other_data() -> None:
    """Even where every array is the same; of the six nothing changes."""
    held = {"psd": 4}
    names = [("psd", "er"), ("psd", "axon")]
    assert len({identity_of_data([patch(classes, held)]) for classes in names}) == 2


def test_a_model_keeps_its_classes(tmp_path: Path) -> None:
    config = TrainConfig(classes=("er", "axon", "glia"), network=TINY)
    card = ModelCard(config=config, voxel_nm=(5.0, 5.0, 5.0), learned=("er", "axon"))
    save_model(tmp_path / "m.pt", Model(build_unet(config.network, 3), card))
    model = load_model(tmp_path / "m.pt")
    assert model.classes == ("er", "axon", "glia") and model.learned == ("er", "axon")
