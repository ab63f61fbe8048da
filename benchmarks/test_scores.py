"""Processor time and memory of scores of a volume: `SYNTHEM_SCORES_VX=512 pytest benchmarks -s -k volume`."""

import os
import resource
import time

import numpy as np

from synthem.labels import CLASSES
from synthem.scores.score import FAMILIES, score_masks

EDGE = int(os.environ.get("SYNTHEM_SCORES_VX", "256"))
NM = (8.0, 8.0, 8.0)


def balls(edge: int, ids: np.ndarray, radius: tuple[int, int], number: int, seed: int, shift: float) -> None:
    """Paint balls at random places, moved by a share of a voxel or more, slice by slice."""
    rng = np.random.default_rng(seed)
    middles, radii = rng.uniform(0, edge, (number, 3)), rng.uniform(*radius, number)
    middles += np.random.default_rng(seed + 1).normal(0, shift, middles.shape)
    for middle, r in zip(middles, radii, strict=True):
        box = tuple(slice(max(int(m - r), 0), min(int(m + r) + 2, edge)) for m in middle)
        grid = np.ogrid[box]
        far = sum((g - m) ** 2 for g, m in zip(grid, middle, strict=True))
        ids[(0, *box)] |= far <= r * r
        if len(ids) > 1:
            ids[(1, *box)] |= (far <= r * r) & (far > (r - 4) ** 2)


def walls(edge: int, out: np.ndarray, shift: int, holes: float) -> None:
    """Paint bent walls 64 voxels apart, of which some voxels are open."""
    rng = np.random.default_rng(3)
    y, x = np.ogrid[:edge, :edge]
    for z in range(edge):
        bent = [x + 10 * np.sin(y / 40) + shift, y + 10 * np.sin(z / 40), z + 10 * np.sin(x / 40) + 0 * y]
        wall = np.logical_or.reduce([b % 64 < 6 for b in np.broadcast_arrays(*bent)])
        out[z] = wall & (rng.random((edge, edge)) >= holes) if holes else wall


def test_a_volume(tmp_path) -> None:
    sides = []
    for k in range(2):
        masks = np.memmap(tmp_path / f"{k}", np.bool_, "w+", shape=(4, EDGE, EDGE, EDGE))
        per = (EDGE / 256) ** 3
        balls(EDGE, masks[0:2], (14, 30), int(60 * per), 1, 1.0 * k)
        walls(EDGE, masks[2], k, 0.001 * k)
        balls(EDGE, masks[3:4], (2, 3), int(900 * per), 5, 0.7 * k)
        sides.append(masks)
    classes = ("mitochondrion", "mito_boundary", "membrane", "vesicle")
    assert set(classes) <= set(CLASSES)
    for name in FAMILIES:
        start = time.process_time()
        sheet = score_masks(sides[1], sides[0], NM, classes, families=[name])
        took = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{EDGE}³ {name}: {took:.1f} s, peak so far {peak:.2f} GiB", flush=True)
        assert sheet.families[name].scores
