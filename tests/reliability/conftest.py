from __future__ import annotations

import pytest
from support.command import ROOT


@pytest.fixture(scope="session")
def sound() -> str:
    """The text of a sound capture."""
    path = ROOT / "examples" / "captures" / "generated_encoder_block_before.csv"
    return path.read_bytes().decode()


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch, tmp_path):
    for name in ("TT_METAL_HOME", "TT_METAL_PROFILER_DIR", "COLUMNS", "PERFSHEET_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
