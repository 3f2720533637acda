"""Starting the app: on this machine only, with a token, without telemetry."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from html import escape
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from perfsheet.app import jobs
from perfsheet.app.access import Access, new_token
from perfsheet.app.settings import Settings, use
from perfsheet.errors import usage

HOST = "127.0.0.1"
FIRST_PORT = 8501
_PORTS = 100
_OLDEST = (1, 61)
_MOST_UPLOAD_MB = 20
_THEME = {
    "baseFontSize": 14,
    "metricValueFontSize": "1.6rem",
    "light.primaryColor": "#1f78b4",
    "dark.primaryColor": "#56b4e9",
}
"""With a colour for either, the browser's choice of light or dark holds."""
_SCRIPT = Path(__file__).parent / "script" / "page.py"


def check_installed() -> None:
    """Raises PerfsheetError (exit status 2) where Streamlit is missing, or too old."""
    install = "pip install 'perfsheet[app]', or '.[app]' in a checkout"
    if find_spec("streamlit") is None:
        raise usage("Streamlit is not installed here", install)
    installed = version("streamlit")
    if tuple(map(int, re.findall(r"\d+", installed)[:2])) < _OLDEST:
        raise usage(f"Streamlit {installed} is too old for the app, which needs {'.'.join(map(str, _OLDEST))}", install)


def serve(
    settings: Settings,
    port: int | None,
    with_token: bool,
    ready: Callable[[str], object],
) -> None:
    """Serve until the process is interrupted; `ready` is told the address as soon as the port answers.

    Raises PerfsheetError: exit status 2 if the port is taken, or without Streamlit.
    """
    check_installed()
    use(settings)
    chosen = _free_port(port)
    token = new_token() if with_token else ""
    address = f"http://{HOST}:{chosen}/{token}"
    threading.Thread(target=_tell, args=(chosen, address, ready), daemon=True).start()
    try:
        _run(chosen, token)
    finally:
        jobs.stop_all()
        for path in _Opened.files:
            path.unlink(missing_ok=True)


class _Opened:
    files: list[Path] = []  # noqa: RUF012  # the one list of this process


def _run(port: int, token: str) -> None:
    from starlette.middleware import Middleware
    from streamlit.starlette import App

    logging.getLogger("streamlit").setLevel(logging.ERROR)
    app = App(_SCRIPT, middleware=[Middleware(Access, token=token)])
    if hasattr(signal, "SIGHUP"):  # the server itself handles the other two
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    with _without_arguments():
        app.run(config=_config(port, token))


def _config(port: int, token: str) -> dict[str, Any]:
    """Everything that a configuration of the user's could change about who is served what."""
    return {
        "server.address": HOST,
        "server.port": port,
        "server.baseUrlPath": token,
        "server.sslCertFile": "",
        "server.sslKeyFile": "",
        "server.enableStaticServing": False,
        "server.headless": True,
        "server.maxUploadSize": _MOST_UPLOAD_MB,
        "server.fileWatcherType": "none",
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": HOST,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "runner.magicEnabled": False,
        "global.developmentMode": False,
        "logger.hideWelcomeMessage": True,
        **{f"theme.{name}": value for name, value in _THEME.items()},
    }


@contextlib.contextmanager
def _without_arguments() -> Iterator[None]:
    """Streamlit takes the first argument of the process for the script of the page."""
    before, sys.argv = sys.argv, [str(_SCRIPT)]
    try:
        yield
    finally:
        sys.argv = before


def _free_port(wanted: int | None) -> int:
    if wanted is not None:
        if not 0 < wanted < 65536:
            raise usage(f"--port {wanted}: not a port", "give 1024 to 65535")
        if not _is_free(wanted):
            raise usage(f"port {wanted} is taken", "give another --port, or leave it out")
        return wanted
    free = next((port for port in range(FIRST_PORT, FIRST_PORT + _PORTS) if _is_free(port)), None)
    if free is None:
        raise usage(f"the ports {FIRST_PORT} to {FIRST_PORT + _PORTS - 1} are taken", "give a --port")
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        if sys.platform != "win32":  # there it would let two servers share the port
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError:
            return False
        return True


def _tell(port: int, address: str, ready: Callable[[str], object]) -> None:
    for _ in range(600):
        with socket.socket() as tried:
            if tried.connect_ex((HOST, port)) == 0:
                break
        time.sleep(0.05)
    ready(address)
    import_module("perfsheet.app.views.capture")  # while the browser starts


def open_browser(address: str) -> None:
    """Open the address in the user's browser; the token stands in no command line, which other users could read.

    Raises PerfsheetError (exit status 8) if nothing can open it.
    """
    from perfsheet.machine import open_file

    number, name = tempfile.mkstemp(prefix="perfsheet-app-", suffix=".html")  # for this user only
    target = escape(address, quote=True)
    with os.fdopen(number, "w", encoding="utf-8") as stream:
        stream.write(
            f'<!doctype html><meta http-equiv="refresh" content="0; url={target}"><a href="{target}">perfsheet</a>'
        )
    try:
        open_file(Path(name))
    finally:
        _Opened.files.append(Path(name))  # a browser may be slow to start
