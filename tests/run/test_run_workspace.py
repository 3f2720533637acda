from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.run import RunRequest
from perfsheet.run.command import parse_command
from perfsheet.run.profiler_command import Aliases, check_name, check_options, profiler_argv
from perfsheet.run.toolchain import TargetPython, tools_folder
from perfsheet.run.workspace import TARGET_HELPERS, artifact_root, target_environment


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("TT_METAL_HOME", "TT_METAL_PROFILER_DIR", "PYTEST_PLUGINS", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)


def environment_of(text: str, **options: object) -> dict[str, str]:
    request = RunRequest(text, **options)  # type: ignore[arg-type]
    return target_environment(request, parse_command(text), "id", Path("verdict"))


KNOWN = frozenset({"-r", "-p", "-v", "-o", "-n", "-m", "--op-support-count", "--tracy-tools-folder", "-t", "--port"})
MUTE = TargetPython("/usr/bin/python3")


def argv_of(request: RunRequest, aliases: Path, python: TargetPython = MUTE) -> tuple[str, ...]:
    command = parse_command(request.command)
    environment = target_environment(request, command, "id", Path("verdict"))
    tools, root = tools_folder(request.tracy_options, environment), artifact_root(request, environment)
    return profiler_argv(python, request, command, tools, root, Aliases(aliases))


def test_own_variables_are_added_to_those_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "mine")
    environment = environment_of("PYTEST_PLUGINS=theirs ARCH=x pytest")
    assert environment["PYTHONPATH"] == os.pathsep.join(["mine", str(TARGET_HELPERS)])
    assert environment["PYTEST_PLUGINS"] == "theirs,perfsheet_verdict"
    assert environment["ARCH"] == "x"
    assert environment["TRACY_NO_WEB_SERVER"] == environment["PYTHONUNBUFFERED"] == "1"
    assert "PYTEST_PLUGINS" not in environment_of("python a.py")


def test_artifact_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    request = RunRequest("pytest")
    assert artifact_root(request, environment_of("TT_METAL_HOME= pytest")) == tmp_path / "generated/profiler"
    monkeypatch.setenv("TT_METAL_HOME", "/metal")
    assert artifact_root(request, environment_of("pytest")) == Path("/metal/generated/profiler")
    by_request = environment_of("pytest", tt_metal_home=tmp_path)
    assert artifact_root(request, by_request) == tmp_path / "generated/profiler"
    assert artifact_root(request, environment_of("TT_METAL_PROFILER_DIR=out pytest")) == tmp_path / "out"
    assert artifact_root(RunRequest("pytest", output_dir=Path("o")), environment_of("pytest")) == tmp_path / "o"


def test_command_line_of_the_profiler(tmp_path: Path) -> None:
    options = ("--op-support-count", "5000")
    request = RunRequest("pytest t.py -k 'a or b'", name="demo", output_dir=Path("out"), tracy_options=options)
    assert argv_of(request, tmp_path)[:7] == ("/usr/bin/python3", "-m", "tracy", "-r", "-p", "-v", "-o")
    assert argv_of(request, tmp_path)[7:] == (
        str(tmp_path / "out"), "-n", "demo", *options, "-m", "pytest", "t.py", "-k", "'a or b'",
    )  # fmt: skip


def test_arguments_survive_one_more_shell(tmp_path: Path) -> None:
    arguments = ["a[b c]", "it's", 'say "hi"', "$HOME", "*", "`id`", "größe", "", "a\nb", "\\", "!"]
    argv = argv_of(RunRequest(shlex.join(["pytest", *arguments])), tmp_path)
    assert shlex.split(" ".join(argv))[-len(arguments) :] == arguments


@pytest.mark.parametrize("name", ["a b", "a;b", "../up", "a/b", "-n", "$HOME", "a\n"])
def test_name_that_a_shell_or_a_path_would_split(name: str) -> None:
    with pytest.raises(PerfsheetError) as caught:
        check_name(name)
    assert caught.value.status == ExitStatus.USAGE
    assert check_name("größe_1.5+b-2") == "größe_1.5+b-2"


@pytest.mark.parametrize(
    "option", ["-o", "-o/tmp/x", "--out", "--output-folder=x", "-n", "--process-logs-only", "--child-functions=a b"]
)
def test_options_that_cannot_be_passed_on(option: str) -> None:
    with pytest.raises(PerfsheetError) as caught:
        check_options(("-v", option), MUTE)
    assert caught.value.status == ExitStatus.USAGE


def test_options_are_those_that_this_profiler_has() -> None:
    """The profiler's parser takes the beginning of a long option, and a value that looks like one is none."""
    asked = TargetPython("/usr/bin/python3", options=KNOWN)
    check_options(("--op-support-count", "-5", "--op-support=7", "-t8090", "-t", "8090"), asked)
    with pytest.raises(PerfsheetError) as caught:
        check_options(("--op-support-counts", "5000"), asked)
    assert caught.value.status == ExitStatus.USAGE
    assert "--op-support-count?" in caught.value.hint
    with pytest.raises(PerfsheetError) as caught:
        check_options(("--dump-device-data-mid-run",), asked)
    assert "no option --dump-device-data-mid-run" in caught.value.message


def test_folders_that_a_shell_would_split_go_in_under_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "my metal"
    home.mkdir()
    monkeypatch.chdir(home)
    argv = argv_of(RunRequest("pytest"), tmp_path)
    root, tools = argv[argv.index("-o") + 1], argv[argv.index("--tracy-tools-folder") + 1]
    assert shlex.split(" ".join(argv)) == list(argv)
    assert Path(root).resolve() == home / "generated" / "profiler"
    assert Path(tools).resolve() == home / "build" / "tools" / "profiler" / "bin"


def test_where_no_link_helps_the_run_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    with pytest.raises(PerfsheetError) as caught:
        argv_of(RunRequest("pytest", output_dir=folder), aliases=folder)
    assert caught.value.status == ExitStatus.USAGE
    with pytest.raises(PerfsheetError) as caught:
        argv_of(RunRequest("pytest"), tmp_path, TargetPython("/my env/bin/python"))
    assert caught.value.status == ExitStatus.USAGE


def test_missing_metal_home_is_a_usage_error() -> None:
    with pytest.raises(PerfsheetError) as caught:
        environment_of("pytest", tt_metal_home=Path("nowhere"))
    assert caught.value.status == ExitStatus.USAGE
