from __future__ import annotations

import sys
from pathlib import Path

import pytest
from suite_folder import make_suite
from support.command import perfsheet


@pytest.fixture(scope="session")
def suite_run(tmp_path_factory):
    """The suite after one run: its folder, and how the command ended."""
    folder = make_suite(tmp_path_factory.mktemp("suite"))
    return folder, perfsheet("suite", "run", "suite.toml", cwd=folder, COLUMNS="300")


sys.path.append(str(Path(__file__).parents[2] / "standins"))
from standin_home import home  # noqa: E402

__all__ = ["home"]
