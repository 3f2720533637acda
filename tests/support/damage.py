"""Every kind of damage that a capture can have: how to damage an intact capture, and what must happen.

docs/reliability.md shows this table; tests/reliability checks it.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

READ, WARNED, REFUSED = "read", "warned", "refused"
DURATION = "DEVICE KERNEL DURATION [ns]"

Rows = list[list[str]]


@dataclass(frozen=True)
class Damage:
    """`apply` returns the damaged bytes of an intact text. `outcome`: read without a warning, read with a warning that
    matches `message`, or refused in one line that matches it. `same`: whether the kernel time stays as it was.
    """

    id: str
    what: str
    outcome: str
    message: str
    apply: Callable[[str], bytes]
    same: bool = True


def table(text: str) -> Rows:
    """The records of a capture, the header first."""
    return list(csv.reader(io.StringIO(text)))


def written(rows: Rows, delimiter: str = ",", newline: str = "\n") -> str:
    """The text of records."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return out.getvalue()


def lines(change: Callable[[list[str]], list[str]]) -> Callable[[str], bytes]:
    """A change of the lines."""
    return lambda text: "".join(change(text.splitlines(keepends=True))).encode()


def records(change: Callable[[Rows], Rows]) -> Callable[[str], bytes]:
    """A change of the records."""
    return lambda text: written(change(table(text))).encode()


def cells(column: str, value: str | Callable[[str], str], *numbers: int) -> Callable[[str], bytes]:
    """Other cells in a column: in these rows of the file (the header is row 1), or in all of them."""

    def change(rows: Rows) -> Rows:
        at = rows[0].index(column)
        for number, row in enumerate(rows[1:], start=2):
            if not numbers or number in numbers:
                row[at] = value if isinstance(value, str) else value(row[at])
        return rows

    return records(change)


def without(*names: str) -> Callable[[str], bytes]:
    """The capture without these columns."""

    def change(rows: Rows) -> Rows:
        positions = [position for position, header in enumerate(rows[0]) if header not in names]
        return [[row[position] for position in positions] for row in rows]

    return records(change)


def _resaved_in_europe(text: str) -> bytes:
    def cell(header: str, value: str) -> str:
        if re.fullmatch(r"\d+\.\d+", value):
            return value.replace(".", ",")
        return f"{int(value):,}".replace(",", ".") if header.endswith("[ns]") and value.isdigit() else value

    head, *rows = table(text)
    return written([head, *([cell(*pair) for pair in zip(head, row, strict=True)] for row in rows)], ";").encode()


def _other_capture(text: str) -> bytes:
    head, *rows = table(text)
    order = [*range(3), *range(4, len(head)), 3]
    return (text + written([[row[at] for at in order] for row in (head, *rows[:5])])).encode()


def _quotes_opened(*numbers: int) -> Callable[[str], bytes]:
    """A quote before one of the last cells of these rows, in a capture that has no quotes otherwise."""

    def opened(row: str) -> str:
        head, *tail = row.rsplit(",", 3)
        return head + ',"' + ",".join(tail)

    def change(text: str) -> bytes:
        plain = written([[cell.replace(",", ";").replace('"', "'") for cell in row] for row in table(text)])
        rows = enumerate(plain.splitlines(keepends=True), start=1)
        return "".join(opened(row) if number in numbers else row for number, row in rows).encode()

    return change


def _zipped(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("reports/ops_perf_results.csv", text)
    return out.getvalue()


def _half_without_device_data(rows: Rows) -> Rows:
    positions = [
        position
        for position, header in enumerate(rows[0])
        if header.startswith("DEVICE") and header.endswith(("[ns]", "CYCLE"))
    ]
    for number, row in enumerate(rows[1:]):
        for position in positions if number % 5 else ():
            row[position] = ""
    return rows


def _never_replayed(rows: Rows) -> Rows:
    """A trace that was captured only: host times and a trace id, no session, no device data."""
    head = rows[0]
    for row in rows[10:20]:
        for position, header in enumerate(head):
            if header.startswith("DEVICE") and header.endswith(("[ns]", "CYCLE")):
                row[position] = ""
        row[head.index("METAL TRACE ID")], row[head.index("METAL TRACE REPLAY SESSION ID")] = "1", ""
    return rows


def _extra_columns(count: int) -> Callable[[Rows], Rows]:
    return lambda rows: [
        [*row, *(f"EXTRA {at}" if not number else "7" for at in range(count))] for number, row in enumerate(rows)
    ]


def _sorted(rows: Rows, column: str, key: Callable[[str], object]) -> Rows:
    at = rows[0].index(column)
    return [rows[0], *sorted(rows[1:], key=lambda row: key(row[at]))]  # type: ignore[arg-type,return-value]


def _with_other_calls(rows: Rows) -> Rows:
    at = rows[0].index("GLOBAL CALL COUNT")
    return [*rows, *([*row[:at], row[at] and str(int(row[at]) + 10**6), *row[at + 1 :]] for row in rows[1:])]


HOSTILE = {
    "formula": '=HYPERLINK("http://evil","click")',
    "command": "=cmd|'/C calc'!A0",
    "plus": "+1+1",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "ansi": "\x1b[2J\x1b]0;title\x07op",
    "path": "../../../etc/passwd",
    "long": "x" * 5_000,
    "emoji": "🚀Matmul🔥",
    "rtl": "Mat\u202elum\u202c",
    "xml": "<r><t>&broken</r>",
    "markup": "[bold red]op[/]",
    "markdown": "`op` | **x** | [a](javascript:alert(1))",
    "newline": "two\nlines",
}

_KERNEL = DURATION
DAMAGES: tuple[Damage, ...] = (
    Damage("empty", "an empty file", REFUSED, "is empty", lambda text: b""),
    Damage("header-only", "a header without rows", REFUSED, "has a header but no rows", lines(lambda rows: rows[:1])),
    Damage("binary", "a binary file", REFUSED, "binary", lambda text: bytes(random.Random(7).randbytes(4000))),
    Damage("gzip", "gzip-compressed", READ, "", lambda text: gzip.compress(text.encode())),
    Damage("bzip2", "bzip2-compressed", READ, "", lambda text: bz2.compress(text.encode())),
    Damage("xz", "xz-compressed", READ, "", lambda text: lzma.compress(text.encode())),
    Damage("zip", "a zip file with the CSV in it", READ, "", _zipped),
    Damage(
        "gzip-cut",
        "gzip, cut off",
        WARNED,
        "compressed data are damaged",
        lambda text: gzip.compress(text.encode())[:-900],
        False,
    ),
    Damage("utf-8-bom", "UTF-8 with a byte-order mark", READ, "", lambda text: text.encode("utf-8-sig")),
    Damage("utf-16", "UTF-16", READ, "", lambda text: text.encode("utf-16")),
    Damage("utf-16-bare", "UTF-16 without a byte-order mark", READ, "", lambda text: text.encode("utf-16-le")),
    Damage(
        "utf-16-shifted",
        "UTF-16 with a byte too many",
        REFUSED,
        "a byte too many or too few",
        lambda text: text.encode("utf-16")[:2001] + b"\0" + text.encode("utf-16")[2001:],
        False,
    ),
    Damage("latin-1", "Latin-1", WARNED, "not UTF-8", lambda text: text.replace("Matmul", "Mätmul").encode("latin-1")),
    Damage(
        "nul",
        "NUL bytes between the characters",
        WARNED,
        "NUL bytes ignored",
        lambda text: text.replace(",", ",\0", 50).encode(),
    ),
    Damage("cr", "CR line ends", READ, "", lambda text: text.replace("\r\n", "\n").replace("\n", "\r").encode()),
    Damage(
        "open-quote",
        "a quote that is never closed",
        WARNED,
        "row 40 opens a quote",
        _quotes_opened(40),
        False,
    ),
    Damage(
        "header-quote",
        "a quote that the header opens, and a row closes",
        REFUSED,
        "line 1: the header opens a quote",
        _quotes_opened(1, 40),
        False,
    ),
    Damage(
        "two-open-quotes",
        "two of them, with whole rows between them",
        WARNED,
        "22 lines left out: inside a quote that is not closed; the first is row 40",
        _quotes_opened(40, 61),
        False,
    ),
    Damage(
        "cut",
        "the last row cut off",
        WARNED,
        "the last one, is cut off and left out",
        lines(lambda rows: [*rows[:100], rows[100][:200]]),
        False,
    ),
    Damage(
        "too-long",
        "rows with a cell too many",
        WARNED,
        "2 rows left out: more cells than the header.*row 12",
        lines(lambda rows: [line.replace(",", ",x,", 1) if at in (11, 19) else line for at, line in enumerate(rows)]),
        False,
    ),
    Damage(
        "all-too-long",
        "every row with a cell too many",
        REFUSED,
        "173 rows left out: more cells|columns are shifted",
        lines(lambda rows: [rows[0], *(line.replace(",", ",x,", 1) for line in rows[1:])]),
    ),
    Damage(
        "too-short",
        "rows with a cell too few in the middle",
        WARNED,
        "2 rows left out: fewer cells.*row 12",
        lines(lambda rows: [line.replace(",0,", ",", 1) if at in (11, 19) else line for at, line in enumerate(rows)]),
        False,
    ),
    Damage(
        "tail-missing",
        "rows whose last, blank cells are missing",
        WARNED,
        "173 rows repaired: fewer cells than the header, the missing ones read as blank",
        lines(lambda rows: [rows[0].rstrip() + ",ONE,MORE\n", *rows[1:]]),
    ),
    Damage(
        "trailing-blanks",
        "extra blank cells in a row",
        WARNED,
        "1 row repaired: extra blank cells removed; the first is row 13",
        lines(lambda rows: [line.rstrip() + ",,\n" if at == 12 else line for at, line in enumerate(rows)]),
    ),
    Damage(
        "header-inside",
        "the header again between the rows",
        WARNED,
        "1 row left out: the header again",
        lines(lambda rows: [*rows[:50], rows[0], *rows[50:]]),
    ),
    Damage(
        "other-header-inside",
        "another capture appended, with its header",
        REFUSED,
        "row 175: the header of another capture",
        _other_capture,
    ),
    Damage(
        "twice",
        "the file appended to itself",
        WARNED,
        "2 captures in one file",
        lines(lambda rows: [*rows, *rows[1:]]),
        False,
    ),
    Damage(
        "conflict",
        "marks of a merge conflict",
        REFUSED,
        "row 31: a merge conflict",
        lines(lambda rows: [*rows[:30], "<<<<<<< HEAD\n", *rows[30:]]),
    ),
    Damage(
        "stray-lines",
        "comments between the rows",
        WARNED,
        "1 line left out: text between the rows",
        lines(lambda rows: [*rows[:30], "# warm-up over\n", *rows[30:]]),
    ),
    Damage(
        "preamble",
        "titles and blank lines before the header",
        WARNED,
        "1 line before the header",
        lines(lambda rows: ["My capture\n", "\n", *rows]),
    ),
    Damage(
        "sep-line",
        "Excel's `sep=;` before the header",
        READ,
        "",
        lambda text: b"sep=;\n" + written(table(text), ";").encode(),
    ),
    Damage(
        "total-row",
        "a row of totals",
        WARNED,
        "1 row left out: totals of other rows",
        records(
            lambda rows: [*rows, ["Total" if h == "OP CODE" else "99999999" if h == _KERNEL else "" for h in rows[0]]]
        ),
    ),
    Damage(
        "sum-line",
        "the sum of a column under it, without a name",
        WARNED,
        "1 row left out: totals of other rows",
        records(lambda rows: [*rows, ["99999999" if h == _KERNEL else "" for h in rows[0]]]),
    ),
    Damage(
        "sorted-by-duration",
        "sorted by duration in a spreadsheet",
        WARNED,
        "was sorted by another column: .* put back in the order in which they ran",
        records(lambda rows: _sorted(rows, _KERNEL, lambda cell: -float(cell or 0))),
    ),
    Damage(
        "sorted-by-name",
        "sorted by OP CODE",
        WARNED,
        "was sorted by another column: .* put back in the order in which they ran",
        records(lambda rows: _sorted(rows, "OP CODE", str)),
    ),
    Damage(
        "filtered",
        "rows filtered out",
        WARNED,
        "lacks ops that ran before .* of its rows",
        records(lambda rows: [row for row in rows if "Binary" not in row[rows[0].index("OP CODE")]]),
        False,
    ),
    Damage(
        "twice-other-calls",
        "another run of the model appended, whose calls have other numbers",
        WARNED,
        "2 captures in one file",
        records(_with_other_calls),
        False,
    ),
    Damage(
        "unit-column",
        "durations in µs under a header in ns",
        REFUSED,
        "the durations seem to be in µs",
        cells(DURATION, lambda cell: cell and f"{float(cell) / 1000:.4g}"),
    ),
    Damage(
        "duplicated-column",
        "a column twice",
        WARNED,
        "columns appear twice, the first is used: CORE COUNT",
        records(lambda rows: [[*row, "CORE COUNT" if not number else "1"] for number, row in enumerate(rows)]),
    ),
    Damage("semicolons", "semicolons between the cells", READ, "", lambda text: written(table(text), ";").encode()),
    Damage("tabs", "tabs between the cells", READ, "", lambda text: written(table(text), "\t").encode()),
    Damage(
        "european", "re-saved by a European Excel: `1.234,5`", WARNED, "writes numbers as 1.234,5", _resaved_in_europe
    ),
    Damage(
        "thousands", "thousands separators", READ, "", cells(_KERNEL, lambda cell: f"{int(cell):,}" if cell else cell)
    ),
    Damage(
        "thin-spaces",
        "blanks as thousands separators",
        READ,
        "",
        cells(_KERNEL, lambda cell: f"{int(cell):,}".replace(",", "\u202f") if cell else cell),
    ),
    Damage(
        "scientific",
        "rounded to `9.39E+04`",
        WARNED,
        "in scientific notation, rounded.*row 6",
        cells(_KERNEL, lambda cell: f"{float(cell):.2E}" if cell else cell),
        False,
    ),
    Damage(
        "one-dot",
        "a thousands point in one cell",
        WARNED,
        "fraction of a ns, which the profiler does not write",
        cells(_KERNEL, lambda cell: f"{int(cell):,}".replace(",", "."), 11),
        False,
    ),
    Damage("blank-op-code", "a blank OP CODE", WARNED, "1 device row with a blank OP CODE", cells("OP CODE", "", 11)),
    Damage("unknown-op-code", "an unknown OP CODE", READ, "", cells("OP CODE", "FrobnicateDeviceOperation", 11)),
    Damage(
        "blank-op-type", "a blank OP TYPE", WARNED, "1 row with a blank or unknown OP TYPE", cells("OP TYPE", "", 11)
    ),
    Damage(
        "unknown-op-type",
        "an unknown OP TYPE",
        WARNED,
        "1 row with a blank or unknown OP TYPE",
        cells("OP TYPE", "gpu", 11),
    ),
    Damage(
        "host-op-type",
        "a device op with the OP TYPE of a host op",
        WARNED,
        "with device times, which are not counted",
        cells("OP TYPE", "tt_dnn_cpu", 11),
        False,
    ),
    Damage(
        "unknown-fidelity",
        "an unknown MATH FIDELITY",
        WARNED,
        "unknown MATH FIDELITY .'HIFI9'",
        cells("MATH FIDELITY", "HiFi9", 11),
    ),
    Damage(
        "unknown-arch",
        "an unknown DEVICE ARCH",
        WARNED,
        "unknown DEVICE ARCH .'quasar'",
        cells("DEVICE ARCH", "quasar"),
    ),
    Damage(
        "blank-arch",
        "a blank DEVICE ARCH",
        WARNED,
        "1 device row with a blank DEVICE ARCH",
        cells("DEVICE ARCH", "", 11),
    ),
    Damage(
        "unknown-datatype",
        "an unknown DATATYPE",
        WARNED,
        "unknown DATATYPE .'FLOAT128'",
        cells("INPUT_0_DATATYPE", "FLOAT128", 11),
    ),
    Damage(
        "unknown-memory",
        "an unknown MEMORY",
        WARNED,
        "memory is blank or unknown",
        cells("INPUT_0_MEMORY", "DEV_0_SRAM", 11),
    ),
    Damage("blank-memory", "a blank MEMORY", WARNED, "memory is blank or unknown", cells("INPUT_0_MEMORY", "", 11)),
    Damage(
        "unreadable-shape",
        "a shape turned into a date",
        WARNED,
        "shape is missing or unreadable",
        cells("INPUT_0_Y_PAD[LOGICAL]", "Jan-32", 11),
    ),
    Damage(
        "blank-duration",
        "a blank duration",
        WARNED,
        "1 device row without DEVICE KERNEL DURATION",
        cells(_KERNEL, "", 11),
        False,
    ),
    Damage(
        "no-durations",
        "all durations blank",
        WARNED,
        "162 device rows without DEVICE KERNEL DURATION",
        cells(_KERNEL, ""),
        False,
    ),
    Damage(
        "dash-duration",
        "a duration `-`",
        WARNED,
        "1 device row without DEVICE KERNEL DURATION",
        cells(_KERNEL, "-", 11),
        False,
    ),
    Damage(
        "nan-duration",
        "a duration NaN",
        WARNED,
        "1 device row without DEVICE KERNEL DURATION",
        cells(_KERNEL, "NaN", 11),
        False,
    ),
    Damage(
        "zero-duration",
        "a duration of 0",
        WARNED,
        "1 device row with a duration of 0 ns",
        cells(_KERNEL, "0", 11),
        False,
    ),
    Damage(
        "negative-duration",
        "a negative duration",
        WARNED,
        "1 device row with a negative duration",
        cells(_KERNEL, "-5", 11),
        False,
    ),
    Damage(
        "infinite-duration",
        "a duration `inf`",
        WARNED,
        "1 cell not readable as a number.*row 11.*'inf'",
        cells(_KERNEL, "inf", 11),
        False,
    ),
    Damage(
        "absurd-duration",
        "a duration of 1e30",
        WARNED,
        "negative duration or one above",
        cells(_KERNEL, "1e30", 11),
        False,
    ),
    Damage(
        "unit-duration",
        "durations with a unit",
        WARNED,
        "cells not readable as a number.*row 2.* ns'",
        cells(_KERNEL, lambda cell: f"{cell} ns"),
        False,
    ),
    Damage(
        "zero-cores", "a CORE COUNT of 0", WARNED, "blank, zero or impossible CORE COUNT", cells("CORE COUNT", "0", 11)
    ),
    Damage(
        "blank-cores", "a blank CORE COUNT", WARNED, "blank, zero or impossible CORE COUNT", cells("CORE COUNT", "", 11)
    ),
    Damage(
        "part-core",
        "a CORE COUNT of 12.5",
        WARNED,
        "blank, zero or impossible CORE COUNT",
        cells("CORE COUNT", "12.5", 11),
    ),
    Damage(
        "many-cores",
        "a CORE COUNT above the grid",
        WARNED,
        "CORE COUNT above the worker grid",
        cells("CORE COUNT", "999", 11),
    ),
    Damage(
        "absurd-grid",
        "a worker grid of 1e9 cores",
        WARNED,
        "above 1,024, which no chip has",
        cells("AVAILABLE WORKER CORE COUNT", "1000000000", 11),
    ),
    Damage("negative-ideal", "a negative PM IDEAL", WARNED, "negative PM IDEAL", cells("PM IDEAL [ns]", "-7", 11)),
    Damage(
        "absurd-ideal",
        "a PM IDEAL of 1e30",
        WARNED,
        "negative PM IDEAL or one above",
        cells("PM IDEAL [ns]", "1e30", 11),
    ),
    Damage(
        "negative-gap",
        "a negative gap",
        WARNED,
        "negative OP TO OP LATENCY",
        cells("OP TO OP LATENCY [ns]", "-5000", 11),
    ),
    Damage(
        "absurd-gap",
        "an absurd gap",
        WARNED,
        "negative OP TO OP LATENCY or one above",
        cells("OP TO OP LATENCY [ns]", "1" + "0" * 18, 11),
    ),
    Damage(
        "backward-zone",
        "a firmware zone that ends before it starts",
        WARNED,
        "ends before it starts",
        cells("DEVICE FW END CYCLE", "5", 11),
    ),
    Damage(
        "impossible-clock",
        "cycles that give an impossible clock",
        WARNED,
        "is not a clock that a chip can have",
        cells("DEVICE FW END CYCLE", lambda cell: str(int(cell) * 3) if cell else cell),
    ),
    Damage(
        "unit-header",
        "a duration column in µs",
        REFUSED,
        "'DEVICE KERNEL DURATION .us.' is not in ns",
        lambda text: text.replace(_KERNEL, "DEVICE KERNEL DURATION [us]").encode(),
    ),
    Damage("no-duration-column", "no duration column", REFUSED, "no column DEVICE KERNEL DURATION", without(_KERNEL)),
    Damage("no-op-code-column", "no OP CODE column", REFUSED, "without OP CODE|no column OP CODE", without("OP CODE")),
    Damage("no-op-type-column", "no OP TYPE column", WARNED, "has no OP TYPE column", without("OP TYPE")),
    Damage("no-core-column", "no CORE COUNT column", WARNED, "lacks CORE COUNT", without("CORE COUNT")),
    Damage("no-device-column", "no DEVICE ID column", WARNED, "lacks DEVICE ID", without("DEVICE ID")),
    Damage("no-ideal-column", "no PM IDEAL column", WARNED, "lacks PM IDEAL", without("PM IDEAL [ns]")),
    Damage(
        "no-shape-column",
        "one column of a tensor missing",
        WARNED,
        "lacks INPUT_0_W",
        without("INPUT_0_W_PAD[LOGICAL]"),
    ),
    Damage(
        "most-device-data-missing",
        "device data missing for most ops",
        WARNED,
        "device data is missing",
        records(_half_without_device_data),
        False,
    ),
    Damage(
        "never-replayed",
        "a trace captured, never replayed",
        WARNED,
        "10 device rows without DEVICE KERNEL DURATION",
        records(_never_replayed),
        False,
    ),
    Damage(
        "large-attributes", "ATTRIBUTES of 1 MB", READ, "", cells("ATTRIBUTES", "{'x': '" + "y" * (1 << 20) + "'}", 11)
    ),
    Damage("many-columns", "500 more columns", READ, "", records(_extra_columns(500))),
    *(
        Damage(f"hostile-{name}", f"an OP CODE that is {name}", READ, "", cells("OP CODE", text, 11))
        for name, text in HOSTILE.items()
    ),
)


def every_column(text: str) -> Iterator[str]:
    """The columns of a capture."""
    yield from table(text)[0]


def docs_table() -> Iterator[str]:
    """The damages as a Markdown table, for docs/reliability.md."""
    yield "| damage | what the user sees | id |"
    yield "| --- | --- | --- |"
    outcomes = {READ: "read", WARNED: "warning, status 0", REFUSED: "one line, status 3"}
    for damage in DAMAGES:
        message = re.sub(r"\.\*.*", " …", damage.message.split("|")[0]).replace(".us.", "[us]").replace(".'", "('")
        yield f"| {damage.what} | {outcomes[damage.outcome]}{f': “{message}”' if message else ''} | `{damage.id}` |"
