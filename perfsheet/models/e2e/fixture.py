"""What the fixture `perfsheet_e2e` gives a perf test: the times of its runs, its accuracy, its perf file."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from perfsheet.errors import usage
from perfsheet.models.e2e.writing import write_perf_report

_FLOAT32_NOISE = 1e-5
Result = TypeVar("Result")


class EndToEnd:
    """Times of a test in seconds; None until measured.

    What is timed must wait for the device (`ttnn.synchronize_device`, or a result read back): ops return before they
    have run. Figures that a suite collects are recorded as pytest's user properties.
    """

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties
        self.first_run_s: float | None = None
        self.second_run_s: float | None = None
        self.cpu_s: float | None = None

    def first_run(self) -> AbstractContextManager[None]:
        """Around the run that compiles: nothing is cached yet."""
        return self._timing("first_run_s")

    def second_run(self) -> AbstractContextManager[None]:
        """Around the same with a warm program cache."""
        return self._timing("second_run_s")

    def cpu_run(self) -> AbstractContextManager[None]:
        """Around the torch reference on the CPU."""
        return self._timing("cpu_s")

    @contextmanager
    def _timing(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        setattr(self, name, time.perf_counter() - started)

    def time(self, function: Callable[[], Result], cpu: Callable[[], object] | None = None) -> Result:
        """Run a function twice, timing both runs, then its torch reference, if there is one; the second result."""
        with self.first_run():
            function()
        with self.second_run():
            result = function()
        if cpu is not None:
            with self.cpu_run():
                cpu()
        return result

    def latency(self, function: Callable[[], object], iterations: int = 10, warmup: int = 1) -> float:
        """The mean time of a call in ms over `iterations` calls after `warmup` ones; recorded with its deviation."""
        if iterations < 1 or warmup < 0:
            raise usage(f"{iterations} iterations after {warmup}: nothing to measure", "give 1 or more")
        for _ in range(warmup):
            function()
        took = []
        for _ in range(iterations):
            started = time.perf_counter()
            function()
            took.append(1e3 * (time.perf_counter() - started))
        mean = statistics.fmean(took)
        self._record(latency_ms=mean, latency_runs=iterations)
        if iterations > 1:
            self._record(latency_std_ms=statistics.stdev(took))
        return mean

    def pcc(self, value: float) -> None:
        """Record the accuracy: Pearson's correlation with the reference."""
        number = float(value)
        if not (math.isfinite(number) and abs(number) <= 1 + _FLOAT32_NOISE):
            raise usage(f"a PCC of {value!r} is none", "give a number from -1 to 1")
        self._record(pcc=max(-1.0, min(1.0, number)))

    def torch_ops(self, before: int, remain: int) -> None:
        """Record how many ops the torch model has, and how many of them still run in torch."""
        self._record(torch_ops_before=before, torch_ops_remain=remain)

    def write(
        self,
        model_name: str,
        batch_size: int,
        *,
        comments: str = "",
        expected_compile_time: float | None = None,
        expected_inference_time: float | None = None,
        directory: str | Path | None = None,
    ) -> Path:
        """Write the perf file of the runs that were timed (perfsheet.models.e2e.write_perf_report); its path.

        Raises PerfsheetError (exit status 2) when a run has not been timed.
        """
        if self.first_run_s is None or self.second_run_s is None:
            raise usage("first and second run have not been timed", "call time(), or use first_run() and second_run()")
        return write_perf_report(
            model_name,
            batch_size,
            self.first_run_s,
            self.second_run_s,
            expected_compile_time,
            expected_inference_time,
            comments,
            self.cpu_s,
            directory=directory,
        )

    def _record(self, **figures: float) -> None:
        self._properties.extend(figures.items())
