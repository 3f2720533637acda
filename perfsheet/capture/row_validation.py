"""Row validation: whether the cells of a record can stand in their columns. A comma too many shifts them."""

from __future__ import annotations

import re

from perfsheet.capture.cells import UNKNOWN
from perfsheet.capture.columns import TENSOR_DIMS, CsvColumn, Type, resolve, tensor_field
from perfsheet.capture.records import Record

# A number in any format, readable or not. Few records need validation, so patterns are compiled when one does.
_NUMBER = r"(?i)[+-]?[\d.,' \u00a0\u202f]*\d[\d.,]*(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)"
_EXTENT = r"\d+(?:\.0)?(?:\[\d+\])?"
_IDENTIFYING = ("op_type", "global_call_count", "attributes")
_OP_TYPES = {"tt_dnn_device", "tt_dnn_cpu", "python_fallback", "signpost"}


class RowValidator:
    """Checks records against the columns of their file."""

    def __init__(self, headers: Record) -> None:
        resolved = list(resolve(headers))
        columns = {column.name: position for position, column in resolved}
        self._patterns = [(position, pattern) for position, column in resolved if (pattern := _pattern_of(column))]
        self._names = [
            position for name, position in columns.items() if tensor_field(name) in ("layout", "datatype", "memory")
        ]
        self._identifying = [columns[name] for name in _IDENTIFYING if name in columns]
        self._op_type = columns.get("op_type")

    def is_valid(self, record: Record) -> bool:
        """Whether no cell has another type than its column; blank cells are valid everywhere."""
        for position, pattern in self._patterns:
            cell = record[position].strip()
            if cell.lower() not in UNKNOWN and not re.fullmatch(pattern, cell):
                return False
        return not any(record[position].strip()[:1].isdigit() for position in self._names)

    def identifies_no_op(self, record: Record) -> bool:
        """Whether the record has neither op type, call nor attributes, as a row of totals."""
        return bool(self._identifying) and not any(record[position].strip() for position in self._identifying)

    def has_op_type(self, record: Record) -> bool:
        """Whether the record has a known OP TYPE."""
        return self._op_type is not None and record[self._op_type].strip().lower() in _OP_TYPES


def _pattern_of(column: CsvColumn) -> str | None:
    if tensor_field(column.name) in TENSOR_DIMS:
        return _EXTENT
    return _NUMBER if column.type is Type.NUMBER else None
