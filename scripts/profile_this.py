#!/usr/bin/env python3
"""tt-metal's profile_this.py, with what it lacks: the tests' exit status, and the Excel perf sheet.

scripts/profile_this.py -n resnet -c "pytest models/demos/resnet/tests/test_perf_resnet.py::test_perf[20-0.0185-25]"
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def run_arguments(argv: list[str]) -> list[str]:
    """The `perfsheet run` arguments behind profile_this's own."""
    parser = argparse.ArgumentParser(description="Profile a command, and write the Excel perf sheet of its ops.")
    parser.add_argument("-c", "--command", required=True, help="the command to profile")
    parser.add_argument("-o", "--output-folder", help="where logs and reports go")
    parser.add_argument("-n", "--name-append", help="name of the report: a folder and part of its file name")
    parser.add_argument("--collect-noc-traces", action="store_true", help="collect NoC traces")
    parser.add_argument("--profiler-capture-perf-counters", metavar="LIST", help="hardware counters to capture")
    options = parser.parse_args(argv)
    arguments = ["run", "-c", options.command]
    if options.output_folder:
        arguments += ["-o", options.output_folder]
    if options.name_append:
        arguments += ["-n", options.name_append]
    tracy: list[str] = ["--collect-noc-traces"] if options.collect_noc_traces else []
    if options.profiler_capture_perf_counters:
        tracy += ["--profiler-capture-perf-counters", options.profiler_capture_perf_counters]
    return [*arguments, "--", *tracy] if tracy else arguments


def profile() -> None:
    """Run perfsheet: the installed one, else that of the checkout in which this script lies."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    arguments = run_arguments(sys.argv[1:])
    try:
        from perfsheet.cli import main

        main(arguments)
    except ModuleNotFoundError as error:
        sys.exit(f"profile_this: {error.name} is not installed for {sys.executable}; pip install perfsheet")


if __name__ == "__main__":
    profile()
