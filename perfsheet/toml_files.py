"""Reading TOML, with the standard library where it has a parser (since Python 3.11)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from perfsheet.errors import usage


def parse_toml(text: str, path: Path, hint: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises PerfsheetError (exit status 2) with the file and the line."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise usage(f"{path} is not valid TOML: {error}", hint) from None
