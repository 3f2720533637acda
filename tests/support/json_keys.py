"""The keys of all JSON documents: `make docs` writes them to tests/data/json-keys.txt, a test compares them."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from perfsheet import Analysis, Options, analyze, read
from perfsheet.analysis.cases import Case
from perfsheet.analysis.repeats import align, observe
from perfsheet.budget.check import check
from perfsheet.budget.model import ExpectationResult
from perfsheet.budget.reading import budget_of
from perfsheet.cli import main
from perfsheet.cli.table import KINDS
from perfsheet.comparison import compare
from perfsheet.doctor.model import Diagnosis
from perfsheet.models.bench.model import Bench, Measurement, Variant
from perfsheet.models.e2e.merging import MergeResult
from perfsheet.models.e2e.model import DeviceRow, Refusal
from perfsheet.models.outputs import bench as bench_output
from perfsheet.models.outputs import graph as graph_output
from perfsheet.models.outputs import suite as suite_output
from perfsheet.models.suite.model import ModelResult
from perfsheet.models.torch_graph import Coverage, Graph, bundled
from perfsheet.models.torch_graph.in_ttnn import InTtnn
from perfsheet.models.torch_graph.model import GraphOp
from perfsheet.outputs import json_output
from perfsheet.provenance import RECORD_VERSION, Device, InputFile, Provenance, ReportedPcc, RunRecord, TestResult
from perfsheet.tables import Rows
from support.captures import fallback, host_op, op, shape, signpost, write_csv

KEYS_FILE = Path(__file__).resolve().parents[1] / "data" / "json-keys.txt"
_BEFORE, _AFTER = (
    Path(__file__).resolve().parents[2] / "examples" / "captures" / f"generated_encoder_block_{name}.csv"
    for name in ("before", "after")
)
_REPORT = _BEFORE.with_name("mock_board_encoder_block_before.json")
_GRAPH = ("--graph", _REPORT)
_OPEN = {
    *("environment", "versions", "totals", "evidence", "changes", "by_source", "input_sizes", "output_sizes"),
    *("transfers", "device_ops", "parameters", "baseline", "device_models[]"),
}
"""Objects whose keys are data: names of rules, ops, files, …"""
_EMBEDDED = {
    "capture": "a capture",
    "base": "a capture",
    "new": "a capture",
    "others[]": "compare",
    "row": "a row",
    "first_row": "a row",
    "rows[]": "a row",
    "base_rows[]": "a row",
    "new_rows[]": "a row",
    "kernel_duration": "a spread",
    "pass_kernel_duration": "a spread",
    "base_kernel_duration": "a spread",
    "new_kernel_duration": "a spread",
    "run": "a run",
    "report": "run",
    "graph": "a joined graph report",
    **dict.fromkeys(("source", "source[]", "base_source", "l1_peak_source", "made_at", "last_used_at"), "a place"),
    "l1_peak_row": "a row",
}
"""Objects that stand in several places, by the key that they stand at, and the section that lists their keys."""
_WITHOUT = {"compare": ("base", "schema_version"), "run": ("schema_version", "workbook")}
"""What embedded documents of these sections lack."""
_OF_A_CAPTURE = {"top-ops", "top-ops --by", "top-ops --group", "hotspots", "--signposts", "report", "run"}
_PLAN = _BEFORE.with_name("planned_encoder_block_before.json")
_OF_A_PLAN = " of a plan"
"""Ends the names of documents on plans, and of what is embedded in them: times have other keys there."""
_IN_DOCUMENTS = {
    **dict.fromkeys(((document, "ops[]") for document in _OF_A_CAPTURE), "an op"),
    **dict.fromkeys(((document, "groups[]") for document in _OF_A_CAPTURE), "a group"),
    **dict.fromkeys(((document, "findings[]") for document in _OF_A_CAPTURE), "a finding"),
    **dict.fromkeys(((document, "regions[]") for document in _OF_A_CAPTURE), "a region"),
    **dict.fromkeys(((document, "signposts[]") for document in _OF_A_CAPTURE), "a signpost"),
    **dict.fromkeys(((document, "unmatched[]") for document in _OF_A_CAPTURE), "a signpost"),
    **{("calibrate", key): "a prediction" for key in ("causes[]", "findings[]")},
    ("history show", "run"): "a run of a history",
    ("explain", "op"): "an op",
    ("check", "breaches[]"): "a limit",
    ("check", "checks[]"): "a limit",
    ("run", "limits[].checks[]"): "a limit",
    ("suite run", "models[]"): "a model",
    ("suite merge", "models[]"): "a model",
}
"""The same for objects that stand at this path in these documents."""

Json = dict[str, Any]


class _Section:
    """How often each key is there, and how often the object around it."""

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()
        self.objects: Counter[str] = Counter()

    def lines(self) -> Iterator[str]:
        """The paths of all keys; `?` behind one that is not always there."""
        for path in sorted(self.keys):
            if any(other.startswith((f"{path}[", f"{path}.", f"{path} =")) for other in self.keys):
                continue  # what it holds says so
            base = path.partition(" =")[0]
            around = base.rpartition(".")[0]
            always = base.endswith(("*", "[]")) or self.keys[base] == self.objects[around]
            yield f"  {path}{'' if always else '?'}"


def keys_text(documents: dict[str, list[Json]]) -> str:
    """A section per document and per embedded object: the paths of all its keys."""
    sections: dict[str, _Section] = defaultdict(_Section)
    for document, examples in documents.items():
        for example in examples:
            _collect(sections, document, "", json.loads(json_output.dumps(example)))
    lines = (line for name, section in sections.items() for line in (f"{name}:", *section.lines(), ""))
    return "\n".join(lines)


def _collect(sections: dict[str, _Section], section: str, path: str, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _visit(sections, section, f"{path}[]", item)
    elif isinstance(value, dict):
        sections[section].objects[path] += 1
        name = path.rpartition(".")[2]
        for key, item in value.items():
            inner = ".".join(filter(None, (path, "*" if name in _OPEN else key)))
            sections[section].keys[inner] += 1
            _visit(sections, section, inner, item)


def _visit(sections: dict[str, _Section], section: str, path: str, value: Any) -> None:
    document = section.removesuffix(_OF_A_PLAN)
    embedded = _IN_DOCUMENTS.get((document, path)) or _EMBEDDED.get(path.rpartition(".")[2])
    if embedded and document != section:
        embedded += _OF_A_PLAN
    if isinstance(value, dict) and embedded:
        lacking = [key for key in _WITHOUT.get(embedded.removesuffix(_OF_A_PLAN), ()) if key not in value]
        without = f" without {', '.join(lacking)}" if lacking else ""
        sections[section].keys[f"{path} = {embedded}{without}"] += 1
        sections[embedded].keys.update(lacking)
        _collect(sections, embedded, "", value)
    else:
        _collect(sections, section, path, value)


def documents(folder: Path) -> dict[str, list[Json]]:
    """Examples of what each command prints with --json, and of the run.json files; captures are written to `folder`."""
    return {name: list(examples) for name, examples in _documents(folder)}


def _documents(folder: Path) -> Iterator[tuple[str, list[Json]]]:
    made = analyze(read(_capture(folder / "made.csv", 1)), Options(batch=4))
    other = analyze(read(_capture(folder / "other.csv", 2)), Options(batch=4))
    repeated = _repeated(folder)
    yield "top-ops", [_printed("top-ops", _BEFORE), json_output.top_ops(made, None)]
    yield "top-ops --group", [_printed("top-ops", _BEFORE, "--group"), json_output.op_groups(made, None)]
    yield "top-ops --by", [_printed("top-ops", _BEFORE, *_GRAPH, "--by", "line")]
    hotspots = (_printed("hotspots", _BEFORE), _printed("hotspots", _BEFORE, *_GRAPH))
    yield "hotspots", [*hotspots, json_output.hotspots(made, None)]
    yield "--signposts", [_printed("top-ops", _BEFORE, "--signposts"), json_output.signposts(made)]
    reports = [_printed("report", _BEFORE, "-o", folder / "before.xlsx"), json_output.report(made, None)]
    reports.append(_printed("report", _BEFORE, *_GRAPH, "-o", folder / "graph.xlsx"))
    yield "report", reports
    limits = json_output.expectations(made, [ExpectationResult("t.py::test", _checked(made), "why")])
    yield "run", [{**json_output.report(repeated, "report.xlsx"), **limits}]
    run = {"schema_version": RECORD_VERSION, **json_output.run(repeated.provenance, repeated.summary)}
    yield "run.json", [run]
    cases = [Case(1, "t.py::a", "passed", 1.5, "a.csv", "", repeated), Case(2, "t.py::b", None, None, None, "hung")]
    yield "run --split-cases", [json_output.cases(cases, "cases.xlsx")]
    yield "run.json of cases", [json_output.case_records(cases)]
    comparisons = [compare(made, other), compare(repeated, repeated)]
    printed = [_printed("compare", _BEFORE, _AFTER), _printed("compare", _BEFORE, _AFTER, _BEFORE)]
    printed.append(_printed("compare", _BEFORE, _BEFORE, *_GRAPH, "--base-graph", _REPORT))
    yield "compare", [*printed, *(json_output.compare(comparison, []) for comparison in comparisons)]
    yield "calibrate", [_printed("calibrate", _BEFORE, _AFTER)]
    checked = _printed("check", _AFTER, "--against", _BEFORE, "--fail-over", "1%")
    yield "check", [checked, json_output.check(made, _checked(made), "budget.toml", None)]
    explained = [_printed("explain", what, _BEFORE, *_GRAPH) for what in ("C2", "H1", "108", "reshard")]
    yield "explain", [*explained, _printed("explain", "reshard")]
    for kind in KINDS:
        yield f"table {kind}", [_printed("table", kind, folder / "made.csv")]
    yield "summary", [_printed("summary", _BEFORE, "--phase", "decode", "--e2e", "2ms")]
    yield "doctor", [json_output.doctor([Diagnosis("python", "Python", False, "none", "install one")])]
    yield "stats", [_printed("stats", _BEFORE, "-o", folder / "stats")]
    yield f"top-ops{_OF_A_PLAN}", [_printed("top-ops", _PLAN)]
    yield f"hotspots{_OF_A_PLAN}", [_printed("hotspots", _PLAN)]
    yield f"report{_OF_A_PLAN}", [_printed("report", _PLAN, "-o", folder / "plan.xlsx")]
    yield f"compare{_OF_A_PLAN}", [_printed("compare", _PLAN, _PLAN.with_name("planned_encoder_block_after.json"))]
    yield from _of_models()
    yield from _of_a_history(folder)


def _of_a_history(folder: Path) -> Iterator[tuple[str, list[Json]]]:
    """Of six captures with a step in the middle, one that cannot be used, and their records."""
    captures, store = folder / "captures", folder / "store"
    captures.mkdir()
    (captures / "ops_perf_results_bad.csv").write_text("nonsense\n", encoding="utf-8")
    for day in range(8):
        ops = [signpost(f"day {day}"), op(duration=1000 if day < 4 else 2000), op("Unary", cores=1)]
        write_csv(captures / f"ops_perf_results_m_2026_01_{day + 1:02d}_00_00_00.csv", ops)
    yield "history add", [_printed("history", "add", captures, "--into", store)]
    yield "history export", [_printed("history", "export", store, "-o", folder / "records", "--last", "1")]
    records = folder / "history-of-records"
    _printed("history", "add", folder / "records", "--into", records)
    yield "history list", [_printed("history", "list", store), _printed("history", "list", store, "--runs")]
    (newest,) = _printed("history", "list", store, "--runs", "-n", "1")["runs"]
    (record,) = _printed("history", "list", records, "--runs")["runs"]
    yield (
        "history show",
        [
            _printed("history", "show", store, newest["run"]),
            _printed("history", "show", records, record["run"]),
        ],
    )
    yield "history trend", [_printed("history", "trend", store)]
    yield "history trend --causes", [_printed("history", "trend", store, "--causes")]
    yield "history ops", [_printed("history", "ops", store)]
    budget = folder / "history-budget.toml"
    budget.write_text("[limits]\nfps = 1\n", encoding="utf-8")
    yield "history targets", [_printed("history", "targets", store, "--budget", budget)]
    yield "history remove", [_printed("history", "remove", store, newest["run"])]
    yield "history compact", [_printed("history", "compact", store)]
    yield "history sql", [_printed("history", "sql", store, "SELECT count(*) AS n FROM runs")]


def _printed(*arguments: object) -> Json:
    """What a command prints with --json."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(SystemExit),
    ):
        main([*map(str, arguments), "--json"])
    result: Json = json.loads(printed.getvalue())
    return result


def _of_models() -> Iterator[tuple[str, list[Json]]]:
    result = ModelResult("model", outcome="passed")
    yield "suite run", [suite_output.suite_json("suite", [result], ["results.xlsx"])]
    row = SimpleNamespace(row=SimpleNamespace(file="perf.csv", line=2), field="Throughput", formula="Batch / Time")
    refusal, device_row = Refusal("perf.csv", 3, "no model"), DeviceRow("device.csv", 2, {"Model": "model"})
    merged = MergeResult((), (device_row,), ("Model",), (refusal,), (row,))  # type: ignore[arg-type]
    yield "suite merge", [suite_output.merge_json(merged, [result], (), ["perf.csv"])]
    torch_op = GraphOp("aten.relu.default", ("1×8 float32",), ("1×8 float32",), "", (), ())
    coverage = [Coverage("aten.relu", 1, InTtnn("exists", ("ttnn.relu",)), "covered", (("Unary", 1),))]
    graph = Graph("Net", (torch_op,), (torch_op,), (), ("1×8 float32",))
    traced = graph_output.Traced("Net_0", graph, Rows({}, coverage))
    yield "graph", [graph_output.graph_json([traced], bundled(), ["ops_needed.csv"])]
    variant = Measurement(Variant((("runtime", "trace"),)), (1.0, 2.0), 1000)
    yield "bench", [bench_output.bench_json(Bench("what", ("runtime",), (variant,), 0, 2, 1), ["bench.csv"])]


def _capture(path: Path, host_ops: int) -> Path:
    """Two devices, host ops, fallbacks, reshards in a row, an op without a duration, regions open and unmatched."""
    both = [
        op(
            "MatmulDeviceOperation",
            40_000 * (1 + device),
            64,
            pm=30_000,
            compute=30_000,
            device=device,
            fidelity="HiFi2",
        )
        | shape("INPUT_1", (1, 1, 64, 64))
        for device in (0, 1)
    ]
    reshards = [op("ReshardDeviceOperation", 1200, 8), op("InterleavedToShardedDeviceOperation", 900, 64)]
    untimed = op("UntimedDeviceOperation", None, 64)
    rows = [signpost("A started"), *both, *[host_op()] * host_ops, fallback(), *reshards, untimed, signpost("B ended")]
    return write_csv(path, rows)


def _checked(analysis: Analysis) -> Any:
    limits = {"limits": {"kernel-time": "1 ns", "reshards": 100}, "op-types": {"MatmulDeviceOperation": {"ops": 1}}}
    return check(analysis, budget_of(limits, Path("budget.toml")))


def _repeated(folder: Path) -> Analysis:
    """Two runs with the same ops and one with others."""
    paths = [
        write_csv(folder / f"run{number}.csv", [op("MatmulDeviceOperation", 9000 + number), op("Unary", 700)])
        for number in (1, 2)
    ]
    paths.append(write_csv(folder / "run3.csv", [op("MatmulDeviceOperation", 1)]))
    repeats = align([observe(analyze(read(path)).ops, path.stem, str(path)) for path in paths], failures=["run 4 hung"])
    record = RunRecord(
        command="pytest t.py",
        argv=("python", "-m", "tracy"),
        folder="/here",
        environment={"TT_METAL_HOME": "/metal"},
        versions={"perfsheet": "1"},
        interpreter="/bin/python",
        tt_metal_home="/metal",
        tt_metal_commit="abc",
        host="host",
        system="Linux",
        devices=(Device("/dev/tenstorrent/0", "blackhole", "p150b"),),
        simulator=None,
        started="2026-01-01T00:00:00+00:00",
        ended="2026-01-01T00:00:09+00:00",
        duration_s=9.25,
        profiler_status=0,
        target_status=1,
        inputs=(InputFile("/here/ops.csv", 1234, "ab" * 32),),
        log="/here/log",
    )
    accuracy = (ReportedPcc("encoder.mlp", 0.997, "0.997"), ReportedPcc("", None, "1.2"))
    tests = (TestResult("t.py::a", "passed", 1.5, "", accuracy), TestResult("t.py::b", "failed", 0.25, "E: x"))
    provenance = Provenance("pytest t.py", "1 failed", True, False, tests, ("buffers were full",), record)
    return analyze(read(paths[repeats.shown]), provenance=provenance, repeats=repeats)
