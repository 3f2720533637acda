from __future__ import annotations

from pathlib import Path

import pytest
from support.histories import NAMES, NIGHTS, added

from examples.make_history import write_history
from perfsheet.history.adding import Added


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated captures, a night each."""
    folder = tmp_path_factory.mktemp("nights")
    write_history(folder, NIGHTS)
    return folder


@pytest.fixture(scope="session")
def store(nights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """These in a store, with every op."""
    folder = tmp_path_factory.mktemp("history") / "store"
    assert added(folder, nights, with_ops=True, names=NAMES) == Added(NIGHTS, 0, ())
    return folder
