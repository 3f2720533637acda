"""Feed bytes to the reader: it returns a table or refuses in one line, and both ways of reading agree."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["perfsheet"]):
    from perfsheet import PerfsheetError, analyze, read
    from perfsheet.capture import delimited

from captures import ROOT, seeds

_FILE = ROOT / "generated" / "fuzz" / "run.csv"


def read_both_ways(data: bytes) -> None:
    """Read, analyse, and read the other way."""
    _FILE.write_bytes(data)
    with_repairs, with_arrow = _read(1 << 60), _read(0)
    assert with_repairs == with_arrow, (with_repairs, with_arrow)


def _read(min_arrow_bytes: int) -> object:
    delimited._MIN_ARROW_BYTES = min_arrow_bytes
    try:
        analysis = analyze(read(_FILE))
    except PerfsheetError as error:
        assert error.status in (2, 3), error
        assert "\n" not in error.message.replace(str(_FILE), "") or "\n" in str(_FILE)
        return error.status, str(error)
    summary = analysis.summary
    return len(analysis.ops), repr(summary.kernel_ns), summary.warnings


def main() -> None:
    """Fuzz until stopped."""
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    corpus = seeds(_FILE.parent / "seeds")
    atheris.Setup(
        [sys.argv[0], str(corpus), f"-artifact_prefix={_FILE.parent}{Path('/')}", *sys.argv[1:]], read_both_ways
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
