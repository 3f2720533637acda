"""Files of another kind are named for what they are, with what to give instead."""

import pytest
from support import csv_text
from support.captures import op
from support.real import OTHER_FILES, each

from perfsheet import PerfsheetError, analyze, read

DEVICE_REPORT = "GLOBAL CALL COUNT,DEVICE ID,OP NAME,CORE COUNT,DEVICE KERNEL DURATION [ns]\n1027,3,,90,420\n"
KINDS = {
    "cpp_device_perf_report": DEVICE_REPORT,
    "profile_log_device": "ARCH: wormhole_b0, CHIP_FREQ[MHz]: 1000\nPCIe slot, core_x, core_y\n0,1,2\n",
    "tracy_ops_data": 'MessageName;total_ns\nloc("x.py:1");1902\n',
    "tracy_ops_times": "name,src_file,src_line,zone_name,zone_text,ns_since_start,exec_time_ns\nx,y,1,z,,2,3\n",
    "real-time profiler": "OP NAME,START CYCLE,END CYCLE\nAdd,1,2\n",
    "stacked": "%,OP Code Joined,Device_Time_Sum_us,Ops_Count\n27.5,Slice,52,114\n",
    "tt-perf-report": "ID,Total %,Bound,OP Code,Device,Device Time,Op-to-Op Gap,Cores\n1,7.2,,Add,0,26,,1\n",
    "hand-kept": "OP_CODE,GL_CNT,OP_NAME,MEASURED_NANO_SEC\nConv,1,conv1,326302\n",
    "end-to-end": "Model,Setting,Batch,Inference Time (sec)\nresnet,x,16,0.1\n",
    "results table": "| Model | Status | Torch Ops Before |\n|---|---|---|\n| a | b | 3 |\n",
    "Markdown": "| a | b |\n|---|---|\n",
    "device-only": "GLOBAL CALL COUNT,DEVICE ID,DEVICE KERNEL DURATION [ns]\n1,0,5\n",
}


@pytest.mark.parametrize("word", KINDS)
def test_each_kind_is_named(tmp_path, word):
    path = tmp_path / "given.csv"
    path.write_text(KINDS[word])
    with pytest.raises(PerfsheetError) as caught:
        read(path)
    assert caught.value.status == 3
    assert word in caught.value.message
    assert "given.csv" in caught.value.message
    assert caught.value.hint


def test_other_tables_say_what_they_start_with(tmp_path):
    path = tmp_path / "given.csv"
    path.write_text("name,age\nx,3\n")
    with pytest.raises(PerfsheetError, match=r"no column OP CODE .*'name', 'age'"):
        read(path)


def test_an_ops_csv_without_durations_says_which_column_is_missing(tmp_path):
    path = tmp_path / "given.csv"
    path.write_text("OP CODE,OP TYPE\nAdd,tt_dnn_device\n")
    with pytest.raises(PerfsheetError, match=r"no column DEVICE KERNEL DURATION \[ns\]"):
        read(path)


def test_a_ranking_that_perfsheet_printed_is_named(tmp_path, capture_of):
    path = tmp_path / "ranking.csv"
    with path.open("w") as out:
        csv_text.top_ops(analyze(read(capture_of(op()))), None, out)
    with pytest.raises(PerfsheetError, match="a table printed by perfsheet"):
        read(path)


REAL_WORDS = {
    "cpp_device_perf_report.csv": "cpp_device_perf_report",
    "profile_log_device.csv": "raw device log",
    "tracy_ops_data.csv": "Tracy's raw op messages",
    "tt-perf-report-output.csv": "tt-perf-report's own output",
    "tt-perf-report-stacked-output.csv": "stacked",
    "grayskull-resnet50-hand-kept-sheet.csv": "hand-kept",
    "pytorch2.0_ttnn-results-table.md": "results table",
    "not-a-perf-sheet.xlsx": "workbook without an ops table",
}


@each(OTHER_FILES)
def test_real_files_handed_over_by_mistake(path):
    with pytest.raises(PerfsheetError) as caught:
        read(path)
    assert caught.value.status == 3
    assert REAL_WORDS.get(path.name, "not an ops CSV") in caught.value.message
    assert caught.value.hint
