"""What every column of the outputs means: its unit, its formula, and the page that proves it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A column or figure: `name` is its header, `page` the document that has the long form."""

    name: str
    unit: str
    meaning: str
    page: str = ""


_FORMULAS, _LIGHT, _RULES, _WINDOWS = "docs/formulas.md", "docs/speed-of-light.md", "docs/rules.md", "docs/windows.md"

OPS: tuple[Term, ...] = (
    Term("RANK", "", "place by device kernel duration, 1 = longest", _FORMULAS),
    Term("RUN ORDER", "", "place in execution order: sort by it to get the order of the run back", _WINDOWS),
    Term("FILE ROW", "", "row of the capture (its header is row 1); leads to the op on sheet All Ops"),
    Term("FILE", "", "the capture that the row is of, where there are several"),
    Term("OP CODE", "", "the device operation"),
    Term("SHAPE", "", "matmul M × K × N (batch · before it), convolution N×H×W×C → channels and window, else in → out"),
    Term("LAYOUT IN → OUT", "", "memory of the first input and output, and their tile layout where it changes"),
    Term("CORE COUNT", "cores", "cores that ran the op"),
    Term("WORKER CORES", "cores", "worker grid of the op's device", "docs/hardware.md"),
    Term("DEVICE KERNEL DURATION", "ns", "first kernel start to last kernel end over all cores: the ranking key"),
    Term("SHARE", "%", "kernel duration / Σ kernel duration of the window", _FORMULAS),
    Term("CUMULATIVE", "%", "share of this and all higher ranks together", _FORMULAS),
    Term(
        "PM IDEAL",
        "ns",
        "the profiler's own model of the op; empty = it has none (1 or less in the capture)",
        _FORMULAS,
    ),
    Term("UTILIZATION", "%", "(PM IDEAL / kernel duration) × (ref_cores / CORE COUNT), live", _FORMULAS),
    Term("UTILIZATION BY GRID", "%", "the same with the op's own worker grid in place of ref_cores", _FORMULAS),
    Term(
        "UTILIZATION CORRECTED",
        "%",
        "without the known errors of the PM columns; matmul, conv and attention only",
        _FORMULAS,
    ),
    Term(
        "SPEED OF LIGHT", "%", "the larger of COMPUTE, GRID and DRAM: how close the op comes to what binds it", _LIGHT
    ),
    Term(
        "COMPUTE, GRID", "%", "FLOPs / (kernel duration × peak of the whole worker grid at the op's fidelity)", _LIGHT
    ),
    Term("COMPUTE, USED CORES", "%", "the same over the peak of the cores that ran", _LIGHT),
    Term("DRAM", "%", "DRAM bytes that must move / (kernel duration × DRAM peak)", _LIGHT),
    Term("GFLOP", "10⁹ FLOP", "floating point operations by logical shapes", _LIGHT),
    Term("DRAM [MB]", "10⁶ bytes", "bytes that must come from or go to DRAM at least", _LIGHT),
    Term("BOUND", "", "compute or dram: which peak is near; neither: none is; empty = unknown", _LIGHT),
    Term("WHY UNKNOWN", "", "why the speed of light of the op cannot be told", _LIGHT),
    Term(
        "FLAGS", "", "rules that hit the op; no-model, not-physical (utilization above 100 %), noisy (varies)", _RULES
    ),
    Term("WHY NOT PHYSICAL", "", "why a utilization is above 100 %", _FORMULAS),
    Term("FINDINGS", "", "the findings of sheet Hotspots that the op is behind", _RULES),
    Term("DEVICE ID", "", "the device that ran the op; of several hosts, raised so that they stay apart"),
    Term("GLOBAL CALL COUNT", "", "the profiler's id of the dispatch"),
    Term("INPUTS → OUTPUTS", "", "all tensors: padded[logical] extents, data type, memory"),
    Term("MATH FIDELITY", "", "passes over the matrix engine: LoFi 1, HiFi2 2, HiFi3 3, HiFi4 4", _LIGHT),
    Term("PROGRAM CONFIG", "", "the op's program config in ATTRIBUTES"),
)

FINDINGS: tuple[Term, ...] = (
    Term("ID", "", "H1, H2, …: largest saving first", _RULES),
    Term("RULE", "", "what was found", _RULES),
    Term("OPS", "ops", "ops (or host rows) behind it"),
    Term("SAVES AT MOST", "ns", "upper bound of what mending could save; empty = unknown", _RULES),
    Term("ADDS", "ns", "what it adds to the findings before it: these sum to the kernel time at most", _RULES),
    Term("PART OF", "", "the finding before it that is mostly about the same ops", _RULES),
    Term("KERNEL", "ns", "Σ kernel duration of the ops"),
    Term("ROWS", "", "leads to the ops on sheet Evidence"),
    Term("ADVICE", "", "what to try"),
    Term("SAVING IS", "", "the formula of the saving", _RULES),
    Term("CAVEAT", "", "what speaks against it", _RULES),
    Term("EVIDENCE", "", "the figures that it rests on", _RULES),
)

FIGURES: tuple[Term, ...] = (
    Term("Kernel time", "ns", "Σ DEVICE KERNEL DURATION of the window; gaps between ops are never in it", _FORMULAS),
    Term("FPS", "1/s", "1e9 × batch / kernel time of the busiest device, live", _FORMULAS),
    Term(
        "FPS a pass",
        "1/s",
        "1e9 × batch × passes / Σ over the passes of the busiest device's kernel time, live",
        _WINDOWS,
    ),
    Term("Time on few cores", "%", "kernel time of ops on low_cores_pct of their worker grid or less, live", _RULES),
    Term("Time in reshards", "%", "kernel time of ops that only change how a tensor is sharded", _RULES),
    Term("Time with a model", "%", "kernel time of ops with a PM IDEAL", _FORMULAS),
    Term(
        "Of the speed of light", "%", "speed of light weighted by kernel time, over the ops where it is known", _LIGHT
    ),
    Term("Critical path", "ns", "Σ over the steps of the slowest device", _WINDOWS),
)

INPUTS: tuple[Term, ...] = (
    Term("ref_cores", "cores", "reference core count of UTILIZATION: a number, or grid for each op's own worker grid"),
    Term("low_cores_pct", "%", "few cores: this share of the worker grid or less; FLAGS and time on few cores follow"),
    Term("batch", "samples", "samples that a pass (or the window) works on; FPS follows"),
)
