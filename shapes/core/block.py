"""A parameter block as kernels read it: a tuple whose fields have the block's own names."""

from collections import namedtuple
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self, get_origin

from shapes.core.frozen import Frozen
from shapes.core.spread import Spread

_ROW = "row of this block"  # a row is asked for several times a patch, and takes longer than most kernels


class Block(Frozen):
    """The parameters of one thing that kernels draw or build; ``row()`` is what they are given."""

    Row: ClassVar[type[tuple[Any, ...]]]
    """The named tuple of this block's numbers and spreads; choices between words are left out."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        numbers = [k for k, f in cls.model_fields.items() if get_origin(f.annotation) is not Literal]
        cls.Row = namedtuple(f"{cls.__name__}Row", numbers, module=cls.__module__)  # type: ignore[misc]
        # numba's cache on disk finds the class again by this name
        cls.Row.__qualname__ = f"{cls.__qualname__}.Row"

    def row(self) -> tuple[Any, ...]:
        """Return the block's numbers, and its spreads as ``SpreadRow``, under their own names."""
        kept: tuple[Any, ...] | None = self.__dict__.get(_ROW)
        if kept is None:
            values = (getattr(self, name) for name in self.Row._fields)  # type: ignore[attr-defined]
            kept = self.Row(*(v.row() if isinstance(v, Spread) else v for v in values))
            self.__dict__[_ROW] = kept
        return kept

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed; its row is its own."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop(_ROW, None)
        return copied
