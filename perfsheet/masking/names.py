"""Names of options, variables, headers and keys that hold credentials."""

from __future__ import annotations

import re
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")

# Parts of a name; several words stand for parts that follow each other.
_SURE = (  # noqa: SIM905 a list of so many words is no better to read
    "password passwd passphrase passcode passwords pwd secret secrets credential credentials creds cred cookie cookies "
    "bearer jwt authorization apikey apikeys accesskey secretkey privatekey authkey accountkey authtoken accesstoken "
    "apitoken refreshtoken hftoken oauth webhook dsn htpasswd netrc kubeconfig clientsecret otp totp mfa pincode pin "
    "api_key api_keys access_key private_key secret_key account_key client_key signing_key encryption_key license_key "
    "ssh_key deploy_key shared_key master_key service_key auth_key connection_string conn_str access_token auth_token "
    "api_token refresh_token id_token bearer_token session_token client_secret web_hook"
).split()
# Only as the last part: `max_tokens`, `tokenizer`, `key_cache` and `first_pass_only` are something else.
_LIKELY_AT_END = (  # noqa: SIM905
    "token key auth pass pw pat sig signature session sessionid sas passw login userpwd"
).split()
# … and not of these: the ids of tokens, keys of attention and of sorting.
_HARMLESS = re.compile(
    r"(?:^|_)(?:(?:eos|bos|pad|unk|sep|cls|mask|stop|start|end|special|decoder_start|image|video|audio)_token|"
    r"(?:num|n|head|kv|sort|group|primary|foreign|dict|cache|query|attention|row|col|sort_by)_key|"
    r"(?:first|last|second|single|multi|two|one|forward|backward|num|warmup|dry|full)_pass)$"
)
# Long enough to mean the same in joined words: `dbpassword`, `mySecretKey2`.
_INSIDE = re.compile(
    r"password|passwd|passphrase|passcode|secretkey|apikey|accesskey|privatekey|accesstoken|clientsecret"
)
_CHECKSUMS = (
    "revision",
    "rev",
    "commit",
    "sha",
    "sha1",
    "sha256",
    "md5",
    "hash",
    "digest",
    "checksum",
    "ref",
    "tag",
    "id",
)
_NUMBERS = re.compile(r"[+-]?\d{1,4}(?:\.\d{1,6})?|true|false|yes|no|on|off|none|", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _parts(name: str) -> str:
    words = _SEPARATORS.sub("_", _CAMEL.sub("_", name)).strip("_").lower()
    return f"_{words.rstrip('0123456789')}_"


def is_sure(name: str) -> bool:
    """Whether whatever has this name is a credential, even a number."""
    parts = _parts(name)
    return any(f"_{word}_" in parts for word in _SURE) or bool(_INSIDE.search(parts.replace("_", "")))


def is_likely(name: str) -> bool:
    """Whether what has this name is a credential, unless it is a small number or a switch."""
    parts = _parts(name).rstrip("_")
    return (parts.endswith("token") or any(parts.endswith(f"_{word}") for word in _LIKELY_AT_END)) and not (
        _HARMLESS.search(parts)
    )


def names_secret(name: str, value: str) -> bool:
    """Whether a value of that name is a credential."""
    return is_sure(name) or (is_likely(name) and not _NUMBERS.fullmatch(value))


def is_checksum(name: str) -> bool:
    """Whether what has this name may be a long hexadecimal number without being a credential."""
    parts = _parts(name)
    return any(parts.endswith(f"_{word}_") for word in _CHECKSUMS)
