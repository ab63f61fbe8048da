"""Reading what people write after an option: shapes, voxel sizes, class budgets."""

from collections.abc import Iterable

from shapes.core.errors import InputError, UnknownNameError
from shapes.core.grid import Triple
from synthem.labels import channel


def parse_shape(text: str) -> tuple[int, int, int]:
    """Read ``256,256`` as one section, (1, 256, 256), or ``64,256,256`` as a volume, (z, y, x).

    Raises
    ------
    InputError
        Where the text is not two or three whole numbers of at least 1.
    """
    parts = text.split(",")
    if len(parts) not in (2, 3) or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise InputError(
            f"shape: write y,x or z,y,x as whole numbers of at least 1, such as 256,256, not {text!r}"
        )
    numbers = [int(part) for part in parts]
    z, y, x = numbers if len(numbers) == 3 else (1, *numbers)
    return z, y, x


def parse_voxel_nm(text: str) -> Triple:
    """Read ``50,4,4`` as the edges of a voxel in nanometres, (z, y, x).

    Raises
    ------
    InputError
        Where the text is not three positive lengths.
    """
    try:
        z, y, x = (float(part) for part in text.split(","))
    except ValueError:
        z = y = x = 0.0
    if not all(0 < edge < float("inf") for edge in (z, y, x)):
        raise InputError(f"voxel size: write z,y,x in nanometres, such as 5,5,5, not {text!r}")
    return z, y, x


def parse_balance(text: str) -> dict[str, float]:
    """Read ``psd=0.02,sheath=0.05`` as shares of voxels by class.

    Raises
    ------
    InputError
        Where the text is laid out otherwise, or names a class twice.
    UnknownNameError
        Where it names no class.
    """
    balance: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, share = part.partition("=")
        name = name.strip()
        channel(name)
        try:
            value = float(share)
        except ValueError:
            raise InputError(
                f"balance: write class=share, such as psd=0.02,sheath=0.05, not {part!r}"
            ) from None
        if name in balance:
            raise InputError(f"balance: {name} is named twice")
        balance[name] = value
    return balance


def parse_names(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Read ``psd,vesicle`` as classes, each once.

    Raises
    ------
    InputError
        Where the text names none.
    UnknownNameError
        Where a name is not among those known.
    """
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise InputError(f"classes: write their names, such as psd,vesicle, not {text!r}")
    choices = tuple(known)
    for name in names:
        if name not in choices:
            raise UnknownNameError("class", name, choices)
    return names
