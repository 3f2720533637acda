"""Credentials in the words of a command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence

from perfsheet.masking.names import names_secret
from perfsheet.masking.texts import MASK, is_random, masked_text
from perfsheet.masking.variables import masked_value

_UNQUOTED_MASK = "_masked_"
_ASSIGNMENT = re.compile(r"(?s)([A-Za-z_]\w*)=(.*)")
_OPTION = re.compile(r"(?s)(--?[A-Za-z][\w.-]*)=(.*)")
_KEY = re.compile(r"(?s)(\+{0,2}[A-Za-z][\w.-]*)=(.*)")
_TEST = re.compile(r"(?s)(?!\w+://)[^=\s]*\.py(?:::.*)?")
_USER = re.compile(r"(?s)([^:/\s]+):(.+)")
_JOINED_USER = re.compile(r"(?s)-u([^:/\s]+):(.+)")
_NAMING = {"--env", "-e", "--header", "-H", "--set", "--var", "--setenv"}
"""Options whose value may be a name, with its own value in the next word."""

_PROFILED = re.compile(r"(?:^|/)(?:py\.?test|tracy)$")
# Options of pytest and of the profiler whose values are names, numbers or paths.
# fmt: off
_KNOWN = frozenset({
    "-k", "-m", "-p", "-c", "-n", "-r", "-W", "--maxfail", "--tb", "--durations", "--durations-min", "--junitxml",
    "--junit-xml", "--junit-prefix", "--rootdir", "--ignore", "--ignore-glob", "--deselect", "--basetemp",
    "--confcutdir", "--import-mode", "--capture", "--show-capture", "--log-level", "--log-file", "--log-cli-level",
    "--log-format", "--verbosity", "--color", "--dist", "--timeout", "--timeout-method", "--count", "--cov",
    "--cov-report", "--cov-config", "--splits", "--group", "--reruns", "--random-order-seed",
    "--last-failed-no-failures", "--output-folder", "--name-append", "--port", "--op-support-count",
    "--tracy-tools-folder", "--perf-counter-groups", "--device-trace-profiler", "--child-functions",
    "--collect-noc-traces", "--dump-device-data-mid-run", "--host-only",
})
# fmt: on


def masked_command(text: str, of_pytest: bool = False) -> str:
    """A command as its user typed it, or, if it contains a credential, with that masked.

    `of_pytest`: the text is pytest's own options, without the program.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        return masked_text(text)
    masked = masked_words(words, of_pytest)
    if masked == words:
        return text
    # The mask itself is not quoted: nobody runs this command.
    return " ".join(shlex.quote(word.replace(MASK, _UNQUOTED_MASK)).replace(_UNQUOTED_MASK, MASK) for word in masked)


def masked_words(words: Sequence[str], of_pytest: bool = False) -> list[str]:
    """The words of a command with credentials masked: only the name is left of `--token=x` and `--token x`.

    Test ids stay as they are. Of the variables before a program only documented ones keep their values. `of_pytest`:
    the words are pytest's own options, without the program.
    """
    known = _KNOWN if of_pytest or any(_PROFILED.search(word) for word in words) else frozenset()
    masked: list[str] = []
    option, before_program = "", True
    for word in words:
        bare = _unquoted(word)
        assignment = _ASSIGNMENT.fullmatch(word) or _ASSIGNMENT.fullmatch(bare)
        if before_program and assignment is not None:
            hidden = f"{assignment[1]}={masked_value(assignment[1], assignment[2])}"
        elif option and (not bare.startswith("-") or names_secret(option, bare)):
            hidden = bare if option in known else masked_option(option, bare)
        else:
            hidden = _masked_word(bare, known)
        before_program = bare == "env" or (before_program and assignment is not None)
        masked.append(word if hidden == bare else hidden)
        option = _awaiting(bare, option)
    return masked


def _awaiting(word: str, before: str) -> str:
    """The option or name whose value the next word is; blank = none."""
    if before in _NAMING and names_secret(word, "x"):
        return f"--{word}"
    takes_value = word.startswith("-") and ("=" not in word or word.endswith("=")) and not _is_number(word)
    return word.rstrip("=") if takes_value and not (before and names_secret(before, word)) else ""


def _masked_word(word: str, known: Collection[str]) -> str:
    if _TEST.fullmatch(word):
        return word
    if user := _JOINED_USER.fullmatch(word):
        return f"-u{user[1]}:{MASK}"
    if option := _OPTION.fullmatch(word):
        return word if option[1] in known else f"{option[1]}={masked_option(option[1], option[2])}"
    if (key := _KEY.fullmatch(word)) and not is_random(key[1]):
        return f"{key[1]}={masked_option(key[1], key[2])}"
    return masked_text(word)


def masked_option(name: str, value: str) -> str:
    """The value of the option of that name, masked if it is a credential, or what in it is one."""
    if names_secret(name, value):
        return MASK
    if name in ("-u", "--user", "--proxy-user") and (user := _USER.fullmatch(value)):
        return f"{user[1]}:{MASK}"
    inner = _KEY.fullmatch(value)
    if inner is not None and not is_random(inner[1]) and not _TEST.fullmatch(value):
        return f"{inner[1]}={masked_option(inner[1], inner[2])}"
    return value if _TEST.fullmatch(value) else masked_text(value, name)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _unquoted(word: str) -> str:
    """The word as a shell would unquote it; unchanged if the shell would split it or fail."""
    try:
        parts = shlex.split(word)
    except ValueError:
        return word
    return parts[0] if len(parts) == 1 else word
