"""Networks that come with synthem, by their names."""

from pathlib import Path

from synthem.preset.shipped import shipped_names, shipped_or_file

_SHIPPED = "models/*.pt"


def model_names() -> list[str]:
    """Return the names of the shipped models."""
    return shipped_names(_SHIPPED)


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
    return shipped_or_file("model", model, _SHIPPED)
