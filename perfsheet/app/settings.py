"""What the user started the app with. The server and the script of the page share one process."""

from __future__ import annotations

import sys
from dataclasses import field
from pathlib import Path

from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Settings:
    """`folder`: captures and suites are found below it. `captures`: those that were named.

    `work`: where commands leave their results. `python`: the interpreter of models and targets, None = not given.
    `watch`: whether new files appear by themselves.
    """

    folder: Path
    captures: tuple[Path, ...] = ()
    work: Path = field(default_factory=lambda: Path("generated/app"))
    python: str | None = None
    watch: bool = False

    @property
    def of_models(self) -> str:
        """The interpreter that models run in."""
        return self.python or sys.executable


class _Current:
    settings: Settings | None = None


def use(settings: Settings) -> None:
    """From now on the app works with these."""
    _Current.settings = settings


def current() -> Settings:
    """What the app works with; by default the current folder."""
    if _Current.settings is None:
        _Current.settings = Settings(Path.cwd())
    return _Current.settings
