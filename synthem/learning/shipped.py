"""Networks that come with synthem, by their names."""

from pathlib import Path

from shapes.core.errors import UnknownNameError
from synthem.preset.preset import presets_folder


def model_names() -> list[str]:
    """Return the names of the shipped models."""
    return sorted(path.stem for path in (presets_folder() / "models").glob("*.pt"))


def find_model(model: str | Path) -> Path:
    """Return the file of a shipped model's name; any other name that looks like a file stays what it is.

    Raises
    ------
    UnknownNameError
        Where it is neither a file, nor a path, nor the name of a shipped model.
    """
    path = Path(model)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    if str(model) not in model_names():
        raise UnknownNameError("model", str(model), model_names())
    return presets_folder() / "models" / f"{model}.pt"
