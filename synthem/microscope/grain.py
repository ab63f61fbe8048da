"""Grain: what fine structure shows in stained tissue beyond one grey a structure, where a preset asks for it.

A membrane fixed in osmium is two dark leaflets of 2–2.5 nm around a pale core of 3–3.5 nm, the unit membrane
of Robertson (1959); it takes voxels of at most ``RESOLVED_NM`` to see it. A crista is a fold of the inner
membrane; in well-fixed tissue the space within is as pale as cytoplasm (Palade 1953).
"""

import numpy as np
import numpy.typing as npt

from shapes.clutter.chains import MEMBRANE_NM
from shapes.core.compiled import compiled
from shapes.core.fields import smooth_noise
from shapes.core.grid import Grid
from shapes.core.streams import stream_key
from shapes.mitochondria.cristae import GRANULE_NM
from synthem.microscope.paint import cover
from synthem.preset.microscope import Stain
from synthem.scene.scene import Scene

RESOLVED_NM = 2.5
"""Wider voxels show a membrane as one dark line."""
_CORE_NM = 3.2
_CRISTA_WALL_NM = 6.0  # of one membrane of a crista; what is left of its thickness is the space within
_CLEAR = np.float32(255)


@compiled
def _core(distance, middle, soft, pale, dark, amount, g):  # type: ignore[no-untyped-def]
    """Return grey ``g``, paler in the core of a membrane whose middle lies at a signed distance."""
    cover = min(1.0, max(0.0, 0.5 + (0.5 * _CORE_NM - abs(distance - middle)) / soft))
    if cover == 0.0:
        return g
    return g + amount * cover * max(0.0, pale - max(g, dark))


@compiled
def _leaflets(partition, mito, ves, er, plasma, rim, soft, p, out):  # type: ignore[no-untyped-def]
    depth, tilt, amount = partition.depth_nm, partition.tilt, p.leaflets
    pale, dark = p.cytoplasm.typical, p.membrane.typical
    nz, ny, nx = out.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                g = out[z, y, x]
                if mito[z, y, x] > 0.0:
                    # an oblique membrane shows no core
                    seen = amount * max(0.0, 1.0 - 1.5 * tilt[z, y, x])
                    g = _core(depth[z, y, x], plasma, soft, pale, dark, seen, g)
                g = _core(ves[z, y, x], -0.5 * 8.5, soft, pale, dark, amount, g)
                g = _core(er[z, y, x], -0.5 * MEMBRANE_NM, soft, pale, dark, amount, g)
                # the space between the two membranes of a mitochondrion
                g = _core(mito[z, y, x], -0.42 * rim, soft, pale, dark, amount, g)
                out[z, y, x] = g


@compiled
def _open_cristae(mito, detail, pale, amount, wall, soft, out):  # type: ignore[no-untyped-def]
    """Make the space between the two membranes of a crista paler."""
    nz, ny, nx = out.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                within = detail[z, y, x]
                # what is far below is a granule
                if mito[z, y, x] < 0.0 and 0.5 * GRANULE_NM < within < soft - wall:
                    g = out[z, y, x]
                    out[z, y, x] = g + amount * cover(within + wall, soft) * max(0.0, pale - g)


@compiled
def _extent(distance):  # type: ignore[no-untyped-def]
    """Return first and end along z, y and x of the box around what lies inside; ends are 0 without any."""
    nz, ny, nx = distance.shape
    z0, z1, y0, y1, x0, x1 = nz, 0, ny, 0, nx, 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if distance[z, y, x] < 0.0:
                    z0, z1, y0, y1 = min(z0, z), z + 1, min(y0, y), max(y1, y + 1)
                    x0, x1 = min(x0, x), max(x1, x + 1)
    return z0, z1, y0, y1, x0, x1


@compiled
def _roughen(distance, strength, field, z0, y0, x0, image):  # type: ignore[no-untyped-def]
    """Add a field, whose first voxel is given, to an image where it lies inside."""
    nz, ny, nx = field.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if distance[z0 + z, y0 + y, x0 + x] < 0.0:
                    image[z0 + z, y0 + y, x0 + x] += strength * field[z, y, x]


def grain(image: npt.NDArray[np.float32], scene: Scene, params: Stain) -> npt.NDArray[np.float32]:
    """Return stained tissue with leaflets, the grain of matrix and myelin, and uneven stain.

    Parameters
    ----------
    image : float32 (z, y, x)
        Grey levels of each voxel of the scene; written over.
    scene : Scene
        Its geometry.
    params : Stain
        Of which ``leaflets``, ``crista_lumen``, ``matrix_texture``, ``myelin_texture`` and ``unevenness`` act
        here; at 0, none does, and the image is handed on.
    """
    grid, seed = scene.grid, scene.seed
    if params.crista_lumen > 0:
        mitochondria = scene.layers["mitochondrion"]
        _open_cristae(
            mitochondria.distance_nm, mitochondria.detail_nm, params.cytoplasm.typical(), params.crista_lumen,
            _CRISTA_WALL_NM, max(2.0, min(grid.voxel_nm[1:])), image,
        )  # fmt: skip
    for name, strength, spacing in (
        ("mitochondrion", params.matrix_texture, params.matrix_texture_nm),
        ("sheath", params.myelin_texture, params.myelin_texture_nm),
    ):
        if strength == 0:
            continue
        distance = scene.layers[name].distance_nm
        z0, z1, y0, y1, x0, x1 = _extent(distance)
        if z1 == 0:
            continue
        origin = tuple(
            (s + k) * v for s, k, v in zip(grid.start_vx, (z0, y0, x0), grid.voxel_nm, strict=True)
        )
        box = Grid((z1 - z0, y1 - y0, x1 - x0), grid.voxel_nm, origin)
        field = smooth_noise(stream_key(seed, f"texture/{name}"), spacing, box)
        _roughen(distance, np.float32(strength), field, z0, y0, x0, image)
    if params.leaflets > 0 and max(grid.voxel_nm[1:]) <= RESOLVED_NM:
        layers, walls = scene.layers, scene.anatomy.membranes
        mito = scene.anatomy.mitochondrion
        _leaflets(
            scene.partition, layers["mitochondrion"].distance_nm, layers["vesicle"].distance_nm,
            layers["er"].distance_nm, 0.5 * (walls.gap_nm + walls.bilayer_nm),
            mito.boundary_nm if mito else 1.0, max(1.0, min(grid.voxel_nm[1:])), params.row(), image,
        )  # fmt: skip
    if params.unevenness > 0:
        uptake = smooth_noise(stream_key(seed, "texture/uptake"), params.unevenness_nm, grid)
        image = _CLEAR - (_CLEAR - image) * (np.float32(1) + np.float32(params.unevenness) * uptake)
    return image
