"""`perfsheet suite merge` and `perfsheet card` on the command line."""

from __future__ import annotations

import json

import pytest
from suite_folder import make_suite
from support.command import here

from perfsheet.models.e2e import write_perf_report
from perfsheet.models.results_table import read_document

pytestmark = pytest.mark.process


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_perf_report("vit", 1, 30.51, 16.05, None, 16.5, "base-patch16", 0.286, date="2026_01_01")
    return tmp_path


def test_merge_prints_writes_and_says_the_same(folder, capsys):
    ended = here(capsys, "suite", "merge", "perf_vit_base-patch16_2026_01_01.csv", "--md", "out.md")
    assert ended.status == 0
    table = read_document(folder / "out.md").results()
    row = dict(zip(table.headers, table.rows[0], strict=True))
    assert (row["First Run [s]"], row["Throughput [batch*inf/s]"]) == ("30.51", "0.0623")
    assert "30.51" in ended.out
    again = here(capsys, "suite", "merge", "perf.csv", "-o", "again.csv", "--json")
    (model,) = json.loads(again.out)["models"]
    assert (model["compile_s"], model["throughput_cpu"], model["run_success"]) == (14.46, 3.4965, None)


def test_statuses(folder, capsys):
    (folder / "perf_bad.csv").write_text("a, b\n1, 2")
    good = "perf_vit_base-patch16_2026_01_01.csv"
    refused = here(capsys, "suite", "merge", good, "perf_bad.csv")
    assert refused.status == 3
    assert "perf_bad.csv, line 1: refused" in refused.err
    assert "vit" in (folder / "perf.csv").read_text()
    assert here(capsys, "suite", "merge", good).status == 7
    breached = here(capsys, "suite", "merge", good, "--force", "--upper", "0.9", "--lower", "0.5")
    assert breached.status == 1
    assert "slower" in breached.err
    assert here(capsys, "suite", "merge", good, "--force", "--upper", "0.9", "--no-check").status == 0
    assert here(capsys, "suite", "merge", "gone.csv", "-o", "x.csv").status == 3


def test_no_other_file_is_written_over(folder, capsys):
    good = "perf_vit_base-patch16_2026_01_01.csv"
    (folder / "device_perf_a.csv").write_text("Model, Setting, Batch, AVG DEVICE FW SAMPLES/S\nm, s, 1, 2.0")
    (folder / "device_out.csv").write_text("mine")
    assert here(capsys, "suite", "merge", good, "device_perf_a.csv", "-o", "out.csv").status == 7
    assert (folder / "device_out.csv").read_text() == "mine"
    assert not (folder / "out.csv").exists()
    assert here(capsys, "suite", "merge", "gone.csv", "-o", "new.csv").status == 3
    assert not (folder / "new.csv").exists()
    assert here(capsys, "suite", "merge", good, "-o", "a.csv", "--md", "a.csv").status == 2
    assert here(capsys, "suite", "merge", good, "-o", "a.csv", "--sort", "Nope").status == 2


def test_devices_have_a_table_too(folder, capsys):
    (folder / "device_perf_a.csv").write_text("Model, Setting, Batch, AVG DEVICE KERNEL SAMPLES/S\nm, s, 1, 12.5000")
    ended = here(capsys, "suite", "merge", "device_perf_a.csv", "-o", "device_perf.csv", "--md", "d.md")
    assert ended.status == 0
    assert "12.5000" in ended.out
    assert "12.5000" in (folder / "d.md").read_text()


def test_branch_and_commit_of_a_merge_stay(folder, capsys):
    text = "branch: old \nhash: abc \n" + (folder / "perf_vit_base-patch16_2026_01_01.csv").read_text()
    (folder / "before.csv").write_text(text)
    here(capsys, "suite", "merge", "before.csv", "-o", "again.csv")
    assert (folder / "again.csv").read_text().startswith("branch: old \nhash: abc \nModel")


def test_the_merge_of_yesterday_is_not_merged_again(folder, capsys):
    files = ["perf_vit_base-patch16_2026_01_01.csv", "perf_all.csv"]
    here(capsys, "suite", "merge", files[0], "-o", "perf_all.csv")
    ended = here(capsys, "suite", "merge", *files, "-o", "perf_all.csv", "--force")
    assert ended.status == 0
    assert (folder / "perf_all.csv").read_text().count("vit") == 1


def test_a_card_says_what_is_known_and_what_is_not(suite_run, capsys):
    folder, _ = suite_run
    ended = here(capsys, "card", folder / "suite.toml", "-o", folder / "card.md", "--force")
    assert ended.status == 0
    text = (folder / "card.md").read_text()
    assert text.count("\n## ") == 4
    assert "PCC 0.9987; ✅ the target needs at least 0.99." in text
    assert "PCC unknown" in text
    assert "| `MatmulDeviceOperation` | 1 | 40,000 | 80.0 |" in text
    assert "](<generated/suite/four/targets/01-vit-base-patch16-batch-1/perf-sheet.xlsx>)" in text
    assert "Unknown: the suite names no torch module (graph)." in text


def test_a_card_without_results(tmp_path, capsys):
    folder = make_suite(tmp_path)
    ended = here(capsys, "card", folder / "suite.toml", "--model", "vit")
    assert ended.status == 0
    assert "run the suite first" in ended.err
    assert "⏳ not run" in ended.out
    assert here(capsys, "card", folder / "suite.toml", "--model", "gone").status == 2
