"""suite.toml: every mistake is named; replays of the command line; history."""

from __future__ import annotations

import dataclasses
import importlib.util
from types import SimpleNamespace

import pytest

from perfsheet.cli.models.suite_run import with_replays
from perfsheet.errors import PerfsheetError
from perfsheet.models.suite import ModelResult, read_suite
from perfsheet.models.suite.figures import with_reported
from perfsheet.models.suite.results_store import ResultsStore, append_history
from perfsheet.run import TargetVerdict
from perfsheet.run.verdict import ReportedValue
from perfsheet.run.workspace import TARGET_HELPERS

_helper = importlib.util.spec_from_file_location("recorder", TARGET_HELPERS / "perfsheet_verdict.py")
_recorder = importlib.util.module_from_spec(_helper)
_helper.loader.exec_module(_recorder)
_reported = _recorder._reported

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
        (f'{TARGET}graph = "gone.py:build"\n', "there is no module gone.py"),
        (f'{TARGET}graph = "gone.py"\n', "does not name a function"),
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
    assert len(append_history(path, [first, ModelResult("never ran")], "abc")) == 1
    later = dataclasses.replace(first, started="2026-01-02T00:00:00", inference_s=0.5)
    lines = append_history(path, [first, later], "def")
    assert [(line["inference_s"], line["commit"]) for line in lines] == [("1", "abc"), ("0.5", "def")]


def test_history_keeps_columns_that_it_does_not_know(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("started,model,mine\n2020,old,7\n")
    lines = append_history(path, [ModelResult("m", outcome="passed", started="2026")], None)
    assert (lines[0]["mine"], lines[1]["model"]) == ("7", "m")
    path.write_text("a,b\n1,2\n")
    with pytest.raises(PerfsheetError):
        append_history(path, [], None)
    assert path.read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f'{TARGET}board = "gone"\n', "gone"),
        (f"{TARGET}pcc = 2\n", "2 is not a PCC"),
        (f"{TARGET}collect = []\n", "collects nothing"),
        (f"{TARGET}expected_inference = 1\nexpected-inference = 2\n", "twice"),
        (f'[suite]\nname = ".."\n{TARGET}', "cannot name a folder"),
        (f'{TARGET}pass = "third"\n', "third"),
    ],
)
def test_what_would_fail_after_hours_is_refused_at_once(tmp_path, text, named):
    with pytest.raises(PerfsheetError) as raised:
        read_suite(suite(tmp_path, text))
    assert named in str(raised.value)


def test_a_name_is_no_path(tmp_path):
    found = read_suite(suite(tmp_path, f'[suite]\nname = "../../evil"\n{TARGET}'))
    assert found.output.parent == tmp_path / "generated/suite"


def test_names_in_the_history_are_texts(tmp_path):
    lines = append_history(
        tmp_path / "h.csv", [ModelResult("yolov5.0", outcome="passed", started="2026", batch=8)], None
    )
    assert (lines[0]["model"], lines[0]["batch"]) == ("yolov5.0", "8")


def test_resume_looks_at_captures_and_not_at_expectations(tmp_path):
    capture = tmp_path / "a.csv"
    capture.write_text("1")
    (target,) = read_suite(suite(tmp_path, f'{TARGET}replay = "a.csv"\nexpected-inference = 2\n')).targets
    store = ResultsStore(tmp_path / "out")
    store.empty_folder(0, target)
    store.save(0, target, ModelResult("m", outcome="passed", inference_s=1.0, expected_inference_s=3.0))
    other = dataclasses.replace(target, expected_inference_s=None, pcc=0.9)
    assert store.load_finished(0, target).expected_inference_s == 2
    assert (store.load_finished(0, other).expected_inference_s, store.load_finished(0, other).least_pcc) == (3.0, 0.9)
    assert store.load_finished(0, dataclasses.replace(target, command="pytest u.py")) is None
    capture.write_text("12")
    assert store.load_finished(0, target) is None
    assert store.load(0, target, any_capture=True) is not None


def test_what_tests_report():
    def reported(*entries):
        found = tuple(ReportedValue(test, name, value) for test, name, value in entries)
        return with_reported(ModelResult("m"), TargetVerdict("pytest", 0, reported=found), with_latency=True)

    latencies = reported(("a", "latency_ms", 2.0), ("a", "latency_std_ms", 0.1), ("b", "latency_ms", 4.0))
    assert (latencies.latency_ms, latencies.latency_std_ms) == (4.0, None)
    assert "2 tests report a latency" in latencies.problem
    accuracies = reported(("a", "pcc", 0.99), ("b", "PCC", "0.98"), ("c", "pcc", 7), ("d", "other", "x"))
    assert accuracies.pcc == 0.98
    assert "c reports pcc 7" in accuracies.problem


def test_a_printed_pcc_is_one_that_was_measured():
    def pcc(text):
        report = SimpleNamespace(user_properties=[], sections=[("Captured stdout call", text)])
        return dict(_reported(report)).get("pcc")

    assert pcc("Expected PCC: 0.50, got PCC: 0.9991") == 0.9991
    assert pcc("required PCC: 0.5") is None
    assert pcc("PCC threshold: 0.5, PCC value = 9.8e-01.") == 0.98
    assert pcc("PCC: 1e-05") == 1e-05
    assert pcc("PCC: 0.9987.") == 0.9987
    assert pcc("PCC: 17") is None
