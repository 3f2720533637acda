"""Reading captures: any ops CSV becomes an ops table."""

from perfsheet.capture.reader import read
from perfsheet.capture.table import OpsTable, RowKind

__all__ = ["OpsTable", "RowKind", "read"]
