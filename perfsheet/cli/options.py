"""The options that several commands share, each declared once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import numerics
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options, Selection

# typer reads these annotations at run time on Python 3.10 too, hence Optional.
Captures = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Argument(
        metavar="[CSV]...",
        help="Ops CSV files (several = hosts of one run), a folder (its newest report), an .xlsx copy, or - for "
        "standard input. Without any: the newest report of the profiler.",
        show_default=False,
    ),
]
RefCores = Annotated[
    str,
    typer.Option("--ref-cores", metavar="N|grid", help="Reference core count of the utilization formula."),
]
LowCores = Annotated[
    float,
    typer.Option("--low-cores", metavar="PCT", help="Few cores: this share of the worker grid or less, in percent."),
]
Board = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--board", metavar="NAME", help="Board that the capture is from: its peaks, its worker grid."),
]
Batch = Annotated[float, typer.Option("--batch", metavar="N", help="Samples that the window works on, for FPS.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse a capture of which anything must be left out or mended (status 3).")
]
Json = Annotated[bool, typer.Option("--json", help="The result as JSON on standard output (docs/json.md).")]
Csv = Annotated[bool, typer.Option("--csv", help="The table as CSV on standard output, and nothing else there.")]
TtMetalHome = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--tt-metal-home", metavar="DIR", help="The tt-metal checkout; default: $TT_METAL_HOME."),
]
Python = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--python", metavar="PATH", help="The target's interpreter, if the command names none."),
]
StartSignpost = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--start-signpost", metavar="NAME", help="Only what follows the first such signpost (NAME#2: second)."
    ),
]
EndSignpost = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--end-signpost", metavar="NAME", help="Only what comes before the first such signpost after that."),
]
IdRange = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--id-range", metavar="A-B", help="Only these rows of the file (5-10, 31-, -12; the header is row 1)."
    ),
]
Device = Annotated[
    Optional[list[int]],  # noqa: UP045
    typer.Option("--device", metavar="ID", help="Only this device; may be given several times."),
]
NoHostOps = Annotated[bool, typer.Option("--no-host-ops", help="Leave host ops out.")]
WhichPass = Annotated[
    str,
    typer.Option("--pass", metavar="first|last|N|all", help="Only this pass, of those that the window repeats."),
]
Signposts = Annotated[
    bool, typer.Option("--signposts", help="List the signposts with their times, and the regions between them.")
]
Noise = Annotated[
    float,
    typer.Option(
        "--noise", metavar="PCT", help="Without repeats, differences of time up to so many percent count as noise."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing output file.")]


def selection(
    start_signpost: str | None,
    end_signpost: str | None,
    id_range: str | None,
    device: list[int] | None,
    no_host_ops: bool,
    which_pass: str,
) -> Selection:
    """The part of a capture behind the command line's options."""
    numerics.load()
    from perfsheet.analysis import Selection

    return Selection(start_signpost, end_signpost, id_range, tuple(device or ()), not no_host_ops, which_pass)


def analysis_options(
    ref_cores: str, low_cores: float, board: str | None, batch: float, selection: Selection, strict: bool = False
) -> Options:
    """The analysis options behind the command line's."""
    numerics.load()
    from perfsheet.analysis import Options

    if ref_cores.strip().lower() == "grid":
        return Options("grid", low_cores, board, batch, selection, strict)
    try:
        cores = float(ref_cores)
    except ValueError:
        raise usage(f"--ref-cores {ref_cores}: not a core count", "give a number above 0, or `grid`") from None
    return Options(cores, low_cores, board, batch, selection, strict)


def one_format(json: bool, csv: bool) -> None:
    """Refuse two output formats at once."""
    if json and csv:
        raise usage("--json and --csv exclude each other", "choose one")


def percentage(option: str, value: float) -> float:
    """A share in percent, 0 or more."""
    if not (math.isfinite(value) and value >= 0):
        raise usage(f"{option} {value}: not a percentage", "give 0 or more")
    return value


_FIELDS = {"low_cores": "low_cores_pct", "device": "devices", "no_host_ops": "host_ops"}


def chosen(context: typer.Context) -> set[str]:
    """The fields of Options and Selection that the user has set on the command line."""
    return {
        _FIELDS.get(name, name)
        for name in context.params
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    }


def share(option: str, text: str) -> float:
    """`5%`, `5 %` or `5`: a fraction, 0 or more."""
    from perfsheet.budget.quantities import Unit, quantity

    found = quantity(text, Unit.SHARE)
    if found is None:
        raise usage(f"{option} {text}: not a percentage", "give 5% or 5")
    return found


def first(count: int) -> int | None:
    """How many entries to show; 0 means all."""
    if count < 0:
        raise usage(f"-n {count}: not a count", "give 0 for all, or a number above")
    return count or None
