"""Where captures come from."""

import io
import os
import sys
import threading

import pytest
from support.captures import csv_text, op, write_csv

from perfsheet import PerfsheetError, analyze, read


@pytest.fixture
def _nothing_around(monkeypatch, tmp_path):
    monkeypatch.delenv("TT_METAL_PROFILER_DIR", raising=False)
    monkeypatch.delenv("TT_METAL_HOME", raising=False)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def report(folder, name="ops_perf_results_2026_01_02_03_04_05.csv", code="Add", age=0):
    folder.mkdir(parents=True, exist_ok=True)
    path = write_csv(folder / name, [op(code)])
    os.utime(path, (2_000_000_000 - age, 2_000_000_000 - age))
    return path


def test_hosts_of_one_run_get_device_ids_of_their_own(tmp_path):
    first = write_csv(tmp_path / "host0.csv", [op("Add", 10, device=0), op("Add", 20, device=1)])
    second = write_csv(tmp_path / "host1.csv", [op("Mul", 40, device=1), op("Mul", 30, device=0)])
    table = read([first, second])
    assert table.device.tolist() == [0, 1, 3, 2]
    assert table.files == (str(first), str(second))
    assert [note.id for note in table.notes] == ["devices-shifted"]
    top = analyze(table).top()[0]
    assert (top.device, top.row.device_id, top.row.row, top.row.file) == (3, 1, 2, str(second))


def test_hosts_whose_device_ids_differ_keep_them(tmp_path):
    first = write_csv(tmp_path / "host0.csv", [op(device=4)])
    second = write_csv(tmp_path / "host1.csv", [op(device=0)])
    table = read([first, second])
    assert table.device.tolist() == [4, 0]
    assert table.notes == ()


def test_generations_and_columns_of_several_files_are_joined(tmp_path):
    old = write_csv(tmp_path / "old.csv", [op("Add", 10)], "S1")
    new = write_csv(tmp_path / "new.csv", [op("Mul", 20) | {"LOC": "m.py"}], "S9", extra=["LOC"])
    table = read([old, new])
    assert table.schema == "S1+S9"
    assert table.text("LOC") == ["", "m.py"]
    assert table.text("op_code") == ["Add", "Mul"]
    assert table.number("available_worker_cores").tolist()[1] == 64
    assert len(table.text("program_hash")) == len(table.number("pm_ideal_ns")) == 2


def test_one_file_twice_is_refused(tmp_path):
    path = write_csv(tmp_path / "run.csv", [op()])
    (tmp_path / "link.csv").symlink_to(path)
    for pair in ([path, path], [path, tmp_path / "link.csv"], [path, tmp_path / "." / "run.csv"]):
        with pytest.raises(PerfsheetError, match="twice") as caught:
            read(pair)
        assert caught.value.status == 2


def test_standard_input(monkeypatch):
    class Piped(io.TextIOWrapper):
        pass

    monkeypatch.setattr(sys, "stdin", Piped(io.BytesIO(csv_text([op("Add", 7)]).encode())))
    table = read("-")
    assert table.number("kernel_duration_ns").tolist() == [7]
    assert table.files == ("standard input",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_read_like_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(csv_text([op("Add", 7)]),), daemon=True)
    writer.start()
    assert read(pipe).text("op_code") == ["Add"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PerfsheetError, match=r"nowhere\.csv") as caught:
        read(tmp_path / "nowhere.csv")
    assert caught.value.status == 3


def test_a_folder_stands_for_its_newest_report_by_the_stamp_in_the_name(tmp_path):
    report(tmp_path / "reports" / "a", "ops_perf_results_2026_03_01_00_00_00.csv", "Newest", age=1000)
    report(tmp_path / "reports" / "b", "ops_perf_results_2025_12_31_23_59_59.csv", "Older", age=0)
    report(tmp_path / "reports" / "b", "other.csv", "NotOne")
    assert read(tmp_path).text("op_code") == ["Newest"]


def test_names_in_reports_do_not_hide_the_stamp(tmp_path):
    report(tmp_path / "a", "ops_perf_results_zzz_2026_01_01_00_00_00.csv", "Older", age=0)
    report(tmp_path / "b", "ops_perf_results_aaa_2026_01_01_00_00_01.csv", "Newest", age=500)
    assert read(tmp_path).text("op_code") == ["Newest"]


def test_reports_without_a_stamp_go_by_their_age(tmp_path):
    report(tmp_path, "ops_perf_results_a.csv", "Newer", age=10)
    report(tmp_path, "ops_perf_results_b.csv", "Older", age=20)
    assert read(tmp_path).text("op_code") == ["Newer"]


def test_a_folder_without_a_report_is_refused(tmp_path):
    with pytest.raises(PerfsheetError, match="no ops_perf_results") as caught:
        read(tmp_path)
    assert caught.value.status == 3


@pytest.mark.usefixtures("_nothing_around")
class TestNoInput:
    def test_nothing_anywhere_says_where_it_looked(self, monkeypatch, tmp_path):
        monkeypatch.setenv("TT_METAL_PROFILER_DIR", str(tmp_path / "profiler"))
        monkeypatch.setenv("TT_METAL_HOME", str(tmp_path / "metal"))
        with pytest.raises(PerfsheetError) as caught:
            read()
        assert caught.value.status == 3
        for folder in ("profiler", "metal/generated/profiler", "generated/profiler"):
            assert folder in caught.value.message.replace(os.sep, "/")

    def test_the_profiler_folder(self, monkeypatch, tmp_path):
        monkeypatch.setenv("TT_METAL_PROFILER_DIR", str(tmp_path / "profiler"))
        report(tmp_path / "profiler" / "reports" / "x", code="Found")
        assert read().text("op_code") == ["Found"]

    def test_the_checkout(self, monkeypatch, tmp_path):
        monkeypatch.setenv("TT_METAL_HOME", str(tmp_path / "metal"))
        report(tmp_path / "metal" / "generated" / "profiler" / "reports" / "x", code="Found")
        assert read().text("op_code") == ["Found"]

    def test_the_working_folder(self, tmp_path):
        report(tmp_path / "cwd" / "generated" / "profiler" / "reports", code="Found")
        assert read().text("op_code") == ["Found"]

    def test_the_newest_of_all_places(self, monkeypatch, tmp_path):
        monkeypatch.setenv("TT_METAL_PROFILER_DIR", str(tmp_path / "profiler"))
        monkeypatch.setenv("TT_METAL_HOME", str(tmp_path / "metal"))
        report(tmp_path / "profiler", "ops_perf_results_2026_01_01_00_00_00.csv", "Old")
        report(tmp_path / "metal/generated/profiler", "ops_perf_results_2026_01_01_00_00_09.csv", "Found")
        report(tmp_path / "cwd/generated/profiler", "ops_perf_results_2026_01_01_00_00_05.csv", "Middle")
        assert read().text("op_code") == ["Found"]
