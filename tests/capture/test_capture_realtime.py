"""The report of the real-time profiler: times without names, and the ops CSV beside it, which has those."""

import numpy as np
import pytest
from support.captures import host_op, op, write_csv
from support.command import here

from perfsheet import Options, PerfsheetError, analyze, read

HEADER = (
    "GLOBAL CALL COUNT,METAL TRACE ID,METAL TRACE REPLAY SESSION ID,DEVICE ID,DEVICE ARCH,OP NAME,CORE COUNT,"
    "AVAILABLE WORKER CORE COUNT,DEVICE KERNEL DURATION [ns],DEVICE KERNEL START CYCLE,DEVICE KERNEL END CYCLE,"
    "OP TO OP LATENCY [ns],OP TO OP LATENCY BR/NRISC START [ns]"
)
NAME = "rt_device_perf_report.csv"


def row(call, duration=3000, start=10_000, gap="7", device=None):
    device = call % 1024 if device is None else device
    return f"{call},,,{device},,,,,{duration},{start},{start + duration},{gap},"


def report(folder, *rows):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text("\n".join((HEADER, *(rows or (row(1024), row(2048, start=20_000))), "")))
    return folder / NAME


def names(folder, *rows, name="ops_perf_results_2026_01_02_03_04_05.csv"):
    folder.mkdir(parents=True, exist_ok=True)
    ops = rows or (host_op(), op("Matmul", 1000, 8, call=1024), op("Add", 2500, 4, call=2048, pm=700))
    return write_csv(folder / name, ops, "S10")


def note(table):
    return next(note.text for note in table.notes if note.id == "real-time")


def test_times_without_names(tmp_path):
    table = read(report(tmp_path, row(1024, 3000, 10_000, "0"), row(2049, 4000, 20_000, "")))
    ops = analyze(table, Options(per_device=True)).ops
    assert list(ops.codes) == ["(unnamed)", "(unnamed)"]
    assert (ops.kernel_ns.tolist(), ops.device.tolist()) == ([3000, 4000], [0, 1])
    assert ops.number("fw_start_cycle").tolist() == [10_000, 20_000]
    assert (ops.gap_ns[0], np.isnan(ops.gap_ns[1]), np.isnan(ops.cores).all()) == (0, True, True)
    assert table.schema == "RT"
    assert [one.id for one in table.notes] == ["real-time"]
    assert "up to about 8 µs of dispatch; its ops have no names" in note(table)
    assert analyze(table).summary.speed_of_light.clock_ghz == 1


def test_the_device_is_in_the_call_where_its_column_is_blank(tmp_path):
    assert read(report(tmp_path, row(1027, device=""), row(2048, device=""))).device.tolist() == [3, 0]


@pytest.mark.parametrize("where", [".logs", "", ".logs/../reports/x"])
def test_names_come_from_the_ops_csv_beside_it(tmp_path, where):
    path = report(tmp_path / ".logs")
    names(tmp_path / where)
    table = read(path)
    ops = analyze(table).ops
    assert list(ops.codes) == ["Matmul", "Add"]
    assert (ops.cores.tolist(), ops.kernel_ns.tolist()) == ([8, 4], [3000, 3000])
    assert (ops.pm_ideal_ns[1], ops.text("input_0_x")[0]) == (700, "64")
    assert (ops.gap_ns.tolist(), np.isnan(ops.number("per_core_max_ns")).all()) == ([7, 7], True)
    assert "names, shapes and cores of 2 of 2 ops are those of" in note(table)


def test_the_newest_ops_csv_counts(tmp_path):
    path = report(tmp_path / ".logs")
    for day, code in (("01", "Old"), ("09", "New"), ("05", "Mid")):
        ops = [op(code, 2000, call=call) for call in (1024, 2048)]
        names(tmp_path / "reports" / day, *ops, name=f"ops_perf_results_2026_01_{day}_00_00_00.csv")
    assert list(analyze(read(path)).ops.codes) == ["New", "New"]


def test_calls_that_the_ops_csv_lacks_stay_unnamed(tmp_path):
    path = report(tmp_path, row(1024), row(2048, start=20_000), row(3072, start=30_000))
    names(tmp_path)
    assert list(analyze(read(path)).ops.codes) == ["Matmul", "Add", "(unnamed)"]
    assert "cores of 2 of 3 ops" in note(read(path))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([op("Matmul", 900_000, call=1024), op("Add", 30_000, call=2048)], "is of other ops"),
        ([op("Matmul", 1000, call=9)], "is of other ops"),
        ([op("Matmul", 1000, call=1024, device=4)], "is of other ops"),
        ([host_op()], "is of other ops"),
    ],
)
def test_an_ops_csv_of_other_ops_names_none(tmp_path, rows, why):
    path = report(tmp_path)
    names(tmp_path, *rows)
    table = read(path)
    assert list(analyze(table).ops.codes) == ["(unnamed)", "(unnamed)"]
    assert why in note(table)


def test_an_ops_csv_that_cannot_be_read_names_none(tmp_path):
    path = report(tmp_path)
    (tmp_path / "ops_perf_results.csv").write_text("nothing\n")
    assert "cannot be used" in note(read(path))


def test_replays_are_known_by_their_time(tmp_path):
    rows = [row(call, start=start + call) for start in (10_000, 60_000, 90_000) for call in (1024, 2048)]
    analysis = analyze(read(report(tmp_path, *rows)))
    assert analysis.ops.table.runs == 1
    assert next(check.detail for check in analysis.checks if check.id == "calls").endswith("replays of a trace")


def test_the_commands_take_it(tmp_path, capsys):
    names(tmp_path)
    path = report(tmp_path)
    ranked = here(capsys, "top-ops", path, "--strict")
    assert (ranked.status, "Matmul" in ranked.out, ranked.err.count("real-time")) == (0, True, 1)
    assert here(capsys, "report", path, "-o", tmp_path / "sheet.xlsx").status == 0


def test_the_device_report_of_the_same_columns_stays_refused(tmp_path):
    path = tmp_path / "cpp_device_perf_report.csv"
    path.write_text(f"{HEADER},DEVICE FW DURATION [ns]\n{row(1024)},3000\n")
    with pytest.raises(PerfsheetError, match="cpp_device_perf_report"):
        read(path)
