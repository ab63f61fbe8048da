"""The synapses of a scene with their partners: which bouton faces which cells, and where."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.streams import mix, object_id
from shapes.core.warp import world_points
from shapes.synapses.psd import paired
from synthem.scene.scene import Scene

Place = tuple[float, float, float]


class Synapse(NamedTuple):
    """One bouton and one cell that it faces; a polyadic synapse is one for each of its partners.

    Attributes
    ----------
    contact : int
        The same for all partners of one bouton's contact.
    density : int
        Id of the postsynaptic density, as instance maps of ``psd`` have it.
    presynaptic, postsynaptic : int
        Ids of the two neurites, as instance maps of ``neurite`` have them.
    place_nm : (z, y, x)
        Middle of the contact, in the world.
    presynaptic_nm : (z, y, x)
        A place in the bouton, ``INSIDE_NM`` from there.
    postsynaptic_nm : (z, y, x)
        A place in the partner: amid what the scene shows of its density there, or opposite to the bouton's
        where it shows the bouton's side alone.
    radius_nm : float
        Of the contact.
    """

    contact: int
    density: int
    presynaptic: int
    postsynaptic: int
    place_nm: Place
    presynaptic_nm: Place
    postsynaptic_nm: Place
    radius_nm: float


INSIDE_NM = 60.0
"""Beyond membrane and density, 30–60 nm thick, and within a bouton or a spine's head."""


def synapses(scene: Scene) -> list[Synapse]:
    """Return the synapses of which a scene shows a density, in the order of their densities' ids."""
    contacts, params = scene.objects.get("psd"), scene.anatomy.psd
    if contacts is None or params is None or not len(contacts.ids):
        return []
    layer, cells, warp = scene.layers["psd"], scene.neurites, scene.anatomy.warp
    shown = np.unique(layer.ids[layer.distance_nm < 0])
    glia_nm = scene.anatomy.membranes.glia_nm
    out = []
    for at, who in zip(*paired(contacts, cells, glia_nm, params), strict=True):
        contact = int(contacts.ids[at])
        density = contact
        if params.polyadic:
            density = int(object_id(np.uint64(mix(np.uint64(contact), cells.keys[who]))))
        if density not in shown:
            continue
        middle, towards = contacts.middles_nm[at], contacts.normals[at]
        places = np.stack([middle, middle - INSIDE_NM * towards, middle + INSIDE_NM * towards])
        place, pre, post = world_points(scene.seed, warp, places)
        amid = _amid(scene, density, who)
        if amid is None and who != contacts.partners[at]:
            continue  # of a further partner the bouton's side alone: a sliver
        post = post if amid is None else amid
        bouton, partner = int(cells.ids[contacts.boutons[at, 0]]), int(cells.ids[who])
        radius = float(contacts.radii_nm[at])
        places_of = (_triple(place), _triple(pre), _triple(post))
        out.append(Synapse(contact, density, bouton, partner, *places_of, radius))
    return sorted(out, key=lambda one: (one.density, one.contact))


def _amid(scene: Scene, density: int, who: int) -> npt.NDArray[np.float64] | None:
    """Return the centre of the voxel most amid a density in its neurite; None where it shows none there."""
    layer = scene.layers["psd"]
    own = (layer.ids == density) & (layer.distance_nm < 0) & (scene.partition.index == who)
    voxels = np.argwhere(own)
    if not len(voxels):
        return None
    edges = np.array(scene.grid.voxel_nm)
    off = np.linalg.norm((voxels - voxels.mean(0)) * edges, axis=1)
    centre: npt.NDArray[np.float64] = (np.array(scene.grid.start_vx) + voxels[np.argmin(off)] + 0.5) * edges
    return centre


def _triple(point: npt.NDArray[np.float64]) -> Place:
    z, y, x = point.tolist()
    return z, y, x
