"""Options that several `perfsheet suite` commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Lower = Annotated[
    float,
    typer.Option("--lower", metavar="X", help="Lower limit of the inference time, as a multiple of the expected one."),
]
Upper = Annotated[float, typer.Option("--upper", metavar="X", help="Upper limit of it.")]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Do not compare inference times with the expected ones.")]
Sort = Annotated[str | None, typer.Option("--sort", metavar="COLUMN", help="Sort the Markdown table by this column.")]
Descending = Annotated[bool, typer.Option("--descending", help="Sort in descending order.")]
