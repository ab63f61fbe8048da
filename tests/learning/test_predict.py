"""Inference on images of any size: parts of them, mirror images, silent classes."""

import tracemalloc

import numpy as np
import pytest
import torch
from monai.inferers.inferer import SlidingWindowInferer

from shapes.core.errors import InputError
from synthem.learning.config import NetworkConfig, TrainConfig
from synthem.learning.inference import blocks
from synthem.learning.inference.blocks import columns_of
from synthem.learning.inference.predict import Predictor
from synthem.learning.inference.seen import Index, Seen, seen_array
from synthem.learning.network.model_file import Model, ModelCard
from synthem.learning.network.unet import build_unet


def model(learned: tuple[str, ...] | None = None, dims: int = 2) -> Model:
    network = NetworkConfig(dims=dims, features=(4, 4, 4, 4, 4, 4))
    patch_vx = (1, 32, 32) if dims == 2 else (16, 32, 32)
    config = TrainConfig(network=network, classes=("membrane", "psd"), patch_vx=patch_vx)
    card = ModelCard(config=config, voxel_nm=(5.0, 5.0, 5.0), learned=learned)
    return Model(build_unet(network, 2, seed=1).eval(), card)


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def windows_of_monai(predictor: Predictor, overlap: float, volume: np.ndarray) -> np.ndarray:
    slide = SlidingWindowInferer(predictor.window, sw_batch_size=4, overlap=overlap, mode="gaussian")
    with torch.inference_mode():
        logits = slide(torch.from_numpy(volume.astype(np.float32))[None, None], predictor._label)
        return torch.sigmoid(logits)[0].numpy()


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.6])
@pytest.mark.parametrize("dims", [2, 3])
def test_windows_lie_and_are_blended_as_monai_does_it(dims: int, overlap: float) -> None:
    predictor = Predictor(model(dims=dims), overlap=overlap, device="cpu")
    volume = image(20, 50, 70) if dims == 3 else image(1, 203, 70)
    known = windows_of_monai(predictor, overlap, volume if dims == 3 else volume[0])
    found = predictor.probabilities(volume)
    np.testing.assert_allclose(found, known if dims == 3 else known[:, None], atol=1e-5)


@pytest.mark.parametrize(
    ("dims", "shape", "seen_as", "overlap"),
    [
        (2, (2, 90, 210), (2, 90, 210), 0.25),
        (2, (2, 90, 210), (2, 71, 170), 0.6),
        (2, (2, 90, 150), (2, 131, 222), 0.25),
        (2, (1, 90, 200), (1, 61, 244), 0.0),
        (2, (1, 90, 90), (1, 20, 90), 0.25),
        (3, (33, 66, 70), (33, 66, 70), 0.25),
        (3, (33, 66, 70), (33, 54, 56), 0.0),
        (3, (33, 66, 70), (23, 72, 77), 0.25),
        (3, (20, 66, 70), (29, 66, 70), 0.25),
        (3, (6, 75, 90), (6, 75, 90), 0.0),
        (3, (20, 60, 66), (20, 60, 66), 0.6),
    ],
)
def test_a_volume_in_parts_is_the_volume_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, dims: int, shape: Index, seen_as: Index, overlap: float
) -> None:
    """Bit for bit, with mirror images, cut along every axis, also where voxels are of another size."""
    predictor = Predictor(model(dims=dims), overlap=overlap, device="cpu", flips=overlap == 0.25)
    volume = image(*shape)
    seen = seen_array(volume, seen_as)
    whole = predictor.probabilities(seen)
    assert len(list(columns_of(predictor.window, seen))) == 1
    monkeypatch.setattr(blocks, "BLOCK_VX", predictor.window[0] * 30 ** (dims - 1) * (2 if dims == 2 else 1))
    columns = list(columns_of(predictor.window, seen))
    assert len(columns) >= (2 if dims == 2 else 6)
    np.testing.assert_array_equal(predictor.probabilities(seen), whole)
    parts = [
        (start, part.shape[1:]) for start, part in blocks.blocks(predictor.slabs, predictor.window, seen)
    ]
    covered = np.zeros(shape, int)
    for (z, y, x), (depth, height, width) in parts:
        covered[z : z + depth, y : y + height, x : x + width] += 1
    assert (covered == 1).all() and max(np.prod(size) for _, size in parts) < np.prod(shape)


@pytest.mark.parametrize("dims", [2, 3])
def test_a_row_of_windows_is_all_that_is_held(dims: int) -> None:
    """Eight times as high an image takes no more memory, and no more of it is read at once."""
    predictor, peaks, read = Predictor(model(dims=dims), device="cpu"), [], []
    for times in (1, 8):
        shape: Index = (1, 128 * times, 128) if dims == 2 else (32 * times, 64, 64)
        volume = image(*shape)

        def part(start: Index, size: Index, volume: np.ndarray = volume) -> np.ndarray:
            read.append(np.prod(size))
            return seen_array(volume).box(start, size)

        tracemalloc.start()
        for _ in predictor.mask_blocks(Seen(part, shape, shape), 0.5):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert max(read) == np.prod(predictor.window[:1]) * (128 if dims == 2 else 64 * 64)


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
    predictor = Predictor(model(dims=3), device="cpu")
    thin = image(9, 32, 32)
    whole = predictor.probabilities(np.pad(thin, ((3, 4), (0, 0), (0, 0)), mode="reflect"))
    np.testing.assert_allclose(predictor.probabilities(thin), whole[:, 3:12], atol=1e-5)


def test_what_was_never_learned_is_nowhere() -> None:
    section = image(1, 40, 40)
    found = Predictor(model(("psd",)), device="cpu").masks(section, 0.0)
    assert not found[0].any() and found[1].all()
    assert Predictor(model(), device="cpu").masks(section, 0.0).all()  # a card of before says nothing: all


def test_short_memory_is_one_sentence(monkeypatch) -> None:
    predictor = Predictor(model(), device="cpu")

    def full(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(predictor.net, "forward", full)
    with pytest.raises(InputError, match="memory is short: an image of 40 × 40"):
        predictor.masks(image(1, 40, 40))
