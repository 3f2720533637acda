"""Sheet Run: how the capture came to be, test by test and fact by fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from perfsheet.outputs.workbook.marks import mark_word
from perfsheet.outputs.workbook.sheet import Field, set_up_sections, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.provenance import InputFile, RunRecord, TestResult
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Run"
_WIDTHS = (34, 16, 60, 60)
_MOST_TESTS = 10_000

TESTS: tuple[Field[TestResult], ...] = (
    Field("OUTCOME", lambda test: test.outcome),
    Field("DURATION [s]", lambda test: round(test.duration_s, 3), "decimal"),
    Field("TEST", lambda test: test.nodeid, span=5),
)

_INPUTS: tuple[Field[InputFile], ...] = (
    Field("INPUT", lambda file: file.path.rpartition("/")[2]),
    Field("SIZE [B]", lambda file: file.size_bytes, "count"),
    Field("SHA-256", lambda file: file.sha256),
    Field("PATH", lambda file: file.path),
)

_FACTS: tuple[Field[tuple[str, str]], ...] = (
    Field("FACT", lambda fact: fact[0]),
    Field("VALUE", lambda fact: fact[1], span=3),
)


def write(sheet: Worksheet, styles: Styles, record: RunRecord, results: Sequence[TestResult]) -> None:
    """Write the facts, then the inputs, then the tests."""
    set_up_sections(sheet, styles, _WIDTHS)
    row = write_table(sheet, styles, _FACTS, list(facts(record)))
    row = write_table(sheet, styles, _INPUTS, record.inputs, top=row + 1)
    first = row + 1
    row = write_table(sheet, styles, TESTS, results[:_MOST_TESTS], top=first)
    if len(results) > _MOST_TESTS:
        sheet.write_string(row, 0, f"{len(results) - _MOST_TESTS:,} more are in run.json", styles["quiet"])
    mark_word(sheet, styles, "failed", 0, first, row)


def facts(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Names and values, in the order in which they are read; what is not known says so."""
    yield "Command", record.command
    yield "Started", " ".join(record.argv)
    yield "Folder", record.folder
    yield "From", record.started
    yield "To", f"{record.ended} ({record.duration_s:,.1f} s)"
    yield "Exit status", formats.exit_statuses(record)
    yield "Host", f"{record.host}, {record.system}"
    for device in record.devices:
        yield "Device", f"{device.node}: {device.arch or 'arch unknown'}, {device.board or 'board unknown'}"
    if not record.devices:
        yield "Device", "no device node on this host"
    if record.simulator:
        yield "Simulator", record.simulator
    yield "Interpreter", record.interpreter
    for name, version in record.versions.items():
        yield f"Version of {name}", version or "not installed"
    yield "TT_METAL_HOME", record.tt_metal_home or "not set"
    yield "tt-metal commit", record.tt_metal_commit or "no checkout"
    for name, value in record.environment.items():
        yield f"${name}", value
    yield "Log", record.log
