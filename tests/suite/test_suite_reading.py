"""suite.toml: every mistake is named; replays of the command line; history."""

from __future__ import annotations

import dataclasses

import pytest

from perfsheet.cli.suite.running import with_replays
from perfsheet.errors import PerfsheetError
from perfsheet.suite import ModelResult, read_suite
from perfsheet.suite.history import appended

TARGET = '[[target]]\nmodel = "m"\ncommand = "pytest t.py"\n'


def suite(tmp_path, text):
    path = tmp_path / "suite.toml"
    path.write_text(text)
    return path


def test_defaults_of_the_suite_are_those_of_its_targets(tmp_path):
    found = read_suite(suite(tmp_path, f'[suite]\ntimeout = 60\nboard = "n150"\n{TARGET}expected_inference = 2\n'))
    (target,) = found.targets
    assert (target.timeout_s, target.board, target.expected_inference_s) == (60.0, "n150", 2.0)
    assert (found.name, found.folder, found.output) == ("suite", tmp_path, tmp_path / "generated/suite/suite")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no target"),
        ("[suite", "not valid TOML"),
        ("[other]\n", "other"),
        ('[[target]]\nmodel = "m"\n', "no command"),
        (TARGET.replace('"m"', '""'), "no model"),
        (f"{TARGET}batsh = 1\n", "'batsh'"),
        (f'{TARGET}batch = "1"\n', "batch is '1', not a whole number"),
        (f"{TARGET}batch = 0\n", "batch is 0"),
        (f'{TARGET}collect = ["gpu"]\n', "'gpu'"),
        (f'{TARGET}replay = "gone.csv"\n', "no capture"),
        (TARGET.replace("pytest t.py", "pytest 't.py"), "target 1 (m)"),
        (TARGET + TARGET, "targets 1 and 2"),
        (f'[suite]\nfolder = "gone"\n{TARGET}', "no folder"),
        (f"{TARGET}timeout = -1\n", "timeout is -1"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, named):
    with pytest.raises(PerfsheetError) as raised:
        read_suite(suite(tmp_path, text))
    assert named in str(raised.value)
    assert raised.value.status == 2


def test_replays_of_the_command_line(tmp_path):
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).touch()
    other = TARGET.replace('"m"', '"n"')
    text = f'{TARGET}replay = "a.csv"\n{other}{TARGET}setting = "x"\n'
    found = read_suite(suite(tmp_path, text))
    wanted = with_replays(found, [str(tmp_path / "b.csv"), f"m, x={tmp_path / 'c.csv'}"])
    assert [[path.name for path in target.replay] for target in wanted.targets] == [["a.csv"], ["b.csv"], ["c.csv"]]
    for wrong in ("gone.csv", f"nobody={tmp_path / 'a.csv'}", "m=gone.csv"):
        with pytest.raises(PerfsheetError):
            with_replays(found, [wrong])


def test_history_only_grows(tmp_path):
    path = tmp_path / "history.csv"
    first = ModelResult("m", outcome="passed", started="2026-01-01T00:00:00", inference_s=1.0)
    assert len(appended(path, [first, ModelResult("never ran")], "abc")) == 1
    later = dataclasses.replace(first, started="2026-01-02T00:00:00", inference_s=0.5)
    lines = appended(path, [first, later], "def")
    assert [(line["inference_s"], line["commit"]) for line in lines] == [("1", "abc"), ("0.5", "def")]


def test_history_keeps_columns_that_it_does_not_know(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("started,model,mine\n2020,old,7\n")
    lines = appended(path, [ModelResult("m", outcome="passed", started="2026")], None)
    assert (lines[0]["mine"], lines[1]["model"]) == ("7", "m")
    path.write_text("a,b\n1,2\n")
    with pytest.raises(PerfsheetError):
        appended(path, [], None)
    assert path.read_text() == "a,b\n1,2\n"
