"""Op counts and size distributions, against a count by hand."""

from __future__ import annotations

import csv
import json
from collections import Counter

import pytest
from support.captures import op, write_csv
from support.command import here
from support.real import CAPTURES

from perfsheet.models.op_stats import Node, Operand, Source, count_ops
from perfsheet.models.op_tables import byte_size
from perfsheet.models.outputs.op_stats import plot_sizes


def table(path):
    with path.open() as stream:
        return list(csv.DictReader(stream))


def test_counts_and_sizes_over_several_sources():
    small, large = Operand(2048, "TILE", "BFLOAT16", "DRAM"), Operand(4096, "TILE", "BFLOAT16", "L1")
    first = Source("a", (Node("Matmul", 3, (small, large), (large,)), Node("Copy", 1, (Operand(None),), ())))
    second = Source("b", (Node("Matmul", 2, (large, large), (small,)),))
    found = count_ops([first, second])
    assert [(row.op, row.count, row.by_source) for row in found.counts] == [("Matmul", 5, (3, 2)), ("Copy", 1, (1, 0))]
    sizes = found.inputs["Matmul"].sizes
    assert [(row.size, row.count, row.by_operand) for row in sizes] == [(2048, 3, (3, 0)), (4096, 7, (2, 5))]
    assert [row.size for row in found.inputs["Copy"].sizes] == [None]
    assert [(row.side, row.memory, row.count) for row in found.formats][:2] == [
        ("input", "L1", 7),
        ("input", "DRAM", 3),
    ]
    assert found.outputs["Matmul"].total_bytes == 3 * 4096 + 2 * 2048


def test_the_files(tmp_path, capsys):
    rows = [op("MatmulDeviceOperation", 40_000, 64), op("MatmulDeviceOperation", 40_000, 64), op("ns::Copy<1>", 10, 1)]
    for name in ("a", "b"):
        write_csv(tmp_path / f"{name}.csv", rows)
    out = tmp_path / "stats"
    ended = here(capsys, "stats", tmp_path / "a.csv", tmp_path / "b.csv", "-o", out, "--json")
    assert ended.status == 0
    counts = table(out / "node_count.csv")
    assert counts[0] == {"op_type": "MatmulDeviceOperation", "count": "4", "a": "2", "b": "2"}
    assert table(out / "captures/a/node_count.csv")[0] == {"op_type": "MatmulDeviceOperation", "count": "2"}
    sizes = table(out / "total_input_size_dist/MatmulDeviceOperation.csv")
    found = json.loads(ended.out)
    assert [(int(row["bytes"]), int(row["count"])) for row in sizes] == [
        (row["bytes"], row["count"]) for row in found["input_sizes"]["MatmulDeviceOperation"]
    ]
    for name in ("MatmulDeviceOperation", "ns_Copy_1"):
        assert (out / f"total_output_size_dist/{name}.svg").read_text().startswith("<svg ")
    assert table(out / "transfers.csv")[0]["to_device"] == "unknown"
    assert here(capsys, "stats", tmp_path / "a.csv", "-o", out).status == 7


def test_a_capture_that_cannot_be_read_does_not_stop_the_others(tmp_path, capsys):
    write_csv(tmp_path / "a.csv", [op("Matmul", 1, 1)])
    (tmp_path / "bad.csv").write_text("not a capture")
    ended = here(capsys, "stats", tmp_path / "bad.csv", tmp_path / "a.csv", "-o", tmp_path / "out")
    assert ended.status == 3
    assert "left out" in ended.err
    assert table(tmp_path / "out/node_count.csv") == [{"op_type": "Matmul", "count": "1"}]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_real_captures_are_counted_as_by_hand(path, tmp_path, capsys):
    if here(capsys, "stats", path, "--pass", "all", "--per-device", "-o", tmp_path).status == 3:
        pytest.skip("a capture without device data")
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        rows = [row for row in csv.DictReader(stream) if row["OP TYPE"] == "tt_dnn_device"]
    counted = {line["op_type"]: int(line["count"]) for line in table(tmp_path / "node_count.csv")}
    assert counted == Counter(row["OP CODE"].strip() for row in rows)
    formats = table(tmp_path / "layout_and_data_type.csv")
    kinds = Counter(row["OUTPUT_0_DATATYPE"].rsplit("::", 1)[-1] for row in rows if row.get("OUTPUT_0_DATATYPE"))
    outputs = Counter()
    for line in formats:
        if line["side"] == "output":
            outputs[line["data_type"]] += int(line["count"])
    assert all(outputs[kind] >= count for kind, count in kinds.items())


def test_an_op_of_passes_and_devices_counts_once(tmp_path, capsys):
    rows = [op(code, 1, 1, device=device) for _ in range(3) for code in ("Matmul", "Softmax") for device in (0, 1)]
    path = write_csv(tmp_path / "a.csv", rows)
    for folder, options, count in (("one", (), 1), ("every", ("--pass", "all", "--per-device"), 6)):
        here(capsys, "stats", path, "-o", tmp_path / folder, *options)
        assert [line["count"] for line in table(tmp_path / folder / "node_count.csv")] == [str(count)] * 2


def test_plots_have_a_bar_a_size_and_powers_of_two_for_many():
    few = count_ops([Source("a", tuple(Node("Op", size, (Operand(size * 1024),)) for size in range(1, 4)))])
    many = count_ops([Source("a", tuple(Node("Op", 1, (Operand(size),)) for size in range(1, 101)))])
    assert plot_sizes(few.inputs["Op"], "input").count("<rect") == 1 + 3
    plot = plot_sizes(many.inputs["Op"], "input")
    assert plot.count("<rect") == 1 + 8
    assert "up to 128 B" in plot
    assert [byte_size(size) for size in (0, 1023, 1536, 2**21)] == ["0 B", "1023 B", "1.5 KiB", "2 MiB"]


def test_unknown_sizes_are_no_bytes():
    found = count_ops([Source("a", (Node("Op", 1, (Operand(None), Operand(64)), ()),))])
    assert found.inputs["Op"].total_bytes is None
    assert [row.total_bytes for row in found.formats] == [None]


def test_a_capture_given_twice_counts_once_and_names_are_told_apart(tmp_path, capsys):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        write_csv(tmp_path / folder / "ops.csv", [op("Matmul", 1, 1)])
    paths = [tmp_path / name for name in ("x/ops.csv", "y/ops.csv", "x/ops.csv")]
    ended = here(capsys, "stats", *paths, "-o", tmp_path / "out")
    assert "given twice" in ended.err
    assert table(tmp_path / "out/node_count.csv") == [{"op_type": "Matmul", "count": "2", "x_ops": "1", "y_ops": "1"}]
