"""The tt-metal checkout that a run uses, and its commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

_TIMEOUT_S = 15


def is_checkout(folder: Path) -> bool:
    """Whether `folder` is the root of a tt-metal source tree."""
    return (folder / "tt_metal").is_dir() and (folder / "CMakeLists.txt").is_file()


def commit(folder: Path) -> str | None:
    """The checked-out commit, with `-dirty` if tracked files differ from it; None without a repository."""
    # A folder inside another repository is not a checkout of its own.
    if not is_checkout(folder) or not (folder / ".git").exists():
        return None
    head = _git(folder, "rev-parse", "HEAD")
    if not head:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
    return f"{head}-dirty" if changed else head


def _git(folder: Path, *arguments: str) -> str | None:
    """The output of git; None if it fails, is missing or takes too long."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None


def head(folder: Path) -> tuple[str | None, str | None]:
    """Branch (None if the head is detached) and commit of the repository that contains `folder`; None without one."""
    commit_id = _git(folder, "rev-parse", "--verify", "HEAD")
    branch = _git(folder, "symbolic-ref", "--short", "--quiet", "HEAD") if commit_id else None
    return branch or None, commit_id or None
