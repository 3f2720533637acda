"""The helpers of the target, in a process of their own as in a run, and what is read back from them."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import PATIENCE_S, PYTEST_WITHOUT_TEST_TOOLS

from perfsheet.run.verdict import DIED, TargetVerdict, read_verdict
from perfsheet.run.workspace import TARGET_HELPERS

pytestmark = pytest.mark.process

SCRIPT = ["-m", "perfsheet_script"]


def run_target(folder: Path, *arguments: str, **environment: str) -> tuple[TargetVerdict | None, int]:
    """Run `python ARGUMENTS` in `folder` with the helpers at hand; the verdict and the process's own status."""
    verdict = folder / "verdict.jsonl"
    path = os.pathsep.join([str(TARGET_HELPERS), str(folder)])
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PERFSHEET"))}
    plugins = {"PYTEST_PLUGINS": "perfsheet_verdict", **PYTEST_WITHOUT_TEST_TOOLS} if "pytest" in arguments else {}
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**inherited, "PYTHONPATH": path, "PERFSHEET_VERDICT": str(verdict), **plugins, **environment},
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return read_verdict(verdict, "pytest" if "pytest" in arguments else "script"), ended.returncode


def run_pytest(folder: Path, source: str, *options: str, **environment: str) -> TargetVerdict:
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    verdict, status = run_target(folder, "-m", "pytest", "-p", "no:cacheprovider", *options, **environment)
    assert verdict is not None
    assert verdict.died or verdict.exit_status == status
    return verdict


OUTCOMES = """
import pytest, time

def test_passes(): time.sleep(0.05)
def test_fails(): assert 0
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.fixture
def broken(): raise OSError
def test_error_in_setup(broken): pass
@pytest.fixture
def untidy():
    yield
    raise OSError
def test_error_in_teardown(untidy): pass
@pytest.mark.parametrize("x", ["a b", "größe"])
def test_parameter(x): pass
"""


def test_outcome_of_every_test(tmp_path: Path) -> None:
    verdict = run_pytest(tmp_path, OUTCOMES)
    assert {test.nodeid.partition("::")[2]: test.outcome for test in verdict.tests} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_skipped": "skipped",
        "test_expected": "skipped",
        "test_error_in_setup": "failed",
        "test_error_in_teardown": "failed",
        "test_parameter[a b]": "passed",
        r"test_parameter[gr\xf6\xdfe]": "passed",
    }
    assert verdict.exit_status == 1
    assert not verdict.succeeded
    assert 0.05 <= verdict.tests[0].duration_s < verdict.duration_s
    assert verdict.summary == f"3 passed, 3 failed, 2 skipped in {verdict.duration_s:.1f} s"


def test_error_in_collection_is_a_failure(tmp_path: Path) -> None:
    verdict = run_pytest(tmp_path, "import not_there")
    assert [(test.nodeid, test.outcome) for test in verdict.tests] == [("test_it.py", "failed")]
    assert verdict.exit_status == 2


@pytest.mark.parametrize(
    ("options", "status"), [(["-k", "nothing"], 5), (["--no-such-option"], 4), (["no_such_file.py"], 4)]
)
def test_exit_status_without_tests(tmp_path: Path, options: list[str], status: int) -> None:
    verdict = run_pytest(tmp_path, "def test_a(): pass", *options)
    assert verdict.exit_status == status
    assert verdict.tests == ()


def test_process_that_dies_in_a_test(tmp_path: Path) -> None:
    source = "import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\ndef test_c(): pass"
    verdict = run_pytest(tmp_path, source)
    assert verdict.exit_status == DIED
    assert verdict.running == "test_it.py::test_b"
    assert [test.outcome for test in verdict.tests] == ["passed", "failed"]
    assert verdict.summary == "1 passed, 1 failed, then pytest died in test_it.py::test_b"


def test_status_that_another_plugin_sets_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("def pytest_sessionfinish(session): session.exitstatus = 17")
    assert run_pytest(tmp_path, "def test_a(): pass").exit_status == 17


NESTED = """
import subprocess, sys, os, pytest
def test_outer(tmp_path):
    inner = tmp_path / "test_inner.py"
    inner.write_text("def test_inner(): assert 0")
    assert subprocess.run([sys.executable, "-m", "pytest", str(inner)]).returncode == 1
    assert pytest.main([str(inner)]) == 1
"""


def test_pytest_inside_a_test_is_not_recorded(tmp_path: Path) -> None:
    verdict = run_pytest(tmp_path, NESTED)
    assert [test.nodeid for test in verdict.tests] == ["test_it.py::test_outer"]
    assert verdict.exit_status == 0


def test_last_line_cut_off_by_a_kill(tmp_path: Path) -> None:
    verdict = tmp_path / "verdict.jsonl"
    verdict.write_text('{"event": "loaded"}\n{"event": "session"}\n{"event": "test", "nodeid": "a"}\n{"event": "ph')
    read = read_verdict(verdict, "pytest")
    assert read is not None
    assert (read.exit_status, read.running, read.failed) == (DIED, "a", 1)


def test_target_that_runs_several_times_keeps_the_worst(tmp_path: Path) -> None:
    verdict = tmp_path / "verdict.jsonl"
    once = (
        '{{"event": "session"}}\n{{"event": "test", "nodeid": "a"}}\n'
        '{{"event": "phase", "nodeid": "a", "when": "teardown", "outcome": "{}", "duration_s": 1.5}}\n'
        '{{"event": "end", "exit_status": {}, "duration_s": 2.0}}\n'
    )
    verdict.write_text(once.format("failed", 1) + once.format("passed", 0))
    read = read_verdict(verdict, "pytest")
    assert read is not None
    assert (read.exit_status, read.tests[0].outcome) == (1, "failed")


def test_no_events_no_verdict(tmp_path: Path) -> None:
    assert read_verdict(tmp_path / "verdict.jsonl", "pytest") is None


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 0), ("sys.exit(7)", 7), ("sys.exit()", 0), ("sys.exit('no')", 1), ("raise KeyError", 1), ("1 +", 1)],
)
def test_script_and_its_exit_status(tmp_path: Path, body: str, status: int) -> None:
    (tmp_path / "it.py").write_text(f"import sys\n{body}\n")
    verdict, process_status = run_target(tmp_path, *SCRIPT, "it.py")
    assert verdict is not None
    assert (verdict.exit_status, process_status) == (status, status)
    assert re.fullmatch(rf"exit status {status} in \d+\.\d s", verdict.summary)


def test_script_sees_what_python_would_show_it(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / "beside.py").write_text("VALUE = 1")
    (folder / "it.py").write_text(
        "import os, sys, beside\n"
        "assert sys.argv == ['a b/it.py', '-m', 'x y', '$z'], sys.argv\n"
        "VALUE = 2\n"
        "assert __name__ == '__main__' and sys.modules['__main__'].VALUE == 2\n"
        "assert 'PERFSHEET_VERDICT' not in os.environ\n"
    )
    verdict, _ = run_target(tmp_path, *SCRIPT, "a b/it.py", "-m", "x y", "$z")
    assert verdict is not None
    assert verdict.exit_status == 0


def test_module_and_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text("import sys\nsys.exit(sys.argv[1:] != ['-m', 'x'])")
    verdict, status = run_target(tmp_path, *SCRIPT, "-m", "tool", "-m", "x")
    assert verdict is not None
    assert (verdict.exit_status, status) == (0, 0)


def test_script_that_dies(tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text("import os\nos._exit(0)")
    verdict, _ = run_target(tmp_path, *SCRIPT, "it.py")
    assert verdict is not None
    assert verdict.died
    assert verdict.summary == "the script died"


@pytest.mark.parametrize("helper", sorted(TARGET_HELPERS.glob("*.py")), ids=lambda path: path.stem)
def test_helpers_run_on_old_pythons_without_perfsheet(helper: Path) -> None:
    tree = ast.parse(helper.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names | {"pytest"}
