"""A suite of four real pytest targets: two pass, one fails, one is killed."""

from __future__ import annotations

import textwrap

from support.captures import op, write_csv

TESTS = """
import os
import signal
import time

from perfsheet.models.e2e import write_perf_report


def test_vit(record_property):
    write_perf_report("vit", 1, 30.51, 16.05, 14.0, 16.5, "base-patch16", 0.286)
    record_property("pcc", 0.9987)


def test_bert(perfsheet_e2e):
    perfsheet_e2e.time(lambda: time.sleep(0.05))
    perfsheet_e2e.latency(lambda: None, iterations=3)
    perfsheet_e2e.torch_ops(70, 42)
    perfsheet_e2e.write("bert", 8, comments="large")
    print("PCC threshold: 0.5")
    print("Max ATOL Delta: 0.1, PCC: 0.991")
    print("PCC: 0.985")


def test_broken():
    assert 1 == 2


def test_killed():
    os.kill(os.getpid(), signal.SIGKILL)
"""

SUITE = """
[suite]
name = "four"

[[target]]
model = "vit"
setting = "base-patch16"
batch = 1
command = "pytest -q test_models.py::test_vit"
replay = "vit.csv"
pcc = 0.99

[[target]]
model = "bert"
batch = 8
command = "pytest -q test_models.py::test_bert"
replay = "bert.csv"

[[target]]
model = "broken"
command = "pytest -q test_models.py::test_broken"

[[target]]
model = "killed"
command = "pytest -q test_models.py::test_killed"
"""


def make_suite(folder):
    (folder / "test_models.py").write_text(TESTS)
    (folder / "suite.toml").write_text(textwrap.dedent(SUITE))
    write_csv(folder / "vit.csv", [op("MatmulDeviceOperation", 40_000, 64), op("ReshardDeviceOperation", 10_000, 64)])
    write_csv(
        folder / "bert.csv",
        [op("MatmulDeviceOperation", 60_000, 4), op("SoftmaxDeviceOperation", 20_000, 64)],
    )
    return folder
