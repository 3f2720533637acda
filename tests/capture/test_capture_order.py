"""Rows that a spreadsheet has sorted or filtered, and captures that somebody appended to each other."""

import csv
import random

import pytest
from support.captures import host_op, op, signpost
from support.command import here
from support.real import CAPTURES, each
from support.real import capture as real

from perfsheet import Options, PerfsheetError, Selection, analyze, read

HOST, GAP, SESSION = "HOST START TS", "OP TO OP LATENCY [ns]", "METAL TRACE REPLAY SESSION ID"
OPS = 12


def capture(first_call=1, cycle=1000, host=50, ops=OPS):
    """An op every 1,000 cycles, a zone of 600 cycles each, at 1 GHz; a signpost before the last third."""
    rows = []
    for index in range(ops):
        if index == 2 * ops // 3:
            rows.append(signpost("late") | {HOST: str(host + 10**7 * index - 5)})
        start, call = cycle + 10_000 * index, 1024 * (first_call + index)
        cells = {HOST: host + 10**7 * index, "DEVICE FW END CYCLE": start + 6000, "DEVICE FW DURATION [ns]": 6000}
        gap = 4000 if index else ""
        row = op(f"Op{index % 3}", 5000 - 100 * index, call=call, start=start, **cells)
        rows.append(row | {GAP: str(gap)})
    rows.append(host_op() | {HOST: str(host + 10**7 * ops)})
    return rows


ORDERS = {
    "duration": lambda rows: sorted(rows, key=lambda row: float(row.get("DEVICE KERNEL DURATION [ns]") or 0)),
    "op": lambda rows: sorted(rows, key=lambda row: row["OP CODE"]),
    "backwards": lambda rows: rows[::-1],
    "any": lambda rows: random.Random(1).sample(rows, len(rows)),
}


def notes(table):
    return [note.id for note in table.notes]


@pytest.mark.parametrize("order", ORDERS)
def test_sorted_rows_are_put_back(capture_of, order):
    intact, table = read(capture_of(*capture())), read(capture_of(*ORDERS[order](capture())))
    assert (notes(intact), notes(table)) == ([], ["rows-sorted"])
    assert table.number("host_start_ns").tolist() == intact.number("host_start_ns").tolist()
    assert list(table.text("op_code")) == list(intact.text("op_code"))
    late = Options(selection=Selection(start_signpost="late"))
    assert analyze(table, late).summary.kernel_ns == analyze(intact, late).summary.kernel_ns


def without_cycles(rows):
    blank = dict.fromkeys(("DEVICE FW START CYCLE", "DEVICE FW END CYCLE", "DEVICE FW DURATION [ns]"), "")
    return [row | (blank if row["OP TYPE"] == "tt_dnn_device" else {}) for row in rows]


@pytest.mark.parametrize("order", ORDERS)
def test_without_cycles_host_times_are_the_other_clock(capture_of, order):
    table = read(capture_of(*ORDERS[order](without_cycles(capture()))))
    assert ("rows-sorted" in notes(table), table.runs) == (True, 1)
    assert table.number("host_start_ns").tolist() == read(capture_of(*capture())).number("host_start_ns").tolist()


@pytest.mark.parametrize("order", ORDERS)
def test_it_is_said_and_strict_refuses(capture_of, capsys, order):
    path = capture_of(*ORDERS[order](capture()))
    said = here(capsys, "top-ops", path)
    assert (said.status, "rows put back in the order in which they ran" in said.err) == (0, True)
    assert here(capsys, "top-ops", path, "--strict").status == 3


def test_rows_keep_their_numbers_in_the_file(capture_of):
    table = read(capture_of(*capture()[::-1]))
    assert table.row.tolist() == list(range(len(table) + 1, 1, -1))


def test_signposts_alone_may_have_been_moved(capture_of):
    rows = capture()
    moved = [row for row in rows if row["OP CODE"] != "late"] + [row for row in rows if row["OP CODE"] == "late"]
    table = read(capture_of(*moved))
    assert notes(table) == ["rows-sorted"]
    assert list(table.text("op_code")).index("late") == 2 * OPS // 3


def test_a_wrong_time_stamp_moves_nothing(capture_of):
    rows = capture()
    rows[5] = rows[5] | {"DEVICE FW START CYCLE": "7"}
    table = read(capture_of(*rows))
    assert "rows-sorted" not in notes(table)
    assert table.row.tolist() == sorted(table.row.tolist())
    assert table.runs == 1


def test_replays_in_host_order_are_the_profilers_own(capture_of):
    eager = [row for row in capture() if row["OP TYPE"] == "tt_dnn_device"]
    replays = [
        row | {SESSION: str(session), "DEVICE FW START CYCLE": str(int(row["DEVICE FW START CYCLE"]) + 10**6 * session)}
        for row in eager
        for session in (1, 2, 3)
    ]
    assert notes(read(capture_of(*replays))) == []


@pytest.mark.parametrize(
    "second",
    [{"cycle": 1000}, {"cycle": 999_000, "host": 3}, {"cycle": 1000, "host": 10**12}],
    ids=["everything starts again", "cycles go on", "host times go on"],
)
@pytest.mark.parametrize("first_call", [1, 500, 9000], ids=["the same calls", "later calls", "much later calls"])
def test_appended_runs_are_two_captures(capture_of, second, first_call):
    if first_call > 1 and second.get("host"):
        second = second | {"cycle": 0, "ops": 4}  # only if all cycles are lower is it no wrong marker
        table = read(capture_of(*capture(cycle=10**9), *capture(first_call, **second)))
    else:
        table = read(capture_of(*capture(), *capture(first_call, **second)))
    assert (table.runs, notes(table)) == (2, [])
    assert (table.run[table.kind == 0] == 1).sum() == OPS


@pytest.mark.parametrize("removed", [(4, 6, 9), (2, 3, 5, 7, 8, 10)])
def test_removed_rows_are_noticed(capture_of, capsys, removed):
    path = capture_of(*(row for index, row in enumerate(capture()) if index not in removed))
    table = read(path)
    assert notes(table) == ["rows-removed"]
    assert table.notes[0].loses
    said = here(capsys, "top-ops", path)
    assert "were rows filtered out?" in said.err
    assert here(capsys, "top-ops", path, "--strict").status == 3


def test_a_block_of_removed_rows_is_noticed(capture_of):
    rows = capture(ops=40)
    assert notes(read(capture_of(*rows[:10], *rows[12:]))) == []
    assert notes(read(capture_of(*rows[:10], *rows[22:]))) == ["rows-removed"]


def test_replays_of_one_model_after_the_ops_of_another_are_two_captures(capture_of):
    def ops(**what):
        return [row for row in capture(**what) if row["OP TYPE"] == "tt_dnn_device"]

    replays = [row | {SESSION: "1", "METAL TRACE ID": "0"} for row in ops(first_call=500, cycle=10**9, host=10**10)]
    assert read(capture_of(*replays, *ops(cycle=2 * 10**9))).runs == 2
    assert read(capture_of(*ops(), *replays)).runs == 1  # what one run may look like


def test_the_first_or_last_rows_of_a_capture_are_a_capture(capture_of):
    assert notes(read(capture_of(*capture()[:5]))) == []
    assert notes(read(capture_of(*capture()[4:]))) == []


@pytest.mark.parametrize(("factor", "unit"), [(1e-3, "µs"), (1e-6, "ms"), (1e-9, "s")])
def test_durations_in_another_unit_are_refused(capture_of, factor, unit):
    rows = [
        row | {"DEVICE KERNEL DURATION [ns]": f"{float(row.get('DEVICE KERNEL DURATION [ns]') or 0) * factor:.4e}"}
        for row in capture()
        if row["OP TYPE"] == "tt_dnn_device"
    ]
    with pytest.raises(PerfsheetError, match=f"the durations seem to be in {unit}, a firmware zone is"):
        read(capture_of(*rows))


@pytest.mark.audit
@each(CAPTURES)
def test_real_captures_are_in_order(path):
    assert not {"rows-sorted", "rows-removed"}.intersection(notes(read(path)))


@pytest.mark.audit
@pytest.mark.parametrize("name", ["wormhole-n150-clip-encoder", "blackhole-8xp150-deepseek-v3"])
def test_a_sorted_real_capture_has_the_figures_of_the_intact_one(tmp_path, name):
    path = real(name)
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    at = header.index("DEVICE KERNEL DURATION [ns]")
    with (tmp_path / "sorted.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *sorted(rows, key=lambda row: float(row[at] or 0))])
    intact, ours = analyze(read(path)), analyze(read(tmp_path / "sorted.csv"))
    assert ours.summary.kernel_ns == intact.summary.kernel_ns
    assert ours.summary.critical_path_ns == intact.summary.critical_path_ns
    assert [finding.id for finding in ours.findings] == [finding.id for finding in intact.findings]
