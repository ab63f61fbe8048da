"""Particles: dust and stain precipitate on a section, debris of cutting on a block's face.

Lead and uranyl salts fall out as dense, angular grains in clusters, dust lies alone and is larger: Hayat
(2000), Principles and Techniques of Electron Microscopy. Debris that the knife leaves on the block's face
charges and glows: Deerinck et al. (2010). All of them lie in the beam's way: they hide the tissue from it,
and are blurred as it is.
"""

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.grid import Grid
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, stream_key, uniform
from synthem.microscope.defects.places import scattered, sections
from synthem.preset.defects import Particles

_GLOW = 3.0  # lengths after which a glow has faded


@compiled
def _bodies(centres, keys, p, ys, xs, tall, wide, soft, image):  # type: ignore[no-untyped-def]
    for e in range(keys.shape[0]):
        for g in range(max(1, int(np.rint(draw(p.grains, uniform(keys[e], 2), normal(keys[e], 3)))))):
            key = mix(keys[e], 100 + g)
            radius = draw(p.radius_nm, uniform(key, 0), normal(key, 1))
            grey = draw(p.grey, uniform(key, 2), normal(key, 3))
            cy = centres[e, 0] + p.cluster_nm * min(2.0, max(-2.0, normal(key, 4)))
            cx = centres[e, 1] + p.cluster_nm * min(2.0, max(-2.0, normal(key, 5)))
            far = radius * (1.0 + p.roughness) + soft
            if p.glow != 0.0:
                far += _GLOW * p.glow_nm
            # the four waves of a body's outline add up to 2.5 at most
            outer = radius * (1.0 + p.roughness) + max(soft, _GLOW * p.glow_nm if p.glow != 0.0 else 0.0)
            a = 6.2832 * uniform(key, 6)
            b, c, d = 6.2832 * uniform(key, 7), 6.2832 * uniform(key, 8), 6.2832 * uniform(key, 9)
            first = max(0, int((cy - far - ys[0]) / tall))
            last = min(ys.shape[0], int((cy + far - ys[0]) / tall) + 2)
            left = max(0, int((cx - far - xs[0]) / wide))
            right = min(xs.shape[0], int((cx + far - xs[0]) / wide) + 2)
            for i in range(first, last):
                for j in range(left, right):
                    dy, dx = ys[i] - cy, xs[j] - cx
                    if dy * dy + dx * dx > outer * outer:
                        continue
                    t = np.arctan2(dy, dx)
                    wave = np.sin(2 * t + a) + 0.7 * np.sin(3 * t + b) + 0.5 * np.sin(5 * t + c)
                    wave += 0.3 * np.sin(9 * t + d)
                    past = np.hypot(dy, dx) - radius * (1.0 + 0.4 * p.roughness * wave)
                    if p.glow != 0.0:
                        faded = max(0.0, past) / (_GLOW * p.glow_nm)
                        image[i, j] += p.glow * max(0.0, 1.0 - faded) ** 4
                    cover = min(1.0, max(0.0, 0.5 - past / soft))
                    image[i, j] += cover * (grey - image[i, j])


def particles(params: Particles, seed: int, grid: Grid, image: npt.NDArray[np.float32], name: str) -> None:
    """Lay the particles of one kind over sections, before the beam."""
    soft = 1.5 * max(grid.voxel_nm[1:])
    far = params.radius_nm.highest() * (1.0 + params.roughness) + soft + 2.0 * params.cluster_nm
    far += _GLOW * params.glow_nm if params.glow else 0.0
    for k, section in sections(grid):
        key = stream_key(seed, f"defect/{name}")
        centres, keys = scattered(key, params.per_100um2, far, grid, section)
        _bodies(
            centres, keys, params.row(), grid.centres_nm(1), grid.centres_nm(2), grid.voxel_nm[1],
            grid.voxel_nm[2], soft, image[k],
        )  # fmt: skip
