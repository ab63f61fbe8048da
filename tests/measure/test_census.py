"""The census against figures that are known by construction, and against those of real sections."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.real.layouts import read_folder
from synthem.data.splits import read_split
from synthem.labels import CLASSES, channel
from synthem.learning.crops.balance import balance_weights
from synthem.measure.census import Census, census
from synthem.measure.components import find_components, profile_widths, weighted_quantiles
from synthem.patch import Patch


def patch(labels: dict[str, np.ndarray], *, known: tuple[bool, ...] = (True,) * 6, grey: int = 150) -> Patch:
    """A patch with the given masks; its image is 40 on the masks and ``grey`` beside them."""
    shape = next(iter(labels.values())).shape
    full = np.zeros((6, *shape), bool)
    for name, mask in labels.items():
        full[channel(name)] = mask
    return Patch(np.where(full.any(0), 40, grey).astype(np.uint8), full, Grid(shape), known)


def disc(shape: tuple[int, int], y: float, x: float, a: float, b: float) -> np.ndarray:
    """An ellipse of half axes a and b, as a section (1, y, x)."""
    yy, xx = np.ogrid[: shape[0], : shape[1]]
    return (((yy - y) / a) ** 2 + ((xx - x) / b) ** 2 <= 1)[None]


def test_shares_objects_and_sizes_of_an_ellipse() -> None:
    mask = disc((200, 200), 60, 70, 10, 30) | disc((200, 200), 150, 150, 10, 30)
    count = census([patch({"psd": mask}), patch({"psd": np.zeros_like(mask)})])
    psd = count.classes["psd"]
    assert psd.share == pytest.approx(mask.sum() / 80_000)
    assert (psd.labelled, psd.holding, psd.objects) == (2, 1, 2)
    assert psd.size_vx is not None and psd.aspect is not None and psd.minor_nm is not None
    assert psd.size_vx.median == mask.sum() / 2
    assert psd.size_nm is not None and psd.size_nm.median == 25 * mask.sum() / 2
    assert psd.aspect.median == pytest.approx(3, rel=0.03)
    assert psd.minor_nm.median == pytest.approx(100, rel=0.03)
    assert psd.diameter_nm is not None
    assert psd.diameter_nm.median == pytest.approx(2 * 5 * np.sqrt(10 * 30), rel=0.02)
    assert psd.grey is not None and (psd.grey.mean, psd.grey.std) == (40, 0)
    assert count.cytoplasm is not None and count.cytoplasm.mean == 150
    assert count.dimensions == 2 and count.patches == 2 and count.voxels == 80_000


def test_a_ball_is_one_object_in_three_dimensions() -> None:
    z, y, x = np.ogrid[:40, :40, :40]
    ball = (z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 <= 12**2
    row = census([patch({"mitochondrion": ball})]).classes["mitochondrion"]
    assert row.objects == 1
    assert row.diameter_nm is not None and row.minor_nm is not None and row.aspect is not None
    assert row.diameter_nm.median == pytest.approx(24 * 5, rel=0.03)
    assert row.minor_nm.median == pytest.approx(24 * 5, rel=0.03)
    assert row.aspect.median == pytest.approx(1, abs=0.01)


def test_lengths_follow_the_voxel_size() -> None:
    """A ball of 100 nm in voxels of 20 × 5 × 10 nm."""
    z, y, x = np.ogrid[:20, :60, :30]
    ball = ((z - 9.5) * 20) ** 2 + ((y - 30) * 5) ** 2 + ((x - 15) * 10) ** 2 <= 100**2
    found = find_components(ball, (20.0, 5.0, 10.0))
    assert found.count == 1
    assert found.minor_nm[0] == pytest.approx(200, rel=0.06)
    assert found.aspect[0] == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("width", [3, 6, 7, 12])
def test_width_of_a_band(width: int) -> None:
    mask = np.zeros((1, 90, 90), bool)
    mask[0, 30 : 30 + width] = True
    assert np.median(profile_widths(mask, (5.0, 5.0, 5.0))) == pytest.approx(5 * width, abs=3)


def test_a_mesh_has_a_width_but_no_size() -> None:
    mesh = np.zeros((1, 100, 100), bool)
    mesh[0, ::20] = mesh[0, :, ::20] = True
    mesh[0, 5, 5] = True
    row = census([patch({"membrane": mesh})]).classes["membrane"]
    assert row.objects == 2 and row.size_vx is None
    assert row.width_nm is not None


@pytest.mark.slow
def test_cut_objects_do_not_bias_sizes_or_density() -> None:
    """One large field of small and large discs, counted whole and cut into tiles of 128 pixels."""
    rng = np.random.default_rng(0)
    field = np.zeros((2048, 2048), np.uint8)
    gap = np.zeros_like(field)
    while rng.random() > 0.001:
        y, x, r = int(rng.integers(2048)), int(rng.integers(2048)), int(rng.choice([6, 24]))
        if not gap[max(0, y - r) : y + r + 1, max(0, x - r) : x + r + 1].any():
            cv2.circle(field, (x, y), r, 1, -1)
            cv2.circle(gap, (x, y), r + 2, 1, -1)
    mask = field.astype(bool)
    tiles = mask.reshape(16, 128, 16, 128).swapaxes(1, 2).reshape(256, 1, 128, 128)
    whole = census([patch({"psd": mask[None]})]).classes["psd"]
    cut = census([patch({"psd": tile}) for tile in tiles]).classes["psd"]
    assert whole.density is not None and whole.density > 0
    assert cut.density == pytest.approx(whole.density, rel=0.1)
    large = [find_components(part, (5.0, 5.0, 5.0)) for part in tiles]
    share = sum(o.weight[o.voxels > 500].sum() for o in large) / sum(o.weight.sum() for o in large)
    reference = find_components(mask[None], (5.0, 5.0, 5.0))
    assert share == pytest.approx((reference.voxels > 500).mean(), abs=0.05)


def test_what_is_not_labelled_is_not_counted_as_empty() -> None:
    mask = disc((64, 64), 30, 30, 8, 8)
    unknown = tuple(name not in ("psd", "sheath") for name in CLASSES)
    known = tuple(name != "sheath" for name in CLASSES)
    count = census([patch({"psd": mask}, known=known), patch({"psd": mask}, known=unknown)])
    assert count.classes["sheath"].share is None and count.classes["sheath"].density is None
    assert count.classes["psd"].labelled == 1 and count.classes["psd"].share == mask.mean()
    assert np.isnan(count.shares[:, channel("sheath")]).all()
    assert np.isnan(count.shares[:, channel("psd")]).tolist() == [False, True]
    console = Console(width=140, record=True, file=StringIO())
    console.print(count.table())
    text = console.export_text()
    assert next(line for line in text.splitlines() if "sheath" in line).count("not labelled") == 1


def test_json_and_back() -> None:
    count = census([patch({"psd": disc((64, 64), 30, 30, 8, 8)}, known=(True,) * 5 + (False,))])
    assert Census.model_validate_json(count.model_dump_json()) == count


def test_shares_go_to_the_sampler() -> None:
    patches = [patch({"psd": disc((64, 64), 30, 30, 1 + k % 7, 4)}) for k in range(40)]
    shares = census(patches).shares
    assert shares.shape == (40, 6)
    target = 1.2 * float(shares[:, channel("psd")].mean())
    assert balance_weights(shares, {"psd": target}).reached["psd"] == pytest.approx(target)


def test_quantiles_with_weights() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert weighted_quantiles(values, np.ones(3), (0.5,)) == [2.0]
    assert weighted_quantiles(values, np.array([1e9, 1.0, 1.0]), (0.5,))[0] == pytest.approx(3.0)


def test_nothing_to_count_and_mixtures() -> None:
    with pytest.raises(InputError, match="no patches"):
        census([])
    flat, deep = np.zeros((1, 8, 8), bool), np.zeros((4, 8, 8), bool)
    with pytest.raises(InputError, match="together"):
        census([patch({"psd": flat}), patch({"psd": deep})])


def test_figures_of_real_sections(epfl6: Path) -> None:
    """Figures that were measured on these masks apart from this code (see the design)."""
    train, test = read_split(epfl6 / "splits.yaml", "rare")
    rows = census(read_folder(epfl6, [*train[::6], *test[::6]])).classes
    shares = {
        "membrane": 0.22,
        "mitochondrion": 0.083,
        "vesicle": 0.041,
        "mito_boundary": 0.033,
        "psd": 0.0048,
    }
    greys = {"membrane": 111, "mitochondrion": 109, "vesicle": 110, "mito_boundary": 101, "psd": 87}
    for name, share in shares.items():
        assert rows[name].share == pytest.approx(share, rel=0.15)
        grey = rows[name].grey
        assert grey is not None and grey.mean == pytest.approx(greys[name], abs=3)
    mito, psd = rows["mitochondrion"], rows["psd"]
    assert mito.size_vx is not None and mito.size_vx.median == pytest.approx(3050, rel=0.25)
    assert psd.width_nm is not None and psd.width_nm.median == pytest.approx(12 * 5, rel=0.2)
    assert rows["vesicle"].objects / 10 == pytest.approx(220, rel=0.3)


@pytest.mark.parametrize("depth", [1, 2])
def test_sections_without_labels_are_not_counted(depth: int) -> None:
    """A stack with blank sections counts as the stack without them; a blank section alone as nothing."""
    mask = np.repeat(disc((200, 200), 60, 70, 10, 30), depth, 0)
    empty = np.zeros_like(mask)
    full = patch({"psd": np.concatenate([mask, empty]), "membrane": np.concatenate([~mask, empty])})
    stack = replace(full, unlabelled=tuple(range(depth, 2 * depth)))
    assert stack.known == (True,) * 6
    alone = stack.part((0, 0, 0), (depth, 200, 200))
    assert alone.unlabelled == () and alone.known == (True,) * 6
    blank = stack.part((depth, 0, 0), (depth, 200, 200))
    assert blank.known == (False,) * 6
    if depth == 1:
        one, other = census([alone]), census([alone, blank])
        assert other.patch_shares[1] == [None] * 6
        assert other.classes == one.classes and other.profiles == one.profiles
        assert other.cytoplasm == one.cytoplasm
    else:
        one, other = census([alone]), census([stack])
        assert other.patch_shares == one.patch_shares
        assert other.classes["psd"].density == one.classes["psd"].density
        assert other.classes["psd"].grey == one.classes["psd"].grey
        assert other.profiles == one.profiles and other.cytoplasm == one.cytoplasm


def test_a_class_that_fills_its_section_has_no_width() -> None:
    mask = np.ones((2, 8, 9), bool)
    mask[1, :, [0, 1, 2, 6, 7, 8]] = False
    assert profile_widths(mask[:1], (5.0, 5.0, 5.0)).size == 0
    widths = profile_widths(mask, (5.0, 5.0, 5.0))
    assert widths.size and np.isfinite(widths).all() and widths.max() < 30
