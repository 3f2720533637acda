"""numpy without the threads of its linear algebra, of which perfsheet does none."""

from __future__ import annotations

import os

_THREADS = "OPENBLAS_NUM_THREADS"


def load() -> None:
    """Import numpy with one BLAS thread: a thread per core costs 60 ms at every start (docs/decisions.md).

    The variable is not left behind: targets that perfsheet runs inherit the environment.
    """
    if _THREADS in os.environ:
        return
    os.environ[_THREADS] = "1"
    try:
        import numpy  # noqa: F401
    finally:
        del os.environ[_THREADS]
