from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import alive

from perfsheet.run import process
from perfsheet.run.process_tree import RUN_ID

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are followed through /proc")

ID = f"test-{os.getpid()}"  # test runs beside each other must not end each other's processes

# One child in a session of its own, one that was left by its parent.
FAMILY = """
import subprocess, sys, time
SLEEP = "import time; print('ready', flush=True); time.sleep(99)"
ORPHAN = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])"
subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
subprocess.run([sys.executable, "-c", ORPHAN])
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(99)"
CLEAN = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"], env={}, start_new_session=True)
print(child.pid, flush=True)
time.sleep(99)
"""


def run(code: str, on_line: Callable[[str], None] = lambda _: None, timeout_s: float | None = None) -> process.Ended:
    return process.run([sys.executable, "-c", code], {**os.environ, RUN_ID: ID}, ID, on_line, timeout_s)


def interrupt(_line: str) -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    if sys.platform == "linux":
        assert alive(f"{RUN_ID}={ID}") == []


def test_status_and_lines_of_both_streams() -> None:
    lines: list[str] = []
    ended = run("import sys; print('größe'); print('bad', file=sys.stderr); sys.exit(5)", lines.append)
    assert (ended.status, ended.stopped, ended.survivors) == (5, "", ())
    assert sorted(lines) == ["bad", "größe"]
    assert abs(time.time() - ended.started) < 20


def test_bytes_that_are_no_utf8_and_a_last_line_without_end() -> None:
    lines: list[str] = []
    run(r"import os; os.write(1, b'\xff one\rtwo\nthree')", lines.append)
    assert lines == ["\ufffd one", "two", "three"]


def test_lines_come_while_the_process_runs() -> None:
    seen: list[float] = []
    run("import time; print(1, flush=True); time.sleep(1); print(2)", lambda _: seen.append(time.monotonic()))
    assert seen[1] - seen[0] > 0.5


def test_much_output_is_complete() -> None:
    lines: list[str] = []
    run("for i in range(50_000): print(i)", lines.append)
    assert len(lines) == 50_000


def test_no_standard_input_to_wait_for() -> None:
    assert run("input()", timeout_s=20).status == 1


def test_leftover_that_prints_for_ever_does_not_hold_the_run() -> None:
    code = "import time\nwhile True: print('tick', flush=True); time.sleep(0.02)"
    began = time.monotonic()
    ended = run(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {code!r}], start_new_session=True)")
    assert (ended.status, ended.stopped) == (0, "")
    assert time.monotonic() - began < 25


def test_error_of_the_reader_is_not_taken_for_one_of_the_program() -> None:
    def full(_line: str) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run("print(1)", full)


def test_process_that_closes_its_output_and_works_on(tmp_path: Path) -> None:
    done = tmp_path / "done"
    run(f"import os, time; os.close(1); os.close(2); time.sleep(2); open({str(done)!r}, 'w')")
    assert done.exists()


@linux
def test_leftovers_of_a_process_that_ended_by_itself() -> None:
    ended = run(FAMILY)
    assert (ended.status, ended.stopped) == (0, "")


@linux
def test_time_limit_ends_the_whole_tree() -> None:
    lines: list[str] = []
    ended = run(FAMILY + "time.sleep(99)", lines.append, timeout_s=8)
    assert ended.stopped == "timeout"
    assert lines == ["ready"]
    assert ended.duration_s < 30


@linux
def test_process_with_a_clean_environment_is_found_by_its_parent() -> None:
    lines: list[str] = []
    run(CLEAN, lambda line: lines.append(line) or interrupt(line))
    child = Path("/proc", lines[0], "cmdline")
    assert not child.exists() or not child.read_bytes()  # gone, or waiting for someone to ask how it ended


@linux
def test_process_that_ignores_termination_is_killed() -> None:
    ended = run(DEAF, interrupt)
    assert (ended.stopped, ended.status, ended.survivors) == ("interrupt", -signal.SIGKILL, ())


@linux
def test_exception_from_the_reader_ends_the_tree_and_is_raised() -> None:
    def closed(_line: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run(FAMILY + "time.sleep(99)", closed)


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_tree_and_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    ended = run(FAMILY + "time.sleep(99)", lambda _: os.kill(os.getpid(), number))
    assert ended.stopped == "interrupt"
    assert signal.getsignal(number) is before


@linux
def test_impatient_second_interrupt_does_not_cut_the_ending_short() -> None:
    def interrupt_twice(line: str) -> None:
        threading.Timer(1, interrupt, [line]).start()
        interrupt(line)

    assert run(DEAF, interrupt_twice).stopped == "interrupt"


@linux
def test_interrupt_after_the_time_limit_does_not_cut_the_ending_short() -> None:
    late = threading.Timer(4.5, interrupt, [""])
    late.start()
    try:
        assert run(DEAF, timeout_s=3).stopped == "timeout"
    finally:
        late.cancel()


def test_from_another_thread_no_handler_is_set() -> None:
    results: list[process.Ended] = []
    thread = threading.Thread(target=lambda: results.append(run("print(1)")))
    thread.start()
    thread.join()
    assert results[0].status == 0


def test_program_that_is_not_there() -> None:
    with pytest.raises(process.NotStartedError, match="No such file"):
        process.run(["/nowhere/python"], {}, ID, lambda _: None)
