"""`perfsheet suite run` on real pytest targets, one failing and one killed, and on after interruptions."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys

import pytest
from openpyxl import load_workbook
from suite_folder import make_suite
from support.command import PATIENCE_S, environment, perfsheet, wait_until

from perfsheet.models.results_table import read_document

pytestmark = pytest.mark.process


def results(folder):
    return {
        one["model"]: one for one in json.loads((folder / "generated/suite/four/results.json").read_text())["models"]
    }


def test_the_suite_goes_past_failures_and_says_so(suite_run):
    folder, ended = suite_run
    assert ended.status == 1
    found = results(folder)
    assert {name: one["outcome"] for name, one in found.items()} == {
        "vit": "passed",
        "bert": "passed",
        "broken": "failed",
        "killed": "killed",
    }
    assert "assert 1 == 2" in found["broken"]["problem"]
    assert "signal 9" in found["killed"]["problem"]


def test_the_figures_are_those_of_the_perf_file_and_the_capture(suite_run):
    vit, bert = (results(suite_run[0])[name] for name in ("vit", "bert"))
    times = ("first_run_s", "second_run_s", "compile_s", "inference_s", "throughput", "inference_cpu_s")
    assert [vit[name] for name in times] == [30.51, 16.05, 14.46, 16.05, 0.0623, 0.286]
    assert (vit["kernel_ns"], vit["device_ops"], vit["reshards"]) == (50_000, 2, 1)
    assert vit["device_fps"] == pytest.approx(1e9 / 50_000)
    assert vit["distance_pct"] == pytest.approx(100 * (16.05 / 16.5 - 1))
    assert (bert["device_fps"], bert["low_core_share_pct"]) == (pytest.approx(8e9 / 80_000), pytest.approx(75.0))
    assert (bert["pcc"], vit["pcc"], bert["torch_ops_before"]) == (0.985, 0.9987, "70")
    assert bert["latency_ms"] > 0
    assert vit["replayed"]
    assert vit["to_from_device"] is None


def test_every_output_has_the_same_figures(suite_run):
    folder, ended = suite_run
    out = folder / "generated/suite/four"
    kept = results(folder)
    with (out / "results.csv").open() as stream:
        lines = {line["model"]: line for line in csv.DictReader(stream)}
    table = read_document(out / "results.md").results()
    rows = {
        row[0].partition("]")[0].removeprefix("["): dict(zip(table.headers, row, strict=True)) for row in table.rows
    }
    sheet = load_workbook(out / "results.xlsx")["Models"]
    head, *cells = sheet.iter_rows(values_only=True)
    books = {row[0]: dict(zip(head, row, strict=True)) for row in cells}
    for model, one in kept.items():
        for name, header in (("kernel_ns", "Device Kernel Time [ns]"), ("inference_s", "Inference Time [s]")):
            value = one[name]
            assert lines[model][name] == ("" if value is None else str(value))
            assert books[model][header.upper().replace("[NS]", "[ns]").replace("[S]", "[s]")] == value
            shown = rows[model][header]
            assert shown == "N/A" if value is None else float(shown.replace(",", "")) == pytest.approx(value)
        assert rows[model]["Run Success"].startswith("✅" if one["run_success"] else "❌")
    assert "50,000" in ended.out
    assert "recorded captures" in ended.out


def test_what_each_target_left_is_kept(suite_run):
    folder, _ = suite_run
    out = folder / "generated/suite/four"
    for one in results(folder).values():
        assert (out / one["log"]).is_file()
    assert (out / results(folder)["vit"]["workbook"]).is_file()
    merged = (out / "perf.csv").read_text()
    assert "vit, base-patch16, 1, 30.51, 16.05, 14.46, 14.00, 16.0500, 16.5000, 0.0623, 0.2860, 3.4965" in merged
    assert not list(folder.glob("perf_*.csv"))


def test_on_resume_only_what_was_not_finished_runs(suite_run):
    folder, _ = suite_run
    before = results(folder)
    again = perfsheet("suite", "run", "suite.toml", "--resume", cwd=folder)
    after = results(folder)
    assert again.status == 1
    assert "target 4 of 4" in again.err
    assert "target 1 of 4" not in again.err
    assert {name: after[name]["started"] for name in ("vit", "bert", "broken")} == {
        name: before[name]["started"] for name in ("vit", "bert", "broken")
    }
    with (folder / "generated/suite/four/history.csv").open() as stream:
        models = [line["model"] for line in csv.DictReader(stream)]
    assert models[:4] == ["vit", "bert", "broken", "killed"]
    assert models[4:] in ([], ["killed"])  # it may have started in the same second


def test_results_are_not_thrown_away_without_a_word(suite_run):
    folder, _ = suite_run
    again = perfsheet("suite", "run", "suite.toml", cwd=folder)
    assert again.status == 7
    assert "--resume" in again.err
    assert "--force" in again.err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_an_interrupted_suite_goes_on(tmp_path, number):
    folder = make_suite(tmp_path)
    tests = (folder / "test_models.py").read_text()
    waiting = "    open('bert-started', 'w').close()\n    while not os.environ.get('GO'):\n        time.sleep(0.05)\n"
    (folder / "test_models.py").write_text(
        tests.replace("def test_bert(perfsheet_e2e):\n", f"def test_bert(perfsheet_e2e):\n{waiting}")
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "perfsheet", "suite", "run", "suite.toml", "-q"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509  # as a shell has it
        start_new_session=True,
    )
    wait_until((folder / "bert-started").exists, "the second target runs")
    os.kill(running.pid, number)
    _, err = running.communicate(timeout=PATIENCE_S)
    if number == signal.SIGINT:
        assert running.returncode == 130
        assert b"--resume" in err
        assert results(folder)["bert"]["outcome"] == "not run"
        assert "not run: the run was interrupted" in results(folder)["broken"]["problem"]
    again = perfsheet("suite", "run", "suite.toml", "--resume", cwd=folder, GO="1")
    assert again.status == 1
    assert ("left behind" in again.err) == (number == signal.SIGKILL)
    assert "target 1 of 4" not in again.err
    assert [one["outcome"] for one in results(folder).values()] == ["passed", "passed", "failed", "killed"]


def test_a_breach_makes_the_status_1(tmp_path):
    folder = make_suite(tmp_path)
    text = (folder / "suite.toml").read_text().split("[[target]]")
    (folder / "suite.toml").write_text(f"{text[0]}[[target]]{text[1].replace('pcc = 0.99', 'pcc = 0.9999')}")
    ended = perfsheet("suite", "run", "suite.toml", "-q", "--upper", "0.9", "--lower", "0", cwd=folder)
    assert ended.status == 1
    assert "inference time 16.05 s is slower" in ended.err
    assert "PCC 0.9987 is below 0.9999" in ended.err
    (folder / "suite.toml").write_text(f"{text[0]}[[target]]{text[1]}")  # what is expected of it counts as it is today
    again = perfsheet("suite", "run", "suite.toml", "-q", "--resume", "--no-check", cwd=folder)
    assert (again.status, "PCC" in again.err) == (0, False)
