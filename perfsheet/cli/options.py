"""Options that several commands share, each declared once.

A command that analyses captures takes `options: Options` and is decorated with `analysis_options`; one that writes
reports takes `outputs: Outputs` and is decorated with `output_options`. The decorators give it the flags.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from perfsheet.cli.handling import load_numpy
from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.outputs import OUTPUTS, WORKBOOK

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.text.json_view import JsonView

T = TypeVar("T")
Captures = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[CSV]...",
        help="Ops CSV files (several = hosts of one run), a folder (its newest report), an .xlsx copy, or - for "
        "standard input. Without any: the newest report of the profiler.",
        show_default=False,
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")]
_FORCE = "Overwrite existing output files."
Force = Annotated[bool, typer.Option("--force", help=_FORCE)]
Reference = Annotated[
    str | None,
    typer.Option(
        "--reference",
        metavar="CAPTURE",
        help="Another capture of that board: where the same op is faster in it, say so.",
    ),
]
Graph = Annotated[
    str | None,
    typer.Option(
        "--graph",
        metavar="REPORT",
        help="TTNN's graph report of the same target: source lines, modules, memory and accuracy of each op. By "
        "default that of `run --graph`; none leaves it out.",
    ),
]
Signposts = Annotated[
    bool, typer.Option("--signposts", help="List the signposts with their times, and the regions between them.")
]
TtMetalHome = Annotated[
    Path | None, typer.Option("--tt-metal-home", metavar="DIR", help="The tt-metal checkout; default: $TT_METAL_HOME.")
]
Python = Annotated[
    str | None, typer.Option("--python", metavar="PATH", help="The target's interpreter, if the command names none.")
]
TtnnPython = Annotated[
    str | None, typer.Option("--python", metavar="PATH", help="The interpreter whose ttnn to ask, and to try ops with.")
]
Try = Annotated[
    bool, typer.Option("--try", help="Try the cure of each cause on a mock board: what TTNN accepts, with its code.")
]


@dataclass(frozen=True)
class AnalysisOption:
    """An option of every command that analyses captures.

    `field` is the name of the field of Options or Selection that it sets, and of the command's parameter. `setting`:
    the types that a default in pyproject.toml may have, where there can be one.
    """

    field: str
    flag: str
    type: Any
    default: Any
    metavar: str | None
    help: str
    setting: tuple[type, ...] = ()


_TEXT, _NUMBER = str | None, (int, float)
# fmt: off
ANALYSIS_OPTIONS = (
    AnalysisOption("ref_cores", "--ref-cores", str, "108", "N|grid", "Reference core count of the utilization formula.",
        (*_NUMBER, str)),
    AnalysisOption("low_cores_pct", "--low-cores", float, 25.0, "PCT",
        "Few cores: this share of the worker grid or less, in percent.", _NUMBER),
    AnalysisOption("board", "--board", _TEXT, None, "NAME",
        "Board that the capture is from: its peaks, its worker grid.", (str,)),
    AnalysisOption("batch", "--batch", float, 1.0, "N", "Samples that one inference works on, for FPS.", _NUMBER),
    AnalysisOption("start_signpost", "--start-signpost", _TEXT, None, "NAME",
        "Only what follows the first such signpost (NAME#2: second)."),
    AnalysisOption("end_signpost", "--end-signpost", _TEXT, None, "NAME",
        "Only what comes before the first such signpost after that."),
    AnalysisOption("id_range", "--id-range", _TEXT, None, "A-B",
        "Only these rows of the file (5-10, 31-, -12; the header is row 1)."),
    AnalysisOption("devices", "--device", list[int] | None, None, "ID",
        "Only this device; may be given several times."),
    AnalysisOption("no_host_ops", "--no-host-ops", bool, False, None, "Leave host ops out."),
    AnalysisOption("which_pass", "--pass", _TEXT, None, "first|last|N|all",
        "Which of the passes that repeat; by default the warm one of median time."),
    AnalysisOption("run", "--run", int | None, None, "N",
        "Only this capture, if the file has several, one after the other."),
    AnalysisOption("per_device", "--per-device", bool, False, None,
        "The ops of every device of a mesh, and sums over them; by default the critical path."),
    AnalysisOption("strict", "--strict", bool, False, None,
        "Refuse a capture of which anything was left out or repaired (status 3)."),
)
# fmt: on
_SAME_NAME = (
    "graph raw reference signposts repeat warmup timeout vary variant baseline python input lower upper phase tokens"
)
_FLAGS = (
    {option.field: option.flag for option in ANALYSIS_OPTIONS}
    | {"host_ops": "--no-host-ops", "noisy_pct": "--noisy"}
    | {name: f"--{name}" for name in _SAME_NAME.split()}
)


def named_by_flags(message: str) -> str:
    """A message of the library with flags (--pass) in place of the fields that it names (`which_pass`)."""
    return re.sub(r"`(\w+)`", lambda match: _FLAGS.get(match[1], match[0]), message)


def analysis_options(function: Callable[..., T]) -> Callable[..., T]:
    """Give a command the analysis options; it gets them as `options`."""
    parameters = [
        parameter(option.field, option.type, option.default, (option.flag,), option.metavar, option.help)
        for option in ANALYSIS_OPTIONS
    ]
    return with_parameters(function, "options", parameters, _options)


def json_options(function: Callable[..., T]) -> Callable[..., T]:
    """Give a command `--json` and the options for less of it; it gets the view as `json`, None = not asked for."""
    options: tuple[tuple[str, Any, Any, str, str | None, str], ...] = (
        ("json", bool, False, "--json", None, "Print the result as JSON (docs/json.md)."),
        ("brief", bool, False, "--brief", None, "What matters of it, as JSON of 8 kB at most."),
        ("fields", str | None, None, "--fields", "A,B.C", "Of the JSON only these fields."),
        ("rows", int | None, None, "--limit", "N", "Of each table in the JSON so many entries."),
        ("offset", int, 0, "--offset", "N", "Of each table in the JSON the entries after the first N."),
    )
    parameters = [
        parameter(name, kind, default, (flag,), metavar, text) for name, kind, default, flag, metavar, text in options
    ]
    return with_parameters(function, "json", parameters, _json_view)


def _json_view(json: bool, brief: bool, fields: str | None, rows: int | None, offset: int) -> JsonView | None:
    if not (json or brief or fields is not None or rows is not None or offset):
        return None
    from perfsheet.text.json_view import JsonView

    if rows is not None and rows < 1:
        raise usage(f"--limit {rows}: not a count", "give 1 or more")
    if offset < 0:
        raise usage(f"--offset {offset}: not a count", "give 0 or more")
    named = tuple(name.strip() for name in (fields or "").split(",") if name.strip())
    if fields is not None and not named:
        raise usage("--fields names nothing", "give fields of the JSON, such as causes.id,causes.cure")
    rest, of_result = _rest()
    return JsonView(named, rows, offset, brief, rest, of_result=of_result)


_OF_VIEWS = {"--fields": True, "--limit": True, "--offset": True, "--json": False, "--brief": False}
_OF_FILES = {
    **{flag: True for output in OUTPUTS for flag in output.flags},
    **dict.fromkeys(("--raw", "--open", "--force"), False),
}
"""Options that a command for the rest must not have, and whether each takes a value."""
_MAKES = {"report", "run", "plan"}
"""Commands whose rest `hotspots` has, of the capture that they made or read."""
_ONCE = {"stats", "bench", "suite", "budget"}


def _rest() -> tuple[str, bool]:
    """The command as it was given, without files that it writes and what chooses a part of its JSON; blank where it
    cannot be given again. And whether it lacks the capture, which only the result of one that makes it can name."""
    import shlex

    words = sys.argv[1:]
    if not words or "-" in words or words[0] in _ONCE:
        return "", False
    if words[0] in _MAKES:
        takes = {option.flag: option.metavar is not None for option in ANALYSIS_OPTIONS}
        return shlex.join(["perfsheet", "hotspots", *_picked(words[1:], takes, wanted=True)]), True
    return shlex.join(["perfsheet", *_picked(words, {**_OF_VIEWS, **_OF_FILES}, wanted=False)]), False


def _picked(words: Sequence[str], options: Mapping[str, bool], wanted: bool) -> list[str]:
    """Of the words of a command these options with their values, or all but them."""
    given, kept = iter(words), []
    for word in given:
        name, apart, _ = word.partition("=")
        of_option = [word]
        if name in options and options[name] and not apart:
            of_option += [value for value in (next(given, None),) if value is not None]
        if (name in options) == wanted:
            kept += of_option
    return kept


def output_options(workbook: bool = True, comparison: bool = False) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a command the outputs of a report, or of a comparison; it gets them as `outputs`.

    `workbook`: whether it has a flag of its own.
    """
    shown = [
        output for output in OUTPUTS if (workbook or output is not WORKBOOK) and (output.comparison or not comparison)
    ]
    parameters = [
        parameter(output.name, Path | None, None, output.flags, output.metavar, output.help) for output in shown
    ]
    if not comparison:
        parameters += [
            parameter("raw", bool, False, ("--raw",), None, "Keep all columns of the capture beyond 20,000 ops, too."),
            parameter("open_it", bool, False, ("--open",), None, "Open the report when it is written."),
        ]
    parameters.append(parameter("force", bool, False, ("--force",), None, _FORCE))

    def build(raw: bool = False, open_it: bool = False, force: bool = False, **files: Path | None) -> object:
        from perfsheet.outputs.writing import Outputs

        return Outputs({name: path for name, path in files.items() if path is not None}, raw, open_it, force)

    return lambda function: with_parameters(function, "outputs", parameters, build)


def parameter(
    name: str, kind: Any, default: Any, flags: tuple[str, ...], metavar: str | None, text: str
) -> inspect.Parameter:
    """A parameter of a command with its flags."""
    annotation = Annotated[kind, typer.Option(*flags, metavar=metavar, help=text)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_GIVEN = ("options", "outputs", "json")
"""Parameters of commands that decorators give."""


def with_parameters(
    function: Callable[..., T], name: str, added: Sequence[inspect.Parameter], build: Callable[..., object]
) -> Callable[..., T]:
    """The command with these parameters in place of `name`, whose value is built from them."""
    signature = inspect.signature(function)
    stated = {key: hint for key, hint in function.__annotations__.items() if key not in (*_GIVEN, name)}
    globals_ = getattr(function, "__globals__", {})
    hints = get_type_hints(SimpleNamespace(__annotations__=stated), globals_, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name == name:
            parameters += added
        else:
            annotation = hints.get(parameter.name, parameter.annotation)
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=annotation))
    names = [parameter.name for parameter in added]

    @functools.wraps(function)
    def command(**given: Any) -> T:
        own = {key: given.pop(key) for key in names if key in given}
        return function(**given, **{name: build(**own)})

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _options(
    ref_cores: str,
    low_cores_pct: float,
    board: str | None,
    batch: float,
    start_signpost: str | None,
    end_signpost: str | None,
    id_range: str | None,
    devices: list[int] | None,
    no_host_ops: bool,
    which_pass: str | None,
    run: int | None,
    per_device: bool,
    strict: bool,
) -> Options:
    """The analysis options behind those of the command line."""
    load_numpy()
    from perfsheet.analysis import Options, Selection

    selection = Selection(
        start_signpost, end_signpost, id_range, tuple(devices or ()), not no_host_ops, which_pass, run
    )
    if ref_cores.strip().lower() == "grid":
        return Options("grid", low_cores_pct, board, batch, selection, strict, per_device)
    try:
        cores = float(ref_cores)
    except ValueError:
        raise usage(f"`ref_cores` {ref_cores}: not a core count", "give a number above 0, or `grid`") from None
    return Options(cores, low_cores_pct, board, batch, selection, strict, per_device)


def chosen_fields(context: typer.Context) -> set[str]:
    """The fields of Options and Selection that the user has set on the command line."""
    fields = {option.field for option in ANALYSIS_OPTIONS}
    return {
        "host_ops" if name == "no_host_ops" else name
        for name in fields
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    }


def one_format(json: JsonView | None, csv: bool) -> None:
    """Refuse two output formats at once."""
    if json and csv:
        raise usage("--json and --csv exclude each other", "choose one; --brief, --fields and --limit are of JSON")


def percentage(option: str, value: float) -> float:
    """A share in percent, 0 or more."""
    if not (math.isfinite(value) and value >= 0):
        raise usage(f"{option} {value}: not a percentage", "give 0 or more")
    return value


def share(option: str, text: str) -> float:
    """`5%`, `5 %` or `5`: a fraction, 0 or more."""
    from perfsheet.budget.quantities import Unit, quantity

    fraction = quantity(text, Unit.SHARE)
    if fraction is None:
        raise usage(f"{option} {text}: not a percentage", "give 5% or 5")
    return fraction


def first(count: int) -> int | None:
    """How many entries to show; 0 means all."""
    if count < 0:
        raise usage(f"-n {count}: not a count", "give 0 for all, or a number above")
    return count or None
