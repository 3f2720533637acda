"""How a capture came to be, and what several runs of it say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.outputs.json_output.parts import Json, number, row, spread
from perfsheet.provenance import Provenance, TestResult


def run(provenance: Provenance, summary: CaptureSummary) -> Json:
    """How the capture came to be: the content of run.json, and `run` in `run --json`."""
    record = asdict(provenance.record) if provenance.record else {}
    return {
        **record,
        "board": summary.board or _joined(device["board"] for device in record.get("devices", ())),
        "arch": summary.arch or _joined(device["arch"] for device in record.get("devices", ())),
        "replayed": provenance.replayed,
        "verdict": provenance.tests,
        "tests_failed": provenance.tests_failed,
        "tests": [_test(test) for test in provenance.results],
        "losses": list(provenance.losses),
    }


def repeats(analysis: Analysis, known: Repeats) -> Json:
    """What every op took in all aligned runs, and the runs themselves."""
    return {
        "aligned": known.aligned,
        "noisy_pct": number(known.noisy_pct),
        "noisy_ops": int(known.noisy.sum()),
        "kernel_duration": spread(known.total),
        "failures": list(known.failures),
        "runs": [
            {
                "label": run.label,
                "path": run.path,
                "ops": run.ops,
                "kernel_duration_ns": number(run.kernel_ns),
                "aligned": run.aligned,
                "difference": run.difference or None,
                "shown": run.shown,
                "tests": run.tests or None,
                "tests_failed": run.tests_failed,
            }
            for run in known.runs
        ],
        "ops": [
            {
                "row": row(analysis.row_ref(position)),
                "op_code": code,
                "noisy": bool(known.noisy[position]),
                **spread(known.op(position)),
            }
            for position, code in enumerate(analysis.ops.codes)
        ],
    }


def _test(test: TestResult) -> Json:
    return {
        "nodeid": test.nodeid,
        "outcome": test.outcome,
        "duration_s": round(test.duration_s, 3),
        "reason": test.reason or None,
    }


def _joined(names: Iterable[str | None]) -> str | None:
    return "+".join(sorted({name for name in names if name})) or None
