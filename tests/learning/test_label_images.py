"""Labelling images on disk: other pixels, bright membranes, small images, masks as images came."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.images import Images, open_images
from synthem.data.stack_file import tiff_bytes
from synthem.learning.config import NetworkConfig, TrainConfig
from synthem.learning.inference.adapt_norm import parts_for_norm
from synthem.learning.inference.label_images import groups, label, predict
from synthem.learning.inference.predict import Predictor
from synthem.learning.inference.prepare import Prepared, dark_lines, prepare, wanted_voxel, windows_of
from synthem.learning.inference.seen import Index
from synthem.learning.network.model_file import Model, ModelCard
from synthem.learning.network.unet import build_unet
from synthem.preset.preset import load_preset
from synthem.world import World


def model(dims: int = 2) -> Model:
    network = NetworkConfig(dims=dims, features=(4, 4, 4, 4, 4, 4))
    patch_vx = (1, 32, 32) if dims == 2 else (16, 32, 32)
    config = TrainConfig(network=network, classes=("membrane", "psd"), patch_vx=patch_vx)
    return Model(build_unet(network, 2, seed=1).eval(), ModelCard(config=config, voxel_nm=(5.0, 5.0, 5.0)))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def png(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)
    return path


class Bright(torch.nn.Module):
    """Stands in for a network: of the first class is what is bright, of the second what is dark."""

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return torch.cat([windows, -windows], 1)


@pytest.mark.parametrize("nm", [(40.0, 2.5, 2.5), (40.0, 8.0, 8.0), (40.0, 4.0, 10.0), (40.0, 16.0, 5.0)])
def test_masks_lie_where_the_images_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nm: tuple[float, float, float]
) -> None:
    monkeypatch.setattr("synthem.learning.inference.predict.normalise", lambda windows: windows - 127.5)
    square = np.zeros((80, 100), np.uint8)
    square[20:50, 40:70] = 255
    images = open_images(png(tmp_path / "a.png", square))
    prepared = prepare(model().card, images, nm, "no", "a")
    assert any("are resampled to the model's of 5 × 5 nm" in note for note in prepared.notes)
    assert prepared.shapes == ((1, round(80 * nm[1] / 5), round(100 * nm[2] / 5)),)
    masks = Predictor(Model(Bright(), model().card), device="cpu").masks(prepared.seen([0]))
    wrong = masks[0, 0] != (square > 0)
    assert wrong.sum() <= 60, "a pixel's breadth around the square, at most"
    inner = np.zeros_like(wrong)
    inner[22:48, 42:68] = True
    assert masks[0, 0][inner].all() and np.array_equal(masks[1], ~masks[0])


def test_voxels_near_the_models_stay_and_those_far_off_are_refused() -> None:
    card = model().card
    assert wanted_voxel(card, (50.0, 5.4, 4.6), "x") == (50.0, 5.4, 4.6)
    assert wanted_voxel(card, (50.0, 4.0, 4.0), "x") == (50.0, 5.0, 5.0)
    assert wanted_voxel(card, None, "x") == card.voxel_nm
    for nm in (1.9, 17.0):
        with pytest.raises(InputError, match="too far from the model's of 5 × 5 nm: from 2 to 16 nm"):
            wanted_voxel(card, (5.0, nm, 5.0), "x")
    assert wanted_voxel(model(3).card, (8.0, 5.2, 5.2), "x") == (5.0, 5.2, 5.2)
    assert wanted_voxel(model(3).card, (4.6, 8.0, 8.0), "x") == (4.6, 5.0, 5.0)
    with pytest.raises(InputError, match="times as thick they are resampled"):
        wanted_voxel(model(3).card, (13.0, 5.0, 5.0), "x")


@pytest.mark.parametrize("preset", ["epfl", "cremi"])
def test_bright_membranes_are_turned(tmp_path: Path, preset: str) -> None:
    voxel = load_preset(preset).voxel_nm
    image = World(preset, seed=7).patch(Grid((1, 200, 200), voxel)).image[0]
    kept = prepare(model().card, open_images(png(tmp_path / "a.png", image)), voxel, "auto", "a")
    turned = prepare(model().card, open_images(png(tmp_path / "b.png", 255 - image)), voxel, "auto", "b")
    assert not kept.inverted and turned.inverted
    assert any("membranes are bright in these images: the greys are turned" in n for n in turned.notes)
    np.testing.assert_allclose(turned[0].astype(int), kept[0].astype(int), atol=1)
    told = prepare(model().card, open_images(tmp_path / "b.png"), voxel, "no", "b")
    assert not told.inverted and any("membranes look bright" in note for note in told.notes)
    assert prepare(model().card, open_images(tmp_path / "a.png"), voxel, "yes", "a").inverted


def test_where_no_line_tells_it_is_said(tmp_path: Path) -> None:
    flat = prepare(
        model().card, open_images(png(tmp_path / "a.png", np.full((64, 64), 9, np.uint8))), None, "auto", "a"
    )
    assert not flat.inverted and any("it cannot be told" in note for note in flat.notes)


@pytest.mark.slow
def test_real_sections_are_told_from_their_negatives(epfl6: Path) -> None:
    for root, nm in ((epfl6, 5.0), (epfl6.parent / "isbi2012", 4.0)):
        for path in sorted((root / "slices").glob("*.png")):
            plain = prepare(model().card, open_images(path), (nm, nm, nm), "no", path.name)
            windows = windows_of(plain)
            assert dark_lines(windows) > 0.05 and dark_lines(255 - windows) < -0.05, path


def test_a_real_section_is_told_from_its_negative(epfl6: Path) -> None:
    windows = windows_of(prepare(model().card, open_images(epfl6), None, "no", "real"))
    assert 12 <= len(windows) <= 24
    assert dark_lines(windows) > 0.05 and dark_lines(255 - windows) < -0.05


def test_small_images_are_labelled_with_a_warning_and_tiny_ones_refused(tmp_path: Path) -> None:
    said: list[str] = []
    small = png(tmp_path / "a.png", noise(16, 63))
    written = predict(model(), small, tmp_path / "out", say=said.append)
    assert cv2.imread(str(written[0]), cv2.IMREAD_GRAYSCALE).shape == (16, 63)
    assert any("an edge of 16 pixels" in note for note in said)
    with pytest.raises(InputError, match="at least 16 × 16 pixels is wanted"):
        predict(model(), png(tmp_path / "b.png", noise(15, 80)), tmp_path / "none")
    with pytest.raises(InputError, match="one has 12"):
        predict(model(), png(tmp_path / "c.png", noise(30, 80)), tmp_path / "none", voxel_nm=(5, 2, 2))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("dims", [2, 3])
def test_masks_come_in_the_format_of_the_images(tmp_path: Path, dims: int) -> None:
    volume = noise(3, 40, 36)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "stack.TIF").write_bytes(tiff_bytes(volume))
    png(folder / "one.png", volume[1])
    written = predict(model(dims), folder, tmp_path / "out")
    assert {str(p.relative_to(tmp_path / "out")) for p in written} == {
        f"{cls}/{name}" for cls in ("membranes", "PSD") for name in ("stack.TIF", "one.png")
    }
    masks = tifffile.imread(tmp_path / "out" / "membranes" / "stack.TIF")
    whole = Predictor(model(dims)).masks(volume)
    np.testing.assert_array_equal(masks, whole[0] * np.uint8(255))
    if dims == 2:
        one = cv2.imread(str(tmp_path / "out" / "membranes" / "one.png"), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(one, masks[1])


def test_a_volume_of_single_sections_is_the_stack_of_them(tmp_path: Path) -> None:
    volume = noise(4, 40, 36)
    for z in range(4):
        png(tmp_path / "in" / f"s{z}.png", volume[z])
    predict(model(3), tmp_path / "in", tmp_path / "out")
    whole = Predictor(model(3)).masks(volume)
    for z in range(4):
        mask = cv2.imread(str(tmp_path / "out" / "PSD" / f"s{z}.png"), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(mask > 0, whole[1, z])


def test_what_is_labelled_is_not_labelled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        png(tmp_path / "in" / f"{name}.png", noise(40, 40))
    prepared = prepare(model().card, open_images(tmp_path / "in"), None, "no", "in")
    first = list(label(Predictor(model()), prepared, tmp_path / "out", 0.5))
    first[1].masks[1].unlink()
    asked = []
    whole = Prepared.seen
    monkeypatch.setattr(Prepared, "seen", lambda self, files: asked.append(files) or whole(self, files))
    again = list(label(Predictor(model()), prepared, tmp_path / "out", 0.5))
    assert asked == [[1]] and again == first and first[1].masks[1].exists()


def test_flips_and_statistics_of_the_images_change_what_is_found(tmp_path: Path) -> None:
    image = png(tmp_path / "a.png", noise(64, 64) // 4)
    sums = []
    for k, how in enumerate(({}, {"flips": True}, {"adapt": True})):
        predict(model(), image, tmp_path / str(k), threshold=0.12, **how)
        sums.append(
            cv2.imread(str(tmp_path / str(k) / "membranes" / "a.png"), cv2.IMREAD_GRAYSCALE).tobytes()
        )
    assert len(set(sums)) == 3


def test_statistics_are_taken_from_all_files(tmp_path: Path) -> None:
    for k in range(5):
        png(tmp_path / "in" / f"{k}.png", np.full((40, 40), k, np.uint8))
    prepared = prepare(model().card, open_images(tmp_path / "in"), None, "no", "in")
    flat = parts_for_norm(model().card, prepared, groups(model(), prepared))
    assert [int(s.max()) for s in flat] == [0, 1, 2, 3, 4]
    (deep,) = parts_for_norm(model(3).card, prepared, groups(model(3), prepared))
    np.testing.assert_array_equal(deep[:, 0, 0], [0, 1, 2, 3, 4])


def test_statistics_of_large_images_are_taken_from_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", noise(40, 70, 80), photometric="minisblack")
    prepared = prepare(model().card, open_images(tmp_path / "a.tif"), None, "no", "a")
    monkeypatch.setattr("synthem.learning.inference.adapt_norm.PART_VX", (8, 40, 40))
    for dims, shape in ((2, (1, 40, 40)), (3, (16, 40, 40))):
        parts = parts_for_norm(model(dims).card, prepared, [[0]])
        assert len(parts) == (32 if dims == 2 else 12) and {part.shape for part in parts} == {shape}


@pytest.mark.parametrize("nm", [5.0, 3.5])
def test_a_stack_is_labelled_section_by_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nm: float
) -> None:
    """Never is all of it in memory, and what is found is what is found in its sections alone."""
    sections = noise(5, 70, 80)
    tifffile.imwrite(tmp_path / "stack.tif", sections, photometric="minisblack")
    for k, section in enumerate(sections):
        png(tmp_path / "alone" / f"s{k}.png", section)

    def whole(*given: object) -> None:
        raise AssertionError("all of the stack was read")

    middle = float(np.median(Predictor(model()).probabilities(sections)[0]))
    how = {"voxel_nm": (50.0, nm, nm), "threshold": middle}
    predict(model(), tmp_path / "alone", tmp_path / "single", **how)
    monkeypatch.setattr("synthem.data.images._whole", whole)
    predict(model(), tmp_path / "stack.tif", tmp_path / "stacked", **how)
    shares = []
    for cls in ("membranes", "PSD"):
        found = tifffile.imread(tmp_path / "stacked" / cls / "stack.tif")
        alone = [cv2.imread(str(tmp_path / "single" / cls / f"s{k}.png"), 0) for k in range(5)]
        np.testing.assert_array_equal(found, alone)
        shares.append((found > 0).mean())
    assert any(0.05 < share < 0.95 for share in shares)


def test_a_stack_that_is_stopped_leaves_no_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", noise(3, 70, 80), photometric="minisblack")
    read = Images.box

    def stopping(self: Images, index: int, start: Index, shape: Index) -> np.ndarray:
        if start[0] == 2 and (tmp_path / "out").exists():
            raise KeyboardInterrupt
        return read(self, index, start, shape)

    monkeypatch.setattr(Images, "box", stopping)
    with pytest.raises(KeyboardInterrupt):
        predict(model(), tmp_path / "stack.tif", tmp_path / "out", voxel_nm=(50.0, 5.0, 5.0))
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
