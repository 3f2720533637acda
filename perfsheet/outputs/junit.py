"""Checked limits as JUnit XML, which CI systems show as tests."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from perfsheet.analysis import Analysis
from perfsheet.atomic_write import replace_text
from perfsheet.budget.model import Verdict
from perfsheet.text import formats, limits


def write(analysis: Analysis, verdict: Verdict, path: Path) -> None:
    """Write a test case per limit. Raises PerfsheetError (exit status 7) when the file cannot be written."""
    replace_text(path, document(analysis, verdict))


def document(analysis: Analysis, verdict: Verdict) -> str:
    """The XML: one suite, its cases in the order of the limits."""
    counts = {"tests": str(len(verdict.checked)), "failures": str(len(verdict.breaches)), "errors": "0", "skipped": "0"}
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "perfsheet", **counts})
    several = len(analysis.summary.paths) > 1
    names = formats.file_names(analysis.summary)
    for limit in verdict.checked:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": formats.clean(f"perfsheet {names}"), "name": formats.clean(limit.limit)}
        )
        if not limit.ok:
            message = formats.clean(limits.sentence(limit, several))
            ElementTree.SubElement(case, "failure", {"type": "breach", "message": message}).text = message
    if verdict.notes:
        ElementTree.SubElement(suite, "system-out").text = formats.clean("; ".join(verdict.notes))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"
