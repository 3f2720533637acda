"""Masking secrets in everything that is recorded about a run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

MASK = "***"
_UNQUOTED_MASK = "_masked_"

# Options of models often contain "tokens" and "tokenizer": only a name that ends in TOKEN is a secret.
_SECRET_NAME = re.compile(
    r"(^|_)TOKEN$|SECRET|PASS(WORD|WD|PHRASE)?(?![A-Z])|PWD|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE|(^|_)KEY$|"
    r"(^|_)AUTH(?!OR)|COOKIE|BEARER|(^|_)PAT$",
    re.IGNORECASE,
)
# Shapes of well-known credentials: user:password@ in an address, Hugging Face, GitHub, AWS, OpenAI, Slack, JWT.
_SECRET_VALUE = re.compile(
    r"(?<=://)[^/\s@:]*:[^/\s@]+(?=@)|\bhf_\w{16,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bAKIA[0-9A-Z]{16}\b|"
    r"\bsk-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+|"
    r"(?<=\bBearer )\S+|(?<=\bBasic )\S+|(?<=[?&]sig=)[^&\s]+"
)
_QUERY = re.compile(r"([?&])([\w.-]+)=([^&\s#]*)")  # of an address
_NAMED = re.compile(r"(?s)(-{0,2}[A-Za-z][\w.-]*)=(.*)")
_COMMAND_LINES = {"PYTEST_ADDOPTS"}
_RECORDED = re.compile(r"(TT_|TTNN_|TRACY_)\w*|ARCH_NAME|WH_ARCH_YAML|MESH_DEVICE|PYTEST_ADDOPTS|LOGURU_LEVEL")


def is_secret_name(name: str) -> bool:
    """Whether a variable or option of that name probably holds a secret."""
    return _SECRET_NAME.search(name.lstrip("-").replace("-", "_")) is not None


def masked_value(value: str) -> str:
    """`value` with everything masked that looks like a credential."""
    value = _QUERY.sub(lambda part: part[0] if not _is_signature(part[2]) else f"{part[1]}{part[2]}={MASK}", value)
    return _SECRET_VALUE.sub(MASK, value)


def _is_signature(name: str) -> bool:
    return is_secret_name(name) or "signature" in name.lower()


def masked_words(words: Sequence[str]) -> list[str]:
    """The words of a command with secrets masked: only the name is left of `API_TOKEN=x`, `--token=x`, `--token x`."""
    masked: list[str] = []
    after_secret_option = False
    for word in words:
        bare = _unquoted(word)
        hidden = MASK if after_secret_option and not bare.startswith("-") else _masked_word(bare)
        masked.append(word if hidden == bare else hidden)
        after_secret_option = bare.startswith("-") and "=" not in bare and is_secret_name(bare)
    return masked


def _masked_word(word: str) -> str:
    named = _NAMED.fullmatch(word)
    if named is None:
        return masked_value(word)
    return f"{named[1]}={MASK if is_secret_name(named[1]) else _masked_word(named[2])}"


def _unquoted(word: str) -> str:
    """The word as a shell would unquote it; unchanged if the shell would split it or fail."""
    try:
        parts = shlex.split(word)
    except ValueError:
        return word
    return parts[0] if len(parts) == 1 else word


def masked_command(text: str) -> str:
    """A command as its user typed it, or, if it contains a secret, with the secret masked."""
    try:
        words = shlex.split(text)
    except ValueError:
        return masked_value(text)
    masked = masked_words(words)
    if masked == words:
        return text
    # The mask itself is not quoted: nobody runs this command.
    return " ".join(shlex.quote(word.replace(MASK, _UNQUOTED_MASK)).replace(_UNQUOTED_MASK, MASK) for word in masked)


def recorded_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that affect a run, without any that looks like a secret."""
    return {
        name: masked_command(value) if name in _COMMAND_LINES else masked_value(value)
        for name, value in sorted(environment.items())
        if _RECORDED.fullmatch(name) and not is_secret_name(name) and "TOKEN" not in name.upper()
    }
