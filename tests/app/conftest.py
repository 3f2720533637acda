"""A server of the app, and a tab of a real Chromium that looks at it."""

from __future__ import annotations

import pytest
from support.served import serving


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """One server for all journeys."""
    with serving(tmp_path_factory.mktemp("app")) as one:
        yield one


@pytest.fixture
def tab(browser, request):
    """A tab that notes every request and every error of a script."""
    context = browser.new_context(
        viewport={"width": 1400, "height": 1200}, color_scheme=getattr(request, "param", "light"), accept_downloads=True
    )
    context.set_default_timeout(60_000)
    opened = context.new_page()
    opened.requests, opened.errors = [], []
    opened.on("request", lambda made: opened.requests.append(made.url))
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    yield opened
    context.close()
