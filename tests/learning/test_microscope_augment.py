"""The microscope as augmentation of training crops: without the option, all is as it was."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from shapes import Grid
from shapes.core.errors import InputError
from synthem.augment.config import MicroscopeAugment
from synthem.cli.training import Training
from synthem.labels import CLASSES, channel
from synthem.learning.config import AugmentConfig, TrainConfig
from synthem.learning.crops.augment import augment
from synthem.learning.crops.crops import Crop, UniformCrops
from synthem.learning.crops.dataset import CropDataset, to_sample
from synthem.learning.identity import identity_of_training
from synthem.patch import Patch

EDGE = 48


def patch(ignored: bool = False, depth: int = 1) -> Patch:
    rng = np.random.default_rng(0)
    shape = (depth, 2 * EDGE, 2 * EDGE)
    labels = np.zeros((len(CLASSES), *shape), bool)
    labels[channel("membrane")] = rng.random((depth, 8, 8)).repeat(12, 1).repeat(12, 2) < 0.4
    image = np.where(labels[channel("membrane")], 80, 170) + rng.normal(0, 6, shape)
    unsaid = rng.random((depth, 8, 8)).repeat(12, 1).repeat(12, 2) < 0.3 if ignored else None
    labels &= True if unsaid is None else ~unsaid
    return Patch(image.astype(np.uint8), labels, Grid(shape), ignored=unsaid)


def crops(settings: TrainConfig, of: Patch) -> list[dict[str, torch.Tensor]]:
    return list(CropDataset(UniformCrops([of], settings.patch_vx), settings, 0, 24))


def config(microscope: object = None, **more: object) -> TrainConfig:
    augmentation = {} if microscope is None else {"augment": {"microscope": microscope}}
    return TrainConfig.model_validate({"patch_vx": (1, EDGE, EDGE), **augmentation, **more})


def test_without_it_crops_and_identities_are_what_they_were():
    one, plain = patch(), config()
    for off in (None, False):
        settings = config(off)
        assert settings == plain and "microscope" not in settings.model_dump()["augment"]
        assert identity_of_training(settings) == identity_of_training(plain)
        crop = Crop(one, (0, 3, 5))
        sample = to_sample(crop, settings, settings.augment, rng=np.random.default_rng(3))
        box = (slice(0, 1), slice(3, 3 + EDGE), slice(5, 5 + EDGE))
        labels = np.concatenate([one.labels[(slice(None), *box)], np.ones((1, 1, EDGE, EDGE), bool)])
        image, masks = augment(
            one.image[box].astype(np.float32), labels, AugmentConfig(), rng=np.random.default_rng(3)
        )
        assert np.array_equal(sample["image"][0], image[0]) and np.array_equal(
            sample["labels"], masks[:-1, 0]
        )
    assert TrainConfig.model_validate_json(config(True).model_dump_json()) == config(True)
    assert identity_of_training(config(True)) != identity_of_training(plain)


def test_crops_are_seen_anew_the_same_for_the_same_seed():
    one = patch()
    plain, seen, again = (crops(config(m), one) for m in (None, True, {"strength": 1.0}))
    assert all(torch.equal(a["image"], b["image"]) for a, b in zip(seen, again, strict=True))
    changed = [not torch.equal(a["image"], b["image"]) for a, b in zip(plain, seen, strict=True)]
    assert sum(changed) > 18
    assert all(s["labels"].shape == p["labels"].shape for s, p in zip(seen, plain, strict=True))
    still = crops(config({"strength": 0}), one)
    assert all(torch.equal(a["image"], b["image"]) for a, b in zip(plain, still, strict=True))


def test_dark_squares_stay_membrane_wherever_they_are_moved():
    bent = MicroscopeAugment().only(("elastic",)).model_dump()
    for sample in crops(config({**bent, "strength": 2}), patch()):
        dark = sample["image"][0] < 125
        assert float((dark == (sample["labels"][channel("membrane")] > 0)).float().mean()) > 0.93


def test_ignored_voxels_and_cracks():
    every = MicroscopeAugment().only(("elastic", "crack")).model_dump()
    settings = config({**every, "crack": {"chance": 1, "number": 6}})
    for sample in crops(settings, patch(ignored=True)):
        assert sample["known"].shape == sample["labels"].shape
        assert not sample["labels"][sample["known"] == 0].any()
        assert 0.05 < float((sample["known"] == 0).float().mean()) < 0.7
    for sample in crops(settings, patch()):  # a crack is background, not unknown, also in the crop's corner
        assert (sample["known"] == 1).all()


def test_stacks_are_seen_anew():
    settings = config(True, patch_vx=(16, 32, 32), network={"dims": 3})
    for sample in crops(settings, patch(depth=20))[:8]:
        assert sample["image"].shape == (1, 16, 32, 32) and torch.isfinite(sample["image"]).all()


def test_the_option_of_the_command(tmp_path):
    assert Training().settings().augment.microscope is None
    assert Training(augment="microscope").settings().augment.microscope == MicroscopeAugment()
    assert Training(augment="microscope=0.5").settings().augment.microscope == MicroscopeAugment(strength=0.5)
    file = tmp_path / "own.yaml"
    file.write_text("augment: {grey: 0.2, microscope: {blur: {chance: 1}, strength: 2}}")
    own = Training(augment="microscope=0.5", config=file).settings().augment
    assert own.grey == 0.2 and own.microscope.strength == 0.5 and own.microscope.blur.chance == 1
    assert Training(augment="microscope", config=file).settings().augment.microscope.strength == 2
    file.write_text("augment: {microscope: true}")
    assert Training(config=file).settings().augment.microscope == MicroscopeAugment()
    for bad, says in (
        ("microscop", "write microscope"),
        ("microscope=lots", "write a number"),
        ("microscope=9", "less than or equal to 3"),
        ("microscope=nan", "strength"),
    ):
        with pytest.raises(InputError, match=says) as error:
            Training(augment=bad).settings()
        assert "\n" not in str(error.value)
    with pytest.raises(ValidationError):
        AugmentConfig.model_validate({"microscope": 3})
