"""run.json, stored results, budgets, suites and settings, changed by anybody: one line, or ignored and said."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.captures import op, write_csv
from support.command import here
from support.records import record_of

from perfsheet.documents import InvalidDocumentError, decode_json
from perfsheet.models.suite.model import ModelResult

DEEP = 100_000
BAD_JSON = {
    "empty": b"",
    "cut": b'{"schema_version": 1, "replayed": false',
    "no UTF-8": b'{"schema_version": "\xff"}',
    "nested arrays": b"[" * DEEP,
    "nested objects": b'{"a":' * DEEP,
    "nested, and closed": b"[" * 500 + b"]" * 500,
    "half a character": b'{"schema_version": 1, "command": "\\ud800"}',
    "NaN": b'{"schema_version": NaN}',
    "Infinity": b'{"schema_version": Infinity}',
    "a number too large": b'{"schema_version": 1e999}',
    "an integer of 400 digits": b'{"schema_version": 1' + b"0" * 400 + b"}",
    "an integer of 5,000 digits": b'{"schema_version": ' + b"9" * 5000 + b"}",
    "too large": b'{"a": "' + b"x" * (65 << 20) + b'"}',
}
STRANGE: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1e300,
    "",
    "x\u202e\x1b[31m" * 9,
    [],
    [[]],
    {},
    {"a": {"b": []}},
    ["x", 1],
]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "run.csv", [op(call=1), op(call=2)])


def changed(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every value of an object, at any depth, replaced by each strange one, and every key left out."""
    for path in list(_paths(value)):
        for strange in STRANGE:
            other = copy.deepcopy(value)
            _holder(other, path)[path[-1]] = strange
            yield f"{path} = {strange!r}", other
        other = copy.deepcopy(value)
        del _holder(other, path)[path[-1]]
        yield f"no {path}", other


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*before, key)
        yield from _paths(item, (*before, key))


def _holder(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        value = value[key]
    return value


def test_a_record_of_our_own_is_used(capsys, capture):
    capture.with_name("run.json").write_text(json.dumps(record_of(capture)))
    assert "tests: 1 passed in 2.1 s" in here(capsys, "top-ops", capture).out


@pytest.mark.parametrize("content", BAD_JSON.values(), ids=BAD_JSON)
def test_a_record_that_is_no_json_is_ignored_and_said(capsys, capture, content):
    capture.with_name("run.json").write_bytes(content)
    done = here(capsys, "top-ops", capture)
    assert (done.status, "run.json" in done.err, "ignored" in done.err) == (0, True, True)


def test_a_record_of_another_tool_is_nothing_to_talk_about(capsys, capture):
    for content in ("[]", "3", '{"a": 1}', '{"schema_version": 1}', '{"schema_version": [1], "replayed": 0}'):
        capture.with_name("run.json").write_text(content)
        done = here(capsys, "top-ops", capture)
        assert (done.status, done.err) == (0, ""), content


@pytest.mark.audit
def test_a_record_with_any_value_changed_does_no_harm(capsys, capture, tmp_path):
    tried = 0
    for what, record in changed(record_of(capture)):
        capture.with_name("run.json").write_text(json.dumps(record))
        done = here(capsys, "top-ops", capture)
        assert done.status == 0, (what, done.err)
        assert "\x1b" not in done.out + done.err, what
        tried += 1
    assert tried > 200


def test_every_output_of_a_record_with_strange_texts(capsys, capture, tmp_path):
    record = record_of(capture)
    for key in ("command", "folder", "host", "verdict", "log", "interpreter"):
        record[key] = "=1+1\u202e\x1b[31m\x00::error::" + "x" * 40_000
    record["duration_s"], record["profiler_status"] = -1e300, 2**62
    capture.with_name("run.json").write_text(json.dumps(record))
    files = [
        part
        for flag, name in (("-o", "x.xlsx"), ("--html", "x.html"), ("--md", "x.md"), ("--trace", "x.json"))
        for part in (flag, tmp_path / name)
    ]
    done = here(capsys, "report", capture, *files)
    assert done.status == 0, done.err


def test_stored_results_with_any_value_changed():
    whole = json.loads(json.dumps(ModelResult("vit", captures=("a.csv",), pcc=0.9).__dict__))
    refused = [what for what, result in changed(whole) if not readable(json.dumps(result).encode())]
    assert len(refused) > 150
    assert "no ('pcc',)" not in refused  # it has a default


def readable(content: bytes) -> bool:
    try:
        decode_json(content, ModelResult)
    except InvalidDocumentError:
        return False
    return True


BAD_TOML = {
    "no UTF-8": b'[tool.perfsheet]\nboard = "\xff"\n',
    "nested arrays": b"[tool.perfsheet]\ntop = " + b"[" * DEEP,
    "nested tables": b"[tool.perfsheet]\ntop = " + b"{a=" * DEEP,
    "a key of many parts": b"[tool.perfsheet." + b".".join([b"a"] * 5000) + b"]\nx = 1\n",
    "an integer of 400 digits": b"[tool.perfsheet]\ntop = 1" + b"0" * 400 + b"\n",
    "an integer of 5,000 digits": b"[tool.perfsheet]\ntop = " + b"9" * 5000 + b"\n",
    "too large": b"[tool.perfsheet]\n" + b"# perfsheet\n" * 100_000,
    "no TOML": b"[tool.perfsheet",
}


@pytest.mark.parametrize("content", BAD_TOML.values(), ids=BAD_TOML)
def test_settings_that_are_no_settings_are_one_line(capsys, capture, tmp_path, monkeypatch, content):
    (tmp_path / "pyproject.toml").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    done = here(capsys, "top-ops", "run.csv")
    assert (done.status, done.err.count("\n"), "pyproject.toml" in done.err) == (2, 1, True), done.err[:300]
    assert "sys." not in done.err


@pytest.mark.parametrize("content", BAD_TOML.values(), ids=BAD_TOML)
def test_budgets_and_suites_that_are_none_are_one_line(capsys, capture, tmp_path, content):
    (tmp_path / "x.toml").write_bytes(content.replace(b"tool.perfsheet", b"limits"))
    for command in (("check", capture, "--budget"), ("suite", "run"), ("card",)):
        done = here(capsys, *command, tmp_path / "x.toml")
        assert (done.status, done.err.count("\n"), "x.toml" in done.err) == (2, 1, True), (command, done.err[:300])


def test_settings_of_a_project_without_perfsheet_are_not_read(capsys, capture, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_bytes(b"\xff" + b"[" * DEEP)
    monkeypatch.chdir(tmp_path)
    assert here(capsys, "top-ops", "run.csv").status == 0


@pytest.mark.parametrize("value", ["1e308", "1e400", "inf", "nan", "-1", "9" * 400, "1e-320"])
@pytest.mark.parametrize("option", ["--batch", "--ref-cores", "--low-cores"])
def test_options_beyond_reason_are_one_line(capsys, capture, option, value):
    done = here(capsys, "top-ops", capture, option, value, "--json")
    assert done.status == 0 or (done.status, done.err.count("\n")) == (2, 1)
    assert "Infinity" not in done.out
    assert "NaN" not in done.out
