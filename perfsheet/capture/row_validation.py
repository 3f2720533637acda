"""Whether the cells of a record can be what the header says: a comma too many or too few shifts them into others."""

from __future__ import annotations

import re

from perfsheet.capture.cells import UNKNOWN
from perfsheet.capture.columns import TENSOR_DIMS, Column, Type, resolve, tensor_field
from perfsheet.capture.records import Record

# Numbers in any way of writing them: whether they can be read is another question.
_NUMBER = re.compile(r"[+-]?[\d.,' \u00a0\u202f]*\d[\d.,]*(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)", re.IGNORECASE)
_EXTENT = re.compile(r"\d+(?:\.0)?(?:\[\d+\])?")
_OP_ITSELF = ("op_type", "global_call_count", "attributes")
_OP_TYPES = {"tt_dnn_device", "tt_dnn_cpu", "python_fallback", "signpost"}


class Fitting:
    """The columns of a file by what their cells can be."""

    def __init__(self, headers: Record) -> None:
        known = dict(resolve(headers))
        self._patterns = [(at, pattern) for at, column in known.items() if (pattern := _pattern(column))]
        self._words = [
            at for at, column in known.items() if tensor_field(column.name) in ("layout", "datatype", "memory")
        ]
        self._op_itself = [at for at, column in known.items() if column.name in _OP_ITSELF]
        self._op_type = next((at for at, column in known.items() if column.name == "op_type"), None)

    def fits(self, record: Record) -> bool:
        """Whether no cell is of another kind than its column; blank cells fit everywhere."""
        for at, pattern in self._patterns:
            cell = record[at].strip()
            if cell.lower() not in UNKNOWN and not pattern.fullmatch(cell):
                return False
        return not any(record[at].strip()[:1].isdigit() for at in self._words)

    def says_nothing_but_figures(self, record: Record) -> bool:
        """Whether neither kind nor call of an op is told, as in a row that sums up others."""
        return bool(self._op_itself) and not any(record[at].strip() for at in self._op_itself)

    def has_op_type(self, record: Record) -> bool:
        """Whether the record says what kind of row it is."""
        return self._op_type is not None and record[self._op_type].strip().lower() in _OP_TYPES


def _pattern(column: Column) -> re.Pattern[str] | None:
    if tensor_field(column.name) in TENSOR_DIMS:
        return _EXTENT
    return _NUMBER if column.type is Type.NUMBER else None
