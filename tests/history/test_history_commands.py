"""`perfsheet history …` and `check --history`, as they are typed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from support.command import here
from support.histories import NAMES, NIGHTS

import perfsheet
from examples.make_history import PLANTED, commit_of

CAPTURES = Path(__file__).resolve().parents[2] / "examples" / "captures"
BEFORE = CAPTURES / "generated_encoder_block_before.csv"

Capsys = pytest.CaptureFixture[str]


def test_from_nothing_to_a_trend(nights: Path, tmp_path: Path, capsys: Capsys) -> None:
    store = tmp_path / "store"
    some = sorted(nights.rglob("*.csv"), key=lambda path: path.name)[12:26]  # the first change is in the middle
    done = here(capsys, "history", "add", *some, "--into", store, "--names", NAMES)
    assert (done.status, done.out) == (0, f"Added 14 runs to {store}\n")
    again = here(capsys, "history", "add", *some, BEFORE, "--into", store, "--model", "another")
    assert again.out == f"Added 1 run to {store}, 14 files there already\n"
    trend = here(capsys, "history", "trend", store)
    assert trend.status == 0
    assert "encoder_block on n150 · 14 runs" in trend.out
    assert "2 series: the last change of 1 is a loss, of 0 a gain; 1 did not change" in trend.out
    data = json.loads(here(capsys, "history", "trend", store, "--model", "encoder_block", "--json").out)
    (found,) = data["trends"]
    (change,) = found["changes"]
    assert change["ops"][0]["op_code"] == PLANTED[0].op_code
    assert len(found["points"]) == 14


def test_what_cannot_be_used_is_named_and_the_status_says_so(tmp_path: Path, capsys: Capsys) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "good.csv").write_bytes(BEFORE.read_bytes())
    (folder / "ops_perf_results_bad.csv").write_text("nonsense\n")
    (folder / "prices.csv").write_text("a,b\n1,2\n")
    store = tmp_path / "store"
    done = here(capsys, "history", "add", folder, "--into", store)
    assert done.status == 3
    assert (
        done.out
        == f"Added 1 run to {store}, 1 file left out\n1 other CSV file is no ops CSV: {folder / 'prices.csv'}\n"
    )
    assert done.err.startswith("perfsheet: left out: ")
    assert "ops_perf_results_bad.csv" in done.err
    data = json.loads(here(capsys, "history", "add", folder, "--into", store, "--json").out)
    assert (data["added"], data["there_already"]) == (0, 1)
    assert data["other_csv_files"] == [str(folder / "prices.csv")]
    (left_out,) = data["left_out"]
    assert left_out["file"] == str(folder / "ops_perf_results_bad.csv")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("add", "nothing.csv", "--into", "{new}"), 3, "nothing.csv: no such file"),
        (("add", BEFORE, "--into", "{new}", "--names", "{{nonsense}}.csv"), 2, "{nonsense} is unknown"),
        (("add", BEFORE, "--into", "{new}", "--names", "{{model}}/{{model}}"), 2, "{model} stands twice"),
        (("add", BEFORE, "--into", "{new}", "--names", "captures"), 2, "names nothing"),
        (("add", BEFORE, "--into", "{new}", "--started", "yesterday"), 2, "--started yesterday: not a time"),
        (("add", BEFORE, "--into", "{new}", "--names", "{{model}}_x.csv"), 3, "is not as --names says"),
        (("add", BEFORE, "--into", " "), 2, "--into is empty"),
        (("list", "{new}"), 3, "no history here"),
        (("list", "{store}", "--last", "0"), 2, "--last 0: not a count"),
        (("list", "{store}", "--json", "--csv"), 2, "--json and --csv exclude each other"),
        (("list", "{store}", "--model", "other"), 3, "the store has no model other, but encoder_block"),
        (("list", "{store}", "--since", "soon"), 2, "--since soon: not a time"),
        (("show", "{store}", "nonsense"), 3, "no run nonsense"),
        (("trend", "{store}", "--metric", "nonsense"), 2, "--metric nonsense is unknown"),
        (("trend", "{store}", "--metric", "pcc"), 3, "no run that is chosen has the figure pcc"),
        (("trend", "{store}", "--causes", "--csv"), 2, "--causes is for the terminal and --json"),
        (("trend", "{store}", "--engine", "nonsense"), 2, "--engine nonsense is unknown"),
        (("trend", "{store}", "-o", BEFORE), 2, "unknown format '.csv'"),
        (("trend", "{store}", "-o", "{store}.xlsx"), 7, "exists already"),
        (("trend", "{store}", "--metric", "fps", "--causes"), 2, "leave --metric out"),
        (("ops", "{store}", "--op", "gate"), 3, "no op of encoder_block contains 'gate'"),
        (("targets", "{store}"), 2, "there is no target"),
        (("targets", "{store}", "--budget", "other=b.toml"), 3, "no capture of other is chosen"),
        (("sql", "{store}", "SELECT nonsense FROM runs"), 2, "the engine says: Binder Error"),
        (("sql", "{store}", "nonsense"), 2, "a query only reads, and nonsense does not"),
        (("sql", "{store}", "SELECT FROM WHERE"), 2, "the engine says: Parser Error"),
        (("sql", "{store}", "/* nothing */ ;"), 2, "the query is empty"),
        (("sql", "{store}", "SELECT * FROM read_csv('/etc/passwd')"), 2, "file system operations are disabled"),
        (("sql", "{store}", "COPY (SELECT 1) TO '{store}/runs/x.parquet'"), 2, "a query only reads"),
        (("sql", "{store}", "SELECT 1; COPY (SELECT 1) TO '{store}/x.csv'"), 2, "a query only reads"),
        (("sql", "{store}", "SELECT 1; SELECT 2"), 2, "these are several queries"),
        (("sql", "{store}", "SELECT * FROM read_parquet('{new}/x.parquet')"), 2, "disabled"),
        (("sql", "{store}", "ATTACH '{store}/x.db'"), 2, "a query only reads"),
        (("show", "{store}", " "), 2, "the name of a run is empty"),
        (("remove", "{store}", "nonsense"), 3, "no run nonsense"),
        (("sql", "{store}", "SET enable_external_access = true"), 2, "a query only reads"),
        (("sql", "{store}", "INSTALL httpfs"), 2, "a query only reads"),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[object, ...], status: int, message: str, store: Path, tmp_path: Path, capsys: Capsys
) -> None:
    places = {"new": str(tmp_path / "new"), "store": str(store)}
    Path(f"{store}.xlsx").touch()
    done = here(capsys, "history", *(str(argument).format(**places) for argument in arguments))
    assert done.status == status
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.glob("new*"))


def test_list_and_show(store: Path, capsys: Capsys) -> None:
    listed = here(capsys, "history", "list", store)
    assert f"{NIGHTS} runs in 1 series" in listed.out
    data = json.loads(here(capsys, "history", "list", store, "--runs", "-n", "3", "--json").out)
    assert (data["run_count"], len(data["runs"])) == (NIGHTS, 3)
    newest = data["runs"][0]
    assert newest["commit"] == commit_of(NIGHTS - 1)
    rows = list(csv.DictReader(io.StringIO(here(capsys, "history", "list", store, "--runs", "-n", "0", "--csv").out)))
    assert len(rows) == NIGHTS
    assert rows[0]["run"] == newest["run"]
    analysis = perfsheet.analyze(perfsheet.read(newest["capture"]))
    assert newest["kernel_duration_ns"] == analysis.summary.kernel_ns
    shown = json.loads(here(capsys, "history", "show", store, newest["run"][:12], "--json", "-n", "0").out)
    assert shown["run"]["commit"] == newest["commit"]
    assert [cause["cause_id"] for cause in shown["causes"]] == [cause.id for cause in analysis.causes]
    assert len(shown["signatures"]) == len(analysis.groups)
    text = here(capsys, "history", "show", store, newest["commit"][:9]).out
    assert "What to fix first" in text
    assert f"C1 {analysis.causes[0].title}" in text


def test_the_same_figures_in_every_output(store: Path, tmp_path: Path, capsys: Capsys) -> None:
    book, page = tmp_path / "t.xlsx", tmp_path / "t.html"
    done = here(capsys, "history", "trend", store, "--json", "-o", book, "--html", page)
    assert done.err == f"Wrote {book}\nWrote {page}\n"
    (trend,) = json.loads(done.out)["trends"]
    rows = list(csv.DictReader(io.StringIO(here(capsys, "history", "trend", store, "--csv").out)))
    points = [point["value"] for point in trend["points"]]
    assert [float(row["value"]) for row in rows] == points
    sheets = openpyxl.load_workbook(book)
    assert sheets.sheetnames == ["Trends", "Changes", "Charts", "Chart Data", "Runs"]
    assert [row[-1].value for row in sheets["Runs"].iter_rows(min_row=2)] == points
    headers = [cell.value for cell in sheets["Trends"][1]]
    level = sheets["Trends"][2][headers.index("LEVEL NOW")].value
    assert level == trend["level"]
    assert len(sheets["Charts"]._charts) == 1
    text = page.read_text(encoding="utf-8")
    assert text.count('class="dot"') == NIGHTS + 3
    terminal = here(capsys, "history", "trend", store).out
    for change in trend["changes"]:
        size = f"{abs(change['size_pct']):.1f} %"
        assert size in terminal
        assert size in text


def test_ops(store: Path, tmp_path: Path, capsys: Capsys) -> None:
    book, page = tmp_path / "o.xlsx", tmp_path / "o.html"
    data = json.loads(here(capsys, "history", "ops", store, "-n", "2", "--json", "-o", book, "--html", page).out)
    assert [one["since"]["commit"] for one in data["ops"]] == [commit_of(48), commit_of(18)]
    assert [len(one["runs"]) for one in data["ops"]] == [NIGHTS, NIGHTS]
    assert openpyxl.load_workbook(book).sheetnames == ["Ops", "Charts", "Chart Data", "Runs"]
    assert "Matmul 384 × 768 × 3072" in page.read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(here(capsys, "history", "ops", store, "--op", "sdpa", "--csv").out)))
    assert len(rows) == NIGHTS
    assert {row["count"] for row in rows} == {"4"}
    assert "SDPA" in here(capsys, "history", "ops", store, "--op", "sdpa").out


def test_causes(store: Path, capsys: Capsys) -> None:
    data = json.loads(here(capsys, "history", "trend", store, "--causes", "--json").out)
    (series,) = data["series"]
    assert {cause["title"] for cause in series["causes"][:2]} == {"Matmul program config", "Low core count"}
    assert "Low core count" in here(capsys, "history", "trend", store, "--causes", "-n", "3").out


def test_sql(store: Path, capsys: Capsys) -> None:
    query = "SELECT model, count(*) AS n, max(started) AS last, avg(ops) AS ops FROM runs GROUP BY model"
    data = json.loads(here(capsys, "history", "sql", store, query, "--json").out)
    assert data["columns"] == ["model", "n", "last", "ops"]
    assert data["rows"] == [["encoder_block", NIGHTS, "2026-03-01T02:00:00+00:00", 80.0]]
    assert here(capsys, "history", "sql", store, query, "--csv").out.splitlines()[0] == "model,n,last,ops"
    wide = here(capsys, "history", "sql", store, "SELECT * FROM runs LIMIT 2").out
    assert "row 2\n" in wide
    assert commit_of(1) in wide
    many = here(capsys, "history", "sql", store, "SELECT run_id FROM runs", "-n", "2").out
    assert many.endswith(f"2 of {NIGHTS} rows\n")
    every = here(
        capsys, "history", "sql", store, "SELECT count(*) AS n FROM ops JOIN signatures USING (run_id)", "--csv"
    )
    assert every.out == f"n\n{NIGHTS * 80 * 15}\n"


def test_text_of_a_store_drives_neither_terminal_nor_spreadsheet(tmp_path: Path, capsys: Capsys) -> None:
    store = tmp_path / "store"
    name = "=cmd|' /C calc'!A1\x1b[31m\n::error::"
    assert here(capsys, "history", "add", BEFORE, "--into", store, "--model", name, "--branch", "@x").status == 0
    query = ("sql", store, "SELECT model FROM runs")
    for arguments in (("list", store), ("list", store, "--runs"), ("trend", store), ("ops", store), query):
        shown, table = (here(capsys, "history", *arguments, *more).out for more in ((), ("--csv",)))
        assert "\x1b" not in shown + table
        assert not any(line.startswith("::") for line in (shown + table).splitlines())
        assert "'=cmd" in table or "'@x" in table
        assert not any(cell.startswith(("=", "@")) for row in csv.reader(io.StringIO(table)) for cell in row)


def test_targets(store: Path, tmp_path: Path, capsys: Capsys) -> None:
    budget = tmp_path / "b.toml"
    budget.write_text('[limits]\nkernel-time = "1.95 ms"\nfps = 100\nlongest-gap = "1 ms"\n')
    done = here(capsys, "history", "targets", store, "--budget", f"encoder_block={budget}")
    assert done.status == 1
    assert "1 of 2 targets missed" in done.out
    assert "1 target not measured" in done.out
    rows = json.loads(here(capsys, "history", "targets", store, "--budget", budget, "--json").out)["targets"]
    time = next(row for row in rows if row["target"] == "limits.kernel-time")
    assert (time["ok"], time["always"]) == (False, False)
    assert time["since"]["commit"] in {commit_of(run) for run in range(46, 52)}
    table = here(capsys, "history", "targets", store, "--budget", budget, "--csv").out
    assert len(table.splitlines()) == 4


def test_export_and_compact(store: Path, tmp_path: Path, capsys: Capsys) -> None:
    done = here(capsys, "history", "export", store, "--last", "2", "-o", tmp_path / "records")
    assert done.out == f"Wrote 2 benchmark records in {tmp_path / 'records'}\n"
    again = here(capsys, "history", "export", store, "--last", "2", "-o", tmp_path / "records")
    assert again.out == f"Wrote 0 benchmark records in {tmp_path / 'records'}, 2 there already\n"
    mine = tmp_path / "store"
    for record in (tmp_path / "records").iterdir():
        assert here(capsys, "history", "add", record, "--into", mine).status == 0
    assert here(capsys, "history", "compact", mine).out == f"{mine}: 4 files before, 2 now\n"
    assert "encoder_block" in here(capsys, "history", "trend", mine).out


def test_check_against_the_history(store: Path, nights: Path, capsys: Capsys) -> None:
    newest = max(nights.rglob("*.csv"), key=lambda path: path.name)
    done = here(capsys, "check", newest, "--history", store, "--model", "encoder_block", "--fail-op-over", "5%")
    assert done.status == 0
    assert "ok    history.kernel-time: " in done.out
    slower = here(
        capsys, "check", BEFORE, "--history", store, "--model", "encoder_block", "--fail-op-over", "5%", "--json"
    )
    assert slower.status == 1
    data = json.loads(slower.out)
    assert [breach["limit"] for breach in data["breaches"]] == ["history.op-types.SDPAOperation.kernel-time"]
    (slower,) = (note for note in data["notes"] if note.startswith("slower than in the history by "))
    assert "SDPAOperation 12×384×64" in slower
    other = here(capsys, "check", BEFORE, "--history", store)
    assert other.status == 3
    assert "the history has no run of generated_encoder_block_before on n150; its models are encoder_block" in other.err
    new = here(capsys, "check", BEFORE, "--history", store, "--allow-new")
    assert new.status == 0
    assert "not checked: the history has no run of" in new.out
    assert new.out.endswith("nothing was checked\n")
    nowhere = here(capsys, "check", BEFORE, "--history", store.with_name("none"), "--allow-new")
    assert (nowhere.status, nowhere.out.splitlines()[-1]) == (0, "nothing was checked")
    alone = here(capsys, "check", BEFORE, "--model", "encoder_block", "--against", BEFORE)
    assert (alone.status, "are about a history" in alone.err) == (2, True)


def test_a_store_that_is_a_file_or_cannot_be_written(tmp_path: Path, capsys: Capsys) -> None:
    file = tmp_path / "file"
    file.write_text("")
    done = here(capsys, "history", "add", BEFORE, "--into", file)
    assert done.status in (3, 7)
    assert str(file) in done.err
    assert here(capsys, "history", "list", file).status == 3
