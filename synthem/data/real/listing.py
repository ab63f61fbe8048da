"""Files in a folder as cases: opened when they are needed, TIFF by its header to count its sections."""

from collections.abc import Mapping
from pathlib import Path

from synthem.data.files import PICTURES, ending, pictures
from synthem.data.pictures import TIFF
from synthem.data.real.address import ENDINGS, Address, open_volume
from synthem.data.real.case import Case
from synthem.data.real.reading import Reading
from synthem.data.volume import Later, Volume


def files_in(folder: Path) -> dict[str, Path]:
    """Return the files of a folder that can be opened as volumes, by their names without ending, in order."""
    return pictures(folder, ENDINGS)


def later(path: Path, channel: int | None = None, palette: bool = False) -> Volume:
    """Return the sections of a file that is opened when something of it is asked for."""
    return Later(path, lambda: open_volume(Address(path, ""), channel, palette))


def case_of(
    name: str,
    image: Path,
    how: Reading,
    masks: Mapping[str, Path] | None = None,
    labels: Path | None = None,
    ignored: Path | None = None,
) -> Case:
    """Return a file of images with its files of labels."""
    end = ending(image, PICTURES).casefold()
    return Case(
        name,
        later(image, how.channel),
        {cls: later(path) for cls, path in (masks or {}).items()},
        later(labels, palette=how.palette) if labels else None,
        later(ignored) if ignored else None,
        picture=bool(end) and end not in TIFF,
    )
