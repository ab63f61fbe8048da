"""Voxels of another size: as OpenCV has it, and the same bits in parts."""

import cv2
import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.labels import CLASSES, channel
from synthem.learning.inference.predict import Predictor
from synthem.learning.inference.resample import axis
from synthem.learning.inference.score_model import evaluate
from synthem.learning.inference.seen import seen_array
from synthem.patch import Patch

from test_label_images import model  # isort: skip

RNG = np.random.default_rng(1)
PLANE = RNG.integers(0, 256, (1, 60, 90), np.uint8)


@pytest.mark.parametrize("shape", [(30, 45), (24, 33), (60, 31), (97, 131), (60, 120)])
def test_greys_are_resampled_as_by_opencv(shape: tuple[int, int]) -> None:
    how = cv2.INTER_AREA if shape[0] * shape[1] < 60 * 90 else cv2.INTER_CUBIC
    known = cv2.resize(PLANE[0], shape[::-1], interpolation=how).astype(int)
    found = seen_array(PLANE, (1, *shape)).box((0, 0, 0), (1, *shape))[0]
    assert np.abs(found - known).max() <= 1


def test_probabilities_are_brought_back_as_by_opencv() -> None:
    values = RNG.random((60, 90), np.float32)
    rows, columns = axis(60, 143, "linear"), axis(90, 51, "linear")
    assert rows is not None and columns is not None and axis(60, 60, "linear") is None
    found = columns.apply(rows.apply(values, 0, (0, 143), 0), 1, (0, 51), 0)
    known = cv2.resize(values, (51, 143), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(found, known, atol=1e-5)


@pytest.mark.parametrize("shape", [(7, 31, 140), (20, 60, 45), (13, 90, 90)])
def test_a_box_is_cut_from_the_whole_bit_for_bit(shape: tuple[int, int, int]) -> None:
    seen = seen_array(RNG.integers(0, 256, (13, 60, 90), np.uint8), shape)
    whole = seen.box((0, 0, 0), shape)
    for start, size in (((2, 5, 11), (3, 17, 29)), ((6, 30, 0), (1, 1, 40))):
        z, y, x = (slice(a, a + n) for a, n in zip(start, size, strict=True))
        np.testing.assert_array_equal(seen.box(start, size), whole[z, y, x])


@pytest.mark.parametrize(("dims", "nm"), [(2, (50.0, 4.0, 8.0)), (3, (8.0, 4.0, 5.0)), (2, (50.0, 5.2, 5.0))])
def test_scores_are_of_the_masks_own_pixels(dims: int, nm: tuple[float, float, float]) -> None:
    """Where masks are what is found there, nothing is wrong; where they are not, something is."""
    image = RNG.integers(0, 256, (12, 50, 60), np.uint8)
    image = cv2.blur(image.transpose(1, 2, 0), (5, 5)).transpose(2, 0, 1)
    network = model(dims)
    shape = [round(n * a / b) for n, a, b in zip(image.shape, nm, (5.0,) * 3, strict=True)]
    near = all(abs(edge / 5 - 1) < 0.1 for edge in nm[1:])
    wanted = image.shape if near else (shape[0] if dims == 3 else 12, shape[1], shape[2])
    masks = Predictor(network).probabilities(seen_array(image, wanted))  # type: ignore[arg-type]
    threshold = float(np.median(masks[0]))
    labels = np.zeros((len(CLASSES), *image.shape), bool)
    for k, name in enumerate(network.classes):
        labels[channel(name)] = masks[k] > threshold
    said: list[str] = []
    patches = [Patch(image, labels, Grid(image.shape, nm), name=name) for name in "ab"]
    scores = evaluate(network, patches, threshold=threshold, say=said.append)
    assert scores["membrane"]["dice"] == 1 and len(said) == (not near)
    if not near:
        size = "4 × 8" if dims == 2 else "8 × 4 × 5"
        assert f"of {size} nm are resampled to the model's of 5 × 5" in said[0] and "own" in said[0]
    wrong = [Patch(image, ~labels, Grid(image.shape, nm))]
    assert evaluate(network, wrong, threshold=threshold)["membrane"]["dice"] == 0
    with pytest.raises(InputError, match="too far from the model's"):
        evaluate(network, [Patch(image, labels, Grid(image.shape, (5.0, 20.0, 5.0)))])
