"""A graph report that knows nothing but the accuracy of ops."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from perfsheet.graph_report.model import Accuracy, Call, DeviceOp, Execution, GraphReport, Tensor
from support.captures import Row, op

Figures = tuple["float | None", "float | None"]
FIRST_CALL = 1024
LIMIT = 0.9998999834060669
"""0.9999 as a float32, which is how TTNN keeps it."""


def report_with(
    figures: Sequence[Figures],
    inputs: Sequence[Sequence[int]] | None = None,
    code: str = "MatmulDeviceOperation",
    limit: float | None = 0.999,
) -> GraphReport:
    """A call and an op for each pair of figures: its own PCC and the accumulated one; (None, None) = not compared.

    Call n makes tensor n; `inputs` are the tensors that each call reads, by default that of the call before.
    """
    read = (
        [tuple(one) for one in inputs] if inputs is not None else [(n - 1,) if n else () for n in range(len(figures))]
    )
    return GraphReport(
        path="report/db.sqlite",
        version="",
        calls=tuple(
            Call(n + 1, 0, "ttnn.linear", (), read[n], (n,), range(n, n + 1), None, "") for n in range(len(figures))
        ),
        device_ops=tuple(
            DeviceOp(code, n, (Execution(FIRST_CALL + n, 0),), (), (n,), None, None, None, None)
            for n in range(len(figures))
        ),
        tensors=tuple(Tensor(n, (), "", "", "", "", None) for n in range(len(figures))),
        buffers=(),
        chips=(),
        views={},
        accuracy={n: Accuracy(*pair, limit) for n, pair in enumerate(figures) if pair != (None, None)},
        sources={},
    )


def rows_for(report: GraphReport, **cells: object) -> list[Row]:
    """The rows of a capture of the same ops."""
    return [op(one.name, call=FIRST_CALL + n, **cells) for n, one in enumerate(report.device_ops)]


def database(path: Path, operations: int, alone: list, total: list) -> Path:
    """A database of calls with an op each, with tensor n made by call n, and (tensor, PCC) of those compared."""
    with sqlite3.connect(path) as connection:
        executions = "operation_id int, runtime_id int, global_call_count int, physical_device_id int"
        connection.execute(f"CREATE TABLE operation_executions ({executions})")
        connection.execute("CREATE TABLE operations (operation_id int, name text)")
        connection.execute("CREATE TABLE tensors (tensor_id int, shape text)")
        connection.execute("CREATE TABLE output_tensors (operation_id int, output_index int, tensor_id int)")
        for number in range(operations):
            connection.execute("INSERT INTO operations VALUES (?, 'ttnn.linear')", (number,))
            connection.execute(
                "INSERT INTO operation_executions VALUES (?, ?, ?, 0)", (number, number, FIRST_CALL + number)
            )
            connection.execute("INSERT INTO tensors VALUES (?, '')", (number,))
            connection.execute("INSERT INTO output_tensors VALUES (?, 0, ?)", (number, number))
        for kind, rows in (("local", alone), ("global", total)):
            table = f"{kind}_tensor_comparison_records"
            columns = "tensor_id int, golden_tensor_id int, matches int, desired_pcc float, actual_pcc float"
            connection.execute(f"CREATE TABLE {table} ({columns})")
            connection.executemany(f"INSERT INTO {table} VALUES (?, 100, 1, {LIMIT}, ?)", rows)
    connection.close()
    return path
