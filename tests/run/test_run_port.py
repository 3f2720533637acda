from __future__ import annotations

import socket
import sys

import pytest

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.run import workspace
from perfsheet.run.workspace import reserved_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the profiler runs on Linux only")


def test_runs_at_once_get_ports_of_their_own() -> None:
    with reserved_port() as first, reserved_port() as second, reserved_port() as third:
        assert len({first, second, third}) == 3
    with reserved_port() as again:
        assert again == first


def test_port_that_somebody_listens_on_is_left_out() -> None:
    with reserved_port() as first:
        assert first is not None
    with socket.socket() as other:
        other.bind(("", first))
        other.listen()
        with reserved_port() as next_one:
            assert next_one != first


def test_all_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with reserved_port() as first:
        assert first is not None
        monkeypatch.setattr(workspace, "_PORTS", range(first, first + 1))
        with pytest.raises(PerfsheetError) as caught, reserved_port():
            pass
    assert caught.value.status == ExitStatus.PROFILER_FAILED
