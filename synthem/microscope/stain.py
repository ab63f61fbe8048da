"""Stain: the grey level of every structure, before any optics.

Edges are as soft as half a voxel, so that the picture has no staircase. Objects differ in grey as their
spreads say, each by its own id; cytoplasm carries mottle, sparse dark specks and coarse unevenness, keyed by
world position.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.clutter.chains import MEMBRANE_NM
from shapes.core.compiled import compiled
from shapes.core.fields import smooth_noise
from shapes.core.streams import stream_key
from shapes.mitochondria.cristae import GRANULE_NM
from shapes.neurites.population import AXON, GLIA
from shapes.partition.generator import Layer
from synthem.microscope.grain import grain
from synthem.microscope.nucleus import paint_nuclei
from synthem.microscope.paint import cover, grey_of
from synthem.preset.anatomy import NEW
from synthem.preset.microscope import Stain
from synthem.scene.scene import Scene

_FAINT = 0.2  # of its stain a membrane that lies in the section lacks so much
_AT_RIM = 0.12  # so much of a density's stain is lacking where it is drawn to end
_PARTED_NM = 6.0  # no two lamellae that lie close are so far apart
_HALO_NM = 16.0  # as far as vesicles write their distance


class _Layers(NamedTuple):
    """The kinds of organelle that are painted together."""

    mitochondrion: Layer
    psd: Layer
    vesicle: Layer
    sheath: Layer
    er: Layer
    endosome: Layer
    microtubule: Layer
    glycogen: Layer
    t_bar: Layer


class _Textures(NamedTuple):
    """Fields of mean 0 and deviation 1 in the cytoplasm: mottle, blotches, and patches of the tissue."""

    fine: npt.NDArray[np.float32]
    blots: npt.NDArray[np.float32]
    coarse: npt.NDArray[np.float32]


@compiled
def _ring(shell, lumen, d, soft, texture, g):  # type: ignore[no-untyped-def]
    """Return the grey of cytoplasm ``g`` under a membrane-bound body: its wall, and the lumen within."""
    inside = shell + cover(d + MEMBRANE_NM, soft) * (lumen + texture - shell)
    return g + cover(d, soft) * (inside - g)


@compiled
def _endosome(salt, who, p, d, inside, soft, n, g):  # type: ignore[no-untyped-def]
    """Return the grey under an endosome: a ring, small rings inside it, or dark matter."""
    if inside < -1e3:
        return g + cover(d, 2.0 * soft) * (grey_of(salt + np.uint64(11), who, p.dense_body) - g)
    shell = grey_of(salt + np.uint64(9), who, p.endosome)
    out = _ring(shell, grey_of(salt + np.uint64(10), who, p.endosome_lumen), d, soft, 4.0 * n, g)
    return out + cover(abs(inside + 4.0) - 4.0, soft) * (shell - out)


@compiled
def _dense(d, fade):  # type: ignore[no-untyped-def]
    """Return how much of its stain a density has, at a signed distance in nm to where annotators end it.

    After real outlines of EPFL6 (training half of its split ``rare``), whose grey rises from 94 at the last
    pixel inside to 131 at 22 nm outside and 146 at 42 nm; somewhat steeper, for annotators waver by a pixel
    or two, which blurs a mean. Outside it is gone after ``fade`` nm.
    """
    if d < 0.0:
        return 1.0 - _AT_RIM * np.exp(d / 14.0)
    return (1.0 - _AT_RIM) * (1.0 - d / fade) ** 2.5


@compiled
def _paint(salt, partition, owner_grey, layers, textures, p, membranes, boundary_nm, soft, out):  # type: ignore[no-untyped-def]
    index, depth, tilt = partition.index, partition.depth_nm, partition.tilt
    mito_id, mito, crista = layers.mitochondrion[:3]
    psd_id, psd, past_cleft = layers.psd[:3]
    ves_id, ves, ves_core = layers.vesicle[:3]
    sheath_id, sheath, lamella = layers.sheath[:3]
    endo_id, endo, endo_inside = layers.endosome[:3]
    er_id, er = layers.er.ids, layers.er.distance_nm
    glycogen_id, glycogen = layers.glycogen.ids, layers.glycogen.distance_nm
    bar_id, bar, tubule = layers.t_bar.ids, layers.t_bar.distance_nm, layers.microtubule.distance_nm
    fine, blots, coarse = textures
    faded_nm = max(p.psd_fade_nm, soft)
    gap_nm, bilayer, dark, mottle = membranes.gap_nm, membranes.bilayer_nm, p.membrane.first, p.mottle
    nz, ny, nx = index.shape
    last_mito, body, rim, fold = -1, 0.0, 0.0, 0.0
    last_ves, shell, core = -1, 0.0, 0.0
    last_er, er_wall, er_lumen = -1, 0.0, 0.0
    last_psd, last_sheath, density, dark_line = -1, -1, 0.0, 0.0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                n = fine[z, y, x]
                own = index[z, y, x]
                b = blots[z, y, x]
                # the square leans blotches to the dark; mean 0 and deviation 1 stay
                b = max(-2.6, 0.88 * b - 0.33 * (b * b - 1.0))
                g = owner_grey[own] + p.patchiness * coarse[z, y, x] + mottle * n + p.blotch * b
                # clutter lies lowest: what is a class is painted over it
                d = tubule[z, y, x]
                if d < soft:
                    g += p.microtubule * cover(d, 1.5 * soft) * min(0.0, dark - g)
                d = er[z, y, x]
                if d < soft:
                    who = er_id[z, y, x]
                    if who != last_er:
                        last_er = who
                        er_wall = grey_of(salt + np.uint64(7), who, p.er)
                        er_lumen = grey_of(salt + np.uint64(8), who, p.cisterna)
                    g = _ring(er_wall, er_lumen, d, soft, 0.3 * (g - owner_grey[own]), g)
                d = endo[z, y, x]
                if d < soft:
                    g = _endosome(salt, endo_id[z, y, x], p, d, endo_inside[z, y, x], soft, n, g)
                d = glycogen[z, y, x]
                if d < soft:
                    dense = grey_of(salt + np.uint64(13), glycogen_id[z, y, x], p.glycogen)
                    g += cover(d, 1.5 * soft) * min(0.0, dense - g)
                d = bar[z, y, x]
                if d < soft:
                    dense = grey_of(salt + np.uint64(12), bar_id[z, y, x], p.t_bar) + 0.5 * mottle * n
                    g += cover(d, 2.0 * soft) * min(0.0, dense - g)
                d = mito[z, y, x]
                if d < soft:
                    who = mito_id[z, y, x]
                    if who != last_mito:
                        last_mito = who
                        body, rim, fold = (
                            grey_of(salt, who, p.matrix),
                            grey_of(salt + np.uint64(1), who, p.boundary),
                            grey_of(salt + np.uint64(2), who, p.crista),
                        )
                    inner = body + 0.6 * mottle * n
                    within = crista[z, y, x]
                    if within < 0.5 * GRANULE_NM:
                        # a granule of calcium is as dark as any membrane
                        inner += cover(within - GRANULE_NM, 2.0 * soft) * (dark - inner)
                    else:
                        inner += cover(within, 2.0 * soft) * (fold - inner)
                    # two membranes with a thin space between fill the labelled boundary from its middle
                    c = cover(abs(d + 0.42 * boundary_nm) - 0.42 * boundary_nm, 2.0 * soft)
                    inner += c * (rim - inner)
                    g += cover(d, soft) * (inner - g)
                d = ves[z, y, x]
                if d < _HALO_NM:
                    # proteins between vesicles darken the cytoplasm around them
                    fade = 1.0 - max(0.0, d) / _HALO_NM
                    g -= p.halo * fade * fade
                if d < soft:
                    who = ves_id[z, y, x]
                    if who != last_ves:
                        last_ves = who
                        shell, core = (
                            grey_of(salt + np.uint64(3), who, p.vesicle),
                            grey_of(salt + np.uint64(4), who, p.lumen),
                        )
                    inside = shell + cover(d + 8.5, soft) * (core - shell)
                    # a dense core is as dark as any membrane
                    inside += cover(ves_core[z, y, x], 2.0 * soft) * (dark - inside)
                    g += cover(d, soft) * (inside - g)
                # the membrane: two dark bilayers and a paler gap, washed out where it lies obliquely
                d = depth[z, y, x]
                s = cover(sheath[z, y, x], 2.0 * soft) if sheath[z, y, x] < soft else 0.0
                blur = soft * (1.0 + tilt[z, y, x])
                if d - 0.5 * gap_nm - bilayer < 0.5 * blur:
                    band = cover(d - 0.5 * gap_nm - bilayer, blur)
                    cleft = cover(d - 0.5 * gap_nm, blur)
                    g += (band - p.gap * cleft) * (1.0 - _FAINT * tilt[z, y, x]) * (dark - g) * (1.0 - s)
                if s > 0.0:
                    if sheath_id[z, y, x] != last_sheath:
                        last_sheath = sheath_id[z, y, x]
                        dark_line = grey_of(salt + np.uint64(5), last_sheath, p.sheath)
                    myelin = dark_line + p.lamella * 60.0 * cover(-lamella[z, y, x], 2.0 * soft)
                    # where lamellae part there is pale cytoplasm between them
                    myelin += cover(_PARTED_NM - lamella[z, y, x], 2.0 * soft) * 0.8 * (g - myelin)
                    g += s * (myelin - g)
                d = psd[z, y, x]
                if d < faded_nm:
                    if psd_id[z, y, x] != last_psd:
                        last_psd = psd_id[z, y, x]
                        density = grey_of(salt + np.uint64(6), last_psd, p.psd)
                    # darkest behind the postsynaptic membrane, and fading into the cytoplasm; the cleft and
                    # the bouton's side are paler
                    behind = past_cleft[z, y, x] - 0.5 * gap_nm
                    part = 1.0 - 0.2 * max(0.0, min(1.0, (behind - bilayer) / 30.0))
                    if behind < 0.0:
                        part = 0.87 if behind > -gap_nm else 0.85
                    g += part * _dense(d, faded_nm) * min(0.0, density + 0.5 * mottle * n - g)
                out[z, y, x] = g


@compiled
def _owner_greys(salt, ids, row, out):  # type: ignore[no-untyped-def]
    for j in range(ids.shape[0]):
        out[j] = grey_of(salt, ids[j], row)


@compiled
def _paint_over(salt, layer, grey, lumen, soft, out):  # type: ignore[no-untyped-def]
    """Paint one kind of organelle over an image, each in a grey of its own; where it has one, its lumen."""
    hollow = layer.detail_nm.size > 0
    nz, ny, nx = out.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                d = layer.distance_nm[z, y, x]
                if d < soft:
                    shade = grey_of(salt, layer.ids[z, y, x], grey)
                    if hollow:
                        shade += cover(layer.detail_nm[z, y, x], soft) * (lumen - shade)
                    out[z, y, x] += cover(d, soft) * (shade - out[z, y, x])


def softness_nm(voxel_nm: tuple[float, float, float]) -> float:
    """Return over what length an edge fades; an oblique membrane fades over up to twice of it."""
    return max(2.0, min(voxel_nm[1:]))


def stain(scene: Scene, params: Stain) -> npt.NDArray[np.float32]:
    """Return the stained tissue of a scene in grey levels, float32 (z, y, x).

    Osmium darkens membranes, lead and uranyl protein and nucleic acid: Hayat (2000), Principles
    and Techniques of Electron Microscopy. How dark is measured: see the preset's source.
    """
    grid, seed = scene.grid, scene.seed
    salt = stream_key(seed, "stain")
    greys = np.empty(len(scene.neurites.ids) + 1)
    _owner_greys(salt, scene.neurites.ids, params.cytoplasm.row(), greys)
    greys[:-1][scene.neurites.kinds == AXON] -= params.axon_darker
    greys[-1] = params.glia.typical()
    of_glia = np.flatnonzero(scene.neurites.kinds == GLIA)
    processes = np.empty(len(of_glia))
    _owner_greys(salt, scene.neurites.ids[of_glia], params.glia_process.row(), processes)
    greys[of_glia] = processes
    fine = smooth_noise(stream_key(seed, "texture/fine"), params.mottle_nm, grid)
    blots = smooth_noise(stream_key(seed, "texture/blotch"), params.blotch_nm, grid)
    coarse = smooth_noise(stream_key(seed, "texture/coarse"), params.patchiness_nm, grid)
    mito, soft = scene.anatomy.mitochondrion, softness_nm(grid.voxel_nm)
    layers = _Layers(*(scene.layers[name] for name in _Layers._fields))
    out = np.empty(grid.shape, np.float32)
    _paint(
        salt, scene.partition, greys, layers, _Textures(fine, blots, coarse), params.row(),
        scene.anatomy.membranes.row(), mito.boundary_nm if mito else 1.0, soft, out,
    )  # fmt: skip
    if scene.layers["nucleus"].ids.any():
        paint_nuclei(out, scene, params, fine, blots, soft)
    for name in NEW:
        if name in scene.objects:
            key, lumen = stream_key(seed, f"stain/{name}"), params.endosome_lumen.typical()
            _paint_over(key, scene.layers[name], getattr(params, name).row(), lumen, soft, out)
    return grain(out, scene, params)
