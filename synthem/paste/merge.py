"""Masks of what is set in, merged with those of a section by the rule of ``synthem.scene.annotate``.

What is labelled in the real section stays on top, then come, of what is new, sheath, mitochondrion and
vesicle, then the density; all of them take their pixels from the membrane.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from synthem.paste.profiles import Profiles
from synthem.patch import Patch

Masks = Mapping[str, npt.NDArray[np.bool_]]
_ORDER = ("sheath", "mitochondrion", "vesicle", "psd")


def merged(section: Profiles, new: Masks) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the six classes of a section with new masks in it, bool (y, x)."""
    out = {name: mask.copy() for name, mask in section.masks.items()}
    free = ~section.taken
    for name in _ORDER:
        own = new[name] & free
        out[name] |= own
        if name == "mitochondrion":
            out["mito_boundary"] |= new["mito_boundary"] & own
        free &= ~own
    for name in _ORDER:
        out["membrane"] &= ~out[name]
    return out


def with_masks(
    patch: Patch, z: int, image: npt.NDArray[np.uint8], masks: Mapping[str, npt.NDArray[np.bool_]]
) -> Patch:
    """Return a patch with another image and other masks in one section; what is not labelled stays so."""
    images, labels, known = patch.image.copy(), patch.labels.copy(), patch.labelled[:, z]
    images[z] = image
    for k, name in enumerate(patch.classes):
        if name in masks and known[k]:
            labels[k, z] = masks[name]
    return replace(patch, image=images, labels=labels)
