"""Where in the source each call of TTNN comes from: the user's line, function and module path.

Frames of TTNN, pytest, torch and Python itself are skipped. Frames give names of functions; the classes around them
come from the source text, which the report carries for some files, and which is read from disk where a file's line is
still the one of the frame (also below the current folder, for a report of another machine).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import takewhile
from pathlib import Path

from perfsheet.graph_report.model import Frame, GraphReport
from perfsheet.light_dataclass import dataclass

_NOT_THE_USERS = re.compile(
    r"^<|[\\/](?:site|dist)-packages[\\/](?:ttnn|tracy|_pytest|pytest|pluggy|torch|xdist|loguru|perfsheet|pytest_\w+)[\\/]"
    r"|[\\/]ttnn[\\/](?:ttnn[\\/]|tracy[\\/]|(?:decorators|graph|graph_report)\.py$)"
    r"|[\\/]python3\.\d+[\\/](?!(?:site|dist)-packages[\\/])[\w\\/]+\.py$"
    r"|[\\/]bin[\\/](?:pytest|py\.test)$|[\\/]perfsheet_\w+\.py$"
)
_FORWARDS = re.compile(r"\bself\.(?:forward|_call_impl|_wrapped_call_impl)\(")
_HANDS_ON = re.compile(r"\w\((?:self, ?)?\*\w+(?:, ?\*\*\w+)?\)|\w\(self, ?\*\*\w+\)")
"""A line that calls with all that it was given, as a decorator does."""
_MODULE_CALLS = ("__call__", "forward")
_ATTRIBUTE = re.compile(r"\bself\.([A-Za-z_]\w*(?:\[[^\[\]]*\])?(?:\.[A-Za-z_]\w*(?:\[[^\[\]]*\])?)*)\(")
_ASSIGNED = re.compile(r"\bself\.(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)*(\w+)\(")
_CLASS = re.compile(r"class\s+(\w+)")
_DEFINITION = re.compile(r"(?:class|def|async\s+def)\s")
_MOST_SOURCE = 2 << 20


@dataclass(frozen=True)
class Source:
    """The place of a call: `file` and `line` of the user's innermost frame, and its `function` (`Encoder._norm`).

    `call` is the Python call of TTNN (`ttnn.linear`), `module` the module path, outermost first, `code` the text of the
    line; blank where unknown.
    """

    file: str
    line: int
    function: str
    call: str
    module: tuple[str, ...]
    code: str

    @property
    def name(self) -> str:
        """The file without its folders."""
        return re.split(r"[\\/]", self.file)[-1]

    @property
    def place(self) -> str:
        """`ttnn_block.py:101`."""
        return f"{self.name}:{self.line}"

    @property
    def path(self) -> str:
        """The module path as one text: `Encoder._interleaved_block._norm`."""
        return ".".join(self.module)


class Sources:
    """The source of each call of a report."""

    def __init__(self, report: GraphReport) -> None:
        self._report = report
        self._texts = _Texts(report.sources)
        self._known: dict[tuple[tuple[Frame, ...], str], Source | None] = {}

    def of_call(self, call: int) -> Source | None:
        """Where a call comes from; None where the report has no stack of it, or none with a frame of the user's."""
        made = self._report.calls[call]
        key = (made.frames, made.name)
        if key not in self._known:
            self._known[key] = self._source(made.frames, made.name)
        return self._known[key]

    def of_device_op(self, index: int) -> Source | None:
        """Where a device op comes from."""
        return self.of_call(self._report.device_ops[index].call)

    def _source(self, frames: Sequence[Frame], call: str) -> Source | None:
        mine = users_frames(frames)
        if not mine:
            return None
        inner = mine[0]
        classes = [self._texts.class_of(frame) for frame in mine]
        function = ".".join(filter(None, (classes[0], inner.function)))
        path = _module_path(mine, classes, self._texts, self._starts_call)
        return Source(inner.file, inner.line, function, call, path[min(self._shared, len(path) - 1) :], inner.code)

    @cached_property
    def _stacks(self) -> list[list[Frame]]:
        """The user's frames of every call that ran device ops, each stack once."""
        stacks = {call.frames for call in self._report.calls if len(call.device_ops)}
        return [mine for frames in stacks if (mine := users_frames(frames))]

    @cached_property
    def _starts_call(self) -> bool:
        """Whether the test or script calls an op itself: then it is the outermost module of all."""
        return any(len(mine) == 1 for mine in self._stacks)

    @cached_property
    def _shared(self) -> int:
        """How many plain functions all calls are below, such as `main`: they tell nothing apart."""
        if self._starts_call:
            return 0
        outer: list[tuple[str, str]] | None = None
        for mine in self._stacks:
            inside = [frame for frame in reversed(mine) if not _starts(frame)][:-1]
            names = [(frame.file, frame.function) for frame in takewhile(self._is_plain, inside)]
            outer = names if outer is None else [a for a, b in takewhile(_equal, zip(outer, names, strict=False))]
        return len(outer or ())

    def _is_plain(self, frame: Frame) -> bool:
        return frame.function not in _MODULE_CALLS and not self._texts.class_of(frame)

    @cached_property
    def all(self) -> tuple[Source | None, ...]:
        """The source of each device op."""
        return tuple(self.of_device_op(index) for index in range(len(self._report.device_ops)))


def lines_of(text: str) -> list[str]:
    """The lines of a source file as Python counts them: a form feed, say, ends none."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def users_frames(frames: Sequence[Frame]) -> list[Frame]:
    """The frames of the user's own code, innermost first, up to the test or the script that began it."""
    mine = [frame for frame in frames if not _NOT_THE_USERS.search(frame.file)]
    for place, frame in enumerate(mine):
        if _starts(frame):
            return mine[: place + 1]
    return mine


def _starts(frame: Frame) -> bool:
    """Whether it is that of a test or of a script itself."""
    return frame.function == "<module>" or frame.function.startswith("test")


def _equal(pair: tuple[object, object]) -> bool:
    return pair[0] == pair[1]


def _module_path(frames: Sequence[Frame], classes: Sequence[str], texts: _Texts, with_start: bool) -> tuple[str, ...]:
    """The names of the modules and functions that a call is in, outermost first; the test itself only `with_start`.

    A module that is called (`__call__`, `forward`) goes by the attribute through which it is, else by its class; a
    method of another class than its caller's names its class.
    """
    path: list[str] = []
    caller: Frame | None = None
    inside = ""
    for frame, of_class in zip(reversed(frames), reversed(classes), strict=True):
        if _starts(frame) and not with_start:
            caller = frame
            continue
        inner = frame is not frames[0]
        if inner and ((frame.function == "__call__" and _FORWARDS.search(frame.code)) or _HANDS_ON.search(frame.code)):
            continue  # only hands on: what it was called as, that is called as
        if frame.function in _MODULE_CALLS and caller is not None and "super()." in caller.code:
            inside = of_class
            continue  # the same object as its caller
        name = _name(frame, of_class, caller, texts)
        method_of_another = of_class not in ("", inside) and frame.function not in _MODULE_CALLS
        path.append(f"{of_class}.{name}" if method_of_another else name)
        caller, inside = frame, of_class
    return tuple(path) or (frames[0].function,)


def _name(frame: Frame, of_class: str, caller: Frame | None, texts: _Texts) -> str:
    if frame.function not in _MODULE_CALLS:
        return frame.function
    attributes = set(_ATTRIBUTE.findall(caller.code)) if caller is not None else set()
    if len(attributes) > 1 and caller is not None:  # of those on the line the one that holds this class
        attributes = {one for one in attributes if of_class in texts.classes_of_attribute(caller.file, one)}
    if len(attributes) == 1:
        return re.sub(r"\.(?:forward|__call__)$", "", str(attributes.pop()))
    return of_class or frame.function


class _Texts:
    """Source files, line by line; those of the report come first."""

    def __init__(self, carried: dict[str, str]) -> None:
        self._carried = carried
        self._lines: dict[str, list[str]] = {}
        self._classes: dict[tuple[str, int], str] = {}
        self._definitions: dict[str, list[tuple[int, int, str]]] = {}
        self._assigned: dict[str, dict[str, set[str]]] = {}

    def class_of(self, frame: Frame) -> str:
        """The innermost class around a frame's line; blank without one, or where the source is not known."""
        key = (frame.file, frame.line)
        if key not in self._classes:
            self._classes[key] = self._class_of(frame)
        return self._classes[key]

    def classes_of_attribute(self, file: str, attribute: str) -> set[str]:
        """What a file assigns to `self.attribute`: the names that it calls for it."""
        if file not in self._assigned:
            found: dict[str, set[str]] = {}
            for name, value in _ASSIGNED.findall("\n".join(self._of(file))):
                found.setdefault(name, set()).add(value)
            self._assigned[file] = found
        return self._assigned[file].get(attribute, set())

    def _class_of(self, frame: Frame) -> str:
        lines = self._of(frame.file)
        if not 0 < frame.line <= len(lines):
            return ""
        line = lines[frame.line - 1]
        if frame.code and frame.code.strip() not in line:
            return ""  # the file has changed since
        indent = _indent(line)
        for number, other, name in reversed(self._definitions_of(frame.file)):
            if number < frame.line and other < indent:
                indent = other
                if name:
                    return name
        return ""

    def _definitions_of(self, file: str) -> list[tuple[int, int, str]]:
        """The lines where classes and functions begin: number, indentation, and the name of a class."""
        if file not in self._definitions:
            self._definitions[file] = [
                (number, _indent(line), found[1] if (found := _CLASS.match(line.lstrip())) else "")
                for number, line in enumerate(self._of(file), 1)
                if _DEFINITION.match(line.lstrip())
            ]
        return self._definitions[file]

    def _of(self, file: str) -> list[str]:
        if file not in self._lines:
            text = self._carried.get(file)
            self._lines[file] = lines_of(_on_disk(file) if text is None else text)
        return self._lines[file]


def _on_disk(file: str) -> str:
    """The text of a file, also where the report comes from another machine: then that of the same path below here."""
    path = Path(file)
    if path.suffix != ".py":
        return ""
    below = [Path(*path.parts[place:]) for place in range(1, len(path.parts) - 1)]
    return next((text for candidate in (path, *below) if (text := _read(candidate))), "")


def _read(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size <= _MOST_SOURCE:
            return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        pass
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
