"""Labels from geometry: what an annotator of EPFL6 would draw on a scene, and the instance ids beside it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synthem.labels import CLASSES, channel
from synthem.preset.anatomy import Annotation
from synthem.scene.scene import Scene

NEURITE = "neurite"
_OUTLINE_NM = 6.0  # no label runs farther outside its object


def annotate(scene: Scene, rules: Annotation, sheets: int = 1) -> npt.NDArray[np.bool_]:
    """Return bool (6, z, y, x) labels in the order of ``synthem.CLASSES``.

    A section of several sheets is labelled as most of its sheets are. A vesicle, which may be smaller than a
    section is thick, is labelled at its full width in the section that holds its middle, too: there at least
    half of it lies, and shows at half of its contrast or more. A mitochondrion includes its boundary; a PSD
    and a sheath take their voxels from the membrane. Membrane is the outer membrane of cells alone: the
    envelope of a nucleus, like all in it, has no label.
    """
    labels = np.zeros((len(CLASSES), *scene.grid.shape), np.bool_)
    mito = scene.layers["mitochondrion"].distance_nm
    labels[channel("mitochondrion")] = mito < 0
    if scene.anatomy.mitochondrion is not None:
        labels[channel("mito_boundary")] = (mito < 0) & (mito > -scene.anatomy.mitochondrion.boundary_nm)
    labels[channel("vesicle")] = scene.layers["vesicle"].distance_nm < rules.vesicle_margin_nm
    labels[channel("psd")] = scene.layers["psd"].distance_nm < 0
    labels[channel("sheath")] = scene.layers["sheath"].distance_nm < 0
    membrane = scene.partition.depth_nm < rules.membrane_width_nm / 2
    for name in ("sheath", "mitochondrion", "vesicle"):
        membrane &= ~labels[channel(name)]
        labels[channel("psd")] &= ~labels[channel(name)]
    labels[channel("membrane")] = membrane & ~labels[channel("psd")]
    if sheets == 1:
        return labels
    count, z, y, x = labels.shape
    most: npt.NDArray[np.bool_] = labels.reshape(count, z // sheets, sheets, y, x).sum(2) * 2 > sheets
    seen = _with_middle(scene, rules, sheets)
    seen[most[channel("mitochondrion")] | most[channel("sheath")]] = False
    most[channel("vesicle"), seen] = True
    for name in ("psd", "membrane"):
        most[channel(name), seen] = False
    return most


def _with_middle(scene: Scene, rules: Annotation, sheets: int) -> npt.NDArray[np.bool_]:
    """Return where a section's sheets show a vesicle cut through its middle, bool (z, y, x)."""
    layer = scene.layers["vesicle"]
    z, y, x = scene.grid.shape
    if not layer.middle.size:
        return np.zeros((z // sheets, y, x), np.bool_)
    cut = layer.middle & (layer.distance_nm < rules.vesicle_margin_nm)
    return np.asarray(cut.reshape(z // sheets, sheets, y, x).any(1))


def instances(
    scene: Scene, labels: npt.NDArray[np.bool_], sheets: int = 1, also: Sequence[str] = ()
) -> dict[str, npt.NDArray[np.int32]]:
    """Return int32 (z, y, x) ids: of each kind of organelle in its label, and of the neurite everywhere.

    In a section of several sheets the sheet nearest to the middle that shows an object counts. Glia's thin
    processes are one cell to us: they carry the largest id, 2³¹ − 1. ``also`` names kinds that are no class:
    their ids stand where most of a section's sheets show one, and no class lies over it.
    """
    out = {
        name: _first_from_middle(layer.ids * (layer.distance_nm < _OUTLINE_NM), sheets)
        * labels[channel(name)]
        for name, layer in scene.layers.items()
        if name in CLASSES
    }
    for name in also:
        ids = scene.layers[name].ids * (scene.layers[name].distance_nm < 0)
        z, y, x = ids.shape
        most = (ids.reshape(z // sheets, sheets, y, x) > 0).sum(1) * 2 > sheets
        out[name] = _first_from_middle(ids, sheets) * (most & ~labels.any(0))
    owners = np.append(scene.neurites.ids, np.int32(2**31 - 1))
    out[NEURITE] = _first_from_middle(owners[scene.partition.index], sheets)
    return out


def _first_from_middle(ids: npt.NDArray[np.int32], sheets: int) -> npt.NDArray[np.int32]:
    """Reduce the ids of each section's sheets to the first that is not 0, from the middle sheet outwards."""
    if sheets == 1:
        return ids
    parts = ids.reshape(-1, sheets, *ids.shape[1:])
    order = sorted(range(sheets), key=lambda k: (abs(k - (sheets - 1) / 2), k))
    out = parts[:, order[0]].copy()
    for k in order[1:]:
        np.copyto(out, parts[:, k], where=out == 0)
    return out
