from __future__ import annotations

import pytest

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.run.command import parse_command


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("pytest a.py::t[x-1]", ["a.py::t[x-1]"]),
        ("py.test a.py", ["a.py"]),
        ('pytest a.py -k "work or fail"', ["a.py", "-k", "work or fail"]),
        ("python -m pytest 'a b.py' --x=\"it's\"", ["a b.py", "--x=it's"]),
        ("python3 -u -m pytest a.py", ["a.py"]),
        ("python -mpytest a.py", ["a.py"]),
        (r"pytest $HOME/* a\ b größe#1 '' ~", ["$HOME/*", "a b", "größe#1", "", "~"]),
        ("pytest a.py -k 'a && b' '|'", ["a.py", "-k", "a && b", "|"]),
        ("pytest -m slow", ["-m", "slow"]),
        ("pytest", []),
    ],
)
def test_pytest_forms_keep_their_arguments(text: str, arguments: list[str]) -> None:
    command = parse_command(text)
    assert command.source == "pytest"
    assert list(command.arguments) == arguments
    assert command.interpreter is None
    assert command.script is None


@pytest.mark.parametrize(
    ("text", "arguments", "script"),
    [
        ("python block.py --batch 2", ["block.py", "--batch", "2"], "block.py"),
        ("./block.py -m x", ["./block.py", "-m", "x"], "./block.py"),
        ("python -m models.demo -m x", ["-m", "models.demo", "-m", "x"], None),
        ("python -m unittest", ["-m", "unittest"], None),
    ],
)
def test_script_forms(text: str, arguments: list[str], script: str | None) -> None:
    command = parse_command(text)
    assert command.source == "script"
    assert list(command.arguments) == arguments
    assert command.script == script


@pytest.mark.parametrize(
    ("text", "interpreter"),
    [
        ("/opt/env/bin/python -m pytest", "/opt/env/bin/python"),
        ("env/bin/python3 a.py", "env/bin/python3"),
        ("python3.10 -m pytest", "python3.10"),
        ("/opt/env/bin/pytest a.py", "/opt/env/bin/python"),
        ("pytest /opt/env/bin/python", None),
    ],
)
def test_interpreter_that_the_command_names(text: str, interpreter: str | None) -> None:
    assert parse_command(text).interpreter == interpreter


def test_assignments_before_the_command_only() -> None:
    command = parse_command("""ARCH=wormhole_b0 EMPTY= QUOTED="a b=c" pytest X=1""")
    assert command.environment == {"ARCH": "wormhole_b0", "EMPTY": "", "QUOTED": "a b=c"}
    assert command.arguments == ("X=1",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pytest 'a.py", "no closing quotation"),
        ("", "nothing to run"),
        ("A=1", "nothing to run"),
        ("cd models", "'cd'"),
        ("pytest a.py && echo done", "'&&'"),
        ("python", "without a script"),
        ("python -m", "without a script"),
        ("python -c 'import ttnn'", "'-c'"),
        ("python -W error -m pytest", "PYTHONWARNINGS"),
        ("python -m tracy -r -m pytest a.py", "already starts the profiler"),
    ],
)
def test_what_cannot_be_followed_is_a_usage_error(text: str, said: str) -> None:
    with pytest.raises(PerfsheetError) as caught:
        parse_command(text)
    assert caught.value.status == ExitStatus.USAGE
    assert said in str(caught.value)


@pytest.mark.parametrize("env", ["env", "/usr/bin/env"])
def test_variables_after_env(env: str) -> None:
    command = parse_command(f"A=1 {env} B='2 3' pytest test_it.py")
    assert (command.source, dict(command.environment)) == ("pytest", {"A": "1", "B": "2 3"})
    with pytest.raises(PerfsheetError, match=r"`env -i` cannot be followed"):
        parse_command(f"{env} -i pytest test_it.py")
