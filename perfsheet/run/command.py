"""Parsing the command that the user gives to `perfsheet run -c "…"`."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.masking import masked_command
from perfsheet.run.verdict import Source

FORMS = "'pytest …', 'python -m pytest …', 'python script.py …' or 'python -m module …', with VAR=value before it"

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_PYTHON = re.compile(r"python(\d+(\.\d+)*)?(\.exe)?", re.IGNORECASE)
_SHELL_OPERATORS = frozenset({"&&", "||", "|", ";", "&", ">", "<"})


@dataclass(frozen=True)
class TargetCommand:
    """A parsed command.

    `arguments` follow `-m pytest`, or `-m perfsheet_script` for a script; `environment` holds the assignments before
    the command; `interpreter` is the path or versioned name of the Python that the command names, else None.
    """

    source: Source
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    interpreter: str | None = None

    @property
    def script(self) -> str | None:
        """The script file, for `python script.py …`; None for pytest and modules."""
        return self.arguments[0] if self.source == "script" and self.arguments[0] != "-m" else None


def parse_command(text: str) -> TargetCommand:
    """Split a command as a shell would, without expanding anything: `$` and `*` stay as they are.

    Raises PerfsheetError (usage) for a text that cannot be split, or a command that has none of the known forms.
    """
    words = _split(text)
    environment = _assignments(words)
    if words and re.split(r"[\\/]", words[0])[-1] == "env":
        words.pop(0)
        if words and words[0].startswith("-"):
            raise usage(f"`env {words[0]}` cannot be followed", "give VAR=value before the command, without options")
        environment |= _assignments(words)
    if not words:
        raise usage("the command names nothing to run", f"give {FORMS}")
    head, *rest = words
    program = re.split(r"[\\/]", head)[-1]
    if program.removesuffix(".exe") in ("pytest", "py.test"):
        return TargetCommand("pytest", tuple(rest), environment, _python_beside(head) if program != head else None)
    if _PYTHON.fullmatch(program):
        generic = head.removesuffix(".exe") in ("python", "python3")
        return _python_target(rest, environment, None if generic else head)
    if program.endswith(".py"):
        return TargetCommand("script", tuple(words), environment)
    raise usage(f"cannot profile {program!r}", f"give {FORMS}")


def _assignments(words: list[str]) -> dict[str, str]:
    """The variables that are set before the command, taken from its words."""
    environment: dict[str, str] = {}
    while words and (assignment := _ASSIGNMENT.fullmatch(words[0])):
        environment[assignment[1]] = assignment[2]
        words.pop(0)
    return environment


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.name == "nt":
        lexer.escape = ""  # a backslash is part of a path on Windows
    try:
        words = list(lexer)
    except ValueError as error:
        raise usage(
            f"cannot read the command {masked_command(text)!r}: {str(error).lower()}", "close the quote"
        ) from error
    _refuse_shell_syntax(text)
    return words


def _refuse_shell_syntax(text: str) -> None:
    """No shell runs the command, so a bare `&&` would reach pytest as a file name. In quotes it is an argument."""
    try:
        bare = _SHELL_OPERATORS.intersection(shlex.split(text, posix=False))
    except ValueError:  # escaped quotes, which only the POSIX mode of shlex accepts
        return
    if bare:
        raise usage(f"the command has the shell operator {min(bare)!r}", f"no shell runs it: give one of {FORMS}")


def _python_target(rest: list[str], environment: Mapping[str, str], interpreter: str | None) -> TargetCommand:
    while rest and rest[0].startswith("-") and not rest[0].startswith("-m"):
        if rest[0] != "-u":  # output is never buffered anyway
            _refuse_option(rest[0])
        rest = rest[1:]
    if rest and rest[0].startswith("-m"):
        rest = rest[1:] if rest[0] == "-m" else [rest[0][2:], *rest[1:]]
        if rest and rest[0] in ("pytest", "py.test"):
            return TargetCommand("pytest", tuple(rest[1:]), environment, interpreter)
        if rest and rest[0] == "tracy":
            raise usage("the command already starts the profiler", "give only the target, such as 'pytest test.py'")
        rest = ["-m", *rest] if rest else []
    if not rest:
        raise usage("the command starts Python without a script or module", f"give {FORMS}")
    return TargetCommand("script", tuple(rest), environment, interpreter)


def _refuse_option(option: str) -> NoReturn:
    raise usage(
        f"Python's own option {option!r} cannot be passed through the profiler",
        "use its environment variable before the command, such as PYTHONWARNINGS=error or PYTHONOPTIMIZE=1",
    )


def _python_beside(program: str) -> str | None:
    """The interpreter beside a pytest that is given by its path; None if there is none, as in ~/.local/bin."""
    python = Path(program).with_name("python.exe" if program.endswith(".exe") else "python")
    return str(python) if python.exists() or not Path(program).exists() else None
