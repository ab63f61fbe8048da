"""Skeletons as SWC, a file a neurite, along the axes that they were grown on.

SWC has places in µm (x, y, z), a radius, and the number of the node before (Cannon et al. 1998). Places are
of the world. Types are 1 for somata, 2 for axons and 3 for dendrites, as there; glia's is 7, of NeuroMorpho's
list.
"""

from collections.abc import Callable

from shapes.core.errors import InputError
from shapes.neurites.population import AXON, DENDRITE, GLIA, MYELINATED, SOMA
from synthem.export.folder import Folder
from synthem.export.job import Job
from synthem.export.wiring import scene_of
from synthem.scene.skeletons import Skeleton, skeletons

TYPES = {SOMA: 1, AXON: 2, MYELINATED: 2, DENDRITE: 3, GLIA: 7}


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write a folder a volume, with ``NEURITE.swc`` for each neurite that shows a node of its axis.

    Raises
    ------
    InputError
        Where a patch was not made by synthem, and so has no axes.
    """
    count = 0
    for done, case in enumerate(job.cases):
        scene = scene_of(job.patch(case))
        if scene is None:
            raise InputError(f"export: {case.name} has no axes of neurites; give a generated dataset in HDF5")
        for one in skeletons(scene):
            out.put(f"{case.part}/{case.name}/{one.neurite}.swc", swc(one).encode)
            count += 1
        tick(done + 1, len(job.cases))
    out.text("README.md", _readme(job, count))
    return []


def swc(skeleton: Skeleton) -> str:
    """Return a skeleton as SWC, in µm; the radius is that of the tube it was grown as."""
    lines = [f"# neurite {skeleton.neurite}, {skeleton.kind}; x, y, z and radius in micrometres"]
    columns = (skeleton.nodes_nm, skeleton.radii_nm, skeleton.parents, skeleton.kinds)
    nodes = zip(*(column.tolist() for column in columns), strict=True)
    for k, ((z, y, x), radius, parent, kind) in enumerate(nodes, 1):
        place = f"{x / 1e3:.4f} {y / 1e3:.4f} {z / 1e3:.4f} {radius / 1e3:.4f}"
        lines.append(f"{k} {TYPES[kind]} {place} {parent + 1 if parent >= 0 else -1}")
    return "\n".join(lines) + "\n"


def _readme(job: Job, count: int) -> str:
    return f"""# {job.name}

Written by synthem: {count} skeletons, `PART/VOLUME/NEURITE.swc`, named by the ids that instance maps of
`neurite` have. Places are in micrometres of the world. A skeleton has the nodes of the axis that lie in the
neurite's own tissue; where tubes crowd it is broken.
"""
