"""Centre-line Dice of thin structures such as membranes: are their lines the same, however wide they are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from skimage.morphology import skeletonize

from synthem.scores.values import Undefined, Value, ratio

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CentreLines:
    """Pixels of the centre lines, and how many of them lie in the other's mask; pooled by adding."""

    found: int = 0
    found_in_true: int = 0
    true: int = 0
    true_in_found: int = 0

    def __add__(self, more: "CentreLines") -> "CentreLines":
        return CentreLines(
            self.found + more.found,
            self.found_in_true + more.found_in_true,
            self.true + more.true,
            self.true_in_found + more.true_in_found,
        )


def centre_lines(found: Bools, true: Bools) -> CentreLines:
    """Thin both masks (z, y, x) to lines, section by section, and count.

    A membrane is a line in a section and a sheet in a volume, so volumes are thinned by sections too
    (``skimage.morphology.skeletonize``).
    """
    out = CentreLines()
    for of_found, of_true in zip(found, true, strict=True):
        lines, true_lines = _line(of_found), _line(of_true)
        out += CentreLines(
            int(lines.sum()),
            int((lines & of_true).sum()),
            int(true_lines.sum()),
            int((true_lines & of_found).sum()),
        )
    return out


def centreline_dice(lines: CentreLines) -> Value:
    """Return clDice, 2 P S / (P + S) (Shit et al. 2021, CVPR).

    P, topology precision, is the share of the found centre lines within the true mask; S, topology
    sensitivity, the share of the true centre lines within the found mask.
    """
    precision = ratio(lines.found_in_true, lines.found, "nothing was found")
    sensitivity = ratio(lines.true_in_found, lines.true, "there is none in the truth")
    for one in (sensitivity, precision):
        if isinstance(one, Undefined):
            return one
    p, s = float(precision), float(sensitivity)  # type: ignore[arg-type]
    return 2 * p * s / (p + s) if p + s else 0.0


def _line(mask: Bools) -> Bools:
    line: Bools = skeletonize(mask)  # type: ignore[no-untyped-call]
    return line
