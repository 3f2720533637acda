"""The tables of a history: every column of its Parquet files, in one declaration (docs/history.md has them all).

A column is never renamed or given another meaning without a new version of the schema; stores of older versions are
read with what they have, all else is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import pyarrow as pa

from perfsheet.errors import unusable
from perfsheet.light_dataclass import dataclass

SCHEMA_VERSION = 1
"""Of what is written. Every row of table `runs` says the version that its run was written in."""

TEXT, WHOLE, REAL, FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Field:
    """A column: its name, its type, its meaning. `since`: the first version of the schema that has it.

    `was`: its name in the versions before `since`; blank = it was not there.
    """

    name: str
    type: pa.DataType
    meaning: str
    since: int = 1
    was: str = ""

    def source(self, version: int) -> str:
        """Its name in files of this version; blank = they lack it."""
        return self.name if version >= self.since else self.was


@dataclass(frozen=True)
class StoreTable:
    """A table of the store. `partitioned`: its files are in a folder per model."""

    name: str
    about: str
    fields: tuple[Field, ...]
    partitioned: bool = False

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of a file that is written today; the folder of a partitioned table names the model."""
        return pa.schema([(field.name, field.type) for field in self.fields], {"perfsheet_schema": str(SCHEMA_VERSION)})

    def sources(self, version: int) -> Iterator[tuple[Field, str]]:
        """Every column of today, with its name in files of that version (blank = unknown there).

        Raises PerfsheetError (exit status 3) for a version that is newer than this perfsheet.
        """
        if version > SCHEMA_VERSION:
            raise unusable(
                f"the store is of version {version} of the schema, and this perfsheet knows {SCHEMA_VERSION}",
                "update perfsheet",
            )
        return ((field, field.source(version)) for field in self.fields)


# fmt: off
_RUN = (
    Field("run_id", TEXT, "the run: SHA-256 of its capture or record, hexadecimal"),
    Field("batch", TEXT, "the batch whose files have its rows"),
)
_FACTS = (
    Field("revision", TEXT, "when this was written: of a run that was written again the last revision counts"),
    Field("batch_runs", WHOLE, "runs that the files of its batch have"),
    Field("schema_version", WHOLE, "version of the schema that it was written in"),
    Field("added", TIME, "when it was added"),
    Field("kind", TEXT, "`capture`, `record` (a benchmark record of tt-metal), or `removed`"),
    Field("model", TEXT, "the model"),
    Field("setting", TEXT, "its variant, blank = none stated"),
    Field("batch_size", REAL, "samples of one inference; unknown where none was stated"),
    Field("sequence_length", WHOLE, "input sequence length, of a record that states it"),
    Field("board", TEXT, "the board: as stated, else all that fit the capture, joined by `+`"),
    Field("arch", TEXT, "architecture of the chips"),
    Field("devices", WHOLE, "devices of the capture"),
    Field("branch", TEXT, "branch"),
    Field("commit", TEXT, "commit"),
    Field("committed", TIME, "when the commit was made, where it was stated"),
    Field("started", TIME, "when the run started"),
    Field("started_from", TEXT, "where that is from: `option`, `file name`, `run.json`, `record` or `file time`"),
    Field("host", TEXT, "the machine that it ran on"),
    Field("target", TEXT, "the command that was profiled, credentials masked"),
    Field("tests_failed", FLAG, "whether tests of the target failed"),
    Field("simulator", TEXT, "the simulator that ran the ops; blank = silicon, or unknown"),
    Field("perfsheet", TEXT, "version of perfsheet that made the run"),
    Field("ttnn", TEXT, "version of ttnn"),
    Field("python", TEXT, "version of Python"),
    Field("tt_metal_commit", TEXT, "commit of the tt-metal checkout"),
    Field("capture", TEXT, "where the file was when it was added"),
    Field("capture_bytes", WHOLE, "its size"),
)
_TOTALS = (
    Field("selection", TEXT, "options that chose the window, such as `pass all`; blank = none"),
    Field("incomplete", TEXT, "why the figures are of a part of the run only; blank = of all of it"),
    Field("measured_window", TEXT, "what the figures are of, such as `pass 2 of 2`"),
    Field("passes", WHOLE, "passes of the capture"),
    Field("ops", WHOLE, "device ops of the window"),
    Field("timed_ops", WHOLE, "of these with a usable kernel duration"),
    Field("kernel_duration_ns", REAL, "Σ kernel duration of the window; of a mesh of the critical path"),
    Field("pass_cv_pct", REAL, "standard deviation of the passes' kernel time, in % of their mean"),
    Field("elapsed_ns", REAL, "device time from the first op to the last"),
    Field("idle_ns", REAL, "idle part of it"),
    Field("collective_ns", REAL, "part of it that collectives take"),
    Field("fps", REAL, "samples per second: 1e9 × batch / kernel time of one inference"),
    Field("sol_pct", REAL, "mean speed of light, by kernel time, where it is known"),
    Field("reshards", WHOLE, "ops of the rule `reshard`"),
    Field("reshard_ns", REAL, "their kernel time"),
    Field("low_core_ns", REAL, "kernel time of ops on few cores"),
    Field("host_ops", WHOLE, "host ops and python fallbacks between device ops"),
    Field("expected_saving_ns", REAL, "Σ expected saving of the causes"),
    Field("pcc", REAL, "the lowest PCC that a test reported"),
    Field("warnings", WHOLE, "checks of the data quality that warn"),
    Field("verdict", TEXT, "the data quality in short"),
    Field("signatures", WHOLE, "rows in table `signatures`"),
    Field("causes", WHOLE, "rows in table `causes`"),
    Field("measurements", WHOLE, "rows in table `measurements`"),
    Field("ops_stored", WHOLE, "rows in table `ops`: 0 without --ops"),
)

RUNS = StoreTable("runs", "One row per run: what it was of, and its totals. A run is in the store once it is here.",
    (*_RUN, *_FACTS, *_TOTALS))
SIGNATURES = StoreTable("signatures", "One row per run and op signature: identical ops together.", (
    *_RUN,
    Field("signature_id", TEXT, "the signature in 16 hexadecimal digits (BLAKE2b of its text)"),
    Field("signature", TEXT, "op code, tensors, math fidelity and program config"),
    Field("op_code", TEXT, "the device operation"),
    Field("shape", TEXT, "shapes as engineers write them"),
    Field("layout", TEXT, "memory layout in → out"),
    Field("category", TEXT, "category of the op code"),
    Field("count", WHOLE, "ops"),
    Field("kernel_duration_ns", REAL, "Σ kernel duration"),
    Field("min_ns", REAL, "shortest kernel duration of one op"),
    Field("median_ns", REAL, "median kernel duration of one op"),
    Field("max_ns", REAL, "longest kernel duration of one op"),
    Field("share_pct", REAL, "share of the kernel time of the window"),
    Field("cores_min", WHOLE, "smallest core count"),
    Field("cores_max", WHOLE, "largest core count"),
    Field("worker_cores", WHOLE, "worker grid"),
    Field("sol_pct", REAL, "mean speed of light, by kernel time, where it is known"),
    Field("source", TEXT, "line of Python that most of its time comes from, where a graph report tells it"),
    Field("first_row", WHOLE, "row of the capture with the first of the ops"),
), partitioned=True)
CAUSES = StoreTable("causes", "One row per run and cause, as `hotspots` shows them.", (
    *_RUN,
    Field("cause_id", TEXT, "C1, C2, … in the run: largest expected saving first"),
    Field("rule", TEXT, "rule of its first finding"),
    Field("title", TEXT, "the cause"),
    Field("subject", TEXT, "the op, or the chain of ops"),
    Field("count", WHOLE, "ops, or host rows"),
    Field("kernel_duration_ns", REAL, "their Σ kernel duration"),
    Field("expected_saving_ns", REAL, "what fixing it is expected to save"),
    Field("bound_ns", REAL, "upper bound of that"),
    Field("ground", TEXT, "why that is expected"),
))
MEASUREMENTS = StoreTable("measurements", "One row per measurement of a benchmark record.", (
    *_RUN,
    Field("step", TEXT, "step of the run"),
    Field("name", TEXT, "the measurement"),
    Field("value", REAL, "its value"),
    Field("target", REAL, "its target, where the record states one"),
))
OPS = StoreTable("ops", "One row per run and device op of the window, with --ops.", (
    *_RUN,
    Field("position", WHOLE, "place in the run order of the window, from 0"),
    Field("file_row", WHOLE, "row of the capture"),
    Field("device_id", WHOLE, "device"),
    Field("op_code", TEXT, "the device operation"),
    Field("signature_id", TEXT, "its signature"),
    Field("kernel_duration_ns", REAL, "kernel duration"),
    Field("gap_ns", REAL, "idle time before it"),
    Field("core_count", WHOLE, "cores"),
    Field("sol_pct", REAL, "speed of light"),
), partitioned=True)
# fmt: on
TABLES = (RUNS, SIGNATURES, CAUSES, MEASUREMENTS, OPS)
BY_NAME = {table.name: table for table in TABLES}
