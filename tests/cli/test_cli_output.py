"""What each command prints, and where."""

import csv
import io
import json

import pytest
from openpyxl import load_workbook
from support.captures import csv_text, op, write_csv
from support.command import here, perfsheet

import perfsheet as package

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")


def test_top_ops_in_the_terminal(capsys, run_csv):
    done = here(capsys, "top-ops", run_csv)
    assert (done.status, done.err) == (0, "")
    assert done.out.index("Matmul") < done.out.index("LayerNorm") < done.out.index("Reshard")


@pytest.mark.parametrize(
    ("options", "count"), [((), 3), (("-n", 1), 1), (("--top", 2), 2), (("-n", 0), 3), (("-n", 99), 3)]
)
def test_the_count_cuts_ops_only(capsys, run_csv, options, count):
    result = json.loads(here(capsys, "top-ops", run_csv, "--json", *options).out)
    assert len(result["ops"]) == count
    assert result["capture"]["kernel_duration_ns"] == 50_000
    assert result["ops"][0]["share_pct"] == pytest.approx(80)


def test_twenty_ops_by_default(capsys, large_csv):
    assert len(json.loads(here(capsys, "top-ops", large_csv, "--json").out)["ops"]) == 20
    assert len(list(csv.DictReader(io.StringIO(here(capsys, "top-ops", large_csv, "--csv").out)))) == 20


@pytest.mark.parametrize("command", ["top-ops", "hotspots"])
def test_csv_is_all_that_stands_on_standard_output(capsys, tmp_path, command):
    path = write_csv(tmp_path / "odd.csv", [op(cores=1), op(duration=None, call=2048)])
    done = here(capsys, command, path, "--csv")
    (line,) = csv.DictReader(io.StringIO(done.out))
    assert line["op_code"] == "MatmulDeviceOperation"
    assert "warning: 1 device row without DEVICE KERNEL DURATION" in done.err


@pytest.mark.parametrize("command", ["top-ops", "hotspots", "report"])
def test_json_is_all_that_stands_on_standard_output(capsys, tmp_path, command):
    path = write_csv(tmp_path / "odd.csv", [op(cores=1), op(duration=None, call=2048)])
    done = here(capsys, command, path, "--json")
    result = json.loads(done.out)
    assert result["schema_version"] == 2
    assert len(result["capture"]["warnings"]) == done.err.count("warning: ") == 1


def test_hotspots_cut_findings_and_keep_totals(capsys, run_csv):
    every = json.loads(here(capsys, "hotspots", run_csv, "--json").out)
    first = json.loads(here(capsys, "hotspots", run_csv, "--json", "-n", 1).out)
    assert len(every["findings"]) == 2
    assert first == {**every, "findings": every["findings"][:1]}


def test_groups(capsys, tmp_path):
    path = write_csv(tmp_path / "run.csv", [op("Add", 10), op("Mul", 15), op("Add", 20)])
    (first, second) = json.loads(here(capsys, "top-ops", path, "--group", "--json").out)["groups"]
    assert (first["op_code"], first["count"], first["kernel_duration_ns"], first["median_ns"]) == ("Add", 2, 30, 15)
    assert second["share_pct"] == pytest.approx(100 / 3)
    lines = list(csv.DictReader(io.StringIO(here(capsys, "top-ops", path, "--group", "--csv").out)))
    assert [line["count"] for line in lines] == ["2", "1"]


def test_options_reach_the_analysis(capsys, run_csv):
    options = ("--ref-cores", "grid", "--low-cores", "100", "--batch", "16")
    result = json.loads(here(capsys, "top-ops", run_csv, "--json", *options).out)
    assert result["capture"]["ref_cores"] == "grid"
    assert result["ops"][0]["utilization_pct"] == pytest.approx(50)
    assert all("low-core-count" in op["flags"] for op in result["ops"])
    assert result["capture"]["fps"]["all"] == pytest.approx(16e9 / 50_000)


def test_the_board_reaches_the_analysis(capsys, tmp_path):
    path = write_csv(tmp_path / "old.csv", [op(cores=5)], "S6")
    head = json.loads(here(capsys, "top-ops", path, "--json", "--board", "n150").out)["capture"]
    assert (head["board"], head["worker_cores"], head["worker_cores_source"]) == ("n150", 64, "board")


@pytest.mark.process
def test_standard_input(run_csv, tmp_path):
    done = perfsheet("top-ops", "-", "--json", stdin=run_csv.read_bytes())
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out)["capture"]["paths"] == ["standard input"]
    done = perfsheet("report", "-", stdin=run_csv.read_bytes(), cwd=tmp_path)
    assert (done.status, (tmp_path / "perfsheet.xlsx").is_file()) == (0, True)


def test_the_newest_report_is_taken_and_said_aloud(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("TT_METAL_PROFILER_DIR", str(tmp_path / "profiler"))
    (tmp_path / "profiler").mkdir()
    newest = write_csv(tmp_path / "profiler" / "ops_perf_results_2026_01_01_00_00_00.csv", [op()])
    done = here(capsys, "top-ops", "--json")
    assert json.loads(done.out)["capture"]["paths"] == [str(newest)]
    assert str(newest) in done.err


def test_several_hosts(capsys, tmp_path):
    paths = [write_csv(tmp_path / f"host{number}.csv", [op(duration=number + 1)]) for number in range(2)]
    slowest = json.loads(here(capsys, "top-ops", *paths, "--json").out)
    assert [(op["device_id"], op["row"]["file"]) for op in slowest["ops"]] == [(1, str(paths[1]))]
    result = json.loads(here(capsys, "top-ops", *paths, "--per-device", "--json").out)
    assert result["capture"]["devices"] == slowest["capture"]["devices"] == [0, 1]
    assert [(op["device_id"], op["row"]["device_id"]) for op in result["ops"]] == [(1, 0), (0, 0)]
    assert [op["row"]["file"] for op in result["ops"]] == [str(paths[1]), str(paths[0])]


def test_the_workbook_stands_beside_the_capture_and_is_named(capsys, run_csv):
    done = here(capsys, "report", run_csv)
    workbook = run_csv.with_suffix(".xlsx")
    assert (done.status, done.out) == (0, f"Wrote {workbook}\n")
    assert load_workbook(workbook).sheetnames[0] == "Summary"


def test_the_workbook_goes_where_it_is_told(capsys, run_csv, tmp_path):
    done = here(capsys, "report", run_csv, "-o", tmp_path / "sheet.XLSX", "--json")
    assert json.loads(done.out)["workbook"] == str(tmp_path / "sheet.XLSX")
    assert (tmp_path / "sheet.XLSX").is_file()
    assert not run_csv.with_suffix(".xlsx").exists()


def test_a_workbook_of_an_xlsx_copy_gets_a_name_of_its_own(capsys, run_csv, tmp_path):
    here(capsys, "report", run_csv, "-o", tmp_path / "first.xlsx")
    before = (tmp_path / "first.xlsx").read_bytes()
    done = here(capsys, "report", tmp_path / "first.xlsx")
    assert (done.status, done.out) == (0, f"Wrote {tmp_path / 'first.perfsheet.xlsx'}\n")
    assert (tmp_path / "first.xlsx").read_bytes() == before


def test_the_version(capsys):
    done = here(capsys, "--version")
    assert (done.status, done.out) == (0, f"perfsheet {package.__version__}\n")


@pytest.mark.parametrize("command", [(), ("top-ops",), ("hotspots",), ("report",), ("run",)])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(capsys, command, option):
    done = here(capsys, *command, option)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Usage: perfsheet")


@pytest.mark.process
def test_completion_is_there():
    done = perfsheet("--help")
    assert "--install-completion" in done.out
    assert "--show-completion" in done.out
    shown = perfsheet(_PERFSHEET_COMPLETE="source_bash")
    assert "complete" in shown.out
    completed = perfsheet(_PERFSHEET_COMPLETE="complete_bash", COMP_WORDS="perfsheet top", COMP_CWORD="1")
    assert completed.out.split() == ["top-ops"]


@pytest.mark.process
def test_the_module_and_the_function_are_the_same_program(capsys, run_csv):
    assert perfsheet("top-ops", run_csv, "--json").out == here(capsys, "top-ops", run_csv, "--json").out


@pytest.mark.parametrize("columns", [80, 160])
def test_width_of_piped_tables(capsys, monkeypatch, large_csv, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    for command in ("top-ops", "hotspots"):
        out = here(capsys, command, large_csv).out
        assert max(map(len, out.splitlines())) <= columns
        assert "\x1b" not in out


@pytest.mark.process
def test_a_console_that_lacks_characters_still_gets_its_table(tmp_path):
    path = write_csv(tmp_path / "run.csv", [op("Größe😀", 10, 1)])
    for command in ("top-ops", "hotspots"):
        done = perfsheet(command, path, PYTHONIOENCODING="ascii")
        assert (done.status, done.err) == (0, "")
        assert "Gr??e" in done.out


def test_nothing_is_read_from_a_name_that_looks_like_an_option(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "--force").write_text(csv_text([op()]))
    assert here(capsys, "top-ops", "--json", "--", "--force").status == 0
