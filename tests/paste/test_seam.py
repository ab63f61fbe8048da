"""A classifier that looks for seams finds them where they are, and none where there are none."""

import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.labels import CLASSES, channel
from synthem.paste.seam import seam
from synthem.patch import Patch


def patches(marked, seed=0):
    rng = np.random.default_rng(seed)
    out, entries = [], []
    for k in range(6):
        image = rng.normal(140, 12, (1, 220, 220))
        labels = np.zeros((len(CLASSES), 1, 220, 220), bool)
        for y, x in ((60, 60), (60, 160), (160, 60), (160, 160)):
            box = (0, slice(y - 8, y + 8), slice(x - 8, x + 8))
            image[box] -= 50
            labels[(channel("psd"), *box)] = True
            if marked:
                image[0, y - 10 : y + 10, x - 14] += 90
                image[0, y - 10 : y + 10, x + 14] += 90
            entries.append({"class": "psd", "section": f"s{k}-0", "from": f"s{k}", "place_px": [y, x]})
        out.append(Patch(image.clip(0, 255).astype(np.uint8), labels, Grid((1, 220, 220)), name=f"s{k}"))
    return out, entries


def pasted(marked):
    made, entries = patches(marked, seed=1)
    return [Patch(p.image, p.labels, p.grid, name=f"{p.name}-0") for p in made], entries


def test_a_seam_is_seen_and_chance_is_chance():
    real, _ = patches(False)
    found = seam(*pasted(True), real, "psd")
    assert found.auc > 0.95 and (found.pasted, found.real, found.sections) == (24, 24, 6)
    assert min(one.auc for one in seam(*pasted(False), real, "psd").classifiers) < 0.75


def test_too_few_are_refused():
    real, _ = patches(False)
    with pytest.raises(InputError, match="check: of sheath there are 0 pasted windows"):
        seam(*pasted(False), real, "sheath")


def test_windows_with_something_else_in_them_are_left_out():
    real, _ = patches(False)
    made, entries = pasted(False)
    sheaths = [{**e, "class": "sheath", "place_px": [62, 62]} for e in entries[::4]]
    assert seam(made, entries, real, "psd").pasted == 24
    assert seam(made, entries + sheaths, real, "psd").pasted == 18


def test_vesicles_of_synapses_are_compared_with_vesicles_at_synapses():
    real, _ = patches(False)
    near = np.s_[0, 72:78, 60:66]
    for patch in real:
        patch.labels[(channel("vesicle"), *near)] = True
    made, entries = pasted(False)
    entries = [{**e, "vesicles": [{"place_px": e["place_px"]}]} for e in entries]
    assert seam(made, entries, real, "vesicle").real == 72
    for patch in real:
        patch.labels[channel("psd")] = False
    with pytest.raises(InputError, match="0 real ones"):
        seam(made, entries, real, "vesicle")
