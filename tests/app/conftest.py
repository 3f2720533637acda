"""A server of the app, and a tab of a real Chromium that looks at it."""

from __future__ import annotations

import os
import shutil

import pytest
from support.served import serving

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = os.environ.get("PERFSHEET_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """One server for all journeys."""
    with serving(tmp_path_factory.mktemp("app")) as one:
        yield one


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
