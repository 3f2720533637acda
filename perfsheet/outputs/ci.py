"""Checked limits for CI: GitHub annotations and JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from perfsheet.analysis import Analysis
from perfsheet.atomic_write import replace_text
from perfsheet.budget.model import Verdict
from perfsheet.text import formats, limits
from perfsheet.text.safe import clean


def github_annotations(analysis: Analysis, verdict: Verdict, file: str | None) -> Iterator[str]:
    """An `::error` per breach, on `file` (the budget) if given; a `::warning` per note; a `::notice` if passed."""
    several = len(analysis.summary.paths) > 1
    where = "" if file is None else f"file={_property(file)},"
    for breach in verdict.breaches:
        title = _property(f"perf budget: {breach.limit}")
        yield f"::error {where}title={title}::{_text(limits.sentence(breach, several))}"
    for note in verdict.notes:
        yield f"::warning {where}title=perf budget::{_text(note)}"
    if verdict.passed:
        yield f"::notice title=perf budget::{_text(limits.outcome(verdict))}"


def _text(text: str) -> str:
    return clean(text).replace("%", "%25")


def _property(text: str) -> str:
    """Colons and commas end a property."""
    return _text(text).replace(":", "%3A").replace(",", "%2C")


def write_junit(analysis: Analysis, verdict: Verdict, path: Path, overwrite: bool = True) -> None:
    """Write a test case per limit. Raises PerfsheetError (exit status 7) when the file cannot be written."""
    replace_text(path, junit(analysis, verdict), overwrite)


def junit(analysis: Analysis, verdict: Verdict) -> str:
    """The XML: one suite, its cases in the order of the limits."""
    counts = {"tests": str(len(verdict.checked)), "failures": str(len(verdict.breaches)), "errors": "0", "skipped": "0"}
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "perfsheet", **counts})
    several = len(analysis.summary.paths) > 1
    names = formats.file_names(analysis.summary)
    for limit in verdict.checked:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": clean(f"perfsheet {names}"), "name": clean(limit.limit)}
        )
        if not limit.ok:
            message = clean(limits.sentence(limit, several))
            ElementTree.SubElement(case, "failure", {"type": "breach", "message": message}).text = message
    if verdict.notes:
        ElementTree.SubElement(suite, "system-out").text = clean("; ".join(verdict.notes))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"
