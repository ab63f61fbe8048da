"""Neuropil: how much axon and dendrite a volume holds, how they branch, and where they meet."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.grid import Grid
from shapes.core.warp import world_points
from shapes.neurites.population import AXON, BOUTON, DENDRITE, MYELINATED
from shapes.neurites.tubes import AZ, DZ, NODE, tube_field
from shapes.partition.point import near_box
from synthem.scene.scene import Scene, build_scene
from synthem.world import World

COARSE_NM = 100.0
"""Voxels of the volume that is measured: what is counted does not depend on them."""
_SAME_NM = 1e-6


class Neuropil(NamedTuple):
    """Neurites and synapses of a volume.

    Attributes
    ----------
    volume_um3 : float
        How large it is.
    axon_um, dendrite_um : float
        Length of axons, wrapped ones included, and of the shafts of dendrites, per µm³.
    branches : float
        Branch points of axons and dendrites on 100 µm of either.
    longest_um : float
        Length of the longest neurite within the volume, branches included.
    boutons_um : float
        From one bouton to the next along an axon, in µm.
    synapses : float
        Per µm³.
    synapses_um : float
        From one synapse to the next along an axon, in µm.
    spines : float
        On a µm of dendrite.
    own : float
        Share of the nodes of all axes that lie in their own cell: one that others cover cannot be traced.
    """

    volume_um3: float
    axon_um: float
    dendrite_um: float
    branches: float
    longest_um: float
    boutons_um: float
    synapses: float
    synapses_um: float
    spines: float
    own: float


def neuropil(
    world: World, size_um: tuple[float, float, float], origin_nm: tuple[float, float, float]
) -> Neuropil:
    """Measure a box of a world, ``size_um`` (z, y, x) large; its organelles but for synapses are left out."""
    anatomy = world.preset.anatomy
    idle = {
        name: None
        for name in ("er", "endosome", "microtubule", "glycogen", "mitochondrion", "vesicle", "t_bar")
    }
    shape = tuple(max(1, round(1000 * edge / COARSE_NM)) for edge in size_um)
    grid = Grid((shape[0], shape[1], shape[2]), (COARSE_NM,) * 3, origin_nm)
    return measured(build_scene(anatomy.model_copy(update=idle), world.seed, grid))


def measured(scene: Scene) -> Neuropil:
    """Measure the neurites and synapses of a scene."""
    cells, grid = scene.neurites, scene.grid
    volume = float(np.prod(np.multiply(grid.shape, grid.voxel_nm)) * 1e-9)
    rows, node = np.nonzero(~np.isnan(cells.nodes_nm[..., 3]))
    places = cells.nodes_nm[rows, node, :3]
    shown = _inside(scene, places)
    kinds = cells.kinds[rows]
    axons, dendrites = np.isin(kinds, (AXON, MYELINATED)), kinds == DENDRITE
    traced = shown & (axons | dendrites)
    whose = np.empty(int(traced.sum()), np.int64)
    _lowest(cells.tubes, cells.cells, places[traced], scene.anatomy.membranes.glia_nm, whose)
    own = float((whose == cells.cells[rows[traced]]).mean()) if traced.any() else float("nan")
    # the step to the next node of the same neurite, half of it on either side
    follows = np.zeros(len(rows), np.bool_)
    follows[:-1] = (rows[1:] == rows[:-1]) & (node[1:] == node[:-1] + 1)
    steps = np.zeros(len(rows))
    steps[:-1][follows[:-1]] = np.linalg.norm(np.diff(places, axis=0)[follows[:-1]], axis=1)
    lengths = np.where(shown, steps, 0.0) * 1e-3
    axon, dendrite = float(lengths[axons].sum()), float(lengths[dendrites].sum())
    branches = int((shown & (node == 0) & _branched(scene, rows)).sum())
    boutons = int((shown & axons & (cells.varicosity[rows, node] == BOUTON)).sum())
    contacts = scene.objects.get("psd")
    synapses = int(_inside(scene, contacts.middles_nm).sum()) if contacts is not None else 0
    return Neuropil(
        volume,
        axon / volume,
        dendrite / volume,
        100.0 * branches / max(axon + dendrite, 1e-9),
        float(np.bincount(cells.cells[rows], lengths, minlength=1).max()),
        axon / max(boutons, 1),
        synapses / volume,
        axon / max(synapses, 1),
        _spines(scene) / max(dendrite, 1e-9),
        own,
    )


@compiled
def _lowest(tubes, cells, places, glia, out):  # type: ignore[no-untyped-def]
    """Write which cell each place belongs to, -1 for glia."""
    chosen = np.empty(tubes.segments.shape[0], np.int64)
    for n in range(places.shape[0]):
        best, out[n] = glia, -1
        count = near_box(tubes.segments, tubes.blocks, places[n], places[n], glia, chosen)
        for i in range(count):
            field = tube_field(tubes.segments, chosen[i], places[n, 0], places[n, 1], places[n, 2])
            if field < best:
                best, out[n] = field, cells[tubes.owners[chosen[i]]]


def _inside(scene: Scene, places: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which places of tissue space a scene shows."""
    grid = scene.grid
    world = world_points(scene.seed, scene.anatomy.warp, places)
    at = np.floor(world / np.array(grid.voxel_nm)).astype(np.int64) - np.array(grid.start_vx)
    inside: npt.NDArray[np.bool_] = ((at >= 0) & (at < grid.shape)).all(1)
    return inside


def _branched(scene: Scene, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which rows may begin as a branch: their first node lies on another row of the same cell."""
    cells = scene.neurites
    out = np.zeros(len(cells.ids), np.bool_)
    for cell in np.flatnonzero(np.bincount(cells.cells, minlength=1) > 1):
        some = np.flatnonzero(cells.cells == cell)
        nodes = cells.nodes_nm[some, :, :3]
        for n, row in enumerate(some):
            start, others = nodes[n, 0], np.delete(nodes, n, axis=0).reshape(-1, 3)
            out[row] = bool((np.abs(others - start).max(1) < _SAME_NM).any())
    return out[rows]


def _spines(scene: Scene) -> int:
    """Return how many spines of dendrites begin in a scene."""
    cells = scene.neurites
    tubes = cells.segments[cells.kinds[cells.owners] == DENDRITE]
    owners = cells.owners[cells.kinds[cells.owners] == DENDRITE]
    nodes = cells.nodes_nm[owners, tubes[:, NODE].astype(np.int64), :3]
    off = np.abs(tubes[:, AZ : AZ + 3] - nodes).max(1) > _SAME_NM
    # the second tube of a spine begins where its first one ends
    ends = {tuple(row) for row in tubes[off, AZ : AZ + 3] + tubes[off, DZ : DZ + 3]}
    first = np.array([tuple(row) not in ends for row in tubes[off, AZ : AZ + 3]], np.bool_)
    return int(_inside(scene, tubes[off][first, AZ : AZ + 3]).sum()) if first.any() else 0
