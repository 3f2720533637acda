"""Every way to end: the documented status, one clear sentence, never a traceback."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.captures import csv_text, host_op, op, signpost, write_csv
from support.command import PATIENCE_S, ROOT, environment, here, perfsheet
from support.limits import without_root_rights

from perfsheet.outputs import json_output

COMMANDS = ("top-ops", "hotspots", "report")


def sentence(done, status):
    assert done.status == status, done.err
    assert done.out == ""
    assert done.err.startswith("perfsheet: ")
    assert len(done.err.splitlines()) == 1
    assert "bug" not in done.err
    return done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--ref-cores", "none"),
        ("--ref-cores", "0"),
        ("--ref-cores", "nan"),
        ("--low-cores", "101"),
        ("--batch", "0"),
        ("--batch", "inf"),
        ("--board", "n999"),
        ("--json", "--csv"),
        ("-n", "-1"),
    ],
)
def test_options_that_make_no_sense_end_with_2(capsys, run_csv, arguments):
    sentence(here(capsys, "top-ops", run_csv, *arguments), 2)


@pytest.mark.parametrize(
    "arguments", [("top-ops", "--nope"), ("nope",), ("top-ops", "-n", "many"), ("report", "-o"), ("--batch", "1")]
)
def test_what_the_command_line_cannot_parse_ends_with_2(capsys, arguments):
    done = here(capsys, *arguments)
    assert (done.status, done.out) == (2, "")
    assert "Error: " in done.err


def test_one_capture_twice_ends_with_2(capsys, run_csv):
    assert "twice" in sentence(here(capsys, "top-ops", run_csv, run_csv), 2)


@pytest.mark.parametrize("command", COMMANDS)
def test_captures_that_cannot_be_used_end_with_3(capsys, tmp_path, command):
    bad = {
        "missing.csv": None,
        "empty.csv": b"",
        "header.csv": csv_text([]).encode(),
        "host.csv": csv_text([host_op(), signpost()]).encode(),
        "other.csv": b"name,age\nx,3\n",
        "binary.csv": b"\x7fELF\0\0",
        "zip.xlsx": b"PK\x03\x04",
    }
    for name, data in bad.items():
        if data is not None:
            (tmp_path / name).write_bytes(data)
        assert name in sentence(here(capsys, command, tmp_path / name), 3)


def test_nothing_given_and_nothing_found_ends_with_3(capsys):
    assert "perfsheet run" in sentence(here(capsys, "top-ops"), 3)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="no permissions of this kind")
def test_a_capture_that_may_not_be_read_ends_with_3(run_csv):
    run_csv.chmod(0)
    with without_root_rights():
        assert "Permission denied" in sentence(perfsheet("top-ops", run_csv), 3)


@pytest.mark.process
@pytest.mark.parametrize(("arguments", "status"), [(("-n", "-1"), 2), (("../nowhere.csv",), 3)])
def test_statuses_are_the_same_through_a_process_of_its_own(run_csv, arguments, status):
    assert sentence(perfsheet("top-ops", run_csv, *arguments), status)


def test_nothing_is_overwritten_without_force(capsys, run_csv):
    workbook = run_csv.with_suffix(".xlsx")
    workbook.write_text("precious")
    assert "--force" in sentence(here(capsys, "report", run_csv), 7)
    assert workbook.read_text() == "precious"
    assert here(capsys, "report", run_csv, "--force").status == 0
    assert workbook.read_bytes().startswith(b"PK")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_the_capture_itself_is_never_overwritten(capsys, run_csv, tmp_path, force):
    here(capsys, "report", run_csv, "-o", tmp_path / "copy.xlsx")
    before = (tmp_path / "copy.xlsx").read_bytes()
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "copy.xlsx")
    for target in ("copy.xlsx", "link.xlsx"):
        done = here(capsys, "report", tmp_path / "copy.xlsx", "-o", tmp_path / target, *force)
        assert "is an input" in sentence(done, 2)
        done = here(capsys, "report", run_csv, tmp_path / "copy.xlsx", "-o", tmp_path / target, *force)
        assert (done.status, "is an input" in done.err) == (2, True)
    assert (tmp_path / "copy.xlsx").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "status"), [("run.csv", 2), ("sheet.xls", 2), ("sheet", 2), ("folder.xlsx", 7), ("nowhere/sheet.xlsx", 7)]
)
def test_outputs_that_cannot_be(capsys, run_csv, tmp_path, name, status):
    (tmp_path / "folder.xlsx").mkdir()
    before = run_csv.read_bytes()
    sentence(here(capsys, "report", run_csv, "-o", tmp_path / name, "--force"), status)
    assert run_csv.read_bytes() == before


def test_a_workbook_open_in_excel_is_one_clear_sentence(capsys, run_csv, tmp_path):
    (tmp_path / "run.xlsx").write_text("precious")
    (tmp_path / "~$run.xlsx").write_text("lock")
    assert "open in Excel" in sentence(here(capsys, "report", run_csv, "--force"), 7)
    assert (tmp_path / "run.xlsx").read_text() == "precious"


def test_a_file_that_the_system_will_not_replace_is_one_clear_sentence(capsys, run_csv, tmp_path, monkeypatch):
    (tmp_path / "run.xlsx").write_text("precious")

    def refuse(self, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    assert "open in Excel" in sentence(here(capsys, "report", run_csv, "--force"), 7)
    assert (tmp_path / "run.xlsx").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cwd", "run.csv", "run.xlsx"]


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="no permissions of this kind")
def test_a_folder_that_is_read_only_ends_with_7(run_csv, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with without_root_rights():
        assert "not writable" in sentence(perfsheet("report", run_csv, "-o", folder / "run.xlsx"), 7)
    folder.chmod(stat.S_IRWXU)
    assert list(folder.iterdir()) == []


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("limit", [0, 4_096, 16_384])
@pytest.mark.parametrize("before", [None, "precious"])
def test_a_failing_write_leaves_no_half_file(large_csv, tmp_path, limit, before):
    workbook = tmp_path / "out" / "run.xlsx"
    workbook.parent.mkdir()
    if before:
        workbook.write_text(before)
    script = (
        "import resource, sys; from perfsheet.cli import main;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        f"main(['report', {str(large_csv)!r}, '-o', {str(workbook)!r}, '--force'])"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 7, done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot be written" in done.stderr
    assert [path.name for path in workbook.parent.iterdir()] == (["run.xlsx"] if before else [])
    assert not before or workbook.read_text() == before


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("options", [(), ("--json",), ("--csv",)])
def test_standard_output_that_cannot_be_written_ends_with_7(run_csv, options):
    command = [sys.executable, "-m", "perfsheet", "top-ops", str(run_csv), *options]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            check=False,
            cwd=ROOT,
            timeout=PATIENCE_S,
        )
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    assert done.returncode == 7


def test_a_bug_in_perfsheet_ends_in_one_line_too(capsys, run_csv, monkeypatch):
    monkeypatch.setattr(json_output, "top_ops", lambda *_: 1 / 0)
    done = here(capsys, "top-ops", run_csv, "--json")
    assert done.status not in (0, 1, 2, 3, 4, 5, 6, 7)
    assert (done.out, len(done.err.splitlines())) == ("", 1)
    assert "ZeroDivisionError" in done.err


def test_interruption_ends_with_130(capsys, run_csv, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(json_output, "top_ops", interrupt)
    assert sentence(here(capsys, "top-ops", run_csv, "--json"), 130)


def test_a_capture_without_any_duration_is_said_and_no_traceback(capsys, tmp_path):
    path = write_csv(tmp_path / "run.csv", [op(duration=None)])
    for command in COMMANDS:
        done = here(capsys, command, path, "--json")
        assert done.status in (0, 3)
        assert "DEVICE KERNEL DURATION" in done.err
        assert done.status or json.loads(done.out)["capture"]["kernel_duration_ns"] is None


def test_hostile_names_do_not_drive_the_terminal(capsys, tmp_path):
    assert "\x1b" not in here(capsys, "top-ops", tmp_path / "\x1b[31mred.csv").err
