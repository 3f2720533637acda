"""What perf files hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Figure:
    """A number as its file has it: `text` as written, `value` (None = unknown), and half a unit of its last digit."""

    text: str
    value: float | None
    half_digit: float = 0.0


@dataclass(frozen=True)
class PerfRow:
    """One model's end-to-end figures. Times are seconds, throughputs samples a second; a figure may be unknown.

    `file` and `line` say where it stands, `notes` what was put right.
    """

    file: str
    line: int
    model: str
    setting: str
    figures: Mapping[str, Figure]
    notes: tuple[str, ...] = ()

    def value(self, name: str) -> float | None:
        """A figure by the name of its field; None when unknown."""
        found = self.figures.get(name)
        return None if found is None else found.value

    def text(self, name: str) -> str:
        """A figure as written, `unknown` where the file has none."""
        found = self.figures.get(name)
        return UNKNOWN if found is None else found.text

    @property
    def batch(self) -> int | None:
        """Samples a run."""
        value = self.value("batch")
        return None if value is None else int(value)

    @property
    def name(self) -> str:
        """`vit, base-patch16, batch 1`."""
        return ", ".join(filter(None, (self.model, self.setting, f"batch {self.text('batch')}")))


@dataclass(frozen=True)
class DeviceRow:
    """One model's row of a device perf file: cells by header, as written."""

    file: str
    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Refused:
    """A file, or a line of one (0 = all of it), that cannot be taken, and why."""

    file: str
    line: int
    why: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{self.file}{f', line {self.line}' if self.line else ''}: refused: {self.why}"


@dataclass(frozen=True)
class PerfFile:
    """What one file holds; `branch` and `commit` are those of a merged file."""

    rows: tuple[PerfRow, ...] = ()
    device_rows: tuple[DeviceRow, ...] = ()
    refused: tuple[Refused, ...] = ()
    branch: str | None = None
    commit: str | None = None
    headers: tuple[str, ...] = field(default=())
