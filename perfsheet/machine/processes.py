"""Processes of profilers on this machine (Linux; elsewhere none are found)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TOOLS = {"tracy-capture", "capture-release", "tracy-csvexport", "csvexport-release"}
_REAPERS = {"systemd", "init", "tini", "dumb-init", "docker-init", "s6-svscan"}
_SHELLS = {"bash", "sh", "zsh", "fish", "dash", "tmux", "sshd"}
_LONGEST_COMMAND = 240


@dataclass(frozen=True)
class Profiler:
    """A process of a profiler. `abandoned`: whoever started it is gone."""

    pid: int
    command: str
    age_s: float
    abandoned: bool

    @property
    def age(self) -> str:
        """`3 min`, `2 h`."""
        return f"{self.age_s / 3600:.1f} h" if self.age_s >= 3600 else f"{self.age_s / 60:.0f} min"


def profilers() -> list[Profiler]:
    """The capture tools and profiler front ends that are running, whoever started them."""
    if not _PROC.is_dir():
        return []
    return [found for entry in _PROC.iterdir() if entry.name.isdigit() and (found := _profiler(entry))]


def any_marked(text: str) -> bool:
    """Whether a process has that text in its environment; True where that cannot be told."""
    if not _PROC.is_dir():
        return True
    return any(text.encode() in _bytes(entry / "environ") for entry in _PROC.iterdir() if entry.name.isdigit())


def command_line(pid: int) -> str | None:
    """The command line of a process, shortened; None when it cannot be read."""
    words = _words(_PROC / str(pid))
    return _shown(words) if words else None


def _profiler(entry: Path) -> Profiler | None:
    words = _words(entry)
    if not words or not (_is_tool(words) or _is_front_end(words)):
        return None
    try:
        stat = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        state, parent, started = stat[0], int(stat[1]), int(stat[19])
        age_s = float((_PROC / "uptime").read_text().split()[0]) - started / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):  # ended meanwhile
        return None
    if state in "ZX":
        return None
    return Profiler(int(entry.name), _shown(words), max(0.0, age_s), _is_abandoned(parent, words))


def _is_tool(words: list[str]) -> bool:
    return bool({Path(word).name for word in words[:2]} & _TOOLS)  # a script's interpreter comes first


def _is_front_end(words: list[str]) -> bool:
    return "-m" in words and words[words.index("-m") + 1 : words.index("-m") + 2] == ["tracy"]


def _is_abandoned(parent: int, words: list[str]) -> bool:
    """A capture tool or a front end's own child without a front end above it; a front end that only a reaper keeps."""
    if _is_tool(words) or "--no-capture-tool" in words:
        return not any(_is_front_end(_words(_PROC / str(pid))) for pid in _with_ancestors(parent))
    return _name(parent) in _REAPERS or (parent == 1 and _name(parent) not in _SHELLS)


def _with_ancestors(pid: int) -> Iterator[int]:
    while pid > 0:
        yield pid
        pid = _parent(pid)


def _parent(pid: int) -> int:
    """0 for the first process, and for one that is gone."""
    try:
        return int((_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _name(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def _words(entry: Path) -> list[str]:
    return _bytes(entry / "cmdline").decode(errors="replace").split("\0")[:-1]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # ended meanwhile, or of another user
        return b""


def _shown(words: list[str]) -> str:
    text = " ".join(words)
    return text if len(text) <= _LONGEST_COMMAND else text[: _LONGEST_COMMAND - 1] + "…"
