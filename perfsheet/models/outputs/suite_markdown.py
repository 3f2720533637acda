"""The results of a suite as a Markdown page: the table with its badges, what its columns are, what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perfsheet.models.outputs import results_markdown as tables
from perfsheet.models.outputs import suite_cells
from perfsheet.models.suite.model import ModelResult
from perfsheet.outputs.markdown.table import plain

_NOTES = (
    ("First Run", "compile and inference, nothing cached; Second Run: inference with a warm program cache."),
    ("Compile Time", "First Run − Second Run. Throughput: Batch / Inference Time."),
    ("Device Kernel Time", "sum of DEVICE KERNEL DURATION over the ops of the device. FPS on Device: Batch over it."),
    ("Time On Few Cores", "share of kernel time in ops on a quarter of the worker grid or less."),
    ("Distance To Target", "Inference Time beyond the expected one; below 0 is faster."),
)


def markdown(name: str, results: Sequence[ModelResult]) -> str:
    """The page; the table has the results in their order."""
    return "".join(f"{line}\n" for line in _lines(name, results))


def _lines(name: str, results: Sequence[ModelResult]) -> Iterator[str]:
    table = tables.of_results(results)
    passed = sum(bool(result.run_success) for result in results)
    yield f"# Results of {plain(name)}"
    yield ""
    yield f"{passed} of {len(results)} models passed."
    yield ""
    yield tables.table(table)
    for header, note in _NOTES:
        yield f"**{header}**: {note}  "
    yield "N/A: not known, or not collected."
    if note := suite_cells.replayed(results):
        yield ""
        yield plain(note)
    troubles = [result for result in results if result.problem or result.breaches or result.warnings]
    if troubles:
        yield ""
        yield "## To look at"
        yield ""
        for result in troubles:
            for text in filter(None, (result.problem, *result.breaches, *result.warnings)):
                yield f"- {plain(result.name)}: {plain(text)}"
