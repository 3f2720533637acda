"""The pytest fixture `perfsheet_e2e`: it times the runs of a perf test, records accuracy, and writes the perf file."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from perfsheet.accuracy import possible
from perfsheet.errors import usage
from perfsheet.models.e2e.writing import write_perf_report

Result = TypeVar("Result")


class EndToEnd:
    """The times of a test in seconds; None until measured.

    The timed code must wait for the device (`ttnn.synchronize_device`, or read a result back), since ops return before
    they have run. Figures that a suite collects are recorded as pytest user properties.
    """

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties
        self.first_run_s: float | None = None
        self.second_run_s: float | None = None
        self.cpu_s: float | None = None

    def first_run(self) -> AbstractContextManager[None]:
        """Time the first run, which compiles: nothing is cached yet."""
        return self._timing("first_run_s")

    def second_run(self) -> AbstractContextManager[None]:
        """Time the second run, with a warm program cache."""
        return self._timing("second_run_s")

    def cpu_run(self) -> AbstractContextManager[None]:
        """Time the torch reference on the CPU."""
        return self._timing("cpu_s")

    @contextmanager
    def _timing(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        setattr(self, name, time.perf_counter() - started)

    def time(self, function: Callable[[], Result], cpu: Callable[[], object] | None = None) -> Result:
        """Time two runs of a function, then its torch reference if given; returns the result of the second run."""
        with self.first_run():
            function()
        with self.second_run():
            result = function()
        if cpu is not None:
            with self.cpu_run():
                cpu()
        return result

    def latency(self, function: Callable[[], object], iterations: int = 10, warmup: int = 1) -> float:
        """Time `iterations` calls after `warmup` calls; records mean and deviation; returns the mean in ms."""
        if iterations < 1 or warmup < 0:
            raise usage(
                f"cannot time {iterations} iterations after {warmup} warm-up calls", "give 1 or more iterations"
            )
        for _ in range(warmup):
            function()
        times_ms = []
        for _ in range(iterations):
            started = time.perf_counter()
            function()
            times_ms.append(1e3 * (time.perf_counter() - started))
        mean = statistics.fmean(times_ms)
        self._record(latency_ms=mean, latency_runs=iterations)
        if iterations > 1:
            self._record(latency_std_ms=statistics.stdev(times_ms))
        return mean

    def pcc(self, value: float) -> None:
        """Record the accuracy: the Pearson correlation with the reference."""
        number = possible(float(value))
        if number is None:
            raise usage(f"{value!r} is not a PCC", "give a number from -1 to 1")
        self._record(pcc=number)

    def torch_ops(self, before: int, remain: int) -> None:
        """Record the number of ops of the torch model, and how many of them still run in torch."""
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
        """Write the perf file of the timed runs (perfsheet.models.e2e.write_perf_report), and return its path.

        Raises PerfsheetError (exit status 2) if a run has not been timed.
        """
        if self.first_run_s is None or self.second_run_s is None:
            raise usage(
                "the first and second runs have not been timed", "call time(), or use first_run() and second_run()"
            )
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
