"""What patches hold of each class: absent but for stray pixels, learned, blank."""

import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.labels import CLASSES, channel
from synthem.learning.crops.held_classes import (
    SPARED,
    absence_notes,
    blank_dice,
    learned_classes,
    spared_weights,
    without_absent,
)
from synthem.patch import Patch

SIDE = 1000


def patch(known: tuple[str, ...], name: str = "", **pixels: int) -> Patch:
    """One section of a million pixels that holds so many pixels of each class."""
    labels = np.zeros((len(CLASSES), SIDE * SIDE), bool)
    for cls, count in pixels.items():
        labels[channel(cls), :count] = True
    labels = labels.reshape(-1, 1, SIDE, SIDE)
    grid = Grid((1, SIDE, SIDE))
    return Patch(np.zeros((1, SIDE, SIDE), np.uint8), labels, grid, tuple(c in known for c in CLASSES), name)


def names(known: tuple[bool, ...]) -> set[str]:
    return {cls for cls, k in zip(CLASSES, known, strict=True) if k}


def test_stray_pixels_are_absent_and_one_small_object_is_not() -> None:
    known = ("membrane", "psd", "sheath")
    patches = [patch(known, membrane=10**5, psd=574, sheath=15), patch((*known, "vesicle"), membrane=10**5)]
    assert [names(p.known) for p in without_absent(patches)] == [{"membrane", "psd"}] * 2
    notes = absence_notes(patches, "real sections")
    assert [note.split(":")[0] for note in notes] == ["vesicle", "sheath"]
    assert "15 stray pixels in 2,000,000 labelled" in notes[1] and "none in 1,000,000" in notes[0]


def test_the_share_is_of_the_pixels_that_are_labelled_for_the_class() -> None:
    other = [patch(("membrane",), membrane=5) for _ in range(3)]
    few = patch(("psd",), psd=15)
    assert "psd" in names(without_absent([few, *other])[0].known)  # 1.5e-5 of the one labelled section
    assert "psd" not in names(without_absent([few, patch(("psd",))])[0].known)


def test_learned_is_what_any_patch_is_labelled_for() -> None:
    patches = [patch(("membrane",), membrane=9), patch(("psd",))]
    assert learned_classes(patches, ("psd", "vesicle", "membrane")) == ("psd", "membrane")
    with pytest.raises(InputError, match=r"nothing to learn: 2 patches .* hold no voxel of it \(psd\)"):
        learned_classes(patches, ("psd",))
    with pytest.raises(InputError, match="are labelled for none of it"):
        learned_classes(patches, ("vesicle",))


def test_a_blank_validation_is_told() -> None:
    held = [patch(("membrane", "psd"), "s9", membrane=9)]
    assert blank_dice(held, ("membrane",)) == ""
    told = blank_dice(held, ("membrane", "psd", "sheath"))
    assert "(s9) holds no labelled voxel of psd, sheath" in told and "last model" not in told
    assert "last model" in blank_dice(held, ("psd",))


def test_stray_sheath_of_the_real_training_half(epfl6) -> None:
    from synthem.data.real.layouts import read_folder
    from synthem.data.splits import read_split

    train = read_split(epfl6 / "splits.yaml", "rare")[0]
    folder = read_folder(epfl6, train)
    sheath = [folder.masks["sheath"].read(name) for name in folder.names]
    assert sum(int(mask.sum()) for mask in sheath) == 15
    assert 1e-5 * sum(mask.size for mask in sheath) > 15


def test_what_the_first_source_holds_is_spared_in_crops_of_the_second() -> None:
    sections = [patch(("psd", "membrane", "sheath"), psd=400, membrane=2000)]
    assert spared_weights(sections) == {"psd": SPARED, "membrane": SPARED}
    assert 0 < SPARED < 1
