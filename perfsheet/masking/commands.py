"""Credentials in the words of a command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from perfsheet.masking.names import names_secret
from perfsheet.masking.texts import MASK, is_random, masked_text
from perfsheet.masking.variables import masked_value

_UNQUOTED_MASK = "_masked_"
_ASSIGNMENT = re.compile(r"(?s)([A-Za-z_]\w*)=(.*)")
_OPTION = re.compile(r"(?s)(--?[A-Za-z][\w.-]*)=(.*)")
_KEY = re.compile(r"(?s)(\+{0,2}[A-Za-z][\w.-]*)=(.*)")
_TEST = re.compile(r"(?s)[^=\s]*\.py(?:::.*)?")
_USER = re.compile(r"(?s)([^:/\s]+):(.+)")

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


def masked_command(text: str) -> str:
    """A command as its user typed it, or, if it contains a credential, with that masked."""
    try:
        words = shlex.split(text)
    except ValueError:
        return masked_text(text)
    masked = masked_words(words)
    if masked == words:
        return text
    # The mask itself is not quoted: nobody runs this command.
    return " ".join(shlex.quote(word.replace(MASK, _UNQUOTED_MASK)).replace(_UNQUOTED_MASK, MASK) for word in masked)


def masked_words(words: Sequence[str]) -> list[str]:
    """The words of a command with credentials masked: only the name is left of `--token=x` and `--token x`.

    Test ids stay as they are. Of the variables before a program only documented ones keep their values.
    """
    masked: list[str] = []
    option, before_program = "", True
    for word in words:
        bare = _unquoted(word)
        assignment = _ASSIGNMENT.fullmatch(bare)
        if before_program and assignment is not None:
            hidden = f"{assignment[1]}={masked_value(assignment[1], assignment[2])}"
        elif option and (not bare.startswith("-") or names_secret(option, bare)):
            hidden = masked_option(option, bare)
        else:
            hidden = _masked_word(bare)
        before_program = before_program and (assignment is not None or bare == "env")
        masked.append(word if hidden == bare else hidden)
        takes_value = bare.startswith("-") and "=" not in bare and not _is_number(bare)
        option = bare if takes_value and not (option and names_secret(option, bare)) else ""
    return masked


def _masked_word(word: str) -> str:
    if _TEST.fullmatch(word):
        return word
    if option := _OPTION.fullmatch(word):
        return f"{option[1]}={masked_option(option[1], option[2])}"
    if (key := _KEY.fullmatch(word)) and not is_random(key[1]):
        return f"{key[1]}={masked_option(key[1], key[2])}"
    return masked_text(word)


def masked_option(name: str, value: str) -> str:
    """The value of the option of that name, masked if it is a credential, or what in it is one."""
    if name in _KNOWN:
        return value
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
