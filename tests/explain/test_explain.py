"""Attribution of networks whose reach is known, and Dice of one that needs to see far."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from shapes import Grid
from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.explain.attribution import attribute, held_within, radius_of
from synthem.explain.context import dice_with, enough, windows_of
from synthem.explain.explain import explain
from synthem.explain.places import places_of, window_around
from synthem.learning.config import NetworkConfig, TrainConfig
from synthem.learning.network.model_file import Model, ModelCard, save_model
from synthem.learning.network.unet import build_unet
from synthem.patch import Patch
from synthem.scores.dice import dice

NM = (5.0, 5.0, 5.0)


class Disc(nn.Module):
    """Adds up the greys within a radius in voxels; so each of these is owed as much as its grey."""

    def __init__(self, radius: int) -> None:
        super().__init__()
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        inside = (np.hypot(y, x) <= radius).astype(np.float32)
        self.sum = nn.Conv2d(1, 1, 2 * radius + 1, padding=radius, bias=False)
        self.sum.weight.data = torch.from_numpy(inside)[None, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.sum(x)


class Beside(nn.Module):
    """Finds a class where the voxel so far to the left is bright."""

    def __init__(self, away: int) -> None:
        super().__init__()
        self.away, self.unused = away, nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = torch.full_like(x, -1.0)
        if x.shape[-1] > self.away:
            out[..., self.away :] = x[..., : -self.away]
        return out


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def patch(image: np.ndarray, membrane: np.ndarray, voxel_nm: tuple[float, float, float] = NM) -> Patch:
    labels = np.zeros((6, *image.shape), np.bool_)
    labels[2] = membrane
    return Patch(image, labels, Grid(image.shape, voxel_nm), name="one")


@pytest.mark.parametrize("radius", [4, 9])
def test_what_a_sum_over_a_disc_is_owed_to_lies_in_the_disc(radius: int) -> None:
    parts = []
    for seed in range(30):
        found = attribute(Disc(radius), noise(41, 41, seed=seed).astype(np.float32), 0)
        assert found.parts.sum() == pytest.approx(found.gained, rel=1e-4, abs=1e-3)
        parts.append(np.abs(found.parts))
    away, shares = held_within(np.mean(parts, axis=0), NM)
    assert shares[np.searchsorted(away, radius * 5.0 + 0.1) - 1] == pytest.approx(1.0)
    # of a disc that is owed evenly, 90 % lies within sqrt(.9) of its radius
    assert radius_of(away, shares) == pytest.approx(np.sqrt(0.9) * radius * 5.0, abs=5.0)


def test_attribution_of_a_curved_network_adds_up() -> None:
    """Twelve even steps would be off by several percent."""
    net = nn.Sequential(nn.Conv2d(1, 3, 5, padding=2), nn.Sigmoid(), nn.Conv2d(3, 2, 5, padding=2))
    with torch.no_grad():
        for weights in net.parameters():
            weights.normal_(generator=torch.Generator().manual_seed(1))
    found = attribute(net, noise(21, 21).astype(np.float32), 1)
    assert abs(found.gained) > 0.1
    assert found.parts.sum() == pytest.approx(found.gained, rel=0.01)


def test_distances_know_the_shape_of_voxels() -> None:
    parts = np.zeros((5, 5, 5))
    parts[4, 2, 2], parts[2, 2, 4] = 1.0, -3.0
    away, shares = held_within(parts, (40.0, 5.0, 5.0))
    assert radius_of(away, shares, 0.75) == pytest.approx(10.0)
    assert radius_of(away, shares, 0.9) == pytest.approx(80.0)


def test_a_class_that_lies_aside_wants_windows_that_reach_there() -> None:
    image = noise(1, 64, 64)
    bright = image > image.mean()
    membrane = np.zeros_like(bright)
    membrane[..., 10:] = bright[..., :-10]
    data = [patch(image, membrane)]
    scores = {
        n: float(dice(dice_with(Beside(10), [0], ["membrane"], data, (1, n, n), dims=2))[0])
        for n in (16, 32, 64)
    }
    assert scores[16] < 0.5 and scores[64] > 0.85 and scores[16] < scores[32] <= scores[64] + 0.1
    edges = [80.0, 160.0, 320.0]
    assert enough(edges, [0.4, 0.9, 0.92]) == 160.0
    assert enough(edges, [0.9, 0.4, 0.92]) == 320.0
    assert enough(edges, [None, None, None]) is None and enough(edges, [0.0, 0.0, 0.0]) is None


def test_windows_grow_from_the_networks_step_to_twice_its_training() -> None:
    sizes = windows_of((1, 96, 192), 16)
    assert sizes[0] == (1, 16, 16) and sizes[-1] == (1, 192, 384)
    assert all(n % 16 == 0 for size in sizes for n in size[1:]) and (1, 96, 192) in sizes
    assert sizes == sorted(set(sizes))


def test_windows_past_the_edge_are_mirrored_as_numpy_does_it() -> None:
    image = noise(1, 12, 9)
    known = np.pad(image, ((0, 0), (20, 20), (20, 20)), mode="reflect")
    for y, x in ((0, 0), (11, 8), (5, 3)):
        cut = window_around(image, (0, y, x), (1, 16, 16))
        assert np.array_equal(cut, known[:, y + 12 : y + 28, x + 12 : x + 28])
    assert window_around(image, (0, 0, 0), (3, 4, 4)).shape == (3, 4, 4)


def test_places_are_of_the_class_and_of_all_patches() -> None:
    masks = [np.zeros((1, 8, 8), np.bool_) for _ in range(3)]
    masks[0][0, 2, 3] = masks[2][0, :, 5] = True
    data = [patch(noise(1, 8, 8), mask) for mask in masks]
    found = places_of("membrane", data, 100, rng=np.random.default_rng(0))
    assert len(set(found)) == len(found) == 9
    assert all(masks[place.patch][place.voxel] for place in found)
    assert len(places_of("membrane", data, 4, rng=np.random.default_rng(0))) == 4
    assert places_of("psd", data, 4, rng=np.random.default_rng(0)) == []


def tiny(dims: int = 2) -> Model:
    network = NetworkConfig(dims=dims, features=(4, 4, 4, 4, 4, 4))
    config = TrainConfig(
        network=network, classes=("membrane", "psd"), patch_vx=(1, 32, 32) if dims == 2 else (16, 16, 16)
    )
    return Model(build_unet(network, 2, seed=1).eval(), ModelCard(config=config, voxel_nm=NM))


@pytest.mark.parametrize("dims", [2, 3])
def test_a_class_without_a_pixel_has_no_figure(dims: int) -> None:
    image = noise(1 if dims == 2 else 20, 40, 40)
    found = explain(tiny(dims), [patch(image, image > 128)], count=3)
    empty, there = found.classes["psd"], found.classes["membrane"]
    assert empty.pixels == 0 and empty.radius_nm is None and set(empty.dice) == {None}
    assert there.pixels == 3 and there.radius_nm is not None and 0 < there.radius_nm <= 160
    assert len(there.dice) == len(found.windows_nm) and there.shares[-1] > there.shares[0]
    assert explain(tiny(dims), [patch(image, image > 128)], count=3) == found


def test_other_voxels_are_refused() -> None:
    image = noise(1, 40, 40)
    with pytest.raises(InputError, match="voxels of 5 × 9 × 9 nm and the model knows those of 5 × 5 × 5"):
        explain(tiny(), [patch(image, image > 128, (5.0, 9.0, 9.0))])


def test_the_command_writes_a_plot_and_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_model(tmp_path / "model.pt", tiny())
    arguments = ["generate", "epfl", str(tmp_path / "data"), "--count", "2", "--shape", "1,48,48"]
    assert main(arguments) == 0
    asked = ["explain", str(tmp_path / "model.pt"), str(tmp_path / "data"), str(tmp_path / "out")]
    assert main([*asked, "--count", "2"]) == 0
    assert "membrane" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["context.json", "context.png"]
    assert main(asked) == 2
    assert "out: is not empty" in capsys.readouterr().err
