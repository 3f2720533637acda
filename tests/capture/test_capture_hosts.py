"""Hosts: devices of their own, in one file or several; a capture that is given twice."""

import shutil
from pathlib import Path

import pytest
from support.captures import op, signpost, write_csv
from support.real import CASES, WHY_NOT

from perfsheet import Options, PerfsheetError, analyze, read

HOST = "HOST ID"


def on_host(host, code="Add", device=0, call=1024, **cells):
    return op(code, device=device, call=call + device, **{HOST: host}, **cells)


def merged(path, *rows):
    return read(write_csv(path / "merged.csv", rows, extra=[HOST]))


def check(table, name):
    return next((check for check in analyze(table).checks if check.id == name), None)


def test_devices_are_unique_per_host(tmp_path):
    rows = [on_host(host, device=device) for device in (0, 1) for host in (1, 0)]
    table = merged(tmp_path, *rows, signpost())
    assert table.device.tolist() == [2, 0, 3, 1, -1]
    assert table.notes == ()
    assert check(table, "calls").ok
    hosts = check(table, "host-ids")
    assert (hosts.ok, hosts.detail) == (True, "2 hosts, by HOST ID: devices 0 to 1 (host 0), 2 to 3 (host 1)")
    every = analyze(table, Options(per_device=True))
    assert [every.row_ref(position).device_id for position in range(4)] == [0, 0, 1, 1]
    (slowest,) = analyze(table).ops.device.tolist()  # equally slow: the first one
    assert (slowest, analyze(table).row_ref(0).device_id) == (2, 0)


def test_hosts_that_number_their_devices_globally_keep_the_numbers(tmp_path):
    assert merged(tmp_path, on_host(0, device=0), on_host(1, device=1)).device.tolist() == [0, 1]


@pytest.mark.parametrize("host", ["", "3"])
def test_one_host_is_none_to_mention(tmp_path, host):
    table = merged(tmp_path, on_host(host, device=0), on_host(host, device=1))
    assert (table.device.tolist(), table.notes) == ([0, 1], ())
    assert check(table, "host-ids") is None


def test_blank_host_ids_beside_others_are_one_more_host(tmp_path):
    table = merged(tmp_path, on_host("", "Mul"), on_host(0), on_host(1))
    assert table.device.tolist() == [2, 0, 1]
    assert [(note.id, note.count) for note in table.notes] == [("blank-host-id", 1)]
    assert "3 hosts" in check(table, "host-ids").detail


def test_a_host_file_beside_a_merged_file(tmp_path):
    both = write_csv(tmp_path / "both.csv", [on_host(0, start=1), on_host(1, start=2)], extra=[HOST])
    third = write_csv(tmp_path / "third.csv", [on_host(2, start=3)], extra=[HOST])
    assert read([both, third]).device.tolist() == [0, 1, 2]


@pytest.mark.skipif(not CASES, reason=WHY_NOT)
def test_two_hosts_in_one_file():
    analysis = analyze(read(next(case for case in CASES if case.name == "two-hosts-merged-host-id.csv")))
    assert len(set(analysis.every.ops.device.tolist())) == len(analysis.summary.devices) == 16
    assert len(analysis.ops) < len(analysis.every.ops) / 15  # each op once, on its slowest device
    assert check(analysis.ops.table, "calls").ok


def captures(tmp_path, *rows):
    return [str(write_csv(tmp_path / f"{name}.csv", rows)) for name in ("one", "two")]


def test_a_copy_of_a_capture_is_refused(tmp_path):
    one, two = captures(tmp_path, op(start=5), op("Mul", start=9))
    with pytest.raises(PerfsheetError, match=r"two\.csv is the same capture as .*one\.csv") as caught:
        read([one, two])
    assert caught.value.status == 2
    shutil.copy(one, tmp_path / "three.csv")
    with pytest.raises(PerfsheetError, match="is the same capture as"):
        read([write_csv(tmp_path / "other.csv", [op(start=6)]), one, tmp_path / "three.csv"])


@pytest.mark.parametrize("rows", [(), (op(),), (signpost(),)])
def test_captures_without_cycles_may_be_equal(tmp_path, rows):
    assert len(read(captures(tmp_path, *rows))) == 2 * len(rows)


def test_other_hosts_are_another_capture(tmp_path):
    files = [write_csv(tmp_path / f"{host}.csv", [on_host(host, start=5)], extra=[HOST]) for host in (0, 1)]
    assert read(files).device.tolist() == [0, 1]


def test_other_cycles_are_another_capture(tmp_path):
    one, two = write_csv(tmp_path / "1.csv", [op(start=5)]), write_csv(tmp_path / "2.csv", [op(start=6)])
    assert read([one, two]).device.tolist() == [0, 1]


def test_a_copy_among_repeated_runs_is_refused(tmp_path, capsys):
    from support.command import here

    one, two = captures(tmp_path, op(start=5), op("Mul", start=9))
    ended = here(capsys, "compare", f"{one},{two}", one)
    assert (ended.status, "is the same capture as" in ended.err) == (2, True)
    assert here(capsys, "compare", one, two).status == 0
    assert Path(two).is_file()
