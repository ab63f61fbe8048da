"""Tables: named tuples of arrays with a row for each object, as kernels write and read them."""

from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from shapes.core.span import Span

T = TypeVar("T", bound=tuple[Any, ...])


def rows(table: T, which: slice | npt.NDArray[np.bool_]) -> T:
    """Return a table with some of its rows; what is no array, such as ``missing``, stays as it is."""
    columns = (column[which] if isinstance(column, np.ndarray) else column for column in table)
    return table._make(columns)  # type: ignore[attr-defined,no-any-return]


class Balls(NamedTuple):
    """Balls that touch a window: ``centres_nm`` (n, 3), and their radii, owners and ids, (n,)."""

    centres_nm: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    missing: int = 0

    @property
    def span(self) -> Span:
        """How far along z each ball reaches."""
        return Span.of(np.concatenate([self.centres_nm, self.radii_nm[:, None]], 1)[:, None], self.ids)

    @classmethod
    def blank(cls, n: int) -> "Balls":
        """Return a table with room for ``n`` balls."""
        return cls(np.empty((n, 3)), np.empty(n), np.empty(n, np.int32), np.empty(n, np.int32))
