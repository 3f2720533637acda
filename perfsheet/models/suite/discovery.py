"""Finding the perf tests of a source tree: a first suite.toml without writing one."""

from __future__ import annotations

import ast
import os
import re
import shlex
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field, replace
from pathlib import Path

import tomlkit

from perfsheet.errors import unusable
from perfsheet.light_dataclass import dataclass
from perfsheet.models.suite.model import Collect

_FILES = re.compile(r"(?:test_)?perf[\w-]*\.py|[\w-]+_perf\.py")
_WRITERS = frozenset(("prep_perf_report", "write_perf_report"))
_MARKER = re.compile(r"models?_(device_)?perf(ormance)?(_\w+)?")
_SHORT = re.compile("^models?_|perf(ormance)?_?")
_FIXTURE = "perfsheet_e2e"
_SKIPPED = frozenset((".git", ".venv", "venv", "build", "node_modules", "__pycache__", "site-packages"))
_LARGEST = 4 << 20


@dataclass(frozen=True)
class PerfTest:
    """A perf file, or tests in it: a target of a suite.

    Those with one marker (`same` are further markers of the same tests), those of these names, or all of them.
    """

    path: Path
    model: str
    marker: str = ""
    same: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """`pytest perf_vit.py -m models_performance_bare_metal`."""
        path = self.path.as_posix()
        tests = [f"{path}::{name}" for name in self.names] or [path]
        return f"pytest {shlex.join(tests)}{f' -m {self.marker}' if self.marker else ''}"

    @property
    def collect(self) -> tuple[Collect, ...]:
        """What it measures: tests of device performance run the profiler themselves, others write a perf file."""
        return ("device",) if "_device_" in self.marker else ("e2e",)


@dataclass(frozen=True)
class Discovery:
    """What was found, and the files that could not be read, with the reason."""

    tests: tuple[PerfTest, ...]
    unread: tuple[str, ...] = field(default=())


def find_perf_tests(folders: Iterable[Path]) -> Discovery:
    """The perf tests below folders, by path. Raises PerfsheetError (exit status 3) if there are none."""
    paths = sorted({path for folder in folders for path in _python_files(folder)})
    found = [_read(path) for path in paths]
    tests = [test for one in found if not isinstance(one, str) for test in one]
    if not tests:
        raise unusable(
            "there is no perf test here", "give a folder with perf_*.py or tests marked models_performance_…"
        )
    return Discovery(tuple(_distinct(tests)), tuple(one for one in found if isinstance(one, str)))


def _read(path: Path) -> list[PerfTest] | str:
    """The perf tests in a file, or why it cannot be read."""
    try:
        text = _text_of(path)
        if not (
            _FILES.fullmatch(path.name) or any(part in text for part in (b"_perf", b"perf_report", _FIXTURE.encode()))
        ):
            return []
        with warnings.catch_warnings():  # of somebody else's code
            warnings.simplefilter("ignore")
            return _tests_of(path, ast.parse(text))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.strerror if isinstance(error, OSError) else getattr(error, "msg", None)
        return f"{path}: {reason or error}: left out"


def _text_of(path: Path) -> bytes:
    """The text of a file; nothing of what is no file, or too large for code."""
    if not path.is_file():
        return b""
    with path.open("rb") as stream:
        text = stream.read(_LARGEST + 1)
    return text if len(text) <= _LARGEST else b""


def _python_files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
    for root, inside, files in os.walk(folder):
        inside[:] = sorted(set(inside) - _SKIPPED)
        yield from (Path(root, name) for name in files if name.endswith(".py"))


def _tests_of(path: Path, tree: ast.Module) -> list[PerfTest]:
    tests = list(_marked_tests(tree.body, set()))
    model = _model(tree) or _from_name(path)
    marked = {marker: frozenset(one.name for one in tests if marker in one.markers) for marker in _all_markers(tests)}
    if not marked:
        return [PerfTest(path, model)] if tests and (_FILES.fullmatch(path.name) or _calls_of(tree)) else []
    by_tests: dict[tuple[bool, frozenset[str]], list[str]] = {}
    for marker, names in marked.items():
        by_tests.setdefault(("device" in marker, names), []).append(marker)
    found = [PerfTest(path, model, first, tuple(same)) for first, *same in by_tests.values()]
    others = tuple(one.name for one in tests if not one.markers and _calls_of(one.node))
    return [*found, PerfTest(path, model, names=others)] if others else found


@dataclass(frozen=True)
class _Test:
    """A test, its name as pytest's ids have it, and its performance markers in order."""

    name: str
    node: ast.AST
    markers: tuple[str, ...]


def _all_markers(tests: Sequence[_Test]) -> list[str]:
    return list(dict.fromkeys(marker for test in tests for marker in test.markers))


def _marked_tests(body: Sequence[ast.stmt], around: set[str], where: str = "") -> Iterator[_Test]:
    """The tests with their markers; one of a class is one of its tests, `pytestmark` of all."""
    whole = around | {
        name
        for node in body
        if isinstance(node, ast.Assign)
        and any(isinstance(one, ast.Name) and one.id == "pytestmark" for one in node.targets)
        for name in _markers(node.value)
    }
    for node in body:
        if isinstance(node, ast.ClassDef):
            of_class = whole.union(*map(_markers, node.decorator_list)) if node.decorator_list else whole
            yield from _marked_tests(node.body, of_class, f"{where}{node.name}::")
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            inner = [*node.body, *getattr(node, "orelse", ())]
            yield from _marked_tests(inner, whole, where)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            yield _Test(where + node.name, node, tuple(sorted(whole.union(*map(_markers, node.decorator_list)))))


def _markers(node: ast.AST) -> set[str]:
    names = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    return {name for name in names if _MARKER.fullmatch(name)}


def _calls_of(tree: ast.AST) -> list[ast.Call]:
    """The calls that write perf files."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if _name_of(call.func) in _WRITERS or _of_fixture(call.func)]


def _name_of(function: ast.expr) -> str:
    return str(getattr(function, "id", getattr(function, "attr", "")))


def _of_fixture(function: ast.expr) -> bool:
    """`perfsheet_e2e.write`."""
    return isinstance(function, ast.Attribute) and function.attr == "write" and _name_of(function.value) == _FIXTURE


def _model(tree: ast.Module) -> str:
    """The model that the perf file will name, if that stands in the code and is always the same."""
    named = {
        value.value.strip()
        for call in _calls_of(tree)
        for value in [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "model_name")]
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    return named.pop() if len(named) == 1 else ""


def _from_name(path: Path) -> str:
    """`vit` for perf_vit.py and vit/tests/test_perf.py."""
    stem = re.sub(r"^(test_)?(perf(ormance)?_?)?|_perf(ormance)?$", "", path.stem)
    if stem and stem not in ("e2e", "device"):
        return stem
    parents = [part for part in path.absolute().parent.parts if part not in ("tests", "perf", "e2e")]
    return parents[-1] if parents else path.stem


def _distinct(tests: Sequence[PerfTest]) -> list[PerfTest]:
    """With targets of one name told apart: by their marker where that is enough, else by their path too."""
    named = _told_apart(tests, lambda test: _SHORT.sub("", test.marker).replace("_", " ") or ", ".join(test.names))
    return _told_apart(named, lambda test: test.path.as_posix())


def _told_apart(tests: Sequence[PerfTest], by: Callable[[PerfTest], str]) -> list[PerfTest]:
    counts = Counter(test.model for test in tests)
    return [
        replace(test, model=f"{test.model} ({by(test)})") if counts[test.model] > 1 and by(test) else test
        for test in tests
    ]


def suite_text(found: Discovery, name: str, file: Path) -> str:
    """The text of a suite of these tests in `file`; its commands run where the paths of the tests start."""
    document = tomlkit.document()
    document.add(tomlkit.comment("Run it with: perfsheet suite run THIS-FILE. Keys: docs/suite.md of perfsheet."))
    head = tomlkit.table()
    head.add("name", name)
    folder = os.path.relpath(Path.cwd(), file.absolute().parent)
    if folder != ".":
        head.add("folder", Path(folder).as_posix())
    document.add("suite", head.add(tomlkit.nl()))
    targets = tomlkit.aot()
    for test in found.tests:
        table = tomlkit.table()
        if test.same:
            table.add(tomlkit.comment(f"the same tests: -m {', -m '.join(test.same)}"))
        table.add("model", test.model)
        table.add("command", test.command)
        table.add("collect", list(test.collect))
        targets.append(table)
    document.add("target", targets)
    return document.as_string().rstrip() + "\n"
