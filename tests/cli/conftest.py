from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.captures import op, signpost, write_csv
from support.surroundings import plain_surroundings  # noqa: F401 a fixture of every test here

ROWS = (
    signpost(),
    op("MatmulDeviceOperation", 40_000, 64, pm=20_000, call=1024),
    op("LayerNormDeviceOperation", 9_000, 1, call=2048),
    op("ReshardDeviceOperation", 1_000, 64, call=3072),
)


@pytest.fixture
def run_csv(tmp_path) -> Path:
    return write_csv(tmp_path / "run.csv", ROWS)


@pytest.fixture(scope="session")
def large_csv(tmp_path_factory) -> Path:
    rows = [op(f"Op{number}", 1 + number, 1 + number % 64, call=number) for number in range(5000)]
    return write_csv(tmp_path_factory.mktemp("large") / "run.csv", rows)


sys.path.append(str(Path(__file__).parents[1] / "standins"))
from standin_home import home  # noqa: E402

__all__ = ["home"]
