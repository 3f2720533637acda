"""Databases of every age, with tables missing, of another program, and damaged."""

import json
import os
import sqlite3

import pytest

from perfsheet import PerfsheetError
from perfsheet.graph_report import read_graph_report

STACK = '  File "/w/model.py", line 7, in forward\n    x = ttnn.exp(x)\n'
CONFIG = "MemoryConfig(memory_layout=TensorMemoryLayout::{},buffer_type=BufferType::{},shard_spec=std::nullopt)"
SHARDED = (
    "MemoryConfig(memory_layout=TensorMemoryLayout::BLOCK_SHARDED,buffer_type=BufferType::L1,shard_spec=ShardSpec{"
    'grid=[{"start":{"x":0,"y":0},"end":{"x":7,"y":5}}], shape=[64, 96], orientation=ShardOrientation::ROW_MAJOR})'
)
# fmt: off
TABLES = {
    "devices": (["device_id", "num_y_compute_cores", "num_x_compute_cores", "l1_bank_size"], [(0, 8, 8, 1_393_312)]),
    "operations": (["operation_id", "name", "duration"], [(1, "ttnn.exp", 0.5), (2, "ttnn.layer_norm", None)]),
    "stack_traces": (["operation_id", "stack_trace"], [(1, STACK), (2, STACK.replace("7", "8"))]),
    "tensors": (["tensor_id", "shape", "dtype", "layout", "memory_config", "device_id", "address", "buffer_type"], [
        (1, "ttnn.Shape([1, 1[32], 384, 768])", "DataType.BFLOAT16", "Layout.TILE",
            CONFIG.format("INTERLEAVED", "DRAM"), 0, 64, 0),
        (2, "Shape([1, 1, 384, 768])", "DataType::BFLOAT8_B", "Layout::TILE", SHARDED, 0, 4096, 1),
    ]),
    "input_tensors": (["operation_id", "input_index", "tensor_id"], [(1, 0, 1), (2, 0, 2)]),
    "output_tensors": (["operation_id", "output_index", "tensor_id"], [(1, 0, 2)]),
    "buffers": (["operation_id", "device_id", "address", "max_size_per_bank", "buffer_type"], [
        (1, 0, 64, 49_152, 0), (1, 0, 4096, 12_288, 1), (2, 0, 64, 49_152, 0), (2, 0, 4096, 12_288, 1),
    ]),
    "captured_graph": (["operation_id", "captured_graph"], [
        (1, json.dumps([{"node_type": "function_start", "counter": 1, "params": {"name": "ttnn::exp"}},
            {"node_type": "function_start", "counter": 2, "params": {"name": "UnaryDeviceOperation"},
                "input_tensors": [3]},
            {"node_type": "tensor", "counter": 3, "params": {"tensor_id": "1", "shape": "Shape([1, 1, 384, 768])"}},
            {"node_type": "buffer_allocate", "counter": 4, "connections": [9], "params":
                {"address": "4096", "type": "L1", "size": "589824", "max_size_per_bank": "12288", "device_id": "0"}},
            {"node_type": "circular_buffer_allocate", "counter": 5, "params":
                {"core_range_set": "{[(x=0,y=0) - (x=7,y=5)]}", "size": "2048", "globally_allocated": "false"}},
            {"node_type": "function_end", "counter": 6, "params": {"name": "UnaryDeviceOperation"}, "connections": [7]},
            {"node_type": "tensor", "counter": 7, "params": {"tensor_id": "2"}},
            {"node_type": "function_end", "counter": 8, "params": {"name": "ttnn::exp"}},
        ])),
    ]),
    "operation_executions": (["execution_id", "operation_id", "device_id", "physical_device_id", "runtime_id",
        "global_call_count"], [(1, 1, 1, 0, 1, 1024), (2, 2, 1, 0, 2, 2048)]),
    "local_tensor_comparison_records": (["tensor_id", "golden_tensor_id", "matches", "desired_pcc", "actual_pcc"],
        [(2, 9, 1, 0.999, 0.9995)]),
    "source_files": (["id", "path", "contents"], [(1, "/w/model.py", "import ttnn\n")]),
    "report_metadata": (["key", "value"], [("schema_version", "3.5"), ("version", "0.81.1")]),
}
# fmt: on


def database(path, without=(), tables=TABLES):
    with sqlite3.connect(path) as connection:
        for name, (columns, rows) in tables.items():
            if name not in without:
                connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
                connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
    connection.close()
    return path


def test_everything(tmp_path):
    report = read_graph_report(database(tmp_path / "db.sqlite"))
    first, second = report.calls
    assert (first.name, first.host_ns, second.host_ns) == ("ttnn.exp", 5e8, None)
    assert [(frame.file, frame.line, frame.function, frame.code) for frame in first.frames] == [
        ("/w/model.py", 7, "forward", "x = ttnn.exp(x)")
    ]
    made, unnamed = report.device_ops
    assert (made.name, made.executions[0].global_call_count, made.executions[0].device_id) == (
        "UnaryDeviceOperation",
        1024,
        0,
    )
    assert (made.cores, made.circular_bytes) == (48, 2048)
    assert (made.use.l1_bank, made.use.l1_total, made.use.dram_bank, made.use.dram_total) == (
        12_288,
        589_824,
        49_152,
        589_824,
    )
    assert (unnamed.name, unnamed.executions[0].global_call_count) == ("", 2048)
    interleaved, sharded = report.tensors
    assert (interleaved.shape, interleaved.dtype, interleaved.layout) == ((1, 1, 384, 768), "BFLOAT16", "TILE")
    assert (interleaved.memory, sharded.memory, sharded.shard) == (
        "DRAM_INTERLEAVED",
        "L1_BLOCK_SHARDED",
        "64×96 on 48 cores",
    )
    (buffer,) = report.buffers
    assert (buffer.bank, buffer.first, buffer.last) == (12_288, 0, 1)
    assert report.accuracy[1].alone == 0.9995
    assert report.sources == {"/w/model.py": "import ttnn\n"}
    assert (report.version, report.l1_bank_bytes) == ("0.81.1", 1_393_312)


@pytest.mark.parametrize("without", [name for name in TABLES if name != "operations"])
def test_a_missing_table_costs_what_it_holds_and_no_more(tmp_path, without):
    report = read_graph_report(database(tmp_path / "db.sqlite", [without]))
    assert len(report.calls) == 2
    if without != "stack_traces":
        assert report.calls[0].frames[0].line == 7
    if without != "operation_executions":
        assert report.device_ops[0].executions


def test_only_operations(tmp_path):
    report = read_graph_report(database(tmp_path / "db.sqlite", set(TABLES) - {"operations"}))
    assert [call.name for call in report.calls] == ["ttnn.exp", "ttnn.layer_norm"]
    assert report.device_ops == ()


def test_ranks_keep_their_own_operations_and_tensors(tmp_path):
    tables = {}
    for name, (columns, rows) in TABLES.items():
        ranked = "operation_id" in columns or "tensor_id" in columns or name == "devices"
        tables[name] = (
            ([*columns, "rank"], [(*row, rank) for rank in (0, 1) for row in rows]) if ranked else (columns, rows)
        )
    report = read_graph_report(database(tmp_path / "db.sqlite", tables=tables))
    assert report.ranks == (0, 1)
    assert [call.rank for call in report.calls] == [0, 0, 1, 1]
    assert len(report.tensors) == 4
    assert report.device_ops[2].outputs == (3,)


def test_another_programs_database(tmp_path):
    path = tmp_path / "places.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE moz_places (id, url)")
    connection.close()
    with pytest.raises(
        PerfsheetError, match=r"places.sqlite: has no table `operations`, so it is not a graph report"
    ) as error:
        read_graph_report(path)
    assert error.value.status == 3


@pytest.mark.parametrize("kept", [100, 5_000, 12_000])
def test_a_database_that_ends_early(tmp_path, kept):
    path = database(tmp_path / "db.sqlite")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(PerfsheetError, match=r"db.sqlite: .*(not a readable database|has no table|damaged)"):
        read_graph_report(path)


def with_row(path, table, row):
    with sqlite3.connect(database(path)) as connection:
        connection.execute(f"DELETE FROM {table}")
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    connection.close()
    return path


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("captured_graph", (1, '[{"node_type": 5}]')),
        ("captured_graph", (1, "[" * 100_000)),
        ("captured_graph", (1, "not JSON")),
        ("tensors", ("seven", None, None, None, None, None, None, None)),
        ("operation_executions", (1, 1, "x", "y", 3, "z")),
        ("operations", (1, None, "soon")),
        ("buffers", (1, "a", "b", "c", 1)),
    ],
)
def test_damaged_cells_are_one_line(tmp_path, table, row):
    with pytest.raises(PerfsheetError, match=r"db.sqlite: damaged") as error:
        read_graph_report(with_row(tmp_path / "db.sqlite", table, row))
    assert error.value.status == 3
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "not a graph capture of TTNN"),
        ('{"graph": 5}', "not a graph capture of TTNN"),
        ('{"graph": [{"node_type": "tensor"', "not a graph capture of TTNN"),
        ('{"graph": ' + "[" * 200_000, "not a graph capture of TTNN"),
        ("OP CODE,OP TYPE\n", "neither a database nor a graph capture"),
        ("", "is empty: the capture did not come to its end"),
    ],
)
def test_files_that_are_no_capture(tmp_path, text, reason):
    path = tmp_path / "capture.json"
    path.write_text(text)
    with pytest.raises(PerfsheetError, match=reason) as error:
        read_graph_report(path)
    assert error.value.status == 3


def test_folder_gives_its_newest_report_and_says_so(tmp_path):
    import os

    for name, time in (("old", 1_000), ("new", 2_000), ("older", 500)):
        (tmp_path / name).mkdir()
        os.utime(database(tmp_path / name / "db.sqlite"), (time, time))
    report = read_graph_report(tmp_path)
    assert report.path == str(tmp_path / "new" / "db.sqlite")
    assert report.how_chosen == f"newest of 3 graph reports in {tmp_path}"


def test_what_is_no_file_is_passed_over_or_refused(tmp_path):
    import os

    database(tmp_path / "good.sqlite").rename(tmp_path / "db.sqlite")
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    assert len(read_graph_report(tmp_path).calls) == 2
    (tmp_path / "db.sqlite").unlink()
    with pytest.raises(PerfsheetError, match="no graph report in this folder"):
        read_graph_report(tmp_path)
    with pytest.raises(PerfsheetError, match="is neither a file nor a folder"):
        read_graph_report(tmp_path / "fifo.json")
    with pytest.raises(PerfsheetError, match="is blank"):
        read_graph_report("")


def test_a_life_ends_where_its_address_is_allocated_anew(tmp_path):
    """The tensor of call 1 is freed before call 2 allocates at its address: two buffers, though both calls list one."""
    allocates = json.dumps(
        [
            {"node_type": "function_start", "counter": 1, "params": {"name": "UnaryDeviceOperation"}},
            {"node_type": "buffer_allocate", "counter": 2, "params": {
                "address": 4096, "type": "L1", "size": 589824, "max_size_per_bank": 12288, "device_id": 0}},
            {"node_type": "function_end", "counter": 3, "params": {"name": "UnaryDeviceOperation"}},
        ]
    )  # fmt: skip
    columns, rows = TABLES["captured_graph"]
    tables = {**TABLES, "captured_graph": (columns, [*rows, (2, allocates)])}
    report = read_graph_report(database(tmp_path / "db.sqlite", tables=tables))
    assert sorted((buffer.first, buffer.last) for buffer in report.buffers) == [(0, 0), (1, 1)]


def test_peak_of_a_call_that_leaves_nothing(tmp_path):
    """What it allocates it frees: no buffer is listed after it."""
    buffer = {"address": 8192, "type": "L1", "size": 64_000, "max_size_per_bank": 1_000, "device_id": 1}
    content = [
        {"node_type": "function_start", "counter": 1, "params": {"name": "UnaryDeviceOperation"}},
        {"node_type": "buffer_allocate", "counter": 2, "params": buffer},
        {"node_type": "buffer_deallocate", "counter": 3, "params": buffer},
        {"node_type": "function_end", "counter": 4, "params": {"name": "UnaryDeviceOperation"}},
    ]
    tables = {**TABLES, "captured_graph": (TABLES["captured_graph"][0], [(1, json.dumps(content))])}
    tables["buffers"] = (TABLES["buffers"][0], [(2, 0, 64, 49_152, 0)])
    report = read_graph_report(database(tmp_path / "db.sqlite", tables=tables))
    assert report.device_ops[0].use.l1_bank == 1_000


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("operations", (1, None, 0.5)),
        ("operations", (1, 7, 0.5)),
        ("operations", (1, b"\xff", 0.5)),
        ("source_files", (1, "/w/model.py", 7)),
        ("stack_traces", (1, 7)),
    ],
)
def test_odd_values_cost_no_more_than_themselves(tmp_path, table, row):
    assert read_graph_report(with_row(tmp_path / "db.sqlite", table, row)).calls


def test_operations_that_are_listed_twice(tmp_path):
    columns, rows = TABLES["operations"]
    tables = {**TABLES, "operations": (columns, [*rows, rows[0]])}
    assert len(read_graph_report(database(tmp_path / "db.sqlite", tables=tables)).calls) == 2


@pytest.mark.parametrize(
    "key", ["size", "max_size_per_bank", "address", "duration_ns", "l1_bank_size", "shape", "line"]
)
def test_numbers_beyond_any_machine(tmp_path, key):
    huge = "9" * 5_000
    node = {"node_type": "buffer_allocate", "counter": 1, "params": {"type": "L1", "address": 8, "size": 8, key: huge}}
    tensor = {"node_type": "tensor", "counter": 2, "params": {"tensor_id": 1, "shape": f"Shape([{huge}, 1])"}}
    end = {"node_type": "function_end", "counter": 3, "duration_ns": float("1e300")}
    start = {"node_type": "function_start", "counter": 0, "params": {"name": "ExpDeviceOperation"}}
    capture = {"graph": [start, node, tensor, end], "devices": [{"l1_bank_size": huge}]}
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(capture))
    stack = f'  File "/w/a.py", line {huge}, in f'
    path.with_suffix(".python_io.json").write_text(
        json.dumps([{"name": "ExpDeviceOperation", "python_stack_trace": [stack]}])
    )
    assert len(read_graph_report(path).calls) == 1


def test_folder_without_a_report(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(PerfsheetError, match="no graph report in this folder"):
        read_graph_report(tmp_path)


def test_captures_of_two_ranks_belong_together(tmp_path):
    for rank in (0, 1):
        nodes = [
            {"node_type": "function_start", "counter": 0, "params": {"name": "ttnn.exp"}},
            {"node_type": "function_start", "counter": 1, "params": {"name": "UnaryDeviceOperation"}},
            {
                "node_type": "program_execution",
                "counter": 2,
                "params": {"global_call_count": 1024, "physical_device_id": rank},
            },
            {"node_type": "function_end", "counter": 3},
            {"node_type": "function_end", "counter": 4},
        ]
        capture = {"graph": nodes, "metadata": {"rank": rank, "version": "0.81.1"}}
        (tmp_path / f"graph_capture_{rank + 1}_of_2.json").write_text(json.dumps(capture))
    report = read_graph_report(tmp_path / "graph_capture_2_of_2.json")
    assert report.ranks == (0, 1)
    assert [op.executions[0].device_id for op in report.device_ops] == [0, 1]


def capture_of(*nodes):
    """A capture of one op between these nodes of buffers."""
    start = {"node_type": "function_start", "counter": 0, "params": {"name": "ExpDeviceOperation"}}
    return {"graph": [start, *nodes, {"node_type": "function_end", "counter": 99}]}


def buffer_node(kind, counter, address, bank, **params):
    return {
        "node_type": f"buffer_{kind}",
        "counter": counter,
        "params": {"type": "L1", "address": address, "size": 64 * bank, "max_size_per_bank": bank, **params},
    }


def uses_of(folder, capture):
    path = folder / "capture.json"
    path.write_text(json.dumps(capture))
    return [op.use.l1_bank for op in read_graph_report(path).device_ops]


def test_what_is_freed_without_being_allocated_was_there_before(tmp_path):
    capture = capture_of(buffer_node("allocate", 1, 4096, 100), buffer_node("deallocate", 2, 8192, 500))
    assert uses_of(tmp_path, capture) == [600]


def test_l1_small_is_not_counted(tmp_path):
    small = buffer_node("allocate", 1, 4096, 100, buffer_type=3)
    assert uses_of(tmp_path, capture_of(small, buffer_node("allocate", 2, 8192, 40, buffer_type=1))) == [40]


def test_python_calls_of_another_capture_are_refused(tmp_path):
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(capture_of()))
    path.with_suffix(".python_io.json").write_text(json.dumps([{"name": "ttnn.conv2d"}, {"name": "ttnn.linear"}]))
    with pytest.raises(PerfsheetError, match=r"capture\.python_io\.json is not of this capture: 2 of its 2 calls"):
        read_graph_report(path)


def test_devices_that_the_importer_numbered_anew(tmp_path):
    """Captured graphs have device 3, the table of buffers has it as 0: they are one device."""
    columns, rows = TABLES["captured_graph"]
    renamed = [(call, text.replace('"device_id": "0"', '"device_id": "3"')) for call, text in rows]
    reports = [
        read_graph_report(database(tmp_path / f"{name}.sqlite", tables={**TABLES, "captured_graph": (columns, some)}))
        for name, some in (("same", rows), ("renamed", renamed))
    ]
    assert [op.use for op in reports[0].device_ops] == [op.use for op in reports[1].device_ops]
    assert [op.use.l1_bank for op in reports[0].device_ops[:1]] == [12_288]
    assert reports[0].buffers == reports[1].buffers


def test_a_database_without_addresses_tells_no_memory(tmp_path):
    columns, rows = TABLES["buffers"]
    nowhere = [(call, device, 0, bank, kind) for call, device, _, bank, kind in rows]
    report = read_graph_report(database(tmp_path / "db.sqlite", tables={**TABLES, "buffers": (columns, nowhere)}))
    assert report.without_dispatch
    assert {op.use for op in report.device_ops} == {None}
    assert report.buffers == ()


def test_a_folder_with_a_database_and_a_newer_capture(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    database(tmp_path / "a" / "db.sqlite")
    newer = tmp_path / "b" / "capture.json"
    newer.write_text(json.dumps(capture_of()))
    os.utime(tmp_path / "a" / "db.sqlite", (1, 1))
    assert read_graph_report(tmp_path).path == str(newer)


def test_a_damaged_report_hides_no_older_one(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    database(tmp_path / "a" / "db.sqlite")
    os.utime(tmp_path / "a" / "db.sqlite", (1, 1))
    (tmp_path / "b" / "db.sqlite").write_bytes(b"SQLite format 3\0" + bytes(100))
    assert read_graph_report(tmp_path).path == str(tmp_path / "a" / "db.sqlite")
