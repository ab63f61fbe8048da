"""Which real sections a fit has seen, as the fitted preset says it of itself."""

from collections.abc import Iterable
from glob import escape
from pathlib import Path

from synthem.data.files import SLICES


def sections_seen(source: str | Path, names: Iterable[str]) -> list[str]:
    """Return sections as ``Preset.tuned_on`` writes them, each once.

    Parameters
    ----------
    source : str or Path
        The picture or folder that was read; a data set is called after its folder.
    names : iterable of str
        Names of its sections.
    """
    place = Path(source).resolve()
    folder = place.parent if place.is_file() else place
    folder = folder.parent if folder.name in SLICES else folder
    return [f"{folder.name or 'images'}/{escape(name)}" for name in dict.fromkeys(names)]
