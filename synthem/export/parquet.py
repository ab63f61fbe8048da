"""Tables as Parquet: a type and a unit for every column, what is unknown left open."""

from collections.abc import Iterable, Sequence
from typing import Any

from shapes.core.errors import InputError

TEXT = ("case", "part", "class", "kind")
"""Columns of text; those whose names end in a unit are floats, all others whole numbers."""
UNITS = {"_nm": b"nm", "_nm3": b"nm^3"}
"""How names of columns end, and the unit in the metadata of their fields."""


def parquet_library() -> Any:
    """Return ``pyarrow`` with its module ``parquet``; InputError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError("export: Parquet needs pyarrow: `pip install 'synthem[tables]'`") from None
    return pyarrow


def parquet_bytes(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    """Return a file of rows; what is None or an empty text in them is null."""
    arrow = parquet_library()
    fields = []
    for name in columns:
        unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), None)
        number = arrow.int64() if unit is None else arrow.float64()
        about = None if unit is None else {b"unit": unit}
        fields.append(arrow.field(name, arrow.string() if name in TEXT else number, metadata=about))
    rows = [[None if value == "" else value for value in line] for line in lines]
    found = [[row[k] for row in rows] for k in range(len(columns))]
    arrays = [arrow.array(values, field.type) for values, field in zip(found, fields, strict=True)]
    sink = arrow.BufferOutputStream()
    arrow.parquet.write_table(arrow.Table.from_arrays(arrays, schema=arrow.schema(fields)), sink)
    return bytes(sink.getvalue())
