"""The greys of a nucleus, painted over the cytoplasm of its soma."""

import numpy as np
import numpy.typing as npt

from shapes.cells.envelope import envelope
from shapes.cells.nucleus import NUCLEOLUS_NM
from shapes.core.compiled import compiled
from shapes.core.streams import stream_key
from synthem.microscope.paint import cover, grey_of
from synthem.preset.microscope import Stain
from synthem.scene.scene import Scene

_FUZZ_NM = 22.0  # chromatin has no sharp edge
_PLUG = 0.45  # a pore is so far on from the grey of cytoplasm to that of chromatin


@compiled
def _paint(key, layer, fine, blots, soft, thickness, membrane_nm, p, out):  # type: ignore[no-untyped-def]
    ids, distance, detail, wall = layer.ids, layer.distance_nm, layer.detail_nm, p.membrane.typical
    nz, ny, nx = ids.shape
    last, dense, loose, spot, lumen = 0, 0.0, 0.0, 0.0, 0.0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                d = distance[z, y, x]
                if d >= soft:
                    continue
                who, g = ids[z, y, x], out[z, y, x]
                if who != last:
                    last = who
                    dense = grey_of(key, who, p.chromatin)
                    loose = grey_of(key + np.uint64(1), who, p.euchromatin)
                    spot = grey_of(key + np.uint64(2), who, p.nucleolus)
                    lumen = grey_of(key + np.uint64(3), who, p.perinuclear)
                inside = detail[z, y, x]
                grain = p.mottle * fine[z, y, x] + p.chromatin_texture * blots[z, y, x]
                if d > -thickness:
                    if inside < 0.0:
                        g += _PLUG * cover(d, soft) * (dense - g)
                    face = envelope(-d, inside, 0.5 * thickness)
                    ring = wall + cover(face + membrane_nm, soft) * (lumen - wall)
                    out[z, y, x] = g + cover(face, soft) * (ring - g)
                elif inside < -0.5 * NUCLEOLUS_NM:
                    edge = cover(inside + NUCLEOLUS_NM, 2.0 * _FUZZ_NM)
                    out[z, y, x] = loose + edge * (spot - loose) + 1.2 * grain
                else:
                    share = cover(inside, max(2.0 * soft, _FUZZ_NM))
                    out[z, y, x] = loose + share * (dense - loose) + grain


def paint_nuclei(
    image: npt.NDArray[np.float32],
    scene: Scene,
    params: Stain,
    fine: npt.NDArray[np.float32],
    blots: npt.NDArray[np.float32],
    soft_nm: float,
) -> None:
    """Paint a scene's nuclei over an image of its cytoplasm, float32 (z, y, x) in grey levels, in place.

    ``fine`` and ``blots`` are the fields of mottle and blotches that the cytoplasm has, too; an edge fades
    over ``soft_nm``. Lead and uranyl bind to nucleic acid, so that dense chromatin and nucleoli are dark, and
    the fibrils of pale chromatin coarse: from memory, after Fawcett (1981), The Cell.
    """
    layer, nuclei = scene.layers["nucleus"], scene.anatomy.nucleus
    if nuclei is None:
        return
    _paint(
        stream_key(scene.seed, "stain/nucleus"), layer, fine, blots, soft_nm, nuclei.envelope_nm,
        nuclei.membrane_nm, params.row(), image,
    )  # fmt: skip
