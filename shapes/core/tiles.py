"""Tiles: a window cut into small blocks, aligned with the world, and where in tissue space each lies."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled

TILE_VX = (8, 16, 16)
"""Voxels of a whole tile, (z, y, x)."""
GROUP = 4
"""Tiles a side of a group."""
Boxes = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


class Tiles(NamedTuple):
    """A window's tiles, as kernels read them.

    Attributes
    ----------
    cuts : three int64 arrays
        Voxel indices along (z, y, x) where tiles begin, and the window's end.
    low_nm, high_nm : float64 (z, y, x, 3)
        Lowest and highest tissue coordinates of each tile's voxels.
    """

    cuts: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]
    low_nm: npt.NDArray[np.float64]
    high_nm: npt.NDArray[np.float64]

    def groups(self) -> Boxes:
        """Return boxes, low and high (n, 3), around blocks of four tiles a side: fewer, and looser."""
        low, high = self.low_nm, self.high_nm
        for axis in range(3):
            starts = np.arange(0, low.shape[axis], GROUP)
            low = np.minimum.reduceat(low, starts, axis)
            high = np.maximum.reduceat(high, starts, axis)
        return low.reshape(-1, 3), high.reshape(-1, 3)


@compiled
def _extents(tissue, cz, cy, cx, lows, highs):  # type: ignore[no-untyped-def]
    least, most = np.empty(tissue.shape[3]), np.empty(tissue.shape[3])
    for iz in range(cz.shape[0] - 1):
        for iy in range(cy.shape[0] - 1):
            for c in range(3):
                # column by column first: such loops compile to vector instructions
                least[:], most[:] = np.inf, -np.inf
                for z in range(cz[iz], cz[iz + 1]):
                    for y in range(cy[iy], cy[iy + 1]):
                        for x in range(tissue.shape[3]):
                            v = tissue[c, z, y, x]
                            least[x] = v if v < least[x] else least[x]
                            most[x] = v if v > most[x] else most[x]
                for ix in range(cx.shape[0] - 1):
                    low, high = np.inf, -np.inf
                    for x in range(cx[ix], cx[ix + 1]):
                        low, high = min(low, least[x]), max(high, most[x])
                    lows[iz, iy, ix, c], highs[iz, iy, ix, c] = low, high


def cut(tissue_nm: npt.NDArray[np.float64], start_vx: tuple[int, int, int]) -> Tiles:
    """Cut a window, whose first voxel has world index ``start_vx``, into tiles."""
    cuts = []
    for size, start, tile in zip(tissue_nm.shape[1:], start_vx, TILE_VX, strict=True):
        inner = np.arange(tile - start % tile, size, tile)
        cuts.append(np.concatenate([[0], inner, [size]]).astype(np.int64))
    z, y, x = cuts
    shape = (len(z) - 1, len(y) - 1, len(x) - 1, 3)
    tiles = Tiles((z, y, x), np.empty(shape), np.empty(shape))
    _extents(tissue_nm, z, y, x, tiles.low_nm, tiles.high_nm)
    return tiles
