"""One made capture, analysed once and written once, for all render tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.captures import Row, host_op, op, shape, signpost, write_csv

from perfsheet import Options, analyze, read
from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook import book

ROWS = (
    signpost("first"),
    op("MatmulDeviceOperation", 40_000, 64, pm=30_000, compute=30_000, bandwidth=1, call=1024, fidelity="HiFi2"),
    op("LayerNormDeviceOperation", 9_000.5, 1, pm=1, call=2048) | shape("INPUT_0", (1, 1, "32[19]", 768)),
    op("LayerNormDeviceOperation", 7_000, 1, pm=1, call=3072) | shape("INPUT_0", (1, 1, "32[19]", 768)),
    host_op(),
    op("ReshardDeviceOperation", 1_234, 8, pm=0, call=4096) | {"LOC": "model.py:7"},
    op("InterleavedToShardedDeviceOperation", 900, 64, pm=None, call=5120),
    op("UntimedDeviceOperation", None, 64, pm=77, call=6144),
    op("Conv2dDeviceOperation", 20_000, 32, pm=25_000, compute=25_000, bandwidth=1, call=1025, device=1),
    op("ConvertToChw", 0, 16, pm=50, call=2049, device=1),
    op("SoftmaxDeviceOperation", 1_500, None, pm=200, call=3073, device=1),
    op("NoGridDeviceOperation", 800, 4, pm=90, call=4097, device=1, grid=None),
)
DEVICE_ROWS = [row for row in ROWS if row["OP TYPE"] == "tt_dnn_device"]


@pytest.fixture(scope="session")
def capture_path(tmp_path_factory) -> Path:
    return write_csv(tmp_path_factory.mktemp("made") / "run.csv", ROWS, extra=["LOC"])


@pytest.fixture(scope="session")
def analysis(capture_path) -> Analysis:
    # Every row counts: the two devices run different ops, of which the default would show the busier one's.
    return analyze(read(capture_path), Options(batch=4, per_device=True))


@pytest.fixture(scope="session")
def workbook_path(analysis, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("written") / "run.xlsx"
    book.write(analysis, path)
    return path


@pytest.fixture(scope="session")
def device_rows() -> list[Row]:
    return DEVICE_ROWS
