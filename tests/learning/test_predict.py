"""Inference on images of any size: strips, mirror images, silent classes."""

import numpy as np
import pytest

from shapes.core.errors import InputError
from synthem.learning import predict
from synthem.learning.config import NetworkConfig, TrainConfig
from synthem.learning.model_file import Model, ModelCard
from synthem.learning.predict import Predictor, strips
from synthem.learning.unet import build_unet


def model(learned: tuple[str, ...] | None = None, dims: int = 2) -> Model:
    network = NetworkConfig(dims=dims, features=(4, 4, 4, 4, 4, 4))
    patch_vx = (1, 32, 32) if dims == 2 else (16, 32, 32)
    config = TrainConfig(network=network, classes=("membrane", "psd"), patch_vx=patch_vx)
    card = ModelCard(config=config, voxel_nm=(5.0, 5.0, 5.0), learned=learned)
    return Model(build_unet(network, 2, seed=1).eval(), card)


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.6])
@pytest.mark.parametrize("height", [32, 50, 77, 200, 256])
def test_strips_cover_every_row_once(height: int, overlap: float) -> None:
    parts = list(strips((height, 40), 32, overlap, 1))
    assert [row for *_, own in parts for row in range(own.start, own.stop)] == list(range(height))
    assert all(first <= own.start and own.stop <= last for first, last, own in parts)
    assert len(parts) > 2 or height < 200


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.6])
def test_a_section_in_strips_is_the_section_as_a_whole(monkeypatch, overlap: float) -> None:
    predictor = Predictor(model(), overlap=overlap, device="cpu")
    section = image(1, 203, 70)
    whole = predictor.probabilities(section)
    monkeypatch.setattr(predict, "STRIP_PX", 1)
    np.testing.assert_allclose(predictor.probabilities(section), whole, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 20, 20), (2, 5, 100), (1, 1, 1), (1, 31, 33)])
def test_an_image_smaller_than_a_window_is_labelled(shape: tuple[int, int, int]) -> None:
    section = image(*shape)
    found = Predictor(model(), device="cpu").probabilities(section)
    assert found.shape == (2, *shape) and np.isfinite(found).all()
    assert Predictor(model(dims=3), device="cpu").masks(section).shape == (2, *shape)


def test_a_small_image_is_continued_by_its_mirror_image() -> None:
    predictor = Predictor(model(), device="cpu")
    section = image(1, 20, 24)
    mirrored = np.pad(section[0], ((6, 6), (4, 4)), mode="reflect")[None]
    whole = predictor.probabilities(mirrored)
    np.testing.assert_allclose(predictor.probabilities(section), whole[..., 6:26, 4:28], atol=1e-5)


def test_what_was_never_learned_is_nowhere() -> None:
    section = image(1, 40, 40)
    found = Predictor(model(("psd",)), device="cpu").masks(section, 0.0)
    assert not found[0].any() and found[1].all()
    assert Predictor(model(), device="cpu").masks(section, 0.0).all()  # a card of before says nothing: all


def test_short_memory_is_one_sentence(monkeypatch) -> None:
    predictor = Predictor(model(), device="cpu")

    def full(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(predictor, "inferer", full)
    with pytest.raises(InputError, match="memory is short: an image of 1 × 40 × 40"):
        predictor.masks(image(1, 40, 40))
