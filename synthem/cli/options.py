"""Reading what people write after an option: shapes, voxel sizes, class budgets."""

from collections.abc import Iterable

from shapes.core.errors import InputError, UnknownNameError
from shapes.core.grid import Triple
from synthem.labels import check_class


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
    """Read ``psd=0.02,sheath=0.05`` as shares of voxels by class, as ``parse_by_class`` does."""
    return parse_by_class(text, "balance", "psd=0.02,sheath=0.05")


def parse_share(text: str) -> tuple[float, ...]:
    """Read ``0.3``, or ``1,0.15``, as a share over the progress of a training.

    Raises
    ------
    InputError
        Where the text is not one or more numbers from 0 to 1.
    """
    try:
        share = tuple(float(part) for part in text.split(","))
    except ValueError:
        share = ()
    if not share or not all(0 <= part <= 1 for part in share):
        raise InputError(
            f"share: write a number from 0 to 1, or several from the first step to the last, such as 1,0.15, "
            f"not {text!r}"
        )
    return share


def parse_by_class(text: str, what: str, example: str) -> dict[str, float]:
    """Read numbers by class.

    Parameters
    ----------
    text : str
    what, example : str
        What they are, and one as it is meant, for a refusal.

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
        check_class(name)
        try:
            value = float(share)
        except ValueError:
            raise InputError(f"{what}: write class=number, such as {example}, not {part!r}") from None
        if name in balance:
            raise InputError(f"{what}: {name} is named twice")
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
