"""The size of a training crop that the pages beside an export propose, and how a U-Net may halve it."""

from collections.abc import Sequence

from synthem.export.job import Case

LARGEST = (64, 256, 256)
"""A crop of a volume is no larger, (z, y, x); that of a section is as large along y and x."""

STEP = 16
"""Edges are multiples of this where the data are as large: four halvings."""

Shape = tuple[int, int, int]


def crop(cases: Sequence[Case]) -> Shape:
    """Return a crop (z, y, x) that fits into every case."""
    z, y, x = (min(most, min(case.shape[axis] for case in cases)) for axis, most in enumerate(LARGEST))
    z, y, x = (n - n % STEP if n >= STEP else n for n in (z, y, x))
    return z, y, x


def halvings(shape: Shape, voxel_nm: tuple[float, float, float]) -> list[Shape]:
    """Return by what each of up to four levels of a U-Net shrinks a crop, (z, y, x).

    What is coarser than the finest axis by half waits until that has caught up; an odd z stays, and where
    y or x is odd it ends.
    """
    edges, size, steps = list(shape), list(voxel_nm), list[Shape]()
    for _ in range(4):
        if edges[1] % 2 or edges[2] % 2:
            break
        finest = min(s for n, s in zip(edges, size, strict=True) if n % 2 == 0)
        step = [2 if n % 2 == 0 and s < 1.5 * finest else 1 for n, s in zip(edges, size, strict=True)]
        edges = [n // k for n, k in zip(edges, step, strict=True)]
        size = [s * k for s, k in zip(size, step, strict=True)]
        steps.append((step[0], step[1], step[2]))
    return steps
