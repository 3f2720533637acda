"""The views of a run's progress."""

from __future__ import annotations

import io

import pytest
from support.screen import Screen

from perfsheet.outputs.progress_view import LiveView, PlainView, View
from perfsheet.progress import Phase


def drive(view: View) -> None:
    view.run("run 1 of 2")
    view.phase(Phase.COLLECT)
    view.phase(Phase.RUN)
    view.test("test_a.py::test_x[1]", 1, 3)
    view.line("output \x1b[31mred\x1b[0m of the target")
    view.notice("warning: something is missing")
    view.phase(Phase.POST_PROCESS)
    view.progress(4, 8)
    view.alive()


def test_quiet_shows_notices_only() -> None:
    err = io.StringIO()
    with View(err) as view:
        drive(view)
    assert err.getvalue() == "warning: something is missing\n"


@pytest.mark.parametrize("detailed", [False, True])
def test_plain_lines(detailed: bool) -> None:
    err, out = io.StringIO(), list[str]()
    with PlainView(err, out.append, detailed) as view:
        drive(view)
        view.phase(Phase.DONE)
    told = [line.partition("] ")[2] or line for line in err.getvalue().splitlines()]
    more = ["test 1 of 3: test_a.py::test_x[1]"] if detailed else []
    steps = ["post-process: 50 % (4 of 8)"] if detailed else []
    notice = ["warning: something is missing"]
    assert told == ["run 1 of 2", "collect", "run", *more, *notice, "post-process", *steps]
    assert out == ["output \x1b[31mred\x1b[0m of the target"]
    assert "\x1b" not in err.getvalue()


def test_live_view_shows_phase_test_bar_and_tail() -> None:
    screen = Screen(columns=60)
    with LiveView(screen) as view:
        drive(view)
        view.test("test_a.py::test_x[2]", 2, 3)
        for number in range(30):
            view.line(f"line {number} " + "x" * 100)
        shown = screen.last_frame(view)
        assert "run 1 of 2 · post-process 0.0 s" in shown
        assert "✓ collect" in shown
        assert "test 2 of 3: test_a.py::test_x[2]" in shown
        assert "━" in shown
        assert "line 29" in shown
        assert "line 23" not in shown
        assert max(map(len, shown.splitlines())) <= 60
    assert "warning: something is missing" in screen.text


def test_live_view_leaves_the_tail_when_the_run_fails() -> None:
    screen = Screen(columns=80)

    def fail() -> None:
        with LiveView(screen) as view:
            view.line("last words \x1b[2J of the target")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    kept = screen.text.rpartition("\x1b[2K")[2]
    assert "last words" in kept
    assert "\x1b[2J" not in screen.text


def test_live_view_is_gone_when_the_run_is_over() -> None:
    screen = Screen(columns=80)
    with LiveView(screen) as view:
        view.line("chatter")
        screen.last_frame(view)
    assert "chatter" not in screen.text.rpartition("\x1b[2K")[2]
