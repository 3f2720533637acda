"""A graph report that knows nothing but the accuracy of ops."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.graph_report.model import Accuracy, Call, DeviceOp, Execution, GraphReport, Tensor
from support.captures import Row, op

Figures = tuple["float | None", "float | None"]
FIRST_CALL = 1024


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
