"""Paint: what the passes of the stain share, a grey for each object and soft edges."""

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, uniform


@compiled
def grey_of(key, who, row):  # type: ignore[no-untyped-def]
    """Return the grey of one object."""
    here = mix(key, who)
    return draw(row, uniform(here, 0), normal(here, 1))


@compiled
def cover(distance, soft):  # type: ignore[no-untyped-def]
    """Return how much of a voxel lies inside, from the signed distance to the surface."""
    return min(1.0, max(0.0, 0.5 - distance / soft))
