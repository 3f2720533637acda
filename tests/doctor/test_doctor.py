"""The doctor's findings in environments with one problem each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from standin_home import STANDINS
from support.command import perfsheet, wait_until
from support.limits import without_root_rights

from perfsheet.doctor import Diagnosis, clean, diagnose
from perfsheet.machine import devices, processes
from perfsheet.machine.processes import own_name
from perfsheet.run import RunRequest

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="the profiler runs on Linux only"),
]


@pytest.fixture(autouse=True)
def no_real_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "NODES", tmp_path / "dev")
    monkeypatch.setattr(devices, "_CLASS", tmp_path / "class")
    monkeypatch.setattr(devices, "_HOLDERS", tmp_path / "holders")
    monkeypatch.delenv("TT_METAL_SIMULATOR", raising=False)


def checks_of(command: str = "pytest", open_device: bool = False, **options: object) -> dict[str, Diagnosis]:
    request = RunRequest(command, **{"python": sys.executable, **options})  # type: ignore[arg-type]
    return {finding.id: finding for finding in diagnose(request, open_device)}


def test_healthy_parts(home: Path) -> None:
    checks = checks_of()
    for name in ("python", "pytest", "tracy", "tt-metal-home", "disk", "profilers"):
        assert checks[name].ok, checks[name]
    assert checks["simulator"].ok is None
    assert pytest.__version__ in checks["pytest"].detail
    assert not (home / "build" / "profiler").exists()


def test_capture_tools_under_both_names(home: Path) -> None:
    tools = home / "build" / "tools" / "profiler" / "bin"
    assert "cannot be started" in checks_of()["capture-tools"].detail
    for name in ("tracy-capture", "tracy-csvexport"):
        (tools / name).chmod(0o755)
    assert checks_of()["capture-tools"].ok
    for new, old in (("tracy-capture", "capture-release"), ("tracy-csvexport", "csvexport-release")):
        (tools / new).rename(tools / old)
    assert "capture-release and csvexport-release" in checks_of()["capture-tools"].detail
    (tools / "capture-release").unlink()
    missing = checks_of()["capture-tools"]
    assert missing.ok is False
    assert "tracy-capture" in missing.detail
    assert "capture-release" in missing.detail


def test_debug_tools(home: Path) -> None:
    assert checks_of()["debug-tools"].ok
    found = checks_of("TT_METAL_WATCHER=0 TT_METAL_DPRINT_CORES=all pytest")["debug-tools"]
    assert (found.ok, found.fix) == (False, "unset TT_METAL_WATCHER TT_METAL_DPRINT_CORES")
    assert "corrupt durations" in found.detail


def test_modules_that_are_missing(home: Path) -> None:
    assert "pip install websockets" in checks_of("STANDIN_FAULT=websockets pytest")["tracy"].fix
    checks = checks_of("PYTHONPATH= pytest")
    assert "not installed" in checks["tracy"].detail
    assert checks["ttnn"].ok is False


@pytest.mark.parametrize(("version", "ok"), [("2.3.1", True), ("3.0.0", False)])
def test_pandas(home: Path, version: str, ok: bool) -> None:
    package = home / "site" / "pandas-1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pandas\nVersion: {version}\n")
    check = checks_of(f"PYTHONPATH={home / 'site'}:{STANDINS / 'fake_tracy'} pytest")["pandas"]
    assert (check.ok, version in check.detail) == (ok, True)
    assert ok or "'pandas<3'" in check.fix


@pytest.mark.parametrize(
    ("source", "ok", "said"),
    [
        ("VALUE = 1", True, ""),
        ("raise ImportError('libtt_metal.so: cannot open')", False, "libtt_metal.so: cannot open"),
    ],
)
def test_ttnn_is_imported(home: Path, source: str, ok: bool, said: str) -> None:
    (home / "site" / "ttnn").mkdir(parents=True)
    (home / "site" / "ttnn" / "__init__.py").write_text(source)
    check = checks_of(f"PYTHONPATH={home / 'site'} pytest")["ttnn"]
    assert (check.ok, said in check.detail) == (ok, True)


@pytest.mark.parametrize("text", [b"", b"TT_METAL_DEVICE_PROFILER requires a Tracy-enabled build of tt-metal."])
def test_build_with_and_without_the_profiler(home: Path, text: bytes) -> None:
    assert checks_of()["profiler-build"].ok is None
    library = home / "build" / "lib" / "libtt_metal.so"
    library.parent.mkdir()
    library.write_bytes(b"\x7fELF" + b"\0" * 10_000 + text + b"\0")
    assert checks_of()["profiler-build"].ok is (not text)


def test_metal_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not a source checkout" in checks_of()["tt-metal-home"].detail
    monkeypatch.setenv("TT_METAL_HOME", str(home / "nowhere"))
    assert checks_of()["tt-metal-home"].ok is False
    monkeypatch.delenv("TT_METAL_HOME")
    unset = checks_of()["tt-metal-home"]
    assert (unset.ok, "export TT_METAL_HOME" in unset.fix) == (False, True)


def test_devices(home: Path) -> None:
    assert checks_of()["devices"].ok is False
    node, facts = home / "dev" / "0", home / "class" / "tenstorrent!0"
    (facts / "device").mkdir(parents=True)
    node.parent.mkdir()
    node.touch()
    (facts / "tt_card_type").write_text("p150b\n")
    (facts / "device" / "device").write_text("0xb140\n")
    assert checks_of()["devices"].detail == f"{node}: blackhole, p150b"
    (home / "holders" / "0").mkdir(parents=True)
    (home / "holders" / "0" / "pids").write_text("1\n")
    held = checks_of()["device-in-use"]
    assert (held.ok, "held by process 1" in held.detail) == (False, True)


def test_device_that_this_user_may_not_open(home: Path) -> None:
    (home / "dev").mkdir()
    (home / "dev" / "0").touch(0o000)
    script = (
        "import os, sys, pathlib; from perfsheet.machine import devices;"
        f"print(devices.usable(pathlib.Path({str(home / 'dev' / '0')!r})))"
    )
    with without_root_rights():
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_simulator_stands_in_for_a_device(home: Path) -> None:
    checks = checks_of(f"TT_METAL_SIMULATOR={home} pytest")
    assert (checks["simulator"].ok, checks["devices"].ok) == (True, None)
    assert "modelled, not measured" in checks["simulator"].detail
    assert checks_of("TT_METAL_SIMULATOR=/nowhere pytest")["simulator"].ok is False


def test_report_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    assert "not writable" in checks_of(output_dir=home / "file" / "below")["disk"].detail
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1 << 20})())
    assert (checks_of()["disk"].ok, checks_of()["disk"].fix) == (False, "make room, or use -o")


def test_folder_of_a_killed_run_is_named_and_that_of_a_living_run_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "orphans", lambda _: [])  # those of tests beside this one
    folder = home / "generated" / "profiler" / "in-progress"
    for name, owner in (("dead", "999999999:1.00"), ("living", own_name()), ("starting", None)):
        (folder / name).mkdir(parents=True)
        if owner:
            (folder / name / ".owner").write_text(owner)
    findings = diagnose(RunRequest("pytest", python=sys.executable))
    unfinished = [finding.detail for finding in findings if finding.id == "unfinished-run"]
    assert unfinished == [f"{folder / 'dead'} was left by a run that was killed"]
    assert clean(RunRequest("pytest")) == [f"{folder / 'dead'}, left over from a killed run, is removed"]
    assert sorted(path.name for path in folder.iterdir()) == ["living", "starting"]


def test_left_over_profiler_is_named(home: Path) -> None:
    """The profiler whose front end is gone, not the profiler in use under its front end."""
    tool = home / "capture-release"
    tool.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(600)\n")
    tool.chmod(0o755)
    left = subprocess.Popen([tool])
    try:
        wait_until(lambda: b"capture-release" in Path(f"/proc/{left.pid}/cmdline").read_bytes(), "the tool has started")
        findings = diagnose(RunRequest("pytest", python=sys.executable))
        named = [finding for finding in findings if finding.fix == f"kill {left.pid}"]
        assert len(named) == 1
        assert named[0].ok is False
        assert "capture-release" in named[0].detail
    finally:
        left.kill()
        left.wait()


def test_device_is_opened_only_when_asked(home: Path) -> None:
    (home / "site" / "ttnn").mkdir(parents=True)
    (home / "site" / "ttnn" / "__init__.py").write_text(
        "class Device:\n"
        "    def arch(self): return 'Arch.BLACKHOLE'\n"
        "    def compute_with_storage_grid_size(self): return type('Grid', (), {'x': 11, 'y': 10})()\n"
        "def open_device(device_id):\n    open('/proc/self/fd/1', 'w').write('opened\\n'); return Device()\n"
        "def close_device(device): pass\n"
    )
    command = f"PYTHONPATH={home / 'site'} pytest"
    assert "open-device" not in checks_of(command)
    assert checks_of(command, open_device=True)["open-device"].detail == "blackhole, 11 × 10 worker cores"
    (home / "site" / "ttnn" / "__init__.py").write_text(
        "def open_device(device_id): raise RuntimeError('TT_FATAL: no')"
    )
    broken = checks_of(command, open_device=True)["open-device"]
    assert (broken.ok, broken.fix) == (False, "reset the board: tt-smi -r 0")
    assert "TT_FATAL: no" in broken.detail


def test_command(home: Path) -> None:
    done = perfsheet("doctor", "--python", sys.executable, cwd=home, TT_METAL_HOME=str(home))
    assert done.status == 4
    assert "✓ Python" in done.out
    assert "✗ ttnn" in done.out
    assert "→" in done.out
    result = json.loads(
        perfsheet("doctor", "--python", sys.executable, "--json", cwd=home, TT_METAL_HOME=str(home)).out
    )
    assert result["ok"] is False
    assert {"id", "label", "ok", "detail", "fix", "mend"} == set(result["checks"][0])
