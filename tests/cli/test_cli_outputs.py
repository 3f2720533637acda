"""What `report` and `run` write beside the workbook, and opening it."""

import json
import os
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.captures import op, write_csv
from support.command import here, perfsheet

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")


def test_other_outputs_alone_write_no_workbook(capsys, run_csv, tmp_path):
    files = [tmp_path / name for name in ("a.html", "a.json", "a.md")]
    done = here(capsys, "report", run_csv, "--html", files[0], "--trace", files[1], "--md", files[2])
    assert (done.status, done.out) == (0, "".join(f"Wrote {file}\n" for file in files))
    assert all(file.is_file() for file in files)
    assert not run_csv.with_suffix(".xlsx").exists()


def test_a_workbook_is_written_too_where_it_is_named(capsys, run_csv, tmp_path):
    book, page = tmp_path / "a.xlsx", tmp_path / "a.html"
    done = here(capsys, "report", run_csv, "-o", book, "--html", page)
    assert done.out == f"Wrote {book}\nWrote {page}\n"
    assert book.is_file()
    assert page.is_file()


def test_json_says_that_there_is_no_workbook(capsys, run_csv, tmp_path):
    done = here(capsys, "report", run_csv, "--html", tmp_path / "a.html", "--json")
    assert json.loads(done.out)["workbook"] is None
    assert f"Wrote {tmp_path / 'a.html'}" in done.err


def test_markdown_to_standard_output(capsys, run_csv):
    done = here(capsys, "report", run_csv, "--md", "-")
    assert done.out.startswith("## Perf sheet · run.csv\n")
    assert done.out.endswith("</details>\n")


def test_a_step_summary_is_added_to(capsys, run_csv, tmp_path, monkeypatch):
    summary = tmp_path / "summary"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert here(capsys, "report", run_csv, "--md", summary).status == 0
    text = summary.read_text()
    assert text.startswith("before\n## Perf sheet")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--html", "a.txt"], 2, "the name must end in .html"),
        (["--md", "-", "--json"], 2, "an output and --json both take standard output"),
        (["--html", "a.html", "--md", "a.html"], 2, "two outputs have the same name"),
        (["--html", "nowhere/a.html"], 7, "nowhere is not a folder"),
        (["--trace", "taken.json"], 7, "taken.json exists already"),
        (["--signposts", "--html", "a.html"], 2, "--signposts lists signposts"),
        (["--open", "--md", "-"], 2, "--open: there is no file to open"),
    ],
)
def test_outputs_that_cannot_be(capsys, run_csv, arguments, status, said):
    Path("taken.json").write_text("{}")
    done = here(capsys, "report", run_csv, *arguments)
    assert (done.status, said in done.err) == (status, True), done.err
    assert Path("taken.json").read_text() == "{}"


def test_a_capture_is_never_written_over(capsys, run_csv):
    before = run_csv.read_bytes()
    done = here(capsys, "report", run_csv, "--trace", run_csv, "--force")
    assert (done.status, run_csv.read_bytes()) == (2, before)


def test_force_overwrites(capsys, run_csv, tmp_path):
    page = tmp_path / "a.html"
    page.write_text("old")
    assert here(capsys, "report", run_csv, "--html", page).status == 7
    assert page.read_text() == "old"
    assert here(capsys, "report", run_csv, "--html", page, "--force").status == 0
    assert page.read_text().startswith("<!doctype html>")


def headers(path):
    return [cell.value for cell in next(load_workbook(path, read_only=True)["All Ops"].iter_rows(max_row=1))]


def test_raw_keeps_all_columns_of_long_captures(capsys, run_csv, tmp_path, monkeypatch):
    monkeypatch.setattr("perfsheet.outputs.workbook.book.MANY_OPS", 2)
    here(capsys, "report", run_csv, "-o", tmp_path / "short.xlsx")
    here(capsys, "report", run_csv, "-o", tmp_path / "raw.xlsx", "--raw")
    written = run_csv.read_text().splitlines()[0].split(",")
    short, raw = headers(tmp_path / "short.xlsx"), headers(tmp_path / "raw.xlsx")
    assert set(written) - {"OP TYPE"} <= set(raw) | {"OP TYPE"}
    left_out = int(next(name for name in short if "MORE COLUMNS" in str(name)).split()[0])
    assert left_out == len(set(written) - set(short))


def opener(folder, status=0):
    """A stand-in for the system's opener that notes what it is asked to open."""
    folder.mkdir()
    tool = folder / ("open" if sys.platform == "darwin" else "xdg-open")
    tool.write_text(f'#!/bin/sh\necho "$1" >> "{folder}/opened"\nexit {status}\n')
    tool.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def opened(tmp_path):
    path = opener(tmp_path / "bin")

    def ask(*arguments, cwd=tmp_path):
        done = perfsheet(*arguments, cwd=cwd, PATH=path)
        told = tmp_path / "bin" / "opened"
        return done, told.read_text().split() if told.exists() else []

    return ask


posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")


@pytest.mark.process
@posix
def test_report_opens_what_it_wrote(opened, run_csv, tmp_path):
    done, told = opened("report", run_csv, "--open")
    assert (done.status, told) == (0, [str(run_csv.with_suffix(".xlsx"))])
    done, told = opened("report", run_csv, "--html", "a.html", "--open")
    assert told[1:] == ["a.html"]


@pytest.mark.process
@posix
def test_open_takes_the_newest_of_our_reports(opened, run_csv, tmp_path):
    for name in ("old.xlsx", "new.xlsx"):
        perfsheet("report", run_csv, "-o", tmp_path / name)
    os.utime(tmp_path / "old.xlsx", (1, 1))
    (tmp_path / "foreign.xlsx").write_bytes(b"not ours")
    perfsheet("report", run_csv, "--html", tmp_path / "page.html")
    done, told = opened("open")
    assert (done.status, done.out, told) == (0, "Opened new.xlsx\n", ["new.xlsx"])
    assert opened("open", "--html")[1][1:] == ["page.html"]
    assert opened("open", tmp_path / "old.xlsx")[1][2:] == [str(tmp_path / "old.xlsx")]
    assert opened("open", tmp_path)[1][3:] == [str(tmp_path / "new.xlsx")]


@pytest.mark.process
@posix
def test_open_finds_reports_of_runs(opened, tmp_path):
    folder = tmp_path / "generated" / "profiler" / "reports" / "x"
    folder.mkdir(parents=True)
    capture = write_csv(folder / "ops_perf_results_2026_01_01_00_00_00.csv", [op()])
    perfsheet("report", capture)
    assert opened("open")[1] == [str(capture.with_suffix(".xlsx").relative_to(tmp_path))]


@pytest.mark.process
@posix
def test_an_opener_that_fails_is_told(run_csv, tmp_path):
    path = opener(tmp_path / "bin", status=3)
    done = perfsheet("report", run_csv, "--open", cwd=tmp_path, PATH=path)
    assert done.status == 8
    assert "cannot be opened: " in done.err
    assert f"Wrote {run_csv.with_suffix('.xlsx')}" in done.out


@pytest.mark.process
@posix
def test_a_machine_without_an_opener_is_told(run_csv, tmp_path):
    (tmp_path / "empty").mkdir()
    done = perfsheet("report", run_csv, "--open", cwd=tmp_path, PATH=str(tmp_path / "empty"))
    assert done.status == 8
    assert "copy it to a machine with a screen" in done.err


def test_nothing_to_open(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = here(capsys, "open")
    assert (done.status, "no report of perfsheet in" in done.err) == (3, True)
    assert here(capsys, "open", tmp_path / "none.xlsx").status == 3
    assert here(capsys, "open", tmp_path).status == 3


@pytest.mark.process
def test_run_writes_them_too(home, run_csv, tmp_path):
    (tmp_path / "target.py").write_text("")
    outputs = ("--html", "a.html", "--md", "a.md", "--trace", "a.json")
    done = perfsheet("run", "-c", "python target.py", "--replay", run_csv, "-q", *outputs, cwd=tmp_path)
    assert done.status == 0, done.err
    assert done.out.splitlines()[-1] == f"Wrote {run_csv.with_suffix('.xlsx')}"
    assert "replayed: the target ran without a profiler" in (tmp_path / "a.html").read_text()
    assert "replayed: the target ran without a profiler" in (tmp_path / "a.md").read_text()
    assert json.loads((tmp_path / "a.json").read_text())["otherData"]["replayed"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--md", "-"], "--md -: standard output"), (["--split-cases", "--html", "a.html"], "cases have one workbook")],
)
def test_run_refuses_what_it_cannot_write_before_it_starts(capsys, arguments, said):
    done = here(capsys, "run", "-c", "false", *arguments)
    assert (done.status, said in done.err) == (2, True)
