"""What the example bench times: a function that sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable


def infer(seconds: float) -> Callable[[], None]:
    """Prepare a model, and return what runs it once."""

    def run() -> None:
        time.sleep(seconds)

    return run
