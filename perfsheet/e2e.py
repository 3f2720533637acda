"""Perf files of models, under the name that perf tests import: `from perfsheet.e2e import write_perf_report`."""

from perfsheet.models.e2e import *  # noqa: F403
