"""How a capture was made, and what several runs of it say."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.outputs.json_output.parts import Json, number, spread
from perfsheet.provenance import Provenance
from perfsheet.tables.repeats import REPEATS, RUNS, repeated_ops
from perfsheet.tables.runs import OUTCOME, RECORD, RunOutcome


def run(provenance: Provenance, summary: CaptureSummary) -> Json:
    """How the capture was made: the content of run.json, and `run` in `run --json`."""
    record = RECORD.records([provenance.record])[0] if provenance.record else {}
    return {**record, **OUTCOME.records([RunOutcome(provenance, summary)])[0]}


def repeats(analysis: Analysis, runs: Repeats) -> Json:
    """What every op took in all aligned runs, and the runs themselves."""
    return {
        "aligned": runs.aligned,
        "noisy_pct": number(runs.noisy_pct),
        "noisy_ops": int(runs.noisy.sum()),
        "kernel_duration": spread(runs.total),
        "failures": list(runs.failures),
        "runs": RUNS.records(runs.runs),
        "ops": REPEATS.records(repeated_ops(analysis, runs)),
    }
