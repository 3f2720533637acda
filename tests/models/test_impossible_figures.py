"""Figures that no measurement can give are marked in every output, and keep no limit."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest
from openpyxl import load_workbook
from support.command import here

from perfsheet.errors import PerfsheetError
from perfsheet.models.bench import Bench, Measurement, Variant
from perfsheet.models.e2e import Limits, find_breaches, find_device_breaches, merge, write_perf_report
from perfsheet.models.e2e.reading import find_impossible_figures
from perfsheet.models.impossible import CONDITIONS, condition_of_header, find_impossible
from perfsheet.models.outputs.bench import bench_csv, bench_json, bench_markdown
from perfsheet.models.outputs.suite import print_results, suite_csv, suite_json, suite_markdown
from perfsheet.models.outputs.suite_workbook import write_workbook
from perfsheet.models.results_table import parse_document
from perfsheet.models.suite import ModelResult
from perfsheet.models.suite.figures import result_of_perf_row, with_reported
from perfsheet.models.suite.model import check_limits
from perfsheet.models.suite.results_store import append_history
from perfsheet.run import TargetVerdict
from perfsheet.run.verdict import ReportedValue

HEADER = (
    "Model, Setting, Batch, First Run (sec), Second Run (sec), Compile Time (sec), Expected Compile Time (sec), "
    "Inference Time (sec), Expected Inference Time (sec), Throughput (batch*inf/sec), Inference Time CPU (sec), "
    "Throughput CPU (batch*inf/sec)"
)
GOOD = "good, tt, 16, 12.00, 2.00, 10.00, 11.00, 2.0000, 2.2000, 8.0000, 4.0000, 4.0000"
SHORT_FIRST = "neg, tt, 1, 0.30, 0.95, -0.65, 14.00, 0.9500, 1.0000, 1.0526, 0.2000, 5.0000"
ZERO = "zero, tt, 1, 3.00, 0.00, 3.00, unknown, 0.0000, 1.0000, 99999.0, unknown, unknown"
SMALL = "small, tt, 1, 0.00, 0.00, 0.00, 0.10, 0.0034, 0.0035, 294.0000, 0.2000, 5.0000"
CONTRADICTED = "thru, tt, 8, 12.00, 2.00, 10.00, unknown, 2.0000, unknown, 9.5000, unknown, unknown"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e2e.csv").write_text("\n".join([HEADER, GOOD, SHORT_FIRST, ZERO, SMALL, CONTRADICTED]))
    return tmp_path


@pytest.fixture
def rows(folder):
    return {row.model: row for row in merge([folder / "e2e.csv"]).rows}


@pytest.mark.parametrize(
    ("field", "value", "impossible"),
    [
        ("compile_s", -0.65, True),
        ("compile_s", 0.0, False),
        ("latency_ms", 0.0, True),
        ("latency_ms", -1.0, True),
        ("latency_ms", float("inf"), True),
        ("latency_ms", float("nan"), True),
        ("latency_ms", 0.001, False),
        ("latency_std_ms", 0.0, False),
        ("latency_std_ms", -0.1, True),
        ("throughput", 0.0, True),
        ("device_fps", float("inf"), True),
        ("pcc", 1.2, True),
        ("pcc", -1.1, True),
        ("pcc", 1.000001, False),
        ("pcc", -0.3, False),
        ("kernel_ns", 0.0, True),
    ],
)
def test_the_conditions(field, value, impossible):
    assert (field in find_impossible({field: value}.get)) == impossible
    assert set(find_impossible({field: value}.get)) <= {field}


def test_rows_of_perf_files(rows):
    found = {name: set(find_impossible_figures(row)) for name, row in rows.items()}
    assert found == {
        "good": set(),
        "neg": {"compile_s"},
        "zero": {"second_run_s", "inference_s", "compile_s", "throughput"},
        "small": set(),  # 0.00 is a rounded 0.0034
        "thru": {"throughput"},
    }


def test_a_limit_on_an_impossible_figure_fails_with_the_reason(rows):
    breaches = {breach.name: breach for breach in find_breaches(rows.values(), Limits(0.0, 1.0))}
    assert set(breaches) == {"neg, tt, batch 1", "zero, tt, batch 1"}
    assert breaches["neg, tt, batch 1"].header == "Compile Time (sec)"
    assert "the first run is shorter than the second" in breaches["neg, tt, batch 1"].sentence
    assert "faster" not in breaches["zero, tt, batch 1"].sentence
    results = check_limits([result_of_perf_row(row) for row in rows.values()], Limits(0.0, 1.0))
    assert [bool(result.breaches) for result in results] == [False, True, True, False, False]
    assert "compile time -0.65 s is impossible" in results[1].breaches[0]
    assert results[2].distance is None
    assert not any(result.breaches for result in check_limits(results, None))


@pytest.mark.process
def test_device_rows(folder, capsys):
    names = [f"{bound}AVG DEVICE KERNEL SAMPLES/S" for bound in ("", "Lower Threshold ", "Upper Threshold ")]
    (folder / "d.csv").write_text(f"Model, Setting, Batch, {', '.join(names)}\nm, s, 1, 0.0, 0.0, 12.0")
    (breach,) = find_device_breaches(merge([folder / "d.csv"]).device_rows)
    assert "impossible" in breach.sentence
    ended = here(capsys, "suite", "merge", "d.csv", "-o", "o.csv", "--md", "o.md")
    assert ended.status == 1
    assert "!0.0" in ended.out
    assert "0.0 (impossible)" in (folder / "o.md").read_text()


@pytest.mark.process
def test_merge_marks_and_keeps_what_is_written(folder, capsys):
    ended = here(capsys, "suite", "merge", "e2e.csv", "-o", "o.csv", "--md", "o.md")
    assert ended.status == 1
    for marked in ("!-0.65", "!0.00", "!9.50"):
        assert marked in ended.out
    assert "line 3: Compile Time (sec) is -0.65, which is impossible: the first run is shorter" in ended.err
    assert "-0.65 (impossible)" in (folder / "o.md").read_text()
    assert SHORT_FIRST in (folder / "o.csv").read_text()
    found = json.loads(here(capsys, "suite", "merge", "e2e.csv", "-o", "o.csv", "--force", "--json").out)["models"]
    assert [sorted(model["impossible"]) for model in found][:2] == [[], ["compile_s"]]
    assert found[1]["compile_s"] == -0.65


def test_the_writer_refuses_a_run_without_a_duration(tmp_path):
    with pytest.raises(PerfsheetError):
        write_perf_report("m", 1, 2.0, 0.0, directory=tmp_path)


def reported(*values):
    found = tuple(ReportedValue("t", name, value) for name, value in values)
    return with_reported(ModelResult("m", outcome="passed"), TargetVerdict("pytest", 0, reported=found), True)


def test_what_tests_report():
    zero = reported(("latency_ms", 0.0))
    assert zero.latency_ms == 0.0
    assert set(zero.impossible) == {"latency_ms"}
    accuracy = reported(("pcc", 1.2))
    assert accuracy.pcc is None
    assert "reports pcc 1.2" in accuracy.problem


@pytest.mark.parametrize("values", [[("pcc", 1.2)], [("pcc", 0.99), ("pcc", 1.2)]])
def test_a_pcc_that_cannot_be_keeps_no_limit(values):
    result = dataclasses.replace(reported(*values), least_pcc=0.9)
    (checked,) = check_limits([result], None)
    assert "reports pcc 1.2" in checked.breaches[0]
    assert not check_limits([dataclasses.replace(reported(("pcc", 0.99)), least_pcc=0.9)], None)[0].breaches


def test_every_output_of_a_suite_marks_them(rows, tmp_path):
    results = [result_of_perf_row(rows[name]) for name in ("good", "neg", "zero")]
    out = io.StringIO()
    print_results(results, out)
    assert "!-0.65" in out.getvalue()
    assert "Inference Time 0.0000 is impossible" in out.getvalue()
    page = suite_markdown("s", results)
    assert page.count("-0.65 (impossible)") == 1
    assert "neg, tt, batch 1: Compile Time -0.65 is impossible" in page
    assert "compile_s: the first run is shorter" in suite_csv(results)
    models = suite_json("s", results, [])["models"]
    assert models[1]["impossible"] == {"compile_s": "the first run is shorter than the second"}
    history = append_history(
        tmp_path / "h.csv", [ModelResult("m", outcome="passed", started="2026", compile_s=-1.0)], None
    )
    assert history[0]["impossible"].startswith("compile_s: ")
    write_workbook(results, history, tmp_path / "r.xlsx")
    book = load_workbook(tmp_path / "r.xlsx")
    for name, title in (("Models", "Compile Time:"), ("History", "compile_s:")):
        rules = [rule for area in book[name].conditional_formatting for rule in area.rules if rule.type == "expression"]
        assert any(f'FIND("{title}"' in rule.formula[0] for rule in rules)
        head, *_ = book[name].iter_rows(values_only=True)
        assert "IMPOSSIBLE" in [str(cell).upper() for cell in head]


def test_results_tables_that_anyone_wrote(tmp_path, capsys):
    text = (
        "| Model | Latency (ms) | Accuracy (%) | First Run [s] | PCC | Accuracy | Time On Few Cores % |\n"
        "|---|---|---|---|---|---|---|\n"
        "| a | 0.000 ± 0.1 | 100.0 | 0.00 | 0.99 | 99.0 | 0 |\n"
        "| b | 1.5 | 101.5 | 1.0 | 1.01 | 70 % | 0 |\n"
        "| c | −2 | N/A | -3 | N/A | N/A | N/A |\n"
        "| d | inf | 7 | N/A | -1 | 120 | N/A |\n"
    )
    found = parse_document(text).results()
    assert set(found.impossible) == {(0, 1), (1, 2), (1, 4), (2, 1), (2, 3), (3, 1), (3, 5)}
    marked = found.marked()
    assert marked.rows[1][2] == "101.5 (impossible)"
    assert marked.marked() == marked
    assert [row[0] for row in marked.sorted("Accuracy (%)").rows] == ["d", "a", "b", "c"]
    (tmp_path / "t.md").write_text(text)
    for end in ("md", "csv", "json", "xlsx"):
        ended = here(capsys, "suite", "table", tmp_path / "t.md", "-o", tmp_path / f"o.{end}")
        assert "b: Accuracy (%) 101.5 is impossible: an accuracy is at most 100 %" in ended.err
    assert "101.5 (impossible)" in (tmp_path / "o.md").read_text()
    assert "101.5 (impossible)" in (tmp_path / "o.csv").read_text()
    assert set(json.loads((tmp_path / "o.json").read_text())[1]["impossible"]) == {"Accuracy (%)", "PCC"}
    assert load_workbook(tmp_path / "o.xlsx").active["C3"].value == "101.5 (impossible)"


@pytest.mark.parametrize(
    "header", ["Torch Ops Remain", "Run Success", "Expected Inference Time [s]", "Speed-up", "Reshards"]
)
def test_other_columns_may_have_any_figure(header):
    assert condition_of_header(header) is None


def test_a_bench_marks_them_and_compares_nothing_with_them():
    variants = [Variant((("a", value),)) for value in "xy"]
    bench = Bench("f", ("a",), (Measurement(variants[0], (0.0, 2.0)), Measurement(variants[1], (1.0, 1.0))), 0, 2, 1)
    assert bench.speed_up(bench.rows[1]) is None
    page = bench_markdown(bench)
    assert "1.000 ± 1.414 (impossible)" in page
    assert "run 1 took 0 ms" in page
    first, second = bench_json(bench, [])["variants"]
    assert (first["impossible"], second["impossible"]) == ("run 1 took 0 ms: no run takes 0 or less", None)
    assert "impossible: run 1 took 0 ms" in bench_csv(bench)


def test_every_condition_is_of_a_figure_that_results_have():
    names = ModelResult("m").__dataclass_fields__
    assert set(CONDITIONS) <= set(names)
