"""A server of the app, and a tab of a real Chromium that looks at it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command import ROOT, environment

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = os.environ.get("PERFSHEET_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
BEFORE, AFTER = (ROOT / f"examples/captures/generated_encoder_block_{side}.csv" for side in ("before", "after"))


@dataclass(frozen=True)
class Served:
    """A running app: its folder, its port, its address with the token, how long its start took, and its process."""

    folder: Path
    port: int
    address: str
    start_s: float
    process: subprocess.Popen

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """One server for all journeys."""
    with serving(tmp_path_factory.mktemp("app")) as one:
        yield one


@contextlib.contextmanager
def serving(folder):
    pytest.importorskip("streamlit", reason="streamlit is not installed (make test-app)")
    for path in (BEFORE, AFTER):
        shutil.copy(path, folder / path.name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["app", str(folder), "--no-browser", "--watch", "--port", str(port), "-o", str(folder / "work")]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "perfsheet", *words], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert "The page is at " in line, line
    address = line.partition("The page is at ")[2].split()[0]
    try:
        yield Served(folder, port, address, time.monotonic() - began, process)
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (make test-app)")
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=[*options, "--disable-component-update"])
        yield opened
        opened.close()


@pytest.fixture
def tab(chromium, request):
    """A tab that notes every request and every error of a script."""
    context = chromium.new_context(
        viewport={"width": 1400, "height": 1200}, color_scheme=getattr(request, "param", "light"), accept_downloads=True
    )
    context.set_default_timeout(60_000)
    opened = context.new_page()
    opened.requests, opened.errors = [], []
    opened.on("request", lambda made: opened.requests.append(made.url))
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    yield opened
    context.close()
