"""Reading captures: from any ops CSV to the normalised ops table."""

from perfsheet.capture.reader import read
from perfsheet.capture.table import OpsTable, RowKind

__all__ = ["OpsTable", "RowKind", "read"]
