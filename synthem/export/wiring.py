"""Who is joined to whom in a patch: its synapses with a site in each partner, told by the scene itself.

A patch knows ids alone. What made it, its trace, gives the scene again, and that knows both partners of every
synapse. Real EM has no trace, and so no partners.
"""

import numpy as np
import numpy.typing as npt

from synthem.patch import Patch
from synthem.scene.scene import Scene
from synthem.scene.synapses import Place, Synapse, synapses
from synthem.world import World, check_world_version

NEAR_NM = 120.0
"""A site that misses its neurite's voxels, as where sections are thick, is moved by up to so much."""


def scene_of(patch: Patch) -> Scene | None:
    """Return the scene that a patch was made from; None for real EM.

    Raises
    ------
    InputError
        Where it is of a world that this synthem no longer makes.
    """
    if patch.trace is None:
        return None
    trace = patch.trace
    what = f"{patch.name}: its trace"
    check_world_version(trace.get("world_version"), str(trace.get("synthem", "0.1.0")), what)
    return World(trace["preset"], trace["seed"]).scene(patch.grid)


def wiring(patch: Patch, scene: Scene) -> list[Synapse]:
    """Return the synapses of which a patch shows the density, with sites in the partners' voxels.

    One of which either partner lies outside of the patch is left out.
    """
    neurites = patch.instances["neurite"]
    shown = set(np.unique(patch.instances["psd"]).tolist())
    found = []
    for one in synapses(scene):
        if one.density not in shown:
            continue
        pre = _settled(patch, neurites, one.presynaptic_nm, one.presynaptic)
        post = _settled(patch, neurites, one.postsynaptic_nm, one.postsynaptic)
        if pre is not None and post is not None:
            found.append(one._replace(presynaptic_nm=pre, postsynaptic_nm=post))
    return found


def _settled(patch: Patch, neurites: npt.NDArray[np.int32], place: Place, who: int) -> Place | None:
    """Return a place, moved to the nearest voxel of its neurite if it is not in one; None if none is near."""
    grid = patch.grid
    edges, start = np.array(grid.voxel_nm), np.array(grid.start_vx)
    at = np.floor(np.divide(place, edges)).astype(np.int64) - start
    if ((at >= 0) & (at < grid.shape)).all() and neurites[tuple(at)] == who:
        return place
    reach = np.ceil(NEAR_NM / edges).astype(np.int64)
    low, high = np.maximum(at - reach, 0), np.minimum(at + reach + 1, grid.shape)
    if (low >= high).any():
        return None
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    voxels = np.argwhere(neurites[box] == who) + low
    if not len(voxels):
        return None
    centres = (voxels + start + 0.5) * edges
    away = np.linalg.norm(centres - place, axis=1)
    nearest = int(np.argmin(away))
    if away[nearest] > NEAR_NM:
        return None
    z, y, x = centres[nearest].tolist()
    return z, y, x
