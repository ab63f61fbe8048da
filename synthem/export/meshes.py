"""Surfaces of objects as glTF, a file a volume: marching cubes on each object's voxels, coloured by class."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.measure import marching_cubes

from shapes.core.errors import InputError
from synthem.export.each_object import check_objects, each_object
from synthem.export.folder import Folder
from synthem.export.job import Job
from synthem.labels import colour_of
from synthem.patch import Patch

NEURITE = "neurite"
SOFT_VX = 0.7
"""Voxels are smoothed by so much before the surface is drawn, which takes their steps away."""


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write ``PART/VOLUME.glb`` with a node ``CLASS/ID`` for each object, in nm from the volume's corner.

    Raises
    ------
    InputError
        Where patches have no ids, are single sections, or trimesh is not installed.
    """
    try:
        import trimesh
    except ImportError:
        raise InputError("export: meshes need trimesh: `pip install 'synthem[meshes]'`") from None
    classes = job.classes or tuple(name for name in job.channels if name not in ("membrane", "mito_boundary"))
    for done, case in enumerate(job.cases):
        patch = job.patch(case)
        check_objects(patch, case)
        if case.flat:
            raise InputError(f"export: {case.name} is a single section, and a surface wants a volume")
        scene = trimesh.Scene()
        for name, who, corners, faces in surfaces(patch, (*classes, NEURITE)):
            colour = (*(_colour(who) if name == NEURITE else colour_of(name)), 255)
            mesh = trimesh.Trimesh(corners[:, ::-1], faces, process=False)
            mesh.visual = trimesh.visual.ColorVisuals(mesh, face_colors=colour)
            scene.add_geometry(mesh, node_name=f"{name}/{who}", geom_name=f"{name}/{who}")
        out.put(f"{case.part}/{case.name}.glb", partial(scene.export, file_type="glb"))
        tick(done + 1, len(job.cases))
    out.text("README.md", _readme(job))
    return []


def surfaces(
    patch: Patch, names: Sequence[str]
) -> list[tuple[str, int, npt.NDArray[np.float64], npt.NDArray[np.int32]]]:
    """Return class, id, corners (n, 3) in nm (z, y, x) from the patch's corner, and triangles of each object.

    Surfaces are closed where the patch ends, and turned outwards.
    """
    out = []
    for name in names:
        if name not in patch.instances:
            continue
        for who, box, voxels in each_object(patch.instances[name]):
            own = np.pad(voxels.astype(np.float32), 2)
            field = ndimage.gaussian_filter(own, SOFT_VX)
            level = 0.5 if field.max() > 0.5 else 0.5 * float(field.max())  # what is thinner than a voxel
            corners, faces, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
                field, level, spacing=patch.grid.voxel_nm
            )
            first = np.array([s.start for s in box]) - 1.5
            out.append((name, who, corners + first * patch.grid.voxel_nm, faces))
    return out


def _colour(who: int) -> tuple[int, int, int]:
    """Return a light colour of an id's own."""
    red, green, blue = (128 + (who * prime >> 8) % 112 for prime in (2654435761, 2246822519, 3266489917))
    return red, green, blue


def _readme(job: Job) -> str:
    return f"""# {job.name}

Written by synthem: surfaces of {len(job.cases)} volumes as binary glTF, which Blender, MeshLab and browsers
open. Nodes are called `CLASS/ID`, with the ids of the instance maps; places are in nm, x, y, z, from the
volume's corner. Surfaces are closed where the volume ends.
"""
