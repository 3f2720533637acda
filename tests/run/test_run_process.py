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
from profiling import Clock
from support.command import PATIENCE_S

from perfsheet.machine.processes import ProcessTree
from perfsheet.run import process
from perfsheet.run.model import RUN_ID
from perfsheet.run.output import LogError

pytestmark = pytest.mark.process
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are followed through /proc")

ID = f"test-{os.getpid()}"  # test runs beside each other must not end each other's processes

# One child in a session of its own, one that was left by its parent; "ready" once both are there.
FAMILY = """
import subprocess, sys, time
SLEEP = "import time; time.sleep(600)"
ORPHAN = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
subprocess.run([sys.executable, "-c", ORPHAN])
print("ready", flush=True)
"""
HANGING_FAMILY = FAMILY + "time.sleep(600)"
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('ready', flush=True)
time.sleep(600)
"""
CLEAN = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={}, start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


def run(
    code: str,
    on_line: Callable[[str], None] = lambda _: None,
    timeout_s: float | None = None,
    log: Callable[[bytes], object] = lambda _: None,
) -> process.ProcessExit:
    return process.run([sys.executable, "-c", code], {**os.environ, RUN_ID: ID}, ID, on_line, timeout_s, log=log)


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
    assert abs(time.time() - ended.started) < PATIENCE_S


def test_bytes_that_are_no_utf8_and_a_last_line_without_end() -> None:
    lines: list[str] = []
    run(r"import os; os.write(1, b'\xff one\rtwo\nthree')", lines.append)
    assert lines == ["\ufffd one", "two", "three"]


def test_lines_come_while_the_process_runs(tmp_path: Path) -> None:
    code = "import os, time; print(1, flush=True)\nwhile not os.path.exists('seen'): time.sleep(0.01)"
    ended = run(f"import os; os.chdir({str(tmp_path)!r})\n{code}", lambda _: (tmp_path / "seen").touch(), PATIENCE_S)
    assert (ended.status, ended.stopped) == (0, "")


def test_much_output_is_complete() -> None:
    lines: list[str] = []
    run("for i in range(50_000): print(i)", lines.append)
    assert len(lines) == 50_000


def test_what_a_slow_reader_has_not_read_when_the_process_ends_is_not_lost() -> None:
    lines, log = [], bytearray()

    def read(line: str) -> None:
        lines.append(line)
        if len(lines) % 20_000 == 0:
            time.sleep(0.3)

    ended = run(
        "for i in range(200_000): print('a line of output', i)\nprint('buffers were full')", read, log=log.extend
    )
    assert (lines[-1], len(lines)) == ("buffers were full", 200_001)
    assert log.decode().splitlines() == lines
    assert not ended.lost_output


def test_the_log_has_a_line_before_its_reader() -> None:
    log = bytearray()
    seen: list[bool] = []
    run("for i in range(1000): print(i)", lambda line: seen.append(f"{line}\n".encode() in log), log=log.extend)
    assert seen == [True] * 1000


def test_the_log_has_what_was_printed_before_an_interrupt() -> None:
    log = bytearray()
    code = "import time\nfor i in range(20_000): print(i)\nprint('ready', flush=True)\ntime.sleep(600)"
    ended = run(code, lambda line: interrupt(line) if line == "ready" else None, log=log.extend)
    assert (ended.stopped, log.splitlines()[-1]) == ("interrupt", b"ready")


def test_a_line_without_end_is_cut_for_the_reader_only() -> None:
    lines: list[str] = []
    sizes: list[int] = []
    code = "import sys\nfor _ in range(200): sys.stdout.write('x' * 100_000)\nprint()\nprint('after it')"
    run(code, lines.append, log=lambda piece: sizes.append(len(piece)))
    assert [len(line) for line in lines] == [1 << 14, 8]
    assert sum(sizes) == 20_000_000 + len("\nafter it\n")


def test_what_a_child_prints_after_the_end_of_the_process_is_read() -> None:
    child = "import time\nfor i in range(20): print(i, flush=True); time.sleep(0.05)"
    lines: list[str] = []
    run(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])", lines.append)
    assert lines == [str(number) for number in range(20)]


def test_a_log_that_cannot_be_written_ends_the_run() -> None:
    def full(_output: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(LogError, match="No space left"):
        run("import time\nprint(1, flush=True)\ntime.sleep(600)", log=full)


def test_no_standard_input_to_wait_for() -> None:
    assert run("input()", timeout_s=PATIENCE_S).status == 1


def test_leftover_that_prints_for_ever_does_not_hold_the_run() -> None:
    code = "import time\nwhile True: print('tick', flush=True); time.sleep(0.02)"
    leave = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {code!r}], start_new_session=True)"
    ended = run(leave, timeout_s=PATIENCE_S)
    assert (ended.status, ended.stopped) == (0, "")


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
def test_time_limit_ends_the_whole_tree(clock: Clock) -> None:
    lines: list[str] = []
    ended = run(HANGING_FAMILY, lambda line: lines.append(line) or clock.pass_every_limit(), PATIENCE_S)
    assert ended.stopped == "timeout"
    assert lines == ["ready"]


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
        run(HANGING_FAMILY, closed)


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_tree_and_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    ended = run(HANGING_FAMILY, lambda _: os.kill(os.getpid(), number))
    assert ended.stopped == "interrupt"
    assert signal.getsignal(number) is before


@pytest.fixture
def interrupted_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the tree is ended, which takes seconds with a deaf process, another interrupt comes."""
    end = ProcessTree.end

    def interrupted(tree: ProcessTree) -> set[int]:
        late = threading.Timer(0.5, interrupt, [""])
        late.start()
        survivors = end(tree)
        late.join()
        return survivors

    monkeypatch.setattr(ProcessTree, "end", interrupted)


@linux
@pytest.mark.usefixtures("interrupted_ending")
def test_impatient_second_interrupt_does_not_cut_the_ending_short() -> None:
    assert run(DEAF, interrupt).stopped == "interrupt"


@linux
@pytest.mark.usefixtures("interrupted_ending")
def test_interrupt_after_the_time_limit_does_not_cut_the_ending_short(clock: Clock) -> None:
    assert run(DEAF, lambda _: clock.pass_every_limit(), PATIENCE_S).stopped == "timeout"


def test_from_another_thread_no_handler_is_set() -> None:
    results: list[process.ProcessExit] = []
    thread = threading.Thread(target=lambda: results.append(run("print(1)")))
    thread.start()
    thread.join()
    assert results[0].status == 0


def test_program_that_is_not_there() -> None:
    with pytest.raises(process.NotStartedError, match="No such file"):
        process.run(["/nowhere/python"], {}, ID, lambda _: None)
