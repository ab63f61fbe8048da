"""How layers look: names, colours, and voxel sizes in nanometres."""

from collections.abc import Sequence
from typing import Any

from synthem.labels import colour_of

LayerData = tuple[Any, dict[str, Any], str]
"""What napari makes a layer of: data, keywords, and ``"image"`` or ``"labels"``."""

UNLABELLED = "unlabelled"
"""The layer that is 1 where nobody said what a voxel is."""
GREY = (0.6, 0.6, 0.6, 1.0)
HALF = 0.5
"""How opaque labels are."""


def image_layer(data: Any, axes: str, scale: Sequence[float], **more: Any) -> LayerData:
    """Return the layer of the image, with greys as they are."""
    return data, _common("image", axes, scale) | {"contrast_limits": (0, 255)} | more, "image"


def mask_layer(data: Any, name: str, axes: str, scale: Sequence[float], **more: Any) -> LayerData:
    """Return the layer of a class, or of what is unlabelled: 1 where it is, in the colour of our pictures."""
    red, green, blue = colour_of(name)
    colour = GREY if name == UNLABELLED else (red / 255, green / 255, blue / 255, 1.0)
    # None is the colour of every other value
    colours = {None: (0.0, 0.0, 0.0, 0.0), 0: (0.0, 0.0, 0.0, 0.0), 1: colour}
    return data, _common(name, axes, scale) | {"colormap": colours, "opacity": HALF} | more, "labels"


def ids_layer(data: Any, name: str, axes: str, scale: Sequence[float], **more: Any) -> LayerData:
    """Return the layer of a map of ids, hidden at first, in colours that napari chooses."""
    return data, _common(name, axes, scale) | {"opacity": HALF, "visible": False} | more, "labels"


def ids_name(kind: str) -> str:
    """Return what the layer of the objects of a kind is called; in OME-Zarr they are ``KIND_instances``."""
    return f"{kind} ids"


def _common(name: str, axes: str, scale: Sequence[float]) -> dict[str, Any]:
    """Return keywords of all layers: nanometres along z, y and x; ``p`` counts patches."""
    return {
        "name": name,
        "scale": tuple(scale),
        "axis_labels": tuple("patch" if axis == "p" else axis for axis in axes),
        "units": tuple("pixel" if axis == "p" else "nm" for axis in axes),
    }
