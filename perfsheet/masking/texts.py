"""Credentials in a text: by the name before them, by their form, and by their randomness."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

from perfsheet.masking.names import is_checksum, names_secret

MASK = "***"

_FORMS = re.compile(
    r"""
    -----BEGIN[ A-Z]*PRIVATE[ ]KEY-----.*?(?:-----END[ A-Z]*PRIVATE[ ]KEY-----|$)
    | (?<=://)[^/\s@:'"]*:[^/\s'"]+(?=@)           # user:password@ in an address; the password may have an @
    | (?<=://)[^/\s@:'"]{16,}(?=@)                 # token@ in an address
    | \b(?:hf|api_org)_\w{16,}                     # Hugging Face
    | \bgh[pousr]_\w{16,} | \bgithub_pat_\w{16,}   # GitHub
    | \bgl(?:pat|dt|rt|cbt|ptt|soat)-[\w-]{16,}    # GitLab
    | \b(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[0-9A-Z]{12,}  # AWS
    | \bAIza[\w-]{30,} | \bya29\.[\w-]+ | \bGOCSPX-[\w-]{20,}  # Google
    | \b(?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct|admin)?[-_]?[\w-]{16,}  # OpenAI, Anthropic, Stripe
    | \bxox[abeoprs]-[\w-]{10,} | \bxapp-[\w-]{10,}  # Slack
    | (?<=hooks\.slack\.com/services/)[\w/]+ | (?<=/api/webhooks/)\d+/[\w-]+
    | \beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?          # JSON web tokens
    | \bnpm_\w{30,} | \bpypi-[\w-]{16,} | \bdckr_pat_[\w-]{16,} | \bdop_v1_\w{16,} | \bshp(?:at|ca|pa|ss)_\w{16,}
    | \bSG\.[\w-]{16,}\.[\w-]{16,} | \bnvapi-[\w-]{16,} | \bgsk_\w{16,} | \br8_\w{16,} | \bwhsec_\w{16,}
    | \blin_api_\w{16,} | \bfig[do]_[\w-]{16,} | \bATATT[\w=-]{16,} | \bsq0\w{3}-[\w-]{16,} | \bPMAK-[\w-]{16,}
    | \bkey-[0-9a-f]{32}\b | \b\d{8,10}:AA[\w-]{30,} | \bage-secret-key-1\w{16,} | \bwandb_v\d_\w{16,}
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_HEADER = re.compile(
    r"(?P<name>(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*(?:token|key|secret|auth)[\w-]*)(?P<between>[\"']?\s*[:=]\s*[\"']?)(?P<scheme>[A-Za-z]+\s+)?"
    r"(?P<value>[^\"'\n]+)",
    re.IGNORECASE,
)
_HEADER_NAME = re.compile(r"(?:proxy-)?authorization|(?:set-)?cookie", re.IGNORECASE)
_SCHEME = re.compile(r"\b(bearer|basic|digest|negotiate)(\s+)(?=\S*[\d=/+_-]|\S{12})[^\s\"',;]+", re.IGNORECASE)
_PAIR = re.compile(
    r"(?P<name>[A-Za-z][\w.-]*)(?P<between>\]?(?:\\?[\"'])?\s*[:=]\s*)(?:(?P<quote>\\?[\"'])(?P<quoted>.*?)(?:(?P=quote)|$)|"
    r"(?P<bare>\[[^\]]*\]?|\{[^}]*\}?|[^\s,;&|\"'{}\[\]]+))",
    re.DOTALL,
)
_ARGUMENT = re.compile(
    r"(?P<name>--?[A-Za-z][\w-]*)(?P<between>[\"']?\s*[,=\s]\s*[\"']?)(?P<bare>[^\s\"',;-][^\s\"',;]*)"
)
_ELEMENT = re.compile(r"<([\w.-]+)>([^<]+)</\1>")
_HEX = re.compile(r"(?<![\w.])(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w.])", re.IGNORECASE)
_CHECKSUM = re.compile(r"[0-9a-f-]{7,64}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9+/_=-]{16,}")
_LONGEST, _DEEPEST = 10_000, 8
"""Longer texts are masked as a whole, and so is what is in more pairs inside of pairs."""
_SYLLABLES = re.compile(r"[A-Z][a-z]{3,}|[a-z]{5,}")
_LEAST, _LEAST_LOWER, _LEAST_WHOLE = 16, 20, 36
_LEAST_BITS, _LEAST_CHANGES, _LEAST_CHANGES_LOWER, _LEAST_CHANGES_WHOLE = 3.2, 0.38, 0.3, 0.33


def masked_text(text: str, name: str = "") -> str:
    """`text` with everything masked that looks like a credential; `name`: of the option or variable that has it."""
    if is_checksum(name) and _CHECKSUM.fullmatch(text):
        return text
    if len(text) > _LONGEST:
        return MASK
    text = _FORMS.sub(MASK, text)
    text = _HEADER.sub(lambda found: f"{found['name']}{found['between']}{found['scheme'] or ''}{MASK}", text)
    text = _SCHEME.sub(rf"\1\2{MASK}", text)
    text = _PAIR.sub(_masked_pair, text)
    text = _ARGUMENT.sub(_masked_argument, text)
    text = _ELEMENT.sub(_masked_element, text)
    text = _HEX.sub(MASK, text)
    return _WORD.sub(lambda word: MASK if is_random(word[0]) else word[0], text)


def _masked_pair(found: re.Match[str], depth: int = 0) -> str:
    quoted = found["quote"] is not None
    name, value = found["name"], found["quoted"] if quoted else found["bare"]
    quote = found["quote"] or ""
    if value.strip() == MASK or _HEADER_NAME.fullmatch(name):
        return found[0]
    if names_secret(name, value):
        return f"{name}{found['between']}{quote}{MASK}{quote}"
    # Pairs inside a value: {"env": "TOKEN=x"}, a=b=c.
    inner = MASK if depth == _DEEPEST else _PAIR.sub(lambda deeper: _masked_pair(deeper, depth + 1), value)
    return f"{name}{found['between']}{quote}{inner}{quote}"


def _masked_argument(found: re.Match[str]) -> str:
    if MASK in found["bare"] or not names_secret(found["name"], found["bare"]):
        return found[0]
    return f"{found['name']}{found['between']}{MASK}"


def _masked_element(found: re.Match[str]) -> str:
    return f"<{found[1]}>{MASK}</{found[1]}>" if names_secret(found[1], found[2]) else found[0]


def is_random(word: str) -> bool:
    """Whether no person has thought of that word: letters of both cases and digits change all the time."""
    pieces = re.split(r"[+/_=-]+", word)
    whole = "".join(pieces)
    return any(map(_is_random, pieces)) or (len(whole) >= _LEAST_WHOLE and _is_random(whole, _LEAST_CHANGES_WHOLE))


def _is_random(piece: str, least_changes: float = _LEAST_CHANGES) -> bool:
    kinds = ["u" if mark.isupper() else "l" if mark.islower() else "d" if mark.isdigit() else "s" for mark in piece]
    changes = sum(one != other for one, other in pairwise(kinds)) / max(1, len(piece) - 1)
    present = set(kinds) & {"u", "l", "d"}
    if len(piece) < _LEAST or _bits(piece) < _LEAST_BITS:
        return False
    if len(present) == 3:
        named = sum(map(len, _SYLLABLES.findall(piece)))  # MatmulMultiCast1DProgramConfig
        return changes >= least_changes and named < len(piece) / 2
    return len(present) == 2 and "d" in present and len(piece) >= _LEAST_LOWER and changes >= _LEAST_CHANGES_LOWER


def _bits(text: str) -> float:
    """Shannon entropy per character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
