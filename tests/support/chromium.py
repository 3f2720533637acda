"""A real Chromium for the tests of pages."""

from __future__ import annotations

import contextlib
import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = os.environ.get("PERFSHEET_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def launched():
    """A browser; skips the test where there is none, or no playwright."""
    why = "playwright is not installed (make test-browser, make test-app)"
    sync_api = pytest.importorskip("playwright.sync_api", reason=why)
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=[*options, "--disable-component-update"])
        yield opened
        opened.close()
