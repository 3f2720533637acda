"""`perfsheet plan` where it cannot plan: what is asked of it is checked before anything is started."""

from __future__ import annotations

import pytest
from support.command import here

TARGET = "def forward(device):\n    pass\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "model.py").write_text(TARGET, encoding="utf-8")
    return tmp_path


def refused(capsys, status, *arguments):
    ended = here(capsys, "plan", *arguments)
    assert ended.status == status, ended.err
    assert "plan.json" not in ended.out
    return ended.err.strip()


def test_it_needs_one_target(folder, capsys):
    assert "one target" in refused(capsys, 2)
    assert "one target" in refused(capsys, 2, "model.py:forward", "-c", "pytest t.py")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model.py:forward", "--board", "n900"], "no mock board is called 'n900'; known: n150, n300, p100, p150"),
        (["model.py:forward", "--mesh", "2x4"], "n150 opens as 1x1, not as 2x4"),
        (["missing.py:forward"], "there is no file 'missing.py'"),
        (["missing.py"], "there is no script 'missing.py'"),
        (["model"], "neither a script nor FILE.py:FUNCTION"),
        (["model.py:forward", "--timeout", "0"], "--timeout 0: not a time"),
        (["model.py:forward", "--timeout", "nan"], "--timeout nan: not a time"),
    ],
)
def test_what_cannot_be_planned_is_said_in_a_line(folder, capsys, arguments, said):
    assert said in refused(capsys, 2, *arguments)


def test_a_file_that_is_no_plan_is_not_overwritten(folder, capsys):
    notes = folder / "plan.json"
    notes.write_text('{"mine": 1}', encoding="utf-8")
    assert "plan.json" in refused(capsys, 7, "model.py:forward")
    assert notes.read_text(encoding="utf-8") == '{"mine": 1}'


@pytest.mark.process
def test_without_ttnn_it_says_what_to_install(folder, capsys, without_ttnn):
    for arguments in (["model.py:forward"], ["--setup"]):
        told = refused(capsys, 4, *arguments, "--python", without_ttnn)
        assert "ttnn" in told
        assert "pip install 'perfsheet[ttnn]' torch" in told
    assert not (folder / "cache").exists()


@pytest.fixture
def without_ttnn():
    import importlib.util
    import sys

    if importlib.util.find_spec("ttnn") is not None:
        pytest.skip("this Python has ttnn")
    return sys.executable
