"""Feed bytes to run.json and to TOML: they are read, ignored with a sentence, or refused in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["perfsheet"]):
    from perfsheet import PerfsheetError
    from perfsheet.budget import read_budget
    from perfsheet.documents import InvalidDocumentError, decode_json
    from perfsheet.models.suite import read_suite
    from perfsheet.models.suite.model import ModelResult
    from perfsheet.provenance import RECORD_NAME, recorded_provenance

from captures import ROOT, small

_FOLDER = ROOT / "generated" / "fuzz" / "own"


def read_all(data: bytes) -> None:
    """Read the bytes as every kind of file that perfsheet reads besides captures."""
    (_FOLDER / RECORD_NAME).write_bytes(data)
    recorded_provenance(_FOLDER / "run.csv")
    try:
        decode_json(data, ModelResult)
    except InvalidDocumentError as error:
        assert "\n" not in str(error)
    for read, name in ((read_budget, "budget.toml"), (read_suite, "suite.toml")):
        (_FOLDER / name).write_bytes(data)
        try:
            read(_FOLDER / name)
        except PerfsheetError as error:
            assert error.status == 2, error


def main() -> None:
    """Fuzz until stopped."""
    seeds = _FOLDER / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    (_FOLDER / "run.csv").write_text(small(), encoding="utf-8")
    (seeds / "record").write_bytes(
        b'{"schema_version": 1, "replayed": false, "inputs": [{"sha256": "x"}], "tests": []}'
    )
    (seeds / "budget").write_bytes(b'tolerance = "5 %"\n[limits]\nkernel-time = "1 ms"\n[[ops]]\nop-code = "x"\n')
    (seeds / "suite").write_bytes(b'[suite]\nname = "x"\n[[target]]\nmodel = "x"\ncommand = "pytest x.py"\n')
    atheris.Setup([sys.argv[0], str(seeds), f"-artifact_prefix={_FOLDER}{Path('/')}", *sys.argv[1:]], read_all)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
