"""`--graph` and `--by` as options of commands, on the example's capture and its report of a mock board."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from support.captures import op, write_csv
from support.command import here

CAPTURES = Path(__file__).parents[2] / "examples" / "captures"
CAPTURE, AFTER = (CAPTURES / f"generated_encoder_block_{name}.csv" for name in ("before", "after"))
REPORT = CAPTURES / "mock_board_encoder_block_before.json"


def records(done):
    assert done.status == 0, done.err
    return list(csv.DictReader(io.StringIO(done.out)))


def test_lines_as_csv_have_functions_and_calls(capsys):
    first = records(here(capsys, "top-ops", CAPTURE, "--graph", REPORT, "--by", "line", "--csv"))[0]
    assert (first["name"], first["calls"]) == ("ttnn_block.py:151", "ttnn.linear")
    assert first["functions"].endswith("_linear")


def test_modules_as_csv_are_the_tree(capsys):
    tree = records(here(capsys, "top-ops", CAPTURE, "--graph", REPORT, "--by", "module", "--csv"))
    times = {tuple(one["path"].split(";")): (int(one["total_ns"]), int(one["self_ns"])) for one in tree}
    for path, (total, own) in times.items():
        inner = sum(time for below, (time, _) in times.items() if below[:-1] == path)
        assert total == own + inner


@pytest.mark.parametrize("by", ["line", "call", "module"])
@pytest.mark.parametrize("columns", [80, 160])
def test_names_are_whole_at_any_width(capsys, monkeypatch, by, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    done = here(capsys, "top-ops", CAPTURE, "--graph", REPORT, "--by", by)
    name = {"line": "ttnn_block.py:151", "call": "ttnn.transformer.scaled_dot_product_attention", "module": "_norm"}
    assert f"{name[by]} " in done.out
    assert max(map(len, done.out.splitlines())) <= columns


def test_top_ops_and_hotspots_say_how_the_report_was_joined(capsys):
    for command in ("top-ops", "hotspots"):
        told = json.loads(here(capsys, command, CAPTURE, "--graph", REPORT, "--json").out)
        assert (told["graph"]["joined_by"], told["graph"]["joined"]) == ("GLOBAL CALL COUNT", 162)


@pytest.mark.parametrize("other", ["--group", "--signposts"])
def test_by_excludes_other_rankings(capsys, other):
    done = here(capsys, "top-ops", CAPTURE, "--graph", REPORT, "--by", "line", other)
    assert done.status == 2
    assert f"{other} and --by exclude each other" in done.err


def test_by_needs_a_report(capsys):
    done = here(capsys, "top-ops", CAPTURE, "--by", "line")
    assert done.status == 2
    assert "name the graph report with --graph" in done.err


def test_one_report_is_not_enough_to_compare_lines(capsys):
    done = here(capsys, "compare", CAPTURE, AFTER, "--base-graph", REPORT)
    assert "no graph report now: without it lines of source can't be compared (--graph)" in done.err
    assert "162 of 162 ops by GLOBAL CALL COUNT" in " ".join(done.out.split())


def test_a_capture_with_itself_line_by_line(capsys):
    told = json.loads(
        here(capsys, "compare", CAPTURE, CAPTURE, "--base-graph", REPORT, "--graph", REPORT, "--json").out
    )
    assert len(told["lines"]) == 11
    assert {line["delta_ns"] for line in told["lines"]} == {0}
    assert told["lines"][0]["calls"]


def test_check_says_how_the_report_was_joined(capsys, tmp_path):
    budget = tmp_path / "b.toml"
    assert here(capsys, "budget", "init", CAPTURE, "-o", budget).status == 0
    done = here(capsys, "check", CAPTURE, "--graph", REPORT, "--budget", budget)
    assert "162 of 162 ops by GLOBAL CALL COUNT" in done.out, done.err


def test_a_report_of_a_part_is_a_warning(capsys, tmp_path):
    more = tmp_path / "more.csv"
    with CAPTURE.open(encoding="utf-8", newline="") as file, more.open("w", encoding="utf-8", newline="") as out:
        rows = csv.DictReader(file)
        written = csv.DictWriter(out, rows.fieldnames, extrasaction="ignore")
        written.writeheader()
        written.writerows(rows)
        for number in range(60):
            written.writerow(op("ConcatDeviceOperation", 1000, call=10**6 + number, start=10**12 + 2000 * number))
    done = here(capsys, "top-ops", more, "--graph", REPORT)
    assert "warning: 60 of 222 ops are not in the graph report" in done.err


def test_another_target_is_refused(capsys, tmp_path):
    other = write_csv(tmp_path / "other.csv", [op("ConcatDeviceOperation", 1000, call=number) for number in range(9)])
    done = here(capsys, "hotspots", other, "--graph", REPORT)
    assert done.status == 3
    assert "give the graph report of a run of the same target" in done.err
