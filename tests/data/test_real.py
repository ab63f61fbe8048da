"""The reader of real EM folders: what is read from files as they really come, and what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from shapes.core.errors import InputError, UnknownNameError
from synthem.data.real.layouts import read_folder
from synthem.data.splits import read_split
from synthem.labels import CLASSES, channel

SHAPE = (40, 50)


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def mask(*box: int) -> np.ndarray:
    image = np.zeros(SHAPE, np.uint8)
    y0, y1, x0, x1 = box
    image[y0:y1, x0:x1] = 255
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sections, masks of mitochondria, their boundaries and PSDs, in a path with spaces."""
    root = tmp_path / "real EM"
    rng = np.random.default_rng(0)
    for name in ("a1", "a2"):
        write(root / "slices" / f"{name}.png", rng.integers(0, 256, SHAPE, np.uint8))
        write(root / "mitochondrion" / f"{name}.png", mask(5, 20, 5, 20))
        write(root / "mitochondrial boundaries" / f"{name}.png", mask(4, 8, 5, 20))
        write(root / "PSD" / f"{name}.png", mask(30, 35, 30, 45))
    return root


def test_reads_image_labels_and_what_is_known(folder: Path) -> None:
    sections = read_folder(folder)
    assert [patch.name for patch in sections] == ["a1", "a2"]
    patch = sections[0]
    assert patch.image.shape == (1, *SHAPE)
    assert np.array_equal(patch.image[0], cv2.imread(str(folder / "slices/a1.png"), cv2.IMREAD_UNCHANGED))
    assert patch.labels[channel("psd")].sum() == 5 * 15
    assert [cls for cls, known in zip(CLASSES, patch.known, strict=True) if known] == [
        "mitochondrion",
        "mito_boundary",
        "psd",
    ]
    assert sections.warnings == ()


def test_mitochondrion_takes_in_its_boundary(folder: Path) -> None:
    labels = read_folder(folder)[0].labels
    assert labels[channel("mitochondrion")].sum() == 16 * 15
    assert not (labels[channel("mito_boundary")] & ~labels[channel("mitochondrion")]).any()


def test_greys_of_a_mask_are_foreground_above_127(folder: Path) -> None:
    grey = np.zeros(SHAPE, np.uint8)
    grey[0, :4] = (1, 127, 128, 254)
    write(folder / "PSD/a1.png", grey)
    assert read_folder(folder)[0].labels[channel("psd"), 0, 0, :4].tolist() == [False, False, True, True]


@pytest.mark.parametrize("alpha", [0, 1])
def test_colour_files_become_luminance(folder: Path, alpha: int) -> None:
    grey = cv2.imread(str(folder / "slices/a1.png"), cv2.IMREAD_UNCHANGED)
    layers = np.dstack([grey] * 3 + [np.full(SHAPE, 255, np.uint8)] * alpha)
    write(folder / "slices/a1.png", layers)
    assert np.array_equal(read_folder(folder)[0].image[0], grey)
    layers[..., :3] = (0, 0, 200)  # red, in OpenCV's order of channels
    write(folder / "slices/a1.png", layers)
    assert (read_folder(folder)[0].image == round(0.299 * 200)).all()


def test_other_dialect_of_folder_names(folder: Path) -> None:
    (folder / "slices").rename(folder / "original")
    (folder / "mitochondrion").rename(folder / "mitochondria")
    (folder / "mitochondrial boundaries").rename(folder / "mitochondrial_boundaries")
    write(folder / "boundaries/a1.png", mask(0, 3, 0, 50))
    patch = read_folder(folder)[0]
    assert patch.labels[channel("membrane")].sum() == 150
    assert patch.labels[channel("mitochondrion")].sum() == 16 * 15


def test_mask_without_slice_and_slice_without_mask_are_told(folder: Path) -> None:
    write(folder / "PSD/zz.png", mask(0, 1, 0, 1))
    (folder / "mitochondrion/a2.png").unlink()
    sections = read_folder(folder)
    assert len(sections) == 2
    assert len(sections.warnings) == 2
    assert "mitochondrion" in sections.warnings[0] and "a2" in sections.warnings[0]
    assert "zz" in sections.warnings[1]
    assert sections[0].known[channel("mitochondrion")] and not sections[1].known[channel("mitochondrion")]


def test_names_and_globs_choose_sections(folder: Path) -> None:
    assert read_folder(folder, ["a2"]).names == ("a2",)
    assert read_folder(folder, ["*2", "a1.png", "a?"]).names == ("a1", "a2")
    with pytest.raises(InputError, match="no section is called 'b\\*'"):
        read_folder(folder, ["b*"])


def test_slices_of_the_sequence(folder: Path) -> None:
    sections = read_folder(folder)
    assert [patch.name for patch in sections[1:]] == ["a2"]
    assert sections[-1] == sections[1]
    with pytest.raises(IndexError):
        sections[2]


def test_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"slices/ or original/"):
        read_folder(tmp_path)
    (tmp_path / "slices").mkdir()
    with pytest.raises(InputError, match="no slices"):
        read_folder(tmp_path)


def test_mask_of_another_size_is_refused_before_reading(folder: Path) -> None:
    write(folder / "PSD/a2.png", np.zeros((40, 51), np.uint8))
    with pytest.raises(InputError, match=r"a2\.png: the mask is 40 × 51 pixels, its slice 40 × 50"):
        read_folder(folder)


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_truncated_png(folder: Path, keep: float) -> None:
    path = folder / "slices/a1.png"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    sections = read_folder(folder)
    with pytest.raises(InputError, match=r"a1\.png: truncated PNG"):
        sections[0]


def test_damaged_and_foreign_files(folder: Path) -> None:
    path = folder / "slices/a1.png"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a1\.png: damaged PNG"):
        read_folder(folder)[0]
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"a1\.png: not a PNG"):
        read_folder(folder)


def test_sixteen_bits_are_stretched(folder: Path) -> None:
    for name in ("a1", "a2"):
        path = folder / "slices" / f"{name}.png"
        write(path, cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.uint16) * 100)
    sections = read_folder(folder)
    assert "stretched to 0–255" in sections.warnings[0]
    assert sections[0].image.min() == 0 and sections[0].image.max() == 255


def test_read_split(tmp_path: Path) -> None:
    path = tmp_path / "splits.yaml"
    path.write_text(
        "half:\n  train: [a, b]\n  test: [c]\nmixed:\n  train: [a]\n  test: [a]\nempty:\n  train: []\n"
    )
    assert read_split(path, "half") == (["a", "b"], ["c"])
    with pytest.raises(UnknownNameError, match="did you mean 'half'"):
        read_split(path, "halff")
    with pytest.raises(InputError, match="both halves"):
        read_split(path, "mixed")
    with pytest.raises(InputError, match="needs a list"):
        read_split(path, "empty")
    path.write_text("a: [")
    with pytest.raises(InputError, match="not a YAML file"):
        read_split(path, "half")
    with pytest.raises(InputError, match="cannot be read"):
        read_split(tmp_path / "none.yaml", "half")


def test_epfl6_as_it_really_is(epfl6: Path) -> None:
    train, test = read_split(epfl6 / "splits.yaml", "rare")
    sections = read_folder(epfl6)
    assert set(train) | set(test) <= set(sections.names)
    assert len(sections) == 61 and tuple(sections.masks) == sections.classes == CLASSES
    for name in ("training0000", "training0004", "training0018"):  # grey, RGB and RGBA files
        patch = sections.read(name)
        assert patch.image.shape == (1, 768, 1024) and all(patch.known)
        assert 0.15 < patch.labels[channel("membrane")].mean() < 0.3
        assert 120 < patch.image.mean() < 160


def test_masks_by_affix_in_folders_of_any_case(folder: Path) -> None:
    (folder / "PSD").rename(folder / "Psd_Masks")
    for name in ("a1", "a2"):
        (folder / f"Psd_Masks/{name}.png").rename(folder / f"Psd_Masks/{name}_mask.PNG")
    sections = read_folder(folder)
    assert sections[0].labels[channel("psd")].sum() == 5 * 15 and sections.warnings == ()


def test_folders_and_pictures_that_nobody_reads_are_named(folder: Path) -> None:
    for name in ("nuclei", ".git", "__MACOSX"):
        (folder / name).mkdir()
    (told,) = read_folder(folder).warnings
    assert told.endswith("folders of no known class, not used: nuclei")


def test_a_folder_of_masks_none_of_which_fits_is_refused(folder: Path) -> None:
    for name in ("a1", "a2"):
        (folder / f"PSD/{name}.png").rename(folder / f"PSD/{name}tail.png")
    with pytest.raises(InputError, match=r"PSD: none of its 2 masks .* 'a1tail' and the first slice 'a1'"):
        read_folder(folder)


def test_two_folders_of_a_class_may_not_hold_one_mask_twice(folder: Path) -> None:
    write(folder / "mitochondria/a1.png", mask(0, 3, 0, 50))
    with pytest.raises(InputError, match=r"two masks of mitochondrion for slice 'a1'"):
        read_folder(folder)


def test_names_in_a_split_are_text(tmp_path: Path) -> None:
    path = tmp_path / "splits.yaml"
    path.write_text("1:\n  train: [0000, 0010, 1e3]\n  test: [yes, 0x1F, 2026-01-02]\n")
    assert read_split(path, "1") == (["0000", "0010", "1e3"], ["yes", "0x1F", "2026-01-02"])
