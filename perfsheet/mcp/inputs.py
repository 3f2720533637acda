"""Inputs that several tools share; each field says what it means, and msgspec checks it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

MOST_ROWS, ROWS = 100, 10
"""Entries of a table in an answer: at most, and unless something else is asked for."""


LARGEST = 2**53
"""Beyond that JSON of most languages has no whole numbers."""
Positive = Annotated[int, Meta(ge=1, le=LARGEST)]
PositiveFloat = Annotated[float, Meta(gt=0)]
Natural = Annotated[int, Meta(ge=0, le=LARGEST)]
NaturalFloat = Annotated[float, Meta(ge=0)]


class Input(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every input is."""


class CaptureInput(Input):
    """A capture, and the part of it that the figures are of."""

    capture: Annotated[
        str, Meta(min_length=1, description="An ops CSV, plan or .xlsx copy, or a folder: its newest report.")
    ]
    graph: Annotated[
        str | None, Meta(description="TTNN's graph report (source lines, memory); `none`: not even the one beside it.")
    ] = None
    board: Annotated[str | None, Meta(description="The board: n150, p150, …")] = None
    batch: Annotated[float, Meta(gt=0, description="Samples (users) of one inference.")] = 1.0
    which_pass: Annotated[str | None, Meta(description="first, last, a number, all; default: the median warm one.")] = (
        msgspec.field(default=None, name="pass")
    )
    devices: Annotated[list[int], Meta(description="Only these ids.")] = msgspec.field(default_factory=list)
    per_device: Annotated[bool, Meta(description="Every device's ops, not the slowest of each step.")] = False
    start_signpost: Annotated[str | None, Meta(description="Only what follows it.")] = None
    end_signpost: Annotated[str | None, Meta(description="Only what comes before it.")] = None
    rows: Annotated[str | None, Meta(description="Only these of the file: 5-10, 31-, -12.")] = None
    run: Annotated[Positive | None, Meta(description="Only this one of several captures in the file.")] = None
    low_cores_pct: Annotated[float, Meta(ge=0, le=100, description="Few cores: this % of the grid or less.")] = 25.0


def window_flags(given: CaptureInput) -> list[str]:
    """The window of a capture as the options that commands take."""
    values: dict[str, Any] = {
        "low-cores": given.low_cores_pct,
        "board": given.board,
        "batch": given.batch,
        "pass": given.which_pass,
        "start-signpost": given.start_signpost,
        "end-signpost": given.end_signpost,
        "id-range": given.rows,
        "run": given.run,
    }
    flags = [f"--{name}={value}" for name, value in values.items() if value is not None]
    flags += [f"--device={device}" for device in given.devices]
    return [*flags, "--per-device"] if given.per_device else flags


Limit = Annotated[int, Meta(ge=1, le=MOST_ROWS, description=f"Entries of each table, {MOST_ROWS} at most.")]
Offset = Annotated[int, Meta(ge=0, le=LARGEST, description="Entries to skip: `next_offset` of the page before.")]
