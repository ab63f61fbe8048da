"""A file or store of arrays: its image, and the labels that belong to it, each where it lies."""

from collections.abc import Mapping

from shapes.core.errors import InputError
from synthem.data.real.arrays import Stored, image_in, labels_in, listed
from synthem.data.real.case import Case, Found
from synthem.data.real.placed import placed
from synthem.data.real.reading import Reading


def open_arrays(file: object, name: str, arrays: Mapping[str, Stored], inside: str, how: Reading) -> Found:
    """Return the image of a file of arrays, with its labels."""
    image = image_in(file, arrays, inside)
    masks, others = labels_in(arrays, image)
    warnings: list[str] = []
    chosen = None
    if how.labels is not None and how.labels in arrays:
        chosen, masks = how.labels, {}
    elif how.labels is not None:
        masks = {}
    elif how.codes is not None and how.codes.instances not in masks:
        if len(others) > 1:
            raise InputError(
                f"{file}: holds the labels {listed(others)}; say which with --labels {others[0]}"
            )
        chosen = others[0] if others else None
    elif len(others) == 1 and not masks:
        chosen = others[0]
    elif others:
        warnings.append(f"{file}: labels of no known class, not used: {listed(others)}; see --labels")
    whole = arrays[image]
    volumes = {cls: placed(whole, arrays[path], how.channel) for cls, path in masks.items()}
    labels = placed(whole, arrays[chosen], how.channel) if chosen else None
    said = f"{image}, with labels {chosen}" if chosen else image
    if masks:
        said = f"{image}, with {', '.join(masks.values())}"
    return Found(said, [Case(name, whole.volume(how.channel), volumes, labels)], {}, warnings)
