"""How masks become objects: connected components; a watershed parts mitochondria that touch."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.segmentation import watershed

from synthem.measure.components import label_objects
from synthem.scores.slabs import Ids, boxes, components, components_of, slabs

Bools = npt.NDArray[np.bool_]
Triple = tuple[float, float, float]

SEED_NM = 20.0
"""An inside that is nowhere deeper is no mitochondrion, but a sliver between a mask and a boundary that were
drawn apart; and an opening in a boundary that is twice as wide at most joins no two."""


def mitochondria(mask: Bools, boundary: Bools, voxel_nm: Triple) -> tuple[Ids, int]:
    """Part mitochondria that touch: a watershed from their insides, the mask less its boundary.

    A seed is a component of what lies deeper than ``SEED_NM`` within an inside. Each voxel of the mask
    goes to a seed by flooding of the distance to the seeds (``skimage.segmentation.watershed``). A component
    of the mask that holds no seed, or one, is an object as it is. Components are looked at one by one in
    their boxes, so memory is that of the ids and of the largest one.

    Parameters
    ----------
    mask, boundary : bool (z, y, x)
        Of mitochondria, and of their boundaries. A depth of one is a plane.
    voxel_nm : tuple of float
        Edges of a voxel (z, y, x).

    Returns
    -------
    int32 (z, y, x) ids, from 1; and how many objects they are
    """
    ids, total = components(mask)
    rim = ((int(len(mask) > 1),) * 2, (1, 1), (1, 1))
    for number, box in enumerate(boxes(ids), 1):
        whole = ids[box] == number
        deep = ndimage.distance_transform_edt(np.pad(whole & ~boundary[box], rim), sampling=voxel_nm)
        seeds, many = label_objects(deep > SEED_NM)
        if many < 2:
            continue
        away = ndimage.distance_transform_edt(seeds == 0, sampling=voxel_nm)
        parts = watershed(away, seeds, mask=np.pad(whole, rim))  # type: ignore[no-untyped-call]
        parts = parts[tuple(slice(n, m - n) for (n, _), m in zip(rim, parts.shape, strict=True))]
        own = ids[box]
        own[parts > 1] = (parts[parts > 1] - 1 + total).astype(np.int32)
        total += many - 1
    return ids, total


def objects_of(cls: str, mask: Callable[[str], Bools | None], voxel_nm: Triple) -> tuple[Ids, int]:
    """Return the objects of a class: by ``mitochondria`` where there are boundaries, else by components.

    ``mask`` gives the mask of a class, bool (z, y, x), or None where there is none.
    """
    own = mask(cls)
    if own is None:
        raise KeyError(cls)
    if cls == "mitochondrion" and (boundary := mask("mito_boundary")) is not None:
        return mitochondria(own, boundary, voxel_nm)
    return components(own)


def cells(membrane: Bools, skipped: Bools | None = None) -> tuple[Ids, int]:
    """Return the cells between membranes: the components of what is neither membrane nor skipped."""

    def inside(part: slice) -> Bools:
        return ~membrane[part] if skipped is None else ~(membrane[part] | skipped[part])

    return components_of(membrane.shape, inside)


def grown(ids: Ids, skipped: Bools | None = None) -> Ids:
    """Let cells grow, in place and section by section, until they meet: membranes then have no width.

    ISBI 2012 thins the membranes of a prediction before it compares, since how thick they are drawn is no
    error of a partition (Arganda-Carreras et al. 2015). A section without a cell stays as it is.
    """
    for part in slabs(ids.shape, 1):
        own = ids[part][0]
        if own.any():
            # of each pixel the nearest one of a cell, by the place of that in the order of rows
            _, nearest = cv2.distanceTransformWithLabels(
                (own == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
            )
            wide = own[own > 0][nearest - 1]
            ids[part] = wide if skipped is None else np.where(skipped[part][0], 0, wide)
    return ids
