"""What the server reads and starts: nothing outside of its folders, nothing that lies in them, nothing for longer than
it is wanted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.captures import op, write_csv
from support.command import PATIENCE_S, ROOT
from support.mcp_client import EXAMPLES, Served, mcp
from support.records import record_of

pytestmark = pytest.mark.process

BEFORE = EXAMPLES / "generated_encoder_block_before.csv"
REPORT = "mock_board_encoder_block_before.json"


@pytest.fixture(scope="module")
def served():
    return Served()


OUTSIDE = ("/etc/passwd", "../../README.md", "-", "https://example.org/a.csv", "a\0b", "~/x.csv", "", "..")


def test_nothing_is_read_outside_of_the_folders(served):
    for said in served.refusals(*(("overview", {"capture": path}) for path in OUTSIDE)):
        assert "below" in said or "no such file" in said or "length" in said


def test_a_link_leads_nowhere_else(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    write_csv(tmp_path / "secret.csv", [op()])
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "up").symlink_to(tmp_path)
    calls = [("overview", {"capture": path}) for path in ("link.csv", "up/secret.csv")]
    assert all("outside of the folders" in said for said in Served(folder=folder).refusals(*calls))


def test_a_folder_with_a_report_from_elsewhere(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    write_csv(tmp_path / "secret.csv", [op()])
    (folder / "ops_perf_results_2026_01_01_00_00_00.csv").symlink_to(tmp_path / "secret.csv")
    calls = [("overview", {"capture": "."}), ("try", {"capture": ".", "subject": "2"})]
    assert all("outside of the folders" in said for said in Served(folder=folder).refusals(*calls))


def test_a_record_that_names_a_graph_report_elsewhere(tmp_path):
    folder, outside = tmp_path / "here", tmp_path / "outside"
    for made in (folder, outside):
        made.mkdir()
    shutil.copy(BEFORE, folder / "a.csv")
    shutil.copy(EXAMPLES / REPORT, outside)
    record = {**record_of(folder / "a.csv"), "graph_report": "link"}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "link").symlink_to(folder / "report")
    (folder / "report").mkdir()
    shutil.copy(EXAMPLES / REPORT, folder / "report")
    asked = ("source", {"capture": "a.csv", "limit": 1})
    assert Served(folder=folder).answers(asked)[0]["sources"]
    (folder / "link").unlink()
    (folder / "link").symlink_to(outside)
    assert "outside of the folders" in Served(folder=folder).refusals(asked)[0]


@pytest.mark.parametrize("name", ["..", ".", "up/x", "/tmp/x", "link"])
def test_nothing_is_written_outside_of_the_folders(tmp_path, name):
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "up").symlink_to(tmp_path)
    (folder / "link").symlink_to(tmp_path / "made")
    shutil.copy(BEFORE, folder / "a.csv")
    given = {"command": "pytest -q nothing.py", "replay": "a.csv", "folder": name}
    (said,) = Served("--allow-run", folder=folder).refusals(("run", given))
    assert "outside of the folders" in said or "no place" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here"]


def test_modules_in_the_folder_are_not_imported(tmp_path):
    shutil.copy(BEFORE, tmp_path / "a.csv")
    (tmp_path / "store").mkdir()
    for module in ("typer", "numpy", "duckdb", "ttnn", "json", "perfsheet_probe"):
        text = f"open({str(tmp_path / 'IMPORTED')!r}, 'w').close()\n"
        (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
    calls = [("history", {"store": "store"}), ("try", {"capture": "a.csv", "subject": "C1"})]
    safe = Served(str(tmp_path), folder=EXAMPLES)  # as a client starts it: `-m` would import from the folder itself
    safe.refusals(*calls)
    assert not (tmp_path / "IMPORTED").exists()


def test_an_analysis_is_made_anew_when_its_file_has_changed(tmp_path):
    path = write_csv(tmp_path / "a.csv", [op(duration=1000)])

    async def ask(client):
        first = await client.call_tool("overview", {"capture": "a.csv"})
        write_csv(path, [op(duration=5000), op("Unary", 7000)])
        second = await client.call_tool("overview", {"capture": "a.csv"})
        return [one.structured_content["capture"]["kernel_duration_ns"] for one in (first, second)]

    assert Served(folder=tmp_path).run(ask) == [1000, 12_000]


def test_a_new_report_in_a_folder_is_seen(tmp_path):
    (tmp_path / "sweeps").mkdir()
    for number in range(9):
        write_csv(tmp_path / "sweeps" / f"{number}.csv", [op()])
    report = tmp_path / "2026_01_01" / "ops_perf_results_2026_01_01_00_00_00.csv"
    report.parent.mkdir()
    write_csv(report, [op(duration=1000)])
    (tmp_path / "zz.csv").symlink_to("nothing")

    async def ask(client):
        times = []
        for change in (None, lambda: write_csv(report, [op(duration=5000)]), newer):
            if change is not None:
                change()
            found = await client.call_tool("overview", {"capture": "."})
            times.append(found.structured_content["capture"]["kernel_duration_ns"])
        return times

    def newer():
        write_csv(tmp_path / "ops_perf_results_2026_01_02_00_00_00.csv", [op(duration=7000)])

    assert Served(folder=tmp_path).run(ask) == [1000, 5000, 7000]


def test_a_graph_report_is_read_anew_when_a_file_of_it_changes(tmp_path):
    shutil.copy(BEFORE, tmp_path / "a.csv")
    for ending in (".json", ".python_io.json"):
        shutil.copy((EXAMPLES / REPORT).with_suffix(ending), tmp_path / f"g{ending}")
    asked = ("source", {"capture": "a.csv", "graph": "g.json", "limit": 1})

    async def ask(client):
        answers = [await client.call_tool(*asked)]
        (tmp_path / "g.python_io.json").unlink()
        answers.append(await client.call_tool(*asked))
        (tmp_path / "g.json").write_text("garbage", encoding="utf-8")
        answers.append(await client.call_tool(*asked))
        return [(one.is_error, one.content[0].text) for one in answers]

    (_, told), (_, without), (refused, said) = Served(folder=tmp_path).run(ask)
    assert '"line": 151' in told
    assert "(source unknown)" in without
    assert refused
    assert "g.json" in said


def test_side_files_of_a_graph_report_lead_nowhere_else(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    shutil.copy(BEFORE, folder / "a.csv")
    shutil.copy(EXAMPLES / REPORT, folder / "g.json")
    (tmp_path / "io.json").write_text("[]", encoding="utf-8")
    (folder / "g.python_io.json").symlink_to(tmp_path / "io.json")
    calls = [("source", {"capture": "a.csv", "graph": graph}) for graph in ("g.json", ".")]
    assert all("outside of the folders" in said for said in Served(folder=folder).refusals(*calls))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_pipes_are_not_waited_for(tmp_path):
    shutil.copy(BEFORE, tmp_path / "a.csv")
    for name in ("b.csv", "c.json", "ops_perf_results_1.csv"):
        os.mkfifo(tmp_path / name)
    asked = Served(folder=tmp_path)
    assert [one["capture"] for one in asked.answer("captures")["captures"]] == ["a.csv"]
    assert "neither a file nor a folder" in asked.refusals(("overview", {"capture": "b.csv"}))[0]


def test_null_is_not_given(served):
    given = {"capture": BEFORE.name, "batch": None, "devices": None, "limit": None, "offset": None, "pass": None}
    assert served.answer("ops", **given) == served.answer("ops", capture=BEFORE.name, limit=10.0)


@contextmanager
def _talking(folder, *arguments):
    """A server that is spoken to line by line."""
    command = [sys.executable, "-m", "perfsheet", "mcp", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, **pipes) as process:

        def send(**message):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            process.stdin.flush()

        who = {"protocolVersion": mcp.types.LATEST_PROTOCOL_VERSION, "capabilities": {},
               "clientInfo": {"name": "a test", "version": "1"}}  # fmt: skip
        send(id=0, method="initialize", params=who)
        process.stdout.readline()
        send(method="notifications/initialized")
        try:
            yield process, send
        finally:
            process.kill()


def _wait(until):
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_a_slow_tool_holds_up_nobody_and_ends_when_it_is_cancelled(tmp_path):
    shutil.copy(BEFORE, tmp_path / "a.csv")
    started = tmp_path / "started"
    slow = tmp_path / "python"
    slow.write_text(f"#!/bin/sh\necho $$ > {started}\nexec sleep 600\n", encoding="utf-8")
    slow.chmod(0o755)

    def started_pid():
        _wait(lambda: started.is_file() and started.read_text().strip())
        pid = int(started.read_text())
        started.unlink()
        return pid

    with _talking(tmp_path, "--python", str(slow)) as (process, send):
        call = {"name": "try", "arguments": {"capture": "a.csv", "subject": "C1"}}
        send(id=1, method="tools/call", params=call)
        first = started_pid()
        send(id=2, method="tools/call", params={"name": "overview", "arguments": {"capture": "a.csv"}})
        assert json.loads(process.stdout.readline())["id"] == 2
        assert _alive(first)
        send(method="notifications/cancelled", params={"requestId": 1})
        _wait(lambda: not _alive(first))
        send(id=3, method="tools/call", params=call)
        second = started_pid()
        process.stdin.close()
        _wait(lambda: not _alive(second))
        assert process.wait(PATIENCE_S) == 0
