"""Nothing heavy is imported before it is needed."""

import re

import pytest
from support.captures import op, write_csv
from support.command import perfsheet

from perfsheet.cli.handling import load_numpy

pytestmark = pytest.mark.process
HEAVY = {
    "pandas",
    "numpy",
    "pyarrow",
    "pydantic",
    "openpyxl",
    "xlsxwriter",
    "rich",
    "ttnn",
    "torch",
    "tracy",
    "psutil",
    "tomlkit",
}


def imported(*arguments):
    done = perfsheet(*arguments, python=("-X", "importtime"))
    assert done.status == 0
    modules = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)", done.err, re.MULTILINE)
    assert "perfsheet.cli.app" in modules
    return {module.split(".")[0] for module in modules}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("top-ops", "--help")])
def test_help_and_version_import_nothing_heavy(arguments):
    assert imported(*arguments) & HEAVY == set()


@pytest.mark.parametrize("options", [(), ("--json",), ("--group",)])
def test_a_ranking_does_without_pandas_and_workbooks(run_csv, options):
    names = imported("top-ops", run_csv, *options)
    assert names & {"pandas", "openpyxl", "xlsxwriter", "ttnn", "torch", "psutil", "tomlkit"} == set()
    assert "numpy" in names


def test_short_captures_do_without_arrow(run_csv):
    assert imported("top-ops", run_csv) & {"pyarrow", "pydantic"} == set()


def test_long_captures_are_read_by_arrow_and_without_pandas(tmp_path):
    rows = [op("Add", at, call=at, attributes=f"{{'text': '{'x' * 1500}'}}") for at in range(7_000)]
    names = imported("top-ops", write_csv(tmp_path / "long.csv", rows))
    assert "pyarrow" in names
    assert "pandas" not in names


def test_one_blas_thread_and_an_environment_as_it_was(monkeypatch):
    """Targets that perfsheet runs inherit the environment."""
    import os

    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    load_numpy()
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    load_numpy()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"


def test_json_does_without_rich(run_csv):
    assert "rich" not in imported("top-ops", run_csv, "--json")


def test_a_report_does_without_pandas_and_the_reader_of_workbooks(run_csv):
    names = imported("report", run_csv)
    assert names & {"pandas", "openpyxl", "rich", "ttnn"} == set()
    assert "xlsxwriter" in names


def test_importing_the_package_imports_nothing_heavy():
    import subprocess
    import sys

    from support.command import environment

    script = f"import sys, perfsheet; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.strip() == "[]"
