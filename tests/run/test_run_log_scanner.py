"""What is read out of a run's output, in the words of the real profiler, runtime and pytest."""

from __future__ import annotations

import os

import pytest

from perfsheet.errors import ExitStatus
from perfsheet.run.log_scanner import LogScanner
from perfsheet.run.toolchain import TargetPython

FULL = (
    "2026-01-01 00:00:00.000 | warning | Metal | Profiler DRAM buffers were full, markers were dropped! device {}, "
    "worker core 1, 2, Risc BRISC,  bufferEndIndex = 12000. Please either decrease the number of ops being profiled"
)
TRACY_0_81 = frozenset({"--op-support-count", "--dump-device-data-mid-run"})
TRACY_0_60 = frozenset({"--push-device-data-mid-run", "--check-exit-code"})


def scan(*lines: str, options: frozenset[str] | None = TRACY_0_81) -> LogScanner:
    scanner = LogScanner(TargetPython("python", options=options))
    for line in lines:
        scanner.read(line)
    return scanner


@pytest.mark.parametrize(
    ("options", "named", "not_named"),
    [
        (TRACY_0_81, ("--op-support-count 10000", "--dump-device-data-mid-run"), "--push"),
        (TRACY_0_60, ("--push-device-data-mid-run",), "--op-support-count"),
        (frozenset({"--no-device"}), ("ttnn.ReadDeviceProfiler(device)",), "--"),
        (None, ("--op-support-count 10000", "--dump-device-data-mid-run"), "--push"),
    ],
)
def test_hints_name_options_that_the_profiler_has(options, named: tuple[str, ...], not_named: str) -> None:
    (loss,) = scan(FULL.format(0), options=options).losses
    assert all(option in loss for option in named)
    assert not_named not in loss


def test_full_buffers_are_counted_by_device() -> None:
    lines = [FULL.format(0), FULL.format(3), FULL.format(0).replace("core 1, 2", "core 1, 3")]
    (loss,) = scan(*lines, lines[0]).losses  # pytest shows the output of a test that fails once more
    assert loss.startswith("the profiler's buffers were full 3× (device 0, 3) and markers were dropped")


@pytest.mark.parametrize(
    "said",
    [
        "Device 0: trace 3 was captured but never replayed (no REPLAY marker from the host); its 12 ops get no data",
        "Skipping 4 device op(s) with no matching host data on device 0",
        "Skipping op with malformed JSON (likely truncated by Tracy's 64 KiB message limit): TT_DNN_DEVICE_OP",
        "Skipping cached op reference with no prior data (device_id=0, op_hash=17)",
        "Device data missing: Op 1024 not present",
    ],
)
def test_what_the_profiler_reports_as_missing(said: str) -> None:
    line = f"\x1b[33m2026 | WARNING  | tracy.process_ops_logs:f:1 - {said}\x1b[0m"
    assert scan(line, line).losses == (f"the profiler reported: {said}",)


MISSING = (
    "AssertionError: Device data missing: Op 1024 not present in cpp_device_perf_report.csv for device 0 (trace_id={})"
)


def test_a_trace_that_was_never_replayed() -> None:
    symptom = scan(MISSING.format(7)).symptom(ExitStatus.PROFILER_FAILED)
    assert symptom is not None
    assert symptom.message.startswith("trace 7 was captured but never replayed")
    assert "markers" not in symptom.message + symptom.hint


@pytest.mark.parametrize(
    "line",
    [
        MISSING.format(None),
        MISSING.format(7) + "; the host replayed this trace, so the device report should have rows for it",
        "Device data missing: Op 1024 not present in profile_log_device.csv for device 0",
    ],
)
def test_device_data_that_is_missing_for_another_reason(line: str) -> None:
    symptom = scan(line).symptom(ExitStatus.PROFILER_FAILED)
    assert symptom is not None
    assert symptom.message == "device markers were dropped"


def test_inconsistent_sub_devices_are_said_once() -> None:
    said = "Inconsistent sub_device_id for device 0 run_host_id {} trace_id None trace_id_counter None: 1 vs 2"
    lines = [f"2026 | WARNING  | tracy.process_ops_logs:f:1 - {said.format(call)}" for call in (1, 2, 3, 3)]
    assert scan(*lines[:1]).losses == (f"the profiler reported: {said.format(1)}",)
    assert scan(*lines).losses == (f"the profiler reported: {said.format(1)} (and 2 more)",)


def test_nothing_to_report() -> None:
    assert scan("all is well", "OPs csv generated at: /a.csv").losses == ()


def test_lock_and_its_holder() -> None:
    line = "UMD | Waiting for lock 'CHIP_IN_USE_1_PCIe' which is currently held by thread TID: 7, PID: {} (x.cpp:1)"
    lock = scan(line.format(os.getpid())).lock
    assert lock is not None
    assert lock.sentence == f"waiting for the device lock CHIP_IN_USE_1_PCIe, held by process {os.getpid()}"
    assert lock.fix == f"wait for process {os.getpid()}, or end it"


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (
            ["ERROR: usage: pytest [options]", "pytest: error: unrecognized arguments: --no"],
            "unrecognized arguments: --no",
        ),
        (["ERROR: file or directory not found: x.py"], "file or directory not found: x.py"),
        (
            [
                "ImportError while loading conftest '/a/conftest.py'.",
                "a/conftest.py:1: in <module>",
                "E   KeyError: 'x'",
            ],
            "ImportError while loading conftest '/a/conftest.py'. KeyError: 'x'",
        ),
    ],
)
def test_complaints_of_pytest(lines: list[str], complaint: str) -> None:
    assert scan(*lines).complaint == complaint


def test_last_exception() -> None:
    scanner = scan(
        "Traceback (most recent call last):", '  File "x.py", line 1', "    boom()", "KeyError: 'host_time'", "x"
    )
    assert scanner.exception == "KeyError: 'host_time'"


def test_symptom_of_a_status() -> None:
    scanner = scan("TT_FATAL: TT_METAL_DEVICE_PROFILER requires a Tracy-enabled build of tt-metal.")
    symptom = scanner.symptom(ExitStatus.NO_PROFILER)
    assert symptom is not None
    assert "wheels on PyPI" in symptom.message
    assert scanner.symptom(ExitStatus.PROFILER_FAILED) is None
