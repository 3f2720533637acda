"""The normalised, columnar ops table that every schema generation becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perfsheet.capture.frame import canonical_columns
from perfsheet.capture.notes import Note
from perfsheet.capture.texts import Texts

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class RowKind(IntEnum):
    """What a row of the ops CSV stands for (its OP TYPE)."""

    DEVICE = 0
    HOST = 1
    PYTHON_FALLBACK = 2
    SIGNPOST = 3


@dataclass(frozen=True, eq=False)
class OpsTable:
    """All rows of a capture, column by column; every column has `len(table)` entries.

    `numbers` and `texts` are keyed by canonical column name, or by the file's own header for columns that perfsheet
    does not declare. Unknown numbers are NaN, unknown texts are "". `headers` maps each key to the header that the
    file uses. `file` indexes `files`; `row` is the record's number in its file, the header being row 1 (as a
    spreadsheet numbers it). `device` is unique over all files of the capture, -1 on rows without a device.
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
                **canonical_columns(self.headers, self.numbers, self.texts),
            }
        )
        return frame
