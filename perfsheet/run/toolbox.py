"""An interpreter and the profiler in it, as they describe themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Toolbox:
    """An interpreter and the profiler in it.

    `broken` says why the interpreter does not work at all, `tracy_error` why the profiler in it does not import.
    `tools` are the names of the capture and the export tool that this profiler looks for, `options` all that its
    command line knows; None = it does not say.
    """

    interpreter: str
    broken: str | None = None
    versions: Mapping[str, str | None] = field(default_factory=dict)
    ttnn_file: str | None = None
    tracy_file: str | None = None
    tracy_error: str | None = None
    tools: tuple[str, str] | None = None
    options: frozenset[str] | None = None

    def has_option(self, option: str) -> bool:
        """Whether the profiler takes this option; True when it does not say what it takes."""
        return self.options is None or option in self.options
