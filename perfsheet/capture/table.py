"""The ops table: every schema generation in the same columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perfsheet.capture.cells import logical_extent, memory_name, padded_extent, parse_numbers
from perfsheet.capture.columns import TENSOR_DIMS, tensor_field
from perfsheet.capture.notes import Note
from perfsheet.capture.runs import number_runs
from perfsheet.capture.texts import Texts
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    import pandas as pd

    from perfsheet.capture.planned import PlanHead

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class RowKind(IntEnum):
    """The kind of a row of the ops CSV, by its OP TYPE."""

    DEVICE = 0
    HOST = 1
    PYTHON_FALLBACK = 2
    SIGNPOST = 3


def content_key(numbers: Mapping[str, FloatArray]) -> object:
    """Equal for copies of one capture, whatever their names or formats; None for a capture without cycles."""
    names = ("fw_start_cycle", "fw_end_cycle", "kernel_duration_ns", "device_id", "host_id")
    columns = [numbers.get(name) for name in names]
    if columns[0] is None or not np.isfinite(columns[0]).any():
        return None
    return tuple(None if column is None else column.tobytes() for column in columns)


@dataclass(frozen=True, eq=False)
class OpsTable:
    """All rows of a capture, column by column; every column has `len(table)` entries.

    `numbers` and `texts` are keyed by canonical column name, or by the file's own header for columns that perfsheet
    does not declare. Unknown numbers are NaN, unknown texts are "". `headers` maps each key to the header that the
    file uses. `file` indexes `files`; `row` is the record's number in its file, the header being row 1 (as a
    spreadsheet numbers it). `device` is unique over all files of the capture, -1 on rows without a device. `plan`: what
    was planned, if the ops were placed on a mock board and never ran.
    """

    files: tuple[str, ...]
    file: IntArray
    row: IntArray
    kind: npt.NDArray[np.int8]
    device: IntArray
    numbers: dict[str, FloatArray]
    texts: dict[str, Texts]
    headers: dict[str, str]
    notes: tuple[Note, ...] = field(default=())
    schema: str = ""
    plan: PlanHead | None = None

    def __len__(self) -> int:
        return len(self.row)

    def __repr__(self) -> str:
        return f"<OpsTable of {len(self):,} rows, {len(self.headers)} columns, schema {self.schema}>"

    def number(self, name: str) -> FloatArray:
        """A number column by canonical name; all NaN where the file has no such column."""
        return self.numbers.get(name, self._unknown)

    def text(self, name: str) -> Texts:
        """A text column by canonical name; all blank where the file has no such column."""
        return self.texts.get(name, self._blank)

    @cached_property
    def _unknown(self) -> FloatArray:
        return np.full(len(self), np.nan)

    @cached_property
    def _blank(self) -> Texts:
        return Texts.blank(len(self))

    @cached_property
    def run(self) -> IntArray:
        """The number of the capture that each row belongs to, from 1: a file may have several, one after the other."""
        return number_runs(self)

    @property
    def runs(self) -> int:
        """How many captures a file has, one after the other."""
        return int(self.run.max(initial=1))

    def has(self, name: str) -> bool:
        """Whether the file has that column."""
        return name in self.headers

    def to_pandas(self) -> pd.DataFrame:
        """The table as a DataFrame whose columns have the same names for every schema generation.

        Declared columns go by their canonical names (`kernel_duration_ns`), tensors as `input_0_y` (padded) and
        `input_0_y_logical`, `input_0_memory` without its device prefix, other columns by the file's own header; `file`,
        `row`, `kind` and `device` say what each row is. Numbers are float64, NaN = unknown. Imports pandas when called.
        """
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(
            {
                "file": [self.files[index] for index in self.file],
                "row": self.row,
                "kind": [RowKind(kind).name.lower() for kind in self.kind],
                "device": self.device,
                **dict(self._canonical_columns()),
            }
        )
        return frame

    def _canonical_columns(self) -> Iterator[tuple[str, object]]:
        """The columns by canonical name: extents of tensors as numbers, memory without its device."""
        for name in self.headers:
            field = tensor_field(name)
            if name in self.numbers:
                yield name, self.numbers[name]
            elif field in TENSOR_DIMS:
                for key, extent in ((name, padded_extent), (f"{name}_logical", logical_extent)):
                    cells = self.texts[name]
                    yield key, parse_numbers([extent(cell) for cell in cells.values]).values[cells.codes]
            else:
                texts = self.texts[name]
                yield name, list(texts.mapped(memory_name) if field == "memory" else texts)
