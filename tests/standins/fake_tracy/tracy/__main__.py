"""`python -m tracy` in the ways that matter to a wrapper, without ttnn.

It finds its tools as the real one does, wipes the logs folder with a shell, runs the target in a session of its own
through a shell that splits the arguments again, ends with 0 on failing tests, and says on standard error where the
ops CSV is. `STANDIN_FAULT` makes it fail:

    capture-crash    the capture tool crashes: 70
    tools-missing    the tools are not accepted: 1
    wheel            the target is refused by a ttnn without the profiler
    websockets       an import fails before anything starts
    no-op            no op ran on a device: 0 without a CSV
    traceback        post-processing raises: 1
    markers          post-processing finds device data missing: 1
    silent           a CSV without the line that says so
    stale            the line names the CSV in STANDIN_STALE, and none is written
    device-only      a device-only report is announced, and no other
    daemon           a process of another session is left behind, holding the output open
    deaf             the front end ignores SIGTERM
    waiting          the capture tool waits on for a target that has ended, for ten minutes
    no-capture       … and has given up: 1; with STANDIN_DEVICE_LOG a device had written its log
    slow-report      post-processing takes ten minutes

`STANDIN_SERIES` says, run by run, what becomes of the first op: a duration in ns, `other` (one op more than in the
other runs), or one of the faults above; `series` beside the target counts the runs.
"""

import optparse
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

SERIES = list(filter(None, os.environ.get("STANDIN_SERIES", "").split(",")))
FAULT = os.environ.get("STANDIN_FAULT", "")
HEADER = (
    "OP CODE,OP TYPE,GLOBAL CALL COUNT,DEVICE ID,CORE COUNT,DEVICE KERNEL DURATION [ns],PM IDEAL [ns],"
    "ATTRIBUTES,MATH FIDELITY,DEVICE FW START CYCLE,DEVICE FW END CYCLE,DEVICE FW DURATION [ns]"
)
ROWS = (
    "MatmulDeviceOperation,tt_dnn_device,1024,0,64,9100,900,,,,,",
    "UnaryDeviceOperation,tt_dnn_device,2048,0,32,3100,1,,,,,",
)
SLEEPER = "import time; time.sleep(600)"


def say(level, text):
    print(f"2026-01-01 00:00:00.000 | {level:<8} | tracy.process_ops_logs:generate_reports:1 - {text}", file=sys.stderr)


def options_of(arguments):
    parser = optparse.OptionParser()
    parser.allow_interspersed_args = False
    for flag in ("-m", "-r", "-p", "-v", "--no-capture-tool", "--check-exit-code", "--dump-device-data-mid-run"):
        parser.add_option(flag, action="store_true", dest=flag.strip("-").replace("-", "_"), default=False)
    parser.add_option("-o", dest="o")
    parser.add_option("-n", dest="n", default="")
    parser.add_option("--op-support-count", dest="count")
    parser.add_option("--tracy-tools-folder", dest="tools")
    return parser.parse_args(arguments)


def place_in_series():
    """What becomes of this run."""
    counter = Path("series")
    count = int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(count + 1))
    return SERIES[count]


def rows(place):
    if place.isdigit():
        return (ROWS[0].replace("9100", place), *ROWS[1:])
    return (ROWS[0].replace("1024", "512"), *ROWS) if place == "other" else ROWS


def run_target(options, target):
    if FAULT == "wheel":
        sys.exit("TT_FATAL: TT_METAL_DEVICE_PROFILER requires a Tracy-enabled build of tt-metal.")
    sys.argv[:] = target
    if options.m:
        runpy.run_module(target[0], run_name="__main__")
    else:
        runpy.run_path(target[0], run_name="__main__")


def capture(options, fault):
    home = Path(os.environ.get("TT_METAL_HOME", Path.cwd()))
    tools = Path(options.tools) if options.tools else home / "build" / "tools" / "profiler" / "bin"
    if fault == "tools-missing" or not (tools / "tracy-capture").is_file():
        say("ERROR", "Tracy tools were not found. Please make sure you are on a Tracy-enabled build (default).")
        sys.exit(1)
    default = Path(os.environ.get("TT_METAL_PROFILER_DIR", home / "generated" / "profiler"))
    root = Path(options.o) if options.o else default
    root.mkdir(parents=True, exist_ok=True)
    if options.o:
        os.environ["TT_METAL_PROFILER_DIR"] = options.o
    subprocess.run(f"rm -rf {root / '.logs'}; mkdir -p {root / '.logs'}", shell=True, check=True)
    again = " ".join(["--no-capture-tool", *sys.argv[1:]])
    target = subprocess.Popen(f"{sys.executable} -m tracy {again}", shell=True, start_new_session=True)
    say("INFO", "Test process started")
    status = target.wait()
    if fault not in ("no-op", "waiting", "no-capture", "wheel") or os.environ.get("STANDIN_DEVICE_LOG"):
        (root / ".logs" / "profile_log_device.csv").touch()
    if options.check_exit_code and status:
        sys.exit(4)
    if fault == "waiting":
        time.sleep(600)
    if fault == "no-capture":
        say("ERROR", "Tracy capture did not finish in 120 seconds")
        sys.exit(1)
    if fault == "capture-crash":
        say("ERROR", "Tracy capture tool (tracy-capture) exited with code 1 before writing a trace.")
        sys.exit(70)
    return root


def post_process(root, name, fault, place):
    if fault == "slow-report":
        time.sleep(600)
    if fault == "traceback":
        raise KeyError("Op time for op 1024 must present")
    if fault == "markers":
        raise AssertionError("Device data missing: Op 1024 not present in profile_log_device.csv for device 0")
    if fault == "no-op":
        say("INFO", "No device logs found")
        return
    if fault == "stale":
        say("INFO", f"OPs csv generated at: {os.environ['STANDIN_STALE']}")
        return
    stamp = time.strftime("%Y_%m_%d_%H_%M_%S")
    folder = root.absolute() / "reports" / name / stamp
    folder.mkdir(parents=True, exist_ok=True)
    if fault == "device-only":
        say("INFO", f"Device only OPs csv generated at: {folder / 'ops_perf_results.csv'}")
        return
    path = folder / ("_".join(filter(None, ["ops_perf_results", name, stamp])) + ".csv")
    path.write_text("\n".join([HEADER, *rows(place), ""]))
    if fault != "silent":
        say("INFO", f"OPs csv generated at: {path}")


def main():
    if FAULT == "websockets":
        raise ModuleNotFoundError("No module named 'websockets'")
    options, target = options_of(sys.argv[1:])
    if options.no_capture_tool:
        run_target(options, target)
        return
    place = place_in_series() if SERIES else ""
    fault = FAULT if place.isdigit() or place in ("", "other") else place
    if fault == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if fault == "daemon":
        subprocess.Popen([sys.executable, "-c", SLEEPER], start_new_session=True)
    post_process(capture(options, fault), options.n, fault, place)


if __name__ == "__main__":
    main()
