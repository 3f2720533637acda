"""The one exception that reaches a user, and the exit statuses that it maps to."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit statuses of every perfsheet command (documented in docs/exit-status.md)."""

    DONE = 0
    TESTS_FAILED = 1
    BUDGET_BREACHED = 1
    USAGE = 2
    CAPTURE_UNUSABLE = 3
    NO_PROFILER = 4
    NOTHING_RAN = 5
    PROFILER_FAILED = 6
    OUTPUT_NOT_WRITTEN = 7
    NOT_OPENED = 8
    TIMEOUT = 124
    INTERRUPTED = 130


class PerfsheetError(Exception):
    """A failure with a cause that the user can act on.

    `message` is one sentence that says what happened (file, row and column where they are known);
    `hint` says what to do. The command line prints both on standard error and ends with `status`.
    """

    def __init__(self, status: ExitStatus, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint

    def add_hint(self, hint: str) -> None:
        """Put one more hint behind those that it has."""
        self.hint = "; ".join(filter(None, (self.hint, hint)))

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class NoDeviceOpError(PerfsheetError):
    """A capture, or a window of one, without any op that ran on a device (exit status 3; 5 when it was just run)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(ExitStatus.CAPTURE_UNUSABLE, message, hint)


def usage(message: str, hint: str = "") -> PerfsheetError:
    """An option or argument that cannot be followed (exit status 2)."""
    return PerfsheetError(ExitStatus.USAGE, message, hint)


def unusable(message: str, hint: str = "") -> PerfsheetError:
    """A capture that cannot be analysed (exit status 3)."""
    return PerfsheetError(ExitStatus.CAPTURE_UNUSABLE, message, hint)


def not_written(message: str, hint: str = "") -> PerfsheetError:
    """An output file that cannot be written (exit status 7)."""
    return PerfsheetError(ExitStatus.OUTPUT_NOT_WRITTEN, message, hint)
