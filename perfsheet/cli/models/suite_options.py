"""Options that several commands about many models share."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

Lower = Annotated[
    float, typer.Option("--lower", metavar="X", help="Least inference time allowed, as a multiple of the expected one.")
]
Upper = Annotated[float, typer.Option("--upper", metavar="X", help="Most of it.")]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Do not hold inference times against what is expected.")]
Sort = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--sort", metavar="COLUMN", help="Sort the Markdown table by this column."),
]
Descending = Annotated[bool, typer.Option("--descending", help="Sort from the largest down.")]
