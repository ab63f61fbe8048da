"""Tables: named tuples of arrays with a row for each object, as kernels write and read them."""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=tuple[Any, ...])


def rows(table: T, which: slice | npt.NDArray[np.bool_]) -> T:
    """Return a table with some of its rows; what is no array, such as ``missing``, stays as it is."""
    columns = (column[which] if isinstance(column, np.ndarray) else column for column in table)
    return table._make(columns)  # type: ignore[attr-defined,no-any-return]
