"""Where errors lie: how near to a true boundary, and as pictures."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from synthem.scores.values import Values, ratio

Bools = npt.NDArray[np.bool_]

BANDS_PX = (1, 2, 3, 5)

RIGHT, MADE_UP, MISSED = (60, 180, 75), (230, 60, 50), (60, 120, 240)
"""Colours of true positives, false positives and false negatives in a map of errors, RGB."""


@dataclass(frozen=True)
class Errors:
    """Voxels that are wrong, and how many of them are within each of ``BANDS_PX``; pooled by adding.

    ``near`` and ``missed_near`` go along with ``BANDS_PX``, for voxels that are made up and missed.
    """

    made_up: int = 0
    missed: int = 0
    near: tuple[int, ...] = (0,) * len(BANDS_PX)
    missed_near: tuple[int, ...] = (0,) * len(BANDS_PX)

    def __add__(self, more: "Errors") -> "Errors":
        return Errors(
            self.made_up + more.made_up,
            self.missed + more.missed,
            tuple(a + b for a, b in zip(self.near, more.near, strict=True)),
            tuple(a + b for a, b in zip(self.missed_near, more.missed_near, strict=True)),
        )


def count_errors(found: Bools, true: Bools, skipped: Bools | None = None) -> Errors:
    """Count errors by their distance from the true boundary, section by section (z, y, x).

    The distance is that, in pixels of the section, to the nearest pixel on the other side of the boundary: 1
    for a pixel that lies at it. In a section that the truth leaves empty, or fills, no boundary is near.
    """
    out = Errors()
    for z in range(len(true)):
        wrong = found[z] != true[z]
        if skipped is not None:
            wrong &= ~skipped[z]
        made_up, missed = wrong & ~true[z], wrong & true[z]
        near = _near(~true[z], made_up) if true[z].any() else (0,) * len(BANDS_PX)
        missed_near = _near(true[z], missed) if not true[z].all() else (0,) * len(BANDS_PX)
        out += Errors(int(made_up.sum()), int(missed.sum()), near, missed_near)
    return out


def _near(side: Bools, wrong: Bools) -> tuple[int, ...]:
    """Count wrong pixels by their distance to what is not on their side."""
    if not wrong.any():
        return (0,) * len(BANDS_PX)
    far = cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[wrong]
    return tuple(int((far <= band + 1e-3).sum()) for band in BANDS_PX)


def error_scores(errors: Errors) -> Values:
    """Return how many voxels are wrong, and the share within 1, 2, 3 and 5 pixels of a true boundary."""
    total = errors.made_up + errors.missed
    near = [a + b for a, b in zip(errors.near, errors.missed_near, strict=True)]
    out: Values = {"false positives": errors.made_up, "false negatives": errors.missed}
    return out | {
        f"within {band} px": ratio(n, total, "there is no error")
        for band, n in zip(BANDS_PX, near, strict=True)
    }


def error_map(
    image: npt.NDArray[np.uint8] | None, found: Bools, true: Bools, skipped: Bools | None = None
) -> npt.NDArray[np.uint8]:
    """Lay what is right, made up and missed over a section: green, red and blue.

    Parameters
    ----------
    image : uint8 (y, x), optional
        Grey without it.
    found, true : bool (y, x)
    skipped : bool (y, x), optional
        Drawn darker.

    Returns
    -------
    uint8 (y, x, 3), RGB
    """
    grey = np.full(true.shape, 128, np.uint8) if image is None else image
    out = np.repeat(grey[..., None].astype(np.float32), 3, axis=2)
    judged = np.ones(true.shape, np.bool_) if skipped is None else ~skipped
    for of, colour, opacity in (
        (found & true, RIGHT, 0.35), (found & ~true, MADE_UP, 0.75), (true & ~found, MISSED, 0.75),
    ):  # fmt: skip
        where = of & judged
        out[where] = (1 - opacity) * out[where] + opacity * np.array(colour, np.float32)
    out[~judged] *= 0.4
    return out.round().astype(np.uint8)
