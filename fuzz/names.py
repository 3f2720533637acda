"""Feed names to everything that is named after them: cells, printed lines, file names, JSON, recorded commands."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["perfsheet"]):
    from perfsheet.masking import masked_command, masked_text, recorded_environment
    from perfsheet.models.e2e.writing import _part
    from perfsheet.text.json_text import json_text
    from perfsheet.text.safe import UNPRINTABLE, clean, csv_cell, file_stem, printed, unguarded

from captures import ROOT

_FOLDER = ROOT / "generated" / "fuzz" / "names"
_COMMAND = re.compile(r"(?m)^\s*::|##\[")
_FIGURE = re.compile(r"-[\d.,]+(?:[eE][+-]?\d+)?(?: ?%)?")


def use(data: bytes) -> None:
    """Use the bytes as a name everywhere."""
    provider = atheris.FuzzedDataProvider(data)
    name = provider.ConsumeUnicode(200)
    cell = csv_cell(name)
    assert cell[:1] not in ("=", "+", "-", "@") or len(cell) == 1 or _FIGURE.fullmatch(cell), cell
    assert not cell.startswith("::")
    assert csv_cell(cell) == cell
    assert unguarded(cell) in (clean(name), clean(name)[1:])
    assert not _COMMAND.search(printed(clean(name)))
    stem = file_stem(name, 120, "op")
    assert 0 < len(stem.encode()) <= 120
    assert "/" not in stem
    assert not stem.startswith((".", "-"))
    assert len(_part(name).encode()) <= 300
    text = json_text({name: [name, provider.ConsumeFloat()]})
    json.loads(text, parse_constant=lambda constant: 1 / 0)
    assert not UNPRINTABLE.search(text.replace("\n", ""))
    masked_text(name)
    masked_command(name)
    recorded_environment({"TT_X": name, "TT_METAL_HOME": name, "PYTEST_ADDOPTS": name})


def main() -> None:
    """Fuzz until stopped."""
    seeds = _FOLDER / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate((b"=1+1", b"::error::x", b"##[x]", b"--token=x", b"../../x", b'{"token": "x"}')):
        (seeds / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], str(seeds), f"-artifact_prefix={_FOLDER}{Path('/')}", *sys.argv[1:]], use)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
