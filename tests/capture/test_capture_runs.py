"""Several captures in one file, one after the other; what looks like it and is not."""

import random

import pytest
from support.captures import csv_text, host_op, op, signpost, write_csv
from support.command import here
from support.real import CAPTURES, each

from perfsheet import Options, PerfsheetError, Selection, analyze, read

HOST, TRACE = "HOST START TS", "METAL TRACE ID"


def capture(ops=6, devices=1, since=1000, host=50, first=0):
    """The rows of one capture: every op on every device, a host op and a signpost between them."""
    rows = [signpost("go") | {HOST: str(host)}]
    for index in range(first, first + ops):
        at = host + 10 * (index + 1)
        for device in range(devices):
            call, start = 1024 * (index + 1) + device, since + 1000 * index
            cells = {HOST: at, "DEVICE FW END CYCLE": start + 500 + index}
            rows.append(op(f"Op{index % 3}", 500 + index, call=call, device=device, start=start, **cells))
        rows.append(host_op() | {HOST: str(at + 1)})
    return rows


def replayed(rows, session):
    """The rows as a later replay of trace 7."""
    again = [row for row in rows if row["OP TYPE"] == "tt_dnn_device"]
    later = 10_000 * session
    return [
        row
        | {
            TRACE: "7",
            "METAL TRACE REPLAY SESSION ID": str(session),
            "DEVICE FW START CYCLE": str(int(row["DEVICE FW START CYCLE"]) + later),
        }
        for row in again
    ]


def spans(table):
    return [
        (int(table.row[table.run == run].min()), int(table.row[table.run == run].max()))
        for run in range(1, table.runs + 1)
    ]


@pytest.mark.parametrize("devices", [1, 3])
@pytest.mark.parametrize(
    "second",
    [{"since": 10}, {"since": 90_000, "host": 3}, {"since": 10, "host": 999_999}, {"since": 10, "ops": 2}],
    ids=["reset", "the device's clock goes on", "the host's clock goes on", "shorter"],
)
def test_two_captures_in_one_file(capture_of, devices, second):
    first = capture(devices=devices)
    table = read(capture_of(*first, *capture(devices=devices, **second)))
    rows = len(first)
    boundary = spans(table)[0][1]
    assert table.runs == 2
    if second.get("host") != 999_999:  # else the rows without a device can be on either side
        assert boundary == rows + 1
    device_rows = table.device >= 0
    assert table.run[device_rows].tolist() == [1] * (6 * devices) + [2] * (second.get("ops", 6) * devices)


def test_the_header_again_between_them(tmp_path):
    text = csv_text(capture())
    (tmp_path / "x.csv").write_text(text + csv_text(capture(since=10)), newline="")
    table = read(tmp_path / "x.csv")
    assert table.runs == 2
    assert [note.id for note in table.notes] == ["repeated-header"]


def test_three_captures(capture_of):
    assert read(capture_of(*capture(), *capture(since=900), *capture(since=10))).runs == 3


def test_captures_with_replays(capture_of):
    one = [*capture(), *replayed(capture(), 1), *replayed(capture(), 2)]
    two = [*capture(since=5, host=2), *replayed(capture(since=5), 1)]
    table = read(capture_of(*one, *two))
    assert spans(table) == [(2, len(one) + 1), (len(one) + 2, len(one) + len(two) + 1)]
    only = [*replayed(capture(), 1), *replayed(capture(), 2)]
    assert read(capture_of(*only, *only)).runs == 2
    assert read(capture_of(*only)).runs == 1
    in_order = analyze(table, Options(selection=Selection(run=2))).ops.number("fw_start_cycle")
    assert sorted(in_order) == in_order.tolist()


def by(name):
    return lambda rows: sorted(rows, key=lambda row: str(row.get(name) or ""))


ORDERS = {
    "duration": by("DEVICE KERNEL DURATION [ns]"),
    "op": by("OP CODE"),
    "call": by("GLOBAL CALL COUNT"),
    "backwards": lambda rows: rows[::-1],
    "any": lambda rows: random.Random(3).sample(rows, len(rows)),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("devices", [1, 2])
def test_rows_in_another_order_are_one_capture(capture_of, devices, order):
    rows = [row for row in capture(30, devices) if row["OP TYPE"] == "tt_dnn_device"]
    assert read(capture_of(*ORDERS[order](rows))).runs == 1
    traced = [*rows, *replayed(rows, 1), *replayed(rows, 2)]
    assert read(capture_of(*ORDERS[order](traced))).runs == 1


@pytest.mark.parametrize("order", ["duration", "op", "call", "any"])
def test_two_captures_sorted_into_each_other_cannot_be_separated(capture_of, order):
    rows = [row for row in (*capture(30, since=90_000), *capture(30)) if row["OP TYPE"] == "tt_dnn_device"]
    table = read(capture_of(*ORDERS[order](rows)))
    assert table.runs == 1
    assert "recorded twice" in next(check.detail for check in analyze(table).checks if check.id == "calls")


def test_replays_that_are_not_named_are_one_capture(capture_of):
    rows = capture()
    later = [row | {"DEVICE FW START CYCLE": str(int(row.get("DEVICE FW START CYCLE") or 0) + 5000)} for row in rows]
    assert read(capture_of(*rows, *(row for row in later if row["OP TYPE"] == "tt_dnn_device"))).runs == 1


def test_hosts_of_their_own_are_one_capture(tmp_path):
    rows = [row | {"HOST ID": host} for host in "01" for row in capture()]
    assert read(write_csv(tmp_path / "x.csv", rows, extra=["HOST ID"])).runs == 1


def test_it_is_said_once_and_a_run_can_be_picked(capture_of, capsys):
    path = capture_of(*capture(), *capture(since=10))
    warned = here(capsys, "top-ops", path)
    assert warned.err == "warning: 2 captures in one file (rows 2–14 and 15–27): --run picks one\n"
    assert "recorded twice" not in warned.out.replace("no call recorded twice", "")
    strict = here(capsys, "top-ops", path, "--strict")
    assert (strict.status, "2 captures in one file" in strict.err) == (3, True)
    picked = here(capsys, "top-ops", path, "--strict", "--run", "2")
    assert (picked.status, picked.err) == (0, "")
    assert "run 2 of 2" in picked.out
    none = here(capsys, "top-ops", path, "--run", "3")
    assert (none.status, none.err) == (2, "perfsheet: --run 3: the file has no such capture; known: 1, 2\n")
    assert here(capsys, "top-ops", path, "--run", "0").status == 2


def test_the_only_run_can_be_picked(capture_of):
    analysis = analyze(read(capture_of(*capture())), Options(selection=Selection(run=1, which_pass="all")))
    assert (len(analysis.ops), analysis.window.label) == (6, "whole capture")
    with pytest.raises(PerfsheetError, match=r"known: 1$"):
        analyze(analysis.ops.table, Options(selection=Selection(run=2)))


@each(CAPTURES)
def test_real_captures(path):
    table = read(path)
    expected = [(2, 4537), (4538, 9073)] if "two-runs" in path.name else [(2, int(table.row.max()))]
    assert spans(table) == expected
