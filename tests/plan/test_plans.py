"""What is said of a plan: the committed ones of the example, against an independent count and in every output."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path

import openpyxl
import pytest
from support.command import here

from perfsheet import Analysis, Options, Selection, analyze, read
from perfsheet.comparison import compare

CAPTURES = Path(__file__).parents[2] / "examples" / "captures"
BEFORE, AFTER = (CAPTURES / f"planned_encoder_block_{name}.json" for name in ("before", "after"))
MEASURED = {path: CAPTURES / f"{path.stem.replace('planned', 'generated')}.csv" for path in (BEFORE, AFTER)}
both = pytest.mark.parametrize("path", [BEFORE, AFTER], ids=["before", "after"])
MARK = "PLANNED by ttnn 0.81.1 on a mock n150: no op ran. Times are the least possible, no prediction."
RANGE = re.compile(r'"start":\{"x":(\d+),"y":(\d+)\},"end":\{"x":(\d+),"y":(\d+)\}|\[(\d+)-(\d+) - (\d+)-(\d+)\]')


def document(path):
    return json.loads(path.read_text(encoding="utf-8"))


def planned(path: Path) -> Analysis:
    return analyze(read(path))


def reshards_of(analysis):
    return next(total.rows for total in analysis.rule_totals if total.rule.id == "reshard")


def norms_of(analysis):
    pairs = zip(map(str, analysis.ops.codes), analysis.ops.cores.tolist(), strict=True)
    return [int(cores) for code, cores in pairs if "LayerNorm" in code]


def counted_cores(path):
    """The cores of each op by the ranges of the circular buffers between its start and its end, counted here."""
    counts = []
    for capture in document(path)["captures"]:
        inside: list[tuple[str, set[tuple[int, int]]]] = []
        for node in capture["graph"]:
            if node["node_type"] == "function_start":
                inside.append((node["params"]["name"], set()))
            elif node["node_type"] == "function_end" and inside:
                name, cores = inside.pop()
                if cores:
                    counts.append((name, len(cores)))
            elif node["node_type"] in ("circular_buffer_allocate", "dataflow_buffer_allocate") and inside:
                for found in RANGE.finditer(node["params"]["core_range_set"]):
                    left, top, right, bottom = (int(place) for place in found.groups() if place is not None)
                    inside[-1][1].update((x, y) for x in range(left, right + 1) for y in range(top, bottom + 1))
    return counts


@both
def test_cores_are_those_of_the_ranges_that_ttnn_gave_the_buffers(path):
    ops = planned(path).every.facts.ops
    assert [count for _, count in counted_cores(path)] == ops.cores.astype(int).tolist()


@both
def test_reshards_and_layer_norms_are_those_of_the_capture_of_the_same_block(path):
    """The capture has the embedding and two passes, the plan the embedding and one."""
    plan, one = planned(path), analyze(read(MEASURED[path]))
    whole = analyze(read(MEASURED[path]), Options(selection=Selection(which_pass="all")))
    assert reshards_of(plan) == reshards_of(whole) - reshards_of(one)
    assert norms_of(plan) == norms_of(one)
    assert set(norms_of(plan)) == ({12} if path == BEFORE else {48})


def test_what_the_example_plans():
    before, after = planned(BEFORE), planned(AFTER)
    assert [reshards_of(before), reshards_of(after)] == [32, 1]
    assert after.summary.kernel_ns < before.summary.kernel_ns


@both
def test_least_times_are_the_longer_of_math_and_dram(path):
    """By its own formulas: 4096 FLOP/ns for a core at LoFi, 2 to 4 passes above, and the 288 GB/s of an n150."""
    passes = {"LoFi": 1, "HiFi2": 2, "HiFi3": 3, "HiFi4": 4}
    analysis = planned(path)
    light, ops = analysis.every.facts.speed_of_light, analysis.every.facts.ops
    known = 0
    for position, code in enumerate(ops.codes):
        if "Matmul" not in str(code):
            continue
        flops, moved = float(light.flops[position]), float(light.dram_bytes[position])
        fidelity = ops.variants.all[int(ops.variants.of[position])].math_fidelity
        compute = flops * passes[fidelity] / 4096 / float(ops.cores[position])
        assert ops.kernel_ns[position] == math.ceil(max(compute, moved / 288))
        known += 1
    assert known >= 16


@both
@pytest.mark.parametrize("command", ["top-ops", "hotspots"])
@pytest.mark.parametrize("columns", [80, 160])
def test_the_terminal_marks_it_and_speaks_of_least_times(capsys, monkeypatch, path, command, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    out = here(capsys, command, path).out
    assert " ".join(out.split()).startswith(MARK)
    assert "kernel" not in out.lower().replace("kernel_config", "")
    assert "FPS" not in out
    assert "utilization" not in out.lower()
    assert max(map(len, out.splitlines())) <= columns


def keys_of(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from keys_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys_of(item)


@both
@pytest.mark.parametrize("command", ["top-ops", "hotspots", "report"])
def test_json_has_no_key_of_a_kernel_duration_and_no_rate(capsys, tmp_path, path, command):
    more = ["-o", tmp_path / "plan.xlsx"] if command == "report" else []
    told = json.loads(here(capsys, command, path, *more, "--json").out)
    assert told["planned"]["board"] == "n150"
    assert not [key for key in keys_of(told) if "kernel" in key]
    assert told["capture"]["fps"] == {"all": None, "matmul_conv": None, "other": None}
    assert all(device["fps"] is None for device in told["capture"]["device_totals"])
    assert all(run["fps"] is None for run in told["capture"]["pass_totals"])
    for finding in told.get("findings", ()):
        assert finding["expected_saving_ns"] is None
    assert all(after["fps"] is None for after in told.get("what_if", ()))


def test_the_ops_in_json_have_least_times_and_nothing_that_only_a_device_tells(capsys):
    first = json.loads(here(capsys, "top-ops", BEFORE, "-n", "1", "--json").out)["ops"][0]
    assert first["least_time_ns"] == 36_864  # 2 × 384 × 768 × 3072 FLOP at 48 × 1024 FLOP/ns
    for key in ("utilization_pct", "sol_pct", "compute_pct", "dram_pct", "gap_ns", "pm_ideal_ns"):
        assert first[key] is None, key
    assert first["bound"] == "compute"


def test_csv_names_the_least_time(capsys):
    rows = list(csv.DictReader(io.StringIO(here(capsys, "top-ops", BEFORE, "--csv").out)))
    assert rows[0]["least_time_ns"] == "36864"
    assert not [key for key in rows[0] if "kernel" in key]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    from perfsheet.cli import main

    outputs = {"-o": "plan.xlsx", "--html": "plan.html", "--md": "plan.md", "--trace": "plan.trace.json"}
    arguments = [text for option, name in outputs.items() for text in (option, str(folder / name))]
    with pytest.raises(SystemExit) as ended:
        main(["report", str(BEFORE), *arguments])
    assert ended.value.code in (0, None)
    return folder


def test_page_and_markdown_are_marked(written):
    for name in ("plan.html", "plan.md"):
        text = (written / name).read_text(encoding="utf-8")
        assert MARK in text
        assert "Least time" in text
        assert "ernel duration" not in text
        assert "ernel time" not in text


@pytest.mark.filterwarnings("ignore")
def test_every_sheet_is_marked_and_has_the_least_times(written):
    book = openpyxl.load_workbook(written / "plan.xlsx")
    for sheet in book:
        if sheet.sheet_state == "visible":
            assert MARK in (sheet.oddHeader.center.text or ""), sheet.title
    header = [cell.value for cell in book["Top Ops"][1]]
    assert "LEAST TIME [ns]" in header
    for sheet in book:
        texts = (str(value) for row in sheet.iter_rows(values_only=True) for value in row if isinstance(value, str))
        wrong = [text for text in texts if re.search(r"(?i)kernel (duration|time)", text)]
        assert not wrong, (sheet.title, wrong[:3])
    at = header.index("UTILIZATION") + 1
    assert [own.hidden for own in book["Top Ops"].column_dimensions.values() if own.min <= at <= own.max] == [True]


def test_the_trace_names_its_times(written):
    trace = json.loads((written / "plan.trace.json").read_text(encoding="utf-8"))
    assert trace["otherData"]["planned"] is True
    assert "planned: least times, no op ran" in trace["traceEvents"][0]["args"]["name"]
    ops = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert len(ops) == 78  # four of 82 have no known least time
    assert all(event["dur"] * 1e3 == pytest.approx(event["args"]["least_time_ns"]) for event in ops)
    assert not [key for event in ops for key in event["args"] if "kernel" in key]


def test_rules_that_compare_times_say_nothing_of_it():
    from perfsheet.analysis.rules import RULES

    analysis = planned(BEFORE)
    silent = {rule.id for rule in RULES if rule.needs_times}
    assert {"op-to-op-gap", "faster-sibling", "far-from-speed-of-light", "core-imbalance"} <= silent
    assert not silent & {finding.rule.id for finding in analysis.findings}
    found = {finding.rule.id for finding in analysis.findings}
    assert {"low-core-count", "reshard", "program-config-grid", "weights-dtype"} <= found


def test_savings_are_bounds_in_least_time_or_unknown():
    analysis = planned(BEFORE)
    for finding in analysis.findings:
        assert finding.expected_saving_ns is None
        assert finding.saving_ns is None or 0 < finding.saving_ns <= finding.kernel_ns
    few = [finding for finding in analysis.findings if finding.rule.id == "low-core-count"]
    norms = next(finding for finding in few if "LayerNorm" in finding.signature.op_code)
    assert norms.saving_ns is None  # DRAM bounds it: more cores leave its least time as it is
    grid = next(finding for finding in analysis.findings if finding.rule.id == "program-config-grid")
    assert grid.saving_ns == pytest.approx(grid.kernel_ns * (1 - 48 / 64), rel=1e-3)


def test_two_plans_are_compared(capsys):
    told = json.loads(here(capsys, "compare", BEFORE, AFTER, "--json").out)
    assert (told["base"]["planned"]["board"], told["new"]["planned"]["board"]) == ("n150", "n150")
    assert not [key for key in keys_of(told) if "kernel_duration" in key]
    out = here(capsys, "compare", BEFORE, AFTER).out
    assert "least time" in out
    assert "kernel time" not in out


def test_a_plan_is_compared_with_its_capture(capsys):
    comparison = compare(planned(BEFORE), analyze(read(MEASURED[BEFORE])))
    assert comparison.of_plan_and_capture
    out = " ".join(here(capsys, "compare", BEFORE, MEASURED[BEFORE]).out.split())
    assert "least time" in out


def test_a_budget_of_a_plan_holds_and_a_worse_one_breaks_it(capsys, tmp_path):
    budget = tmp_path / "plan-budget.toml"
    assert here(capsys, "budget", "init", AFTER, "-o", budget).status == 0
    limits = set(re.findall(r"(?m)^([\w-]+) =", budget.read_text(encoding="utf-8")))
    assert {"least-time", "reshards", "low-core-ops", "l1-headroom"} <= limits
    assert here(capsys, "check", AFTER, "--budget", budget).status == 0
    worse = here(capsys, "check", BEFORE, "--budget", budget)
    assert worse.status == 1
    assert re.search(r"(?m)^FAIL\s+limits\.reshards: 32, at most 1 allowed", worse.out), worse.out
    assert re.search(r"(?m)^FAIL\s+limits\.least-time: ", worse.out), worse.out


def test_a_limit_on_measured_time_cannot_be_kept(capsys, tmp_path):
    budget = tmp_path / "b.toml"
    budget.write_text('[limits]\nkernel-time = "1 s"\nfps = 1\n', encoding="utf-8")
    ended = here(capsys, "check", AFTER, "--budget", budget)
    assert ended.status == 1
    assert "planned: no op ran" in ended.out + ended.err


def without_ops(text):
    return json.dumps({**json.loads(text), "ops": [], "of": []}, separators=(",", ":"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[: len(text) // 2], "no plan that can be read"),
        (lambda text: text.replace('"perfsheet_plan":1', '"perfsheet_plan":7'), "version 7, not 1"),
        (without_ops, "has no ops"),
        (lambda text: re.sub(r'"of":\[[^\]]*\]', '"of":[]', text), "other cells than columns"),
    ],
    ids=["cut", "newer", "empty", "counts"],
)
def test_a_damaged_plan_gets_one_line(capsys, tmp_path, change, said):
    path = tmp_path / "plan.json"
    path.write_text(change(BEFORE.read_text(encoding="utf-8")), encoding="utf-8")
    ended = here(capsys, "top-ops", path)
    assert ended.status == 3
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_source_lines_come_with_the_plan(capsys):
    told = json.loads(here(capsys, "top-ops", BEFORE, "--by", "line", "--json").out)
    assert told["source_groups"][0]["name"].startswith("ttnn_block.py:")
