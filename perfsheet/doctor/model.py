"""What the doctor looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perfsheet.run.toolbox import Toolbox


@dataclass(frozen=True)
class Diagnosis:
    """One line: `ok` None = it could not be told, or does not matter here. `mend` says what to do when it is not ok."""

    id: str
    label: str
    ok: bool | None
    detail: str
    mend: str = ""


@dataclass(frozen=True)
class Patient:
    """Where a run would take place: its interpreter and environment, the folders of its tools and of its reports."""

    toolbox: Toolbox
    environment: Mapping[str, str]
    tools: Path
    root: Path

    @property
    def home(self) -> Path | None:
        """TT_METAL_HOME; None when it is not set."""
        home = self.environment.get("TT_METAL_HOME")
        return Path(home).absolute() if home else None

    @property
    def simulator(self) -> str | None:
        """TT_METAL_SIMULATOR; None when it is not set."""
        return self.environment.get("TT_METAL_SIMULATOR") or None
