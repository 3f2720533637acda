from __future__ import annotations

import pytest
from support.command import ROOT
from support.surroundings import plain_surroundings  # noqa: F401 a fixture of every test here


@pytest.fixture(scope="session")
def intact() -> str:
    """The text of an intact capture."""
    path = ROOT / "examples" / "captures" / "generated_encoder_block_before.csv"
    return path.read_bytes().decode()
