"""The record of an earlier run, found beside its capture."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from perfsheet.provenance import RECORD_NAME, Device, InputFile, Provenance, RunRecord, TestResult
from perfsheet.run.record import input_file

_VERSION = 1


def provenance_of(capture: Path) -> Provenance:
    """What run.json beside a capture says of it.

    Nothing, unless the record is that of the run which made the very file, as its hash tells.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):  # somebody else's run.json
        known = json.loads(capture.with_name(RECORD_NAME).read_text(encoding="utf-8"))
        if known["schema_version"] == _VERSION and not known["replayed"]:
            hashes = {file["sha256"] for file in known["inputs"]}
            if input_file(capture).sha256 in hashes:
                return _provenance(known)
    return Provenance()


def _provenance(known: dict[str, Any]) -> Provenance:
    record = RunRecord(
        **{name: known[name] for name in RunRecord.__dataclass_fields__ if name not in ("argv", "devices", "inputs")},
        argv=tuple(known["argv"]),
        devices=tuple(Device(**device) for device in known["devices"]),
        inputs=tuple(InputFile(**file) for file in known["inputs"]),
    )
    return Provenance(
        command=record.command,
        tests=known["verdict"],
        tests_failed=known["tests_failed"],
        results=tuple(TestResult(**{**test, "reason": test["reason"] or ""}) for test in known["tests"]),
        losses=tuple(known["losses"]),
        record=record,
    )
