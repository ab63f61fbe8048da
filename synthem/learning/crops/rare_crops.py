"""Crops of real sections that hold rare classes, with the rare pixel anywhere in the crop.

Centring a crop on an object teaches a network that the middle is special, and keeps objects near a
section's border out of every crop but the ones shifted off centre. Here a pixel of the class is drawn
first, all of them equally likely, then the crop is placed uniformly among all crops that hold this pixel
and lie inside the section. So the pixel's place in the crop is uniform, but for pixels nearer to the
section's border than a crop's edge, which only some crops can hold. Every pixel of the class is picked
equally often, wherever it lies: a pixel that few crops can hold weighs each of them the more, which is
the inverse of the probability with which uniformly placed crops would show it.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from shapes.core.errors import InputError
from synthem.labels import check_class
from synthem.patch import Patch

PIXELS_KEPT = 200_000
"""Of each class and section, at most this many evenly spread pixels are kept to choose from."""

Place = tuple[int, int, int, int]


class RareCrops:
    """Draws where to crop: ``(section, z, y, x)``, the first voxel of a crop that lies inside the section.

    Parameters
    ----------
    sections : iterable of Patch
        The sections, read once and not kept.
    shape : tuple of int
        Shape of a crop, (z, y, x).
    class_weights : mapping of str to float
        How often to start from a pixel of each class. What is left to one is drawn uniformly over all
        crops.

    Attributes
    ----------
    missing : tuple of str
        Classes with a weight of which no section holds a pixel: their weight goes to uniform crops.

    Raises
    ------
    InputError
        Where there are no sections, a crop is larger than a section, or weights are negative or sum to
        more than one.
    UnknownNameError
        Where a weight names no class.
    """

    def __init__(
        self, sections: Iterable[Patch], shape: tuple[int, int, int], class_weights: Mapping[str, float]
    ) -> None:
        total = sum(class_weights.values())
        if any(not weight >= 0 for weight in class_weights.values()) or total > 1 + 1e-9:
            raise InputError(
                f"crops: class weights must not be negative nor sum to more than 1: {dict(class_weights)}"
            )
        for name in class_weights:
            check_class(name)
        self.shape = shape
        self._sizes: list[tuple[int, ...]] = []
        self._pixels: dict[str, list[npt.NDArray[np.uint32]]] = {name: [] for name in class_weights}
        counts: dict[str, list[int]] = {name: [] for name in class_weights}
        for section in sections:
            size = section.grid.shape
            if any(n > m for n, m in zip(shape, size, strict=True)):
                raise InputError(
                    f"crops: a crop of {shape} does not fit into section {section.name!r} of {size}: "
                    + way_out(size, shape)
                )
            self._sizes.append(size)
            for name in class_weights:
                there = section.mask(name) if section.knows(name) else np.zeros(0, np.bool_)
                pixels = np.flatnonzero(there)
                counts[name].append(len(pixels))
                if len(pixels) > PIXELS_KEPT:
                    pixels = pixels[np.linspace(0, len(pixels) - 1, PIXELS_KEPT).astype(np.int64)]
                self._pixels[name].append(pixels.astype(np.uint32))
        if not self._sizes:
            raise InputError("crops: there are no sections to crop")
        places = np.array([[m - n + 1 for n, m in zip(shape, size, strict=True)] for size in self._sizes])
        self._odds = {name: _normalised(np.array(held, float)) for name, held in counts.items() if any(held)}
        self._uniform = _normalised(places.prod(1).astype(float))
        self.missing = tuple(name for name in class_weights if name not in self._odds)
        self._names: list[str | None] = [*self._odds, None]
        chances = [class_weights[name] for name in self._odds]
        self._chances = _normalised(np.array([*chances, max(0.0, 1 - sum(chances))]))

    @classmethod
    def towards(
        cls,
        sections: Sequence[Patch],
        shape: tuple[int, int, int],
        targets: Mapping[str, float],
        *,
        rng: np.random.Generator,
        trials: int = 64,
    ) -> "RareCrops":
        """Choose the class weights whose crops come nearest to target shares of pixels, from trial crops.

        What crops started from a class hold of each other class is measured on ``trials`` crops of each
        kind; then the mixture with the least relative error is taken. The sections are best in memory:
        they are read several times.
        """
        names = list(targets)
        if not all(0 < share < 1 for share in targets.values()):
            raise InputError(f"crops: target shares must lie between 0 and 1: {dict(targets)}")
        held = np.empty((len(names) + 1, len(names)))
        for row, name in enumerate([*names, None]):
            crops = cls(sections, shape, {name: 1.0} if name else {})
            held[row] = crops._shares(sections, names, trials, rng)
        relative = held / np.array([targets[name] for name in names])
        system = np.vstack([relative.T, np.full(len(held), 1e3)])  # the last row: weights sum to one
        weights = _normalised(nnls(system, np.append(np.ones(len(names)), 1e3))[0])
        return cls(sections, shape, dict(zip(names, map(float, weights[:-1]), strict=True)))

    def draw(self, *, rng: np.random.Generator) -> Place:
        """Draw one crop."""
        name = self._names[rng.choice(len(self._names), p=self._chances)]
        if name is None:
            section = int(rng.choice(len(self._sizes), p=self._uniform))
            first = [
                rng.integers(0, m - n + 1) for n, m in zip(self.shape, self._sizes[section], strict=True)
            ]
        else:
            section = int(rng.choice(len(self._sizes), p=self._odds[name]))
            pixel = np.unravel_index(int(rng.choice(self._pixels[name][section])), self._sizes[section])
            first = [
                rng.integers(max(0, int(p) - n + 1), min(int(p), m - n) + 1)
                for p, n, m in zip(pixel, self.shape, self._sizes[section], strict=True)
            ]
        z, y, x = map(int, first)
        return section, z, y, x

    def _shares(
        self, sections: Sequence[Patch], names: list[str], trials: int, rng: np.random.Generator
    ) -> npt.NDArray[np.float64]:
        """Mean share of pixels of the named classes in crops drawn from here."""
        total = np.zeros(len(names))
        for section, z, y, x in sorted(self.draw(rng=rng) for _ in range(trials)):
            dz, dy, dx = self.shape
            box = (slice(z, z + dz), slice(y, y + dy), slice(x, x + dx))
            total += sections[section].labels_of(names, box).mean((1, 2, 3))
        return total / trials


def _normalised(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale to a sum of one."""
    scaled: npt.NDArray[np.float64] = values / values.sum()
    return scaled


def way_out(size_vx: tuple[int, ...], crop_vx: tuple[int, ...]) -> str:
    """Say which crop would fit: a multiple of 16 along each axis, for networks halve it four times."""
    if crop_vx[0] > size_vx[0]:
        return "of so few sections only a network of `dims: 2` can learn, with crops of one section"
    y, x = (min(n, c) // 16 * 16 for n, c in zip(size_vx[1:], crop_vx[1:], strict=True))
    if min(y, x) == 0:
        return "a network wants at least 16 × 16"
    depth = "" if crop_vx[0] == 1 else f"{crop_vx[0]},"
    return f"give a smaller one, such as `--patch {depth}{y},{x}` (`patch_vx` in a file)"
