"""Where outputs may go: no device, pipe or link is ever replaced, no input overwritten, and nothing left behind."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.captures import op, write_csv
from support.command import here

from perfsheet import PerfsheetError
from perfsheet.atomic_write import PARTIAL_FILES, replace_text

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="device nodes, pipes and links of Unix")

OUTPUTS = {"-o": "x.xlsx", "--html": "x.html", "--md": "x.md", "--trace": "x.json"}
EACH_OUTPUT = pytest.mark.parametrize("flag", OUTPUTS)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "run.csv", [op(call=1), op(call=2)])


def read_in_background(path: Path) -> tuple[threading.Thread, list[bytes]]:
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    thread.start()
    return thread, got


@EACH_OUTPUT
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_pipe_is_written_to(capsys, capture, tmp_path, flag, force):
    pipe = tmp_path / OUTPUTS[flag]
    os.mkfifo(pipe)
    thread, got = read_in_background(pipe)
    done = here(capsys, "report", capture, flag, pipe, *force)
    thread.join(10)
    assert (done.status, len(got[0]) > 100) == (0, True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    if flag == "-o":
        assert (got[0][:4], got[0][-22:-18]) == (b"PK\x03\x04", b"PK\x05\x06")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_every_command_writes_to_a_pipe(capsys, capture, tmp_path, force):
    budget, table = tmp_path / "budget.toml", tmp_path / "table.md"
    assert here(capsys, "budget", "init", capture, "-o", budget).status == 0
    table.write_text("| Model | Batch |\n|---|---|\n| a | 1 |\n")
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    for command in (
        ("check", capture, "--budget", budget, "--junit", pipe),
        ("budget", "init", capture, "-o", pipe),
        ("suite", "table", table, "-o", pipe),
        ("compare", capture, budget.with_name("other.csv"), "--md", pipe),
    ):
        write_csv(tmp_path / "other.csv", [op(duration=9000, call=1), op(call=2)])
        thread, got = read_in_background(pipe)
        done = here(capsys, *command, *force)
        thread.join(10)
        assert (done.status, bool(got[0])) == (0, True), command
        assert stat.S_ISFIFO(pipe.stat().st_mode), command


@EACH_OUTPUT
def test_a_device_stays_one(capsys, capture, tmp_path, flag):
    node = tmp_path / OUTPUTS[flag]
    try:
        os.mknod(node, 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # like /dev/null, which must not be lost
    except OSError as error:
        pytest.skip(f"no right to make a device node: {error}")
    done = here(capsys, "report", capture, flag, node, "--force")
    assert (done.status, stat.S_ISCHR(node.stat().st_mode)) == (0, True)


def test_a_socket_is_written_to(capsys, capture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # their names are short
    got = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("x.md")
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                while piece := connection.recv(1 << 16):
                    got.append(piece)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        assert here(capsys, "report", capture, "--md", "x.md", "--force").status == 0
        thread.join(10)
    assert b"".join(got).startswith(b"#")
    assert stat.S_ISSOCK(os.stat("x.md").st_mode)  # noqa: PTH116


def shell(command: str, folder: Path, **names: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **{name: str(value) for name, value in names.items()}, "PERFSHEET": sys.executable}
    return subprocess.run(
        ["bash", "-c", command], env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.process
@pytest.mark.parametrize("device", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("sink", ["| cat", "> out.txt && cat out.txt"])
def test_standard_output_by_its_name(capture, tmp_path, device, sink):
    done = shell(f'"$PERFSHEET" -m perfsheet report run.csv --md {device} {sink}', tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("#")
    assert "Wrote" not in done.stdout


@pytest.mark.process
def test_process_substitution(capture, tmp_path):
    done = shell('"$PERFSHEET" -m perfsheet report run.csv -o >(cat > copy.xlsx; echo done > copied)', tmp_path)
    assert done.returncode == 0, done.stderr
    shell("for i in $(seq 50); do test -e copied && break; sleep 0.1; done", tmp_path)
    assert (tmp_path / "copy.xlsx").read_bytes()[:2] == b"PK"


@EACH_OUTPUT
def test_a_link_stays_a_link(capsys, capture, tmp_path, flag):
    link, target = tmp_path / OUTPUTS[flag], tmp_path / "elsewhere"
    target.write_text("old")
    link.symlink_to(target)
    assert here(capsys, "report", capture, flag, link).status == 7
    assert target.read_text() == "old"
    assert here(capsys, "report", capture, flag, link, "--force").status == 0
    assert (link.is_symlink(), target.stat().st_size > 100) == (True, True)


def test_a_link_to_nothing_is_refused(capsys, capture, tmp_path):
    link = tmp_path / "x.md"
    link.symlink_to(tmp_path / "planted")
    for force in ((), ("--force",)):
        done = here(capsys, "report", capture, "--md", link, *force)
        assert (done.status, "is a link to nothing" in done.err) == (7, True)
    assert not (tmp_path / "planted").exists()


def test_an_input_is_never_an_output_under_any_name(capsys, capture, tmp_path):
    before = capture.read_bytes()
    (tmp_path / "hard.json").hardlink_to(capture)
    (tmp_path / "soft.json").symlink_to(capture)
    (tmp_path / "run.json").write_text("{}")
    budget = tmp_path / "budget.toml"
    here(capsys, "budget", "init", capture, "-o", budget)
    for command in (
        ("report", capture, "--trace", tmp_path / "hard.json"),
        ("report", capture, "--trace", tmp_path / "soft.json"),
        ("report", capture, "--trace", tmp_path / "run.json"),
        ("report", tmp_path, "--trace", capture),
        ("compare", capture, capture, "--md", capture),
        ("check", capture, "--budget", budget, "--junit", budget),
        ("check", capture, "--budget", budget, "--junit", tmp_path / "hard.json"),
        ("check", capture, "--against", capture, "--junit", capture),
        ("budget", "init", capture, "-o", tmp_path / "hard.json"),
        ("budget", "init", capture, "-o", tmp_path / "pyproject.toml"),
    ):
        done = here(capsys, *command, "--force")
        assert done.status in (2, 3), command
    assert capture.read_bytes() == before
    assert (tmp_path / "run.json").read_text() == "{}"


@pytest.mark.process
@pytest.mark.parametrize(
    "arguments",
    [
        "-o /dev/fd/3 --force 3<>run.csv",
        "--md /proc/self/fd/4 4<>run.csv",
        "--md - 1>>run.csv",
        "--md /dev/stdout 1<>run.csv",
    ],
)
def test_an_input_that_is_open_is_no_output(capture, tmp_path, arguments):
    before = capture.read_bytes()
    done = shell(f'"$PERFSHEET" -m perfsheet report run.csv {arguments}', tmp_path)
    assert (done.returncode, "is an input" in done.stderr) == (2, True)
    assert capture.read_bytes() == before


def test_a_loop_of_links_is_refused(capsys, capture, tmp_path):
    (tmp_path / "a.md").symlink_to(tmp_path / "b.md")
    (tmp_path / "b.md").symlink_to(tmp_path / "a.md")
    done = here(capsys, "report", capture, "--md", tmp_path / "a.md", "--force")
    assert (done.status, "is a link to nothing, or to itself" in done.err) == (7, True)


def test_two_outputs_are_never_one_file(capsys, capture, tmp_path):
    (tmp_path / "a.md").write_text("")
    (tmp_path / "b.json").hardlink_to(tmp_path / "a.md")
    done = here(capsys, "report", capture, "--md", tmp_path / "a.md", "--trace", tmp_path / "b.json", "--force")
    assert (done.status, "same name" in done.err) == (2, True)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        replace_text(tmp_path / "x", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o444])
def test_permissions_of_the_file_that_is_replaced_stay(tmp_path, mode):
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(mode)
    replace_text(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


def test_while_it_is_written_nobody_else_can_read_it(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.extend(tmp_path.glob(PARTIAL_FILES)))
    made, modes = os.open, []

    def opened(path, flags, mode=0o777):
        modes.append((flags, mode))
        return made(path, flags, mode)

    monkeypatch.setattr(os, "open", opened)
    replace_text(tmp_path / "x", "text")
    assert len(seen) == 1
    assert (modes[0][0] & os.O_EXCL, modes[0][1]) == (os.O_EXCL, 0o600)
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_of_ten_writers_one_writes(tmp_path):
    def write(number: int) -> str:
        try:
            replace_text(tmp_path / "x", f"{number}" * 10_000, overwrite=False)
        except PerfsheetError as error:
            return str(error)
        return "written"

    with ThreadPoolExecutor(10) as pool:
        said = list(pool.map(write, range(10)))
    assert said.count("written") == 1
    assert sum("exists already; overwrite it with --force" in text for text in said) == 9
    assert len(set((tmp_path / "x").read_text())) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_without_links_the_name_is_claimed(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError()))
    replace_text(tmp_path / "x", "one", overwrite=False)
    with pytest.raises(PerfsheetError, match="exists already"):
        replace_text(tmp_path / "x", "two", overwrite=False)
    assert (tmp_path / "x").read_text() == "one"


def test_a_name_of_255_bytes(tmp_path):
    replace_text(tmp_path / ("x" * 255), "text")
    with pytest.raises(PerfsheetError, match="give a shorter name"):
        replace_text(tmp_path / ("x" * 256), "text")


def test_a_full_disk_is_said_as_such():
    with pytest.raises(PerfsheetError, match=r"No space left on device; free space"):
        replace_text(Path("/dev/full"), "text")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc")
def test_a_place_without_files_is_said_as_such():
    with pytest.raises(PerfsheetError) as caught:
        replace_text(Path("/proc/self/x.md"), "text")
    assert "free space" not in str(caught.value)


def test_force_follows_no_planted_folder(capsys, capture, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data.csv").write_text("1")
    stats = tmp_path / "stats"
    stats.mkdir()
    (stats / "total_input_size_dist").symlink_to(precious)
    done = here(capsys, "stats", capture, "-o", stats, "--force")
    assert done.status == 0
    assert [path.name for path in precious.iterdir()] == ["data.csv"]


def test_json_and_a_pipe_go_together(capsys, capture, tmp_path):
    done = here(capsys, "report", capture, "--md", tmp_path / "x.md", "--json")
    assert json.loads(done.out)["capture"]
