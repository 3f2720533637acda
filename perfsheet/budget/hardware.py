"""The hardware that a budget was measured on: limits of one board say little about another."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Hardware:
    """What a capture ran on; "" and 0 = unknown. `boards` are all that fit it, joined by `+`."""

    arch: str = ""
    boards: str = ""
    devices: int = 0

    @property
    def named(self) -> str:
        """`wormhole_b0 (n150+n300)`, `8 devices of blackhole (p150)`."""
        chip = f"{self.arch or 'an unknown chip'}{f' ({self.boards})' if self.boards else ''}"
        return f"{self.devices} devices of {chip}" if self.devices > 1 else chip

    def differs(self, other: Hardware) -> bool:
        """Whether they cannot be the same hardware, by what is known of both."""
        arches = {self.arch, other.arch} - {""}
        apart = self.boards and other.boards and not set(self.boards.split("+")) & set(other.boards.split("+"))
        devices = {self.devices, other.devices} - {0}
        return len(arches) > 1 or bool(apart) or len(devices) > 1


def hardware_of(analysis: Analysis) -> Hardware:
    """The hardware of the capture."""
    summary = analysis.summary
    boards = summary.board or "+".join(summary.speed_of_light.boards)
    return Hardware(summary.arch or "", boards, len(summary.devices))
