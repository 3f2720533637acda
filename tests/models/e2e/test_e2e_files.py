"""Perf files: written, read in every generation, refused, recovered, verified, merged, held against limits."""

from __future__ import annotations

import csv
import json
import math
from datetime import datetime, timedelta, timezone

import pytest
from support.command import here

from perfsheet.errors import PerfsheetError
from perfsheet.models.e2e import (
    Limits,
    find_breaches,
    find_device_breaches,
    merge,
    read_perf_file,
    write_merge,
    write_perf_report,
)
from perfsheet.models.e2e.fixture import EndToEnd
from perfsheet.models.e2e.model import COLUMNS, DEVICE_HEADERS
from perfsheet.models.e2e.reading import find_impossible_figures
from perfsheet.models.records import find_records, read_record, record_of_row, write_record
from perfsheet.models.suite.figures import result_of_perf_row
from perfsheet.models.tables import SUITE

PUBLISHED = ("vit", "base-patch16", "1", "30.51", "16.05", "14.46", "16.05", "0.0623", "0.29", "3.4960")
FIRST = (
    "Model, Setting, Batch, First Run (sec), Second Run (sec), Compile Time (sec), Inference Time GS (sec), "
    "Throughput GS (batch*inf/sec), Inference Time CPU (sec), Throughput CPU (batch*inf/sec)"
)
SECOND = (
    "Model, Setting, Batch, First Run (sec), Second Run (sec), Compile Time (sec), Expected Compile Time (sec), "
    "Inference Time GS (sec), Expected Inference Time GS (sec), Throughput GS (batch*inf/sec), "
    "Inference Time CPU (sec), Throughput CPU (batch*inf/sec)"
)
TODAY = SECOND.replace(" GS", "")
ROW = "resnet, tt, 16, 12.00, 2.00, 10.00, 11.00, 2.0000, 2.2000, 8.0000, 4.0000, 4.0000"


def file(tmp_path, text, name="perf_x_2026_01_01.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_the_format_of_tt_metal(tmp_path):
    path = write_perf_report(
        "org/vit", 1, 30.51, 16.05, 14.0, 16.5, "base-patch16", 0.286, directory=tmp_path, date="2026_01_02"
    )
    assert path.name == "perf_org_vit_base-patch16_2026_01_02.csv"
    assert path.read_text() == (
        "Model, Setting, Batch, First Run (sec), Second Run (sec), Compile Time (sec), Expected Compile Time (sec), "
        "Inference Time (sec), Expected Inference Time (sec), Throughput (batch*inf/sec), Inference Time CPU (sec), "
        "Throughput CPU (batch*inf/sec)\n"
        "org/vit, base-patch16, 1, 30.51, 16.05, 14.46, 14.00, 16.0500, 16.5000, 0.0623, 0.2860, 3.4965"
    )


def test_without_expectations_and_reference_they_are_unknown(tmp_path):
    row = read_perf_file(write_perf_report("m", 4, 3.0, 0.5, directory=tmp_path)).rows[0]
    unknown = ("expected_compile_s", "expected_inference_s", "inference_cpu_s", "throughput_cpu")
    assert {name for name in row.figures if row.value(name) is None} == set(unknown)
    assert row.value("throughput") == 8.0


def test_a_comma_in_the_setting_survives_writing_and_merging(tmp_path):
    path = write_perf_report("m", 1, 2.0, 1.0, comments='a, "b"', directory=tmp_path)
    merged = merge([path])
    (out,) = write_merge(merged, tmp_path / "perf.csv")
    assert [read_perf_file(one).rows[0].setting for one in (path, out)] == ['a, "b"'] * 2
    assert not merged.notes


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"batch_size": 1.5},
        {"inference_time": math.nan},
        {"inference_and_compile_time": -1.0},
        {"model_name": "  "},
        {"inference_time_cpu": math.inf},
        {"inference_time": None},
        {"inference_time": "1"},
        {"batch_size": None},
        {"batch_size": math.nan},
        {"model_name": None},
        {"date": "../x"},
    ],
)
def test_what_is_no_measurement_is_not_written(tmp_path, wrong):
    given = {"model_name": "m", "batch_size": 1, "inference_and_compile_time": 2.0, "inference_time": 1.0, **wrong}
    with pytest.raises(PerfsheetError):
        write_perf_report(**given, directory=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (FIRST, ", ".join(PUBLISHED)),
        (FIRST.replace("Compile Time", "Compiler Time"), ", ".join(PUBLISHED)),
        (SECOND, ROW),
        (TODAY, ROW),
        (TODAY.replace("Throughput (batch", "Throughput (Batch"), ROW),
    ],
)
def test_every_generation_is_read(tmp_path, header, line):
    found = read_perf_file(file(tmp_path, f"{header}\n{line}"))
    assert not found.refused
    row = found.rows[0]
    written = [row.model, row.setting, *(figure.text for figure in row.figures.values())]
    assert written == [cell.strip() for cell in line.split(",")]


def test_the_published_row_goes_through_merge_as_it_is(tmp_path):
    path = file(tmp_path, f"{FIRST}\n{', '.join(PUBLISHED)}")
    merged = merge([path])
    assert not merged.disagreements
    (out,) = write_merge(merged, tmp_path / "perf.csv", "main", "abc")
    lines = out.read_text().splitlines()
    assert lines[:2] == ["branch: main ", "hash: abc "]
    assert lines[2] == ", ".join(column.header for column in COLUMNS) + " "
    assert "Throughput (Batch*inf/sec)" in lines[2]
    again = read_perf_file(out)
    assert (again.branch, again.commit) == ("main", "abc")
    known = [figure.text for figure in again.rows[0].figures.values() if figure.value is not None]
    assert [again.rows[0].model, again.rows[0].setting, *known] == list(PUBLISHED)


def test_both_lines_are_there_without_a_branch_or_a_repository(tmp_path):
    merged = merge([file(tmp_path, f"{TODAY}\n{ROW}")])
    (out,) = write_merge(merged, tmp_path / "perf.csv", None, "abc")
    assert out.read_text().startswith("branch: unknown \nhash: abc \nModel, ")
    again = read_perf_file(out)
    assert (len(again.rows), again.branch, again.commit) == (1, None, "abc")
    (out,) = write_merge(merged, tmp_path / "other.csv")
    assert out.read_text().startswith("branch: unknown \nhash: unknown \nModel, ")


def test_no_part_of_the_name_is_blank(tmp_path):
    path = write_perf_report("vit", 1, 30.51, 16.05, directory=tmp_path, date="2026_01_02")
    assert path.name == "perf_vit_2026_01_02.csv"


def test_a_second_batch_of_the_day_replaces_nothing(tmp_path):
    given = {"directory": tmp_path, "date": "2026_01_02"}
    paths = [write_perf_report("vit", batch, 2.0, 1.0, comments="base", **given) for batch in (1, 8, 1, 8)]
    assert [path.name for path in paths[:2]] == ["perf_vit_base_2026_01_02.csv", "perf_vit_base_batch8_2026_01_02.csv"]
    assert paths[2:] == paths[:2]
    assert [row.batch for row in merge(sorted(tmp_path.iterdir())).rows] == [1, 8]


def test_no_row_replaces_that_of_another_model_or_setting(tmp_path):
    given = {"directory": tmp_path, "date": "2026_01_02"}
    rows = [("a_b", 1, ""), ("a", 1, "b"), ("a", 8, "b"), ("a_b", 8, ""), ("a/b", 1, "")]
    paths = [write_perf_report(model, batch, 2.0, 1.0, comments=setting, **given) for model, batch, setting in rows]
    assert len(set(paths)) == 5
    assert write_perf_report("a", 1, 3.0, 1.0, comments="b", **given) == paths[1]
    merged = {(row.model, row.batch, row.setting) for row in merge(sorted(tmp_path.iterdir())).rows}
    assert merged == set(rows)


def tt_metal_reads(path):
    """What tt-metal's check makes of a merged file: it skips two lines and compares the stripped header."""
    expected = [
        *("Model", "Setting", "Batch", "First Run (sec)", "Second Run (sec)", "Compile Time (sec)"),
        *("Expected Compile Time (sec)", "Inference Time (sec)", "Expected Inference Time (sec)"),
        *("Throughput (Batch*inf/sec)", "Inference Time CPU (sec)", "Throughput CPU (Batch*inf/sec)"),
    ]
    with path.open() as stream:
        lines = csv.reader(stream, skipinitialspace=True)
        head = [next(lines)[0].strip(), next(lines)[0].strip()]
        columns = [column.strip() for column in next(lines)]
        assert columns == expected
        return head, list(lines)


def test_the_published_row_goes_through_writer_merge_and_the_check_of_tt_metal(tmp_path):
    path = write_perf_report(
        "vit", 1, 30.51, 16.05, 14.0, 16.5, "base-patch16", 0.28604, directory=tmp_path, date="2026_01_02"
    )
    (out,) = write_merge(merge([path]), tmp_path / "perf.csv", "main", "abc")
    row = "vit, base-patch16, 1, 30.51, 16.05, 14.46, 14.00, 16.0500, 16.5000, 0.0623, 0.2860, 3.4960"
    header = ", ".join(column.header for column in COLUMNS)
    assert out.read_bytes() == f"branch: main \nhash: abc \n{header} \n{row}\n".encode()
    assert tt_metal_reads(out) == (["branch: main", "hash: abc"], [row.split(", ")])
    (out,) = write_merge(merge([path]), tmp_path / "nowhere.csv")
    assert tt_metal_reads(out)[0] == ["branch: unknown", "hash: unknown"]


def test_figures_are_shown_as_written(tmp_path):
    result = result_of_perf_row(read_perf_file(file(tmp_path, f"{FIRST}\n{', '.join(PUBLISHED)}")).rows[0])
    shown = [SUITE[key].texts([result])[0] for key in ("first_run_s", "inference_s", "throughput", "throughput_cpu")]
    assert shown == ["30.51", "16.05", "0.0623", "3.4960"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (TODAY, "has a header but no values"),
        ("a, b\n1, 2", "not that of a perf file"),
        (f"{TODAY}, Extra\n{ROW}, 1", "'Extra'"),
        (f"{TODAY.replace(', Second Run (sec)', '')}\n{ROW}", "lacks Second Run (sec)"),
        (f"{TODAY}, Batch\n{ROW}, 1", "twice: Batch"),
        (f"{TODAY}\n{ROW.replace('12.00', 'twelve')}", "First Run (sec) is 'twelve', which is not a number"),
        (f"{TODAY}\n{ROW.replace('12.00', 'nan')}", "which is not a number"),
        (f"{TODAY}\n{ROW.replace('2.0000', 'unknown', 1)}", "a perf file must state it"),
        (f"{TODAY}\n{ROW.replace('16,', '0,')}", "not a number of samples"),
        (f"{TODAY}\nresnet, tt, 16, 12.00", "4 values for 12 columns"),
        (f"{TODAY}\n{ROW.replace('12.00', '-12.00')}", "cannot be a measurement"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(tmp_path, text, why):
    path = file(tmp_path, text)
    merged = merge([path])
    assert not merged.rows
    (refused,) = merged.refused
    assert why in refused.sentence
    assert str(path) in refused.sentence


def test_other_lines_of_a_merged_file_are_kept(tmp_path):
    found = read_perf_file(file(tmp_path, f"hash: 1 \n{TODAY} \n{ROW}\nbad line\n{ROW}\n"))
    assert [row.line for row in found.rows] == [3, 5]
    assert [refused.line for refused in found.refused] == [4]


def test_a_comma_in_the_setting_is_recovered_and_said(tmp_path):
    merged = merge([file(tmp_path, f"{TODAY}\n{ROW.replace('tt,', 'tt, 2cq,trace,')}")])
    row = merged.rows[0]
    assert (row.setting, row.batch, row.text("throughput_cpu")) == ("tt, 2cq,trace", 16, "4.0000")
    assert "Setting has a comma" in merged.notes[0]


@pytest.mark.parametrize(
    "line",
    [
        ROW + ",",  # an empty cell more
        ROW + ", ,",
    ],
)
def test_a_comma_at_the_end_shifts_nothing(tmp_path, line):
    row = read_perf_file(file(tmp_path, f"{TODAY}\n{line}")).rows[0]
    assert (row.setting, row.batch, row.notes) == ("tt", 16, ())


@pytest.mark.parametrize(
    "line",
    [
        ROW + ", 7.0",  # nothing agrees with anything then
        ROW.replace("12.00", "0e400"),
        ROW.replace("12.00", "1e999999999"),
    ],
)
def test_what_fits_nowhere_is_refused(tmp_path, line):
    found = read_perf_file(file(tmp_path, f"{TODAY}\n{line}"))
    assert not found.rows
    assert len(found.refused) == 1


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("10.00, 11", "10.03, 11", "compile_s"),
        ("2.0000, 2.2", "2.0100, 2.2", "inference_s"),
        ("8.0000", "8.0100", "throughput"),
        ("4.0000, 4.0000", "4.0000, 5.0000", "throughput_cpu"),
    ],
)
def test_what_was_computed_wrongly_is_named(tmp_path, old, new, field):
    merged = merge([file(tmp_path, f"{TODAY}\n{ROW.replace(old, new)}")])
    assert field in [one.field for one in merged.disagreements]


def test_rounding_is_no_disagreement(tmp_path):
    for number in range(200):
        first, second = 10 + number * 0.0137, 0.004 + number * 0.00931
        write_perf_report(f"m{number}", 1 + number, first, second, directory=tmp_path, inference_time_cpu=second / 7)
    assert not merge(tmp_path.glob("*.csv")).disagreements


def test_limits_are_those_of_tt_metal(tmp_path):
    def found(inference, **limits):
        path = write_perf_report("m", 1, 9.0, inference, None, 1.0, directory=tmp_path)
        return [breach.slow for breach in find_breaches(merge([path]).rows, Limits(**limits))]

    assert [found(time) for time in (0.79, 0.80, 1.0, 1.01)] == [[False], [], [], [True]]
    assert not Limits().missed(0.08, 0.1)  # 0.8 × 0.1 is a little more than 0.08
    assert found(1.04, upper=1.05) == []
    assert found(0.5, lower=0.4) == []
    with pytest.raises(PerfsheetError):
        Limits(1.2, 1.0)


def device_file(tmp_path, name, headers, batch="8"):
    values = {"Model": name, "Setting": "tt", "Batch": batch}
    numbers = [values.get(header, f"{place}.5000") for place, header in enumerate(headers)]
    return file(tmp_path, f"{', '.join(headers)}\n{', '.join(numbers)}", f"device_perf_{name}.csv")


def test_device_files_are_merged_by_name_never_by_position(tmp_path):
    usual = list(DEVICE_HEADERS)
    moved = [header for header in usual if "Threshold" not in header]
    at = moved.index("AVG DEVICE KERNEL DURATION [ns]") + 1
    moved[at:at] = [f"{bound} Threshold AVG DEVICE KERNEL DURATION [ns]" for bound in ("Lower", "Upper")]
    merged = merge([device_file(tmp_path, "a", usual), device_file(tmp_path, "b", moved)])
    (out,) = write_merge(merged, tmp_path / "perf.csv")
    again = read_perf_file(out)
    for row, headers in zip(again.device_rows, (usual, moved), strict=True):
        for place, header in enumerate(headers[3:], 3):
            assert row.cells[header] == f"{place}.5000"
        assert {row.cells[header] for header in again.headers if header not in headers} == {"unknown"}
    assert again.headers[:23] == DEVICE_HEADERS


def test_device_rows_have_limits_of_their_own(tmp_path):
    header = "Model, Setting, Batch, AVG DEVICE KERNEL SAMPLES/S, " + ", ".join(
        f"{bound} Threshold AVG DEVICE KERNEL SAMPLES/S" for bound in ("Lower", "Upper")
    )
    found = []
    for value in ("9.0", "10.0", "12.5"):
        rows = merge([file(tmp_path, f"{header}\nm, s, 1, {value}, 9.5, 12.0")]).device_rows
        found.append([breach.slow for breach in find_device_breaches(rows)])
    assert found == [[True], [], [False]]


def test_mixed_files_become_two_merges(tmp_path):
    paths = [file(tmp_path, f"{TODAY}\n{ROW}"), device_file(tmp_path, "a", list(DEVICE_HEADERS))]
    written = write_merge(merge(paths), tmp_path / "perf.csv")
    assert [path.name for path in written] == ["perf.csv", "device_perf.csv"]


def test_the_same_model_twice_is_said(tmp_path):
    merged = merge([file(tmp_path, f"{TODAY}\n{ROW}\n{ROW}")])
    assert len(merged.rows) == 2
    assert "both are kept" in merged.notes[0]


def test_the_fixture_times_both_runs_and_writes_the_file(tmp_path):
    properties = []
    runs = EndToEnd(properties)
    calls = []
    assert runs.time(lambda: calls.append(1) or len(calls), lambda: calls.append("cpu")) == 2
    assert calls == [1, 1, "cpu"]
    row = read_perf_file(runs.write("m", 2, comments="s", expected_inference_time=1.0, directory=tmp_path)).rows[0]
    assert row.value("first_run_s") == round(runs.first_run_s, 2)
    assert abs(row.value("inference_s") - runs.second_run_s) <= row.figures["inference_s"].half_digit
    runs.pcc(0.99)
    runs.torch_ops(70, 42)
    mean = runs.latency(lambda: None, iterations=3)
    found = dict(properties)
    assert (found["pcc"], found["torch_ops_before"], found["latency_runs"]) == (0.99, 70, 3)
    assert found["latency_ms"] == mean


def test_the_fixture_refuses_what_was_not_measured(tmp_path):
    runs = EndToEnd([])
    for wrong in (lambda: runs.write("m", 1, directory=tmp_path), lambda: runs.pcc(1.2), lambda: runs.latency(int, 0)):
        with pytest.raises(PerfsheetError):
            wrong()


STARTED = datetime(2026, 1, 2, 12, 0, 0, tzinfo=timezone(timedelta(hours=1)))


def test_a_record_has_measurements_with_their_targets(tmp_path):
    row = read_perf_file(file(tmp_path, f"{TODAY}\n{ROW}")).rows[0]
    record = record_of_row(row, STARTED, STARTED + timedelta(seconds=5), "main", "abc")
    paths = [write_record(record, tmp_path / "benchmark_data") for _ in range(2)]
    assert [path.name for path in paths] == [
        "partial_run_2026-01-02T11:00:00+0000.json",
        "partial_run_2026-01-02T11:00:00+0000_2.json",
    ]
    written = json.loads(paths[0].read_text())
    # Every field of PartialBenchmarkRun and BenchmarkMeasurement in tt-metal's infra/data_collection.
    assert set(written) == {
        *("run_start_ts", "run_end_ts", "run_type", "git_repo_name", "git_commit_hash", "git_commit_ts"),
        *("git_branch_name", "github_pipeline_id", "github_pipeline_link", "github_job_id", "user_name"),
        *("docker_image", "device_hostname", "device_ip", "device_info", "ml_model_name", "ml_model_type"),
        *("num_layers", "batch_size", "config_params", "precision", "dataset_name", "profiler_name"),
        *("input_sequence_length", "output_sequence_length", "image_dimension", "perf_analysis", "training"),
        "measurements",
    }
    assert (written["run_type"], written["ml_model_name"], written["batch_size"]) == ("end_to_end_perf", "resnet", 16)
    assert (written["run_end_ts"], written["git_commit_hash"]) == ("2026-01-02T11:00:05+0000", "abc")
    assert {(one["name"], one["value"], one["target"]) for one in written["measurements"]} == {
        ("inference_time_s", 2.0, 2.2),
        ("compile_time_s", 10.0, 11.0),
        ("expected_inference_time_s", 2.2, None),
        ("expected_compile_time_s", 11.0, None),
        ("throughput_iter_per_s", 8.0, None),
        ("first_run_s", 12.0, None),
        ("inference_time_cpu_s", 4.0, None),
        ("throughput_cpu_iter_per_s", 4.0, None),
    }
    assert set(written["measurements"][0]) == {
        *("step_start_ts", "step_end_ts", "iteration", "step_name", "step_warm_up_num_iterations", "name", "value"),
        *("target", "device_power", "device_temperature"),
    }


def test_records_are_read_back_and_others_refused(tmp_path):
    row = read_perf_file(file(tmp_path, f"{TODAY}\n{ROW}")).rows[0]
    path = write_record(record_of_row(row, STARTED, STARTED), tmp_path)
    assert find_records([tmp_path, path]) == [path]
    assert read_record(path).values["end_to_end_perf", "inference_time_s"] == 2.0
    for text in ('{"ml_model_name": 3}', "[1]", "[" * 5000, '{"ml_model_name": "m", "measurements": [{"name": 1}]}'):
        path.write_text(text)
        with pytest.raises(PerfsheetError) as caught:
            read_record(path)
        assert caught.value.status == 3
    path.unlink()
    with pytest.raises(PerfsheetError):
        find_records([tmp_path])


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(4e-5, "0.00004"), (6e-5, "0.0001"), (1e-4, "0.0001"), (9.6e-7, "0.0000010"), (0.5, "0.5000")],
)
def test_a_run_never_takes_0_s(tmp_path, seconds, written):
    row = read_perf_file(write_perf_report("m", 8, 2.0, seconds, None, None, "", seconds, directory=tmp_path)).rows[0]
    assert (row.text("inference_s"), row.text("inference_cpu_s")) == (written, written)
    assert not find_impossible_figures(row)


@pytest.mark.process
def test_a_merge_that_tt_metal_cannot_check_is_said(tmp_path, capsys):
    full = write_perf_report("a", 1, 2.0, 1.0, 3.0, 1.0, directory=tmp_path)
    bare = write_perf_report("b", 1, 2.0, 1.0, directory=tmp_path)
    assert "tt-metal" not in here(capsys, "suite", "merge", full, "-o", tmp_path / "full.csv").err
    said = here(capsys, "suite", "merge", full, bare, "-o", tmp_path / "both.csv")
    assert "note: check_perf_results of tt-metal cannot read it: no expected times for b, batch 1" in said.err


def test_a_record_names_the_model_as_tt_metal_does(tmp_path):
    row = read_perf_file(write_perf_report("org/llama", 1, 2.0, 1.0, directory=tmp_path)).rows[0]
    path = write_record(record_of_row(row, STARTED, STARTED), tmp_path / "records")
    assert json.loads(path.read_text())["ml_model_name"] == "org_llama"
