"""What a run works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perfsheet.run.command import TargetCommand
from perfsheet.run.model import RunRequest


@dataclass(frozen=True)
class Setting:
    """One run before it starts; `folder` is its own and goes away with it, `environment` that of its target."""

    request: RunRequest
    command: TargetCommand
    run_id: str
    folder: Path
    environment: Mapping[str, str]
