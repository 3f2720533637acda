"""What a child process may not do: for tests that run as root, which may do everything."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator

_PR_CAPBSET_DROP = 24
_CAPABILITIES = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_DAC_READ_SEARCH": 2, "CAP_FOWNER": 3}


def drop_root_rights() -> None:
    """In a child before it runs its program: what root may do beyond the permissions of files is gone for good."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for number in _CAPABILITIES.values():
            if libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "a capability cannot be dropped")


@contextlib.contextmanager
def without_root_rights() -> Iterator[None]:
    """Children that start meanwhile have no root rights over files."""
    with _in_children(drop_root_rights):
        yield


@contextlib.contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of a child that starts meanwhile can grow beyond `size` bytes, unless the child lifts the limit."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    with _in_children(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))):
        yield


@contextlib.contextmanager
def _in_children(act) -> Iterator[None]:
    import subprocess

    if sys.platform == "win32":
        yield
        return
    original = subprocess.Popen.__init__

    def start(self, *arguments, **keywords):
        keywords.setdefault("preexec_fn", act)
        original(self, *arguments, **keywords)

    subprocess.Popen.__init__ = start
    try:
        yield
    finally:
        subprocess.Popen.__init__ = original
