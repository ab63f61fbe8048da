"""What comes with synthem, by name: presets, experiments, models and their recipes, in one folder."""

from pathlib import Path

from shapes.core.errors import UnknownNameError


def presets_folder() -> Path:
    """Return the folder of what is shipped: in the installed package, or beside it in an editable install."""
    here = Path(__file__).parents[1]
    packed = here / "_presets"
    return packed if packed.is_dir() else here.parent / "presets"


def shipped_names(pattern: str) -> list[str]:
    """Return the names of the shipped files of a pattern, such as ``"experiments/*.yaml"``."""
    return sorted(path.stem for path in presets_folder().glob(pattern))


def shipped_or_file(what: str, name: str | Path, pattern: str) -> Path:
    """Return a file that is there, or the shipped one of that name.

    Parameters
    ----------
    what : str
        What it is, for a refusal: ``"experiment"``.
    name : str or Path
    pattern : str
        Which shipped files are meant, as for ``shipped_names``.

    Raises
    ------
    UnknownNameError
        Where it is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    names = shipped_names(pattern)
    if str(name) not in names:
        raise UnknownNameError(what, str(name), names)
    return presets_folder() / pattern.replace("*", str(name))
