"""A suite: many targets, run one after another, and their results in one table.

    suite = read_suite(Path("suite.toml"))
    results = running.run_suite(suite, results_store.ResultsStore(suite.output), Watch(), report)
    results[0].inference_s, results[0].kernel_ns

The format of suite.toml: docs/suite.md.
"""

from perfsheet.models.suite.model import ModelResult, Suite, Target
from perfsheet.models.suite.reading import read_suite

__all__ = ["ModelResult", "Suite", "Target", "read_suite"]
