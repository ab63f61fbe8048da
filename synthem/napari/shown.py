"""What a layer shows of a patch."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from synthem.napari.style import UNLABELLED, LayerData, ids_layer, ids_name, image_layer, mask_layer
from synthem.patch import Patch


class Shown(NamedTuple):
    """A layer of patches: the image, the mask of a class or of what is unlabelled, or the ids of a kind."""

    kind: Literal["image", "mask", "ids"]
    of: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its values."""
        return np.dtype(np.int32 if self.kind == "ids" else np.uint8)

    def values(self, patch: Patch) -> npt.NDArray[Any]:
        """Return what it shows of a patch, (z, y, x); of a kind without ids, none."""
        if self.kind == "image":
            return patch.image
        if self.kind == "ids":
            return patch.instances.get(self.of, np.zeros(patch.grid.shape, np.int32))
        mask = unlabelled(patch) if self.of == UNLABELLED else patch.labels_of([self.of])[0]
        return mask.astype(np.uint8)

    def layer(self, data: Any, axes: str, scale: Sequence[float], **more: Any) -> LayerData:
        """Return the layer, with values that were taken of one patch or several."""
        if self.kind == "image":
            return image_layer(data, axes, scale, **more)
        if self.kind == "ids":
            return ids_layer(data, ids_name(self.of), axes, scale, **more)
        return mask_layer(data, self.of, axes, scale, **more)


def all_shown(labelled: Sequence[str], kinds: Sequence[str], blank: bool) -> list[Shown]:
    """Return the layers of patches with these classes labelled and these kinds of objects."""
    classes = [Shown("mask", name) for name in labelled]
    blanks = [Shown("mask", UNLABELLED)] if blank else []
    return [Shown("image", "image"), *classes, *blanks, *(Shown("ids", kind) for kind in sorted(kinds))]


def unlabelled(patch: Patch) -> npt.NDArray[np.bool_]:
    """Return where nobody said what a voxel is, bool (z, y, x)."""
    lost = np.ones(patch.grid.shape, np.bool_)
    lost[patch.labelled.any(0)] = False
    return lost if patch.ignored is None else lost | patch.ignored
