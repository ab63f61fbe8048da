"""What synthem noted beside sections that it wrote: their voxel size, which PNG cannot tell."""

import json
import math
from pathlib import Path

from shapes.core.errors import InputError

NOTE = "augmented.json"
"""What ``synthem augment`` writes beside its sections: their voxel size, and what was done to each."""
IGNORED = "ignored"
"""A folder of masks of what nobody said anything of, beside those of classes."""


def voxel_beside(root: Path) -> tuple[float, float, float] | None:
    """Return the voxel size (z, y, x) in nm that a note beside sections tells; None where there is no note.

    Raises
    ------
    InputError
        Where the note is damaged.
    """
    path = root / NOTE
    if not path.is_file():
        return None
    try:
        z, y, x = (float(edge) for edge in json.loads(path.read_text(encoding="utf-8"))["voxel_nm"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: tells no voxel size; it wants voxel_nm, three lengths in nm") from error
    if not all(math.isfinite(edge) and edge > 0 for edge in (z, y, x)):
        raise InputError(f"{path}: voxel_nm must be three positive lengths, not {(z, y, x)}")
    return z, y, x
